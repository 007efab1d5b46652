package paytest

import (
	"net/http"
	"strconv"
	"strings"
)

// makeIntent makes a payment intent, and confirms it where that is asked for.
func (s *Server) makeIntent(c *call) *answer {
	if a := c.known("amount", "currency", "customer", "payment_method", "confirm", "off_session", "description", "metadata", "automatic_payment_methods", "payment_method_types", "error_on_requires_action", "expand"); a != nil {
		return a
	}
	amount, currency, a := c.money()
	if a != nil {
		return a
	}
	customer, a := c.holder()
	if a != nil {
		return a
	}
	m := c.form.Get("payment_method")
	if method := methodOf(m); method.word == "missing" || m == "" && c.form.Get("confirm") == "true" {
		return failure(http.StatusBadRequest, "invalid_request_error", "resource_missing", "No such PaymentMethod: '"+m+"'")
	}
	pi := &intent{id: s.newID("pi"), amount: amount, currency: currency, customer: customer, method: m, description: c.form.Get("description"), status: "requires_confirmation"}
	e := &entry{id: pi.id, customer: customer, live: c.live, made: s.now(), metadata: c.metadata(), v: pi}
	s.add("payment_intents", e)
	if c.form.Get("confirm") != "true" || c.fault == FaultErrorBegun {
		return success(s.view(c, e, ""))
	}
	if refused := s.confirm(c, e, e.metadata); refused != nil {
		refused.Intent = s.view(c, e, "-")
		return refusal(http.StatusPaymentRequired, refused)
	}
	return success(s.view(c, e, ""))
}

// confirm carries a payment intent out, for what the metadata is of.
func (s *Server) confirm(c *call, e *entry, metadata map[string]string) *apiError {
	pi := e.v.(*intent)
	m := methodOf(pi.method)
	if m.word == "requires_action" {
		pi.status, pi.page = "requires_action", "https://hooks.example/act/"+pi.id
		return nil
	}
	ch := s.charge(c, &charged{amount: pi.amount, currency: pi.currency, customer: pi.customer, method: pi.method, description: pi.description, intent: pi.id}, metadata)
	pi.charge = ch.id
	switch ch.status {
	case "pending":
		pi.status = "processing"
	case "failed":
		pi.status, pi.last = "requires_payment_method", ch.failure
		refused := *ch.failure
		refused.Charge = ch.id
		return &refused
	default:
		pi.status, pi.last = "succeeded", nil
	}
	return nil
}

// charge moves money, or does not.
func (s *Server) charge(c *call, ch *charged, metadata map[string]string) *charged {
	ch.id = s.newID("ch")
	m := methodOf(ch.method)
	if ch.method == "" {
		m = methodOf(ch.customer)
	}
	ch.status, ch.disputes = "succeeded", m.word == "dispute"
	if m.word == "processing" {
		ch.status = "pending"
	}
	if m.declined() {
		ch.status = "failed"
		ch.failure = &apiError{Type: "card_error", Code: m.code, DeclineCode: m.decline, Advice: m.advice, Network: m.network, Issuer: m.issuer, Message: "Your card was declined."}
	}
	s.add("charges", &entry{id: ch.id, customer: ch.customer, live: c.live, made: s.now(), metadata: metadata, of: ch.intent, v: ch})
	if ch.status == "failed" {
		return ch
	}
	move := Move{
		Kind: MoveCharge, ID: ch.id, Of: ch.intent, Key: c.key, Invoice: metadata["invoice_id"], Plan: metadata["brood_plan"], Customer: ch.customer,
		Amount: ch.amount, Currency: ch.currency, Live: c.live,
	}
	s.move(move)
	if ch.disputes {
		move.Kind, move.Charge = MoveDispute, ch.id
		s.move(move)
	}
	return ch
}

// makeCharge is the older interface.
func (s *Server) makeCharge(c *call) *answer {
	if a := c.known("amount", "currency", "customer", "source", "description", "metadata", "capture", "expand"); a != nil {
		return a
	}
	amount, currency, a := c.money()
	if a != nil {
		return a
	}
	customer, source := c.form.Get("customer"), c.form.Get("source")
	if customer != "" || source == "" {
		if customer, a = c.holder(); a != nil {
			return a
		}
	}
	if methodOf(source).word == "missing" || strings.HasPrefix(source, "pm_") {
		return failure(http.StatusBadRequest, "invalid_request_error", "resource_missing", "No such token: '"+source+"'")
	}
	ch := s.charge(c, &charged{amount: amount, currency: currency, customer: customer, method: source, description: c.form.Get("description")}, c.metadata())
	if ch.status == "failed" {
		refused := *ch.failure
		refused.Charge = ch.id
		return refusal(http.StatusPaymentRequired, &refused)
	}
	return success(s.view(c, s.table("charges").byID[ch.id], ""))
}

// makeRefund gives money back, up to what was charged.
func (s *Server) makeRefund(c *call) *answer {
	if a := c.known("charge", "payment_intent", "amount", "reason", "metadata", "expand"); a != nil {
		return a
	}
	id := c.form.Get("charge")
	if pi := c.form.Get("payment_intent"); pi != "" {
		e, a := s.find(c, "payment_intents", pi)
		if a != nil {
			return a
		}
		id = e.v.(*intent).charge
	}
	e, a := s.find(c, "charges", id)
	if a != nil {
		return a
	}
	ch := e.v.(*charged)
	left := ch.amount - ch.back
	amount := left
	if text := c.form.Get("amount"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			return failure(http.StatusBadRequest, "invalid_request_error", "parameter_invalid_integer", "Invalid positive integer")
		}
		amount = n
	}
	switch {
	case ch.status != "succeeded":
		return failure(http.StatusBadRequest, "invalid_request_error", "", "This charge cannot be refunded: it is "+ch.status)
	case left == 0:
		return failure(http.StatusBadRequest, "invalid_request_error", "charge_already_refunded", "Charge "+ch.id+" has already been refunded.")
	case amount > left:
		return failure(http.StatusBadRequest, "invalid_request_error", "", "Refund amount is greater than unrefunded amount on charge")
	}
	if code, message := checkCurrency(amount, ch.currency); message != "" {
		return failure(http.StatusBadRequest, "invalid_request_error", code, message)
	}
	ch.back += amount
	r := &refund{id: s.newID("re"), charge: ch.id, intent: ch.intent, currency: ch.currency, amount: amount}
	made := &entry{id: r.id, live: c.live, made: s.now(), metadata: c.metadata(), of: ch.id, v: r}
	s.add("refunds", made)
	s.move(Move{
		Kind: MoveRefund, ID: r.id, Of: ch.intent, Charge: ch.id, Key: c.key, Invoice: made.metadata["invoice_id"], Plan: made.metadata["brood_plan"], Customer: ch.customer,
		Amount: amount, Currency: ch.currency, Live: c.live,
	})
	return success(s.view(c, made, ""))
}
