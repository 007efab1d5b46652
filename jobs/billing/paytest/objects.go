package paytest

import (
	"net/http"
	"strconv"
	"strings"
)

// The objects as they are stored. What is shown of them is made by view, which expands what was asked for.

type intent struct {
	id, currency, customer, method, description, status, charge string
	amount                                                      int64
	last                                                        *apiError
	page                                                        string // where the customer acts
}

type charged struct {
	id, currency, customer, method, description, status, intent string
	amount, back                                                int64
	failure                                                     *apiError
	disputes                                                    bool
}

type invoice struct {
	id, currency, customer, method, description, status, intent string
	total                                                       int64
	number                                                      string
	attempted                                                   bool
}

type item struct {
	id, invoice, currency, customer, description string
	amount                                       int64
}

type refund struct {
	id, charge, intent, currency string
	amount                       int64
}

// view is an object as it is shown; prefix stands before the names of what may be expanded.
func (s *Server) view(c *call, e *entry, prefix string) any {
	if v, ok := e.v.(*intent); ok {
		return s.viewIntent(c, e, v, prefix)
	}
	m := map[string]any{"id": e.id, "created": e.made.Unix(), "metadata": e.metadata, "livemode": e.live}
	switch v := e.v.(type) {
	case *charged:
		s.age(e)
		m["object"], m["amount"], m["currency"], m["customer"], m["payment_intent"] = "charge", v.amount, v.currency, null(v.customer), null(v.intent)
		m["description"], m["status"], m["captured"], m["paid"] = null(v.description), v.status, v.status != "failed", v.status == "succeeded"
		m["amount_refunded"], m["refunded"], m["disputed"] = v.back, v.back == v.amount, v.disputes && s.now().Sub(e.made) >= s.o.DisputeAfter
		if f := v.failure; f != nil {
			m["failure_code"], m["failure_message"] = f.Code, f.Message
			m["outcome"] = map[string]any{"reason": f.DeclineCode, "advice_code": null(f.Advice), "network_advice_code": null(f.Network), "network_decline_code": null(f.Issuer), "type": "issuer_declined"}
		}
	case *invoice:
		s.viewInvoice(c, e, v, m, prefix)
	case *item:
		m["object"], m["amount"], m["currency"], m["customer"], m["invoice"] = "invoiceitem", v.amount, v.currency, v.customer, null(v.invoice)
	case *refund:
		delete(m, "livemode")
		m["object"], m["amount"], m["currency"], m["charge"], m["payment_intent"], m["status"] = "refund", v.amount, v.currency, v.charge, null(v.intent), "succeeded"
	}
	return m
}

// shownIntent is a payment intent as it is shown: a struct, as there is one in nearly every answer, and a map took twice the time.
type shownIntent struct {
	ID          string            `json:"id"`
	Object      string            `json:"object"`
	Amount      int64             `json:"amount"`
	Secret      string            `json:"client_secret"`
	Created     int64             `json:"created"`
	Currency    string            `json:"currency"`
	Customer    *string           `json:"customer"`
	Description *string           `json:"description"`
	LastError   *apiError         `json:"last_payment_error"`
	Charge      any               `json:"latest_charge"`
	Live        bool              `json:"livemode"`
	Metadata    map[string]string `json:"metadata"`
	NextAction  any               `json:"next_action"`
	Method      *string           `json:"payment_method"`
	Status      string            `json:"status"`
}

func (s *Server) viewIntent(c *call, e *entry, v *intent, prefix string) *shownIntent {
	s.age(e)
	m := &shownIntent{
		ID: e.id, Object: "payment_intent", Amount: v.amount, Secret: v.id + "_secret_x", Created: e.made.Unix(), Currency: v.currency,
		Customer: orNull(&v.customer), Description: orNull(&v.description), LastError: v.last, Charge: null(v.charge), Live: e.live,
		Metadata: e.metadata, Method: orNull(&v.method), Status: v.status,
	}
	if v.page != "" && v.status == "requires_action" {
		m.NextAction = map[string]any{"type": "redirect_to_url", "redirect_to_url": map[string]any{"url": v.page}}
	}
	if v.charge != "" && c.expands(prefix+"latest_charge") {
		m.Charge = s.view(c, s.table("charges").byID[v.charge], prefix+"latest_charge.")
	}
	return m
}

// orNull is a text, or nil where it is empty.
func orNull(text *string) *string {
	if *text == "" {
		return nil
	}
	return text
}

func (s *Server) viewInvoice(c *call, e *entry, v *invoice, m map[string]any, prefix string) {
	paid := int64(0)
	if v.intent != "" {
		pi := s.table("payment_intents").byID[v.intent]
		if s.age(pi); pi.v.(*intent).status == "succeeded" && v.status == "open" {
			v.status = "paid"
		}
	}
	if v.status == "paid" {
		paid = v.total
	}
	m["object"], m["status"], m["currency"], m["customer"], m["total"] = "invoice", v.status, v.currency, v.customer, v.total
	m["amount_due"], m["amount_paid"], m["amount_remaining"] = v.total, paid, v.total-paid
	m["attempted"], m["auto_advance"], m["description"], m["number"] = v.attempted, false, null(v.description), null(v.number)
	m["hosted_invoice_url"] = nil
	if v.status != "draft" {
		m["hosted_invoice_url"] = "https://invoice.example/i/" + e.id
	}
	if !c.expands(prefix + "payments") {
		return
	}
	data := []any{}
	if v.intent != "" {
		var pi any = v.intent
		if c.expands(prefix + "payments.data.payment.payment_intent") {
			pi = s.view(c, s.table("payment_intents").byID[v.intent], "-")
		}
		data = append(data, map[string]any{"id": "inpay_" + e.id, "object": "invoice_payment", "payment": map[string]any{"type": "payment_intent", "payment_intent": pi}})
	}
	m["payments"] = map[string]any{"object": "list", "data": data, "has_more": false}
}

// age lets time pass for a payment that was under way.
func (s *Server) age(e *entry) {
	if s.o.ProcessFor <= 0 || s.now().Sub(e.made) < s.o.ProcessFor {
		return
	}
	switch v := e.v.(type) {
	case *intent:
		if v.status == "processing" {
			v.status = "succeeded"
			if ch := s.table("charges").byID[v.charge]; ch != nil {
				ch.v.(*charged).status = "succeeded"
			}
		}
	case *charged:
		if v.status == "pending" {
			v.status = "succeeded"
		}
	}
}

// null is a text, or null where there is none.
func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// execute does what is asked for, under the server's lock.
func (s *Server) execute(c *call) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	get := c.r.Method == http.MethodGet
	kind, rest := c.parts[0], c.parts[1:]
	switch kind {
	case "payment_intents", "charges", "invoices", "refunds":
	case "invoiceitems":
		if !get && len(rest) == 0 {
			return s.makeItem(c)
		}
	case "customers", "payment_methods":
		return s.keepers(c, kind, rest)
	default:
		return failure(http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL ("+c.r.Method+": "+c.r.URL.Path+").")
	}
	switch {
	case get && len(rest) == 0:
		return s.list(c, kind)
	case get && rest[0] == "search":
		return s.search(c, kind)
	case get && len(rest) == 1:
		if a := c.known("expand"); a != nil {
			return a
		}
		e, a := s.find(c, kind, rest[0])
		if a != nil {
			return a
		}
		return success(s.view(c, e, ""))
	}
	return s.post(c, kind, rest)
}

func (s *Server) post(c *call, kind string, rest []string) *answer {
	switch {
	case len(rest) == 0 && kind == "payment_intents":
		return s.makeIntent(c)
	case len(rest) == 0 && kind == "charges":
		return s.makeCharge(c)
	case len(rest) == 0 && kind == "refunds":
		return s.makeRefund(c)
	case len(rest) == 0 && kind == "invoices":
		return s.makeInvoice(c)
	case len(rest) == 2 && kind == "invoices":
		return s.changeInvoice(c, rest[0], rest[1])
	}
	return failure(http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL ("+c.r.Method+": "+c.r.URL.Path+").")
}

// keepers are customers and payment methods: there are all of which somebody knows an id, and new ones are made.
func (s *Server) keepers(c *call, kind string, rest []string) *answer {
	object, prefix := strings.TrimSuffix(kind, "s"), map[string]string{"customers": "cus", "payment_methods": "pm"}[kind]
	m := map[string]any{"object": object, "created": s.now().Unix(), "livemode": c.live, "metadata": c.metadata()}
	switch {
	case len(rest) == 0 && c.r.Method == http.MethodPost:
		m["id"] = s.newID(prefix)
	case len(rest) > 0 && strings.HasPrefix(rest[0], prefix+"_") && !strings.Contains(rest[0], "missing"):
		m["id"] = rest[0]
		if len(rest) == 2 { // attach
			m["customer"] = c.form.Get("customer")
		}
	default:
		return failure(http.StatusNotFound, "invalid_request_error", "resource_missing", "No such "+object)
	}
	return success(m)
}

// money reads amount and currency.
func (c *call) money() (int64, string, *answer) {
	amount, err := strconv.ParseInt(c.form.Get("amount"), 10, 64)
	if err != nil {
		return 0, "", failure(http.StatusBadRequest, "invalid_request_error", "parameter_invalid_integer", "Invalid integer: "+c.form.Get("amount"))
	}
	currency := c.form.Get("currency")
	if code, message := checkCurrency(amount, currency); message != "" {
		return 0, "", failure(http.StatusBadRequest, "invalid_request_error", code, message)
	}
	return amount, currency, nil
}

// holder reads the customer.
func (c *call) holder() (string, *answer) {
	id := c.form.Get("customer")
	if !strings.HasPrefix(id, "cus_") || strings.Contains(id, "missing") {
		return "", failure(http.StatusBadRequest, "invalid_request_error", "resource_missing", "No such customer: '"+id+"'")
	}
	return id, nil
}
