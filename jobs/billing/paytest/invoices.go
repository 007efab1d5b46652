package paytest

import (
	"fmt"
	"net/http"
)

// makeInvoice makes a draft.
func (s *Server) makeInvoice(c *call) *answer {
	if a := c.known("customer", "currency", "auto_advance", "collection_method", "pending_invoice_items_behavior", "description", "default_payment_method", "metadata", "expand"); a != nil {
		return a
	}
	customer, a := c.holder()
	if a != nil {
		return a
	}
	v := &invoice{id: s.newID("in"), currency: c.form.Get("currency"), customer: customer, method: c.form.Get("default_payment_method"), description: c.form.Get("description"), status: "draft"}
	e := &entry{id: v.id, customer: customer, live: c.live, made: s.now(), metadata: c.metadata(), v: v}
	s.add("invoices", e)
	if c.form.Get("pending_invoice_items_behavior") == "include" {
		for _, one := range s.table("invoiceitems").byCustomer[customer] {
			if it := one.v.(*item); it.invoice == "" && it.currency == v.currency {
				it.invoice = v.id
				v.total += it.amount
			}
		}
	}
	return success(s.view(c, e, ""))
}

// makeItem puts an item on a draft, or leaves it for the next invoice of the customer.
func (s *Server) makeItem(c *call) *answer {
	if a := c.known("customer", "invoice", "amount", "currency", "description", "metadata", "expand"); a != nil {
		return a
	}
	customer, a := c.holder()
	if a != nil {
		return a
	}
	amount, currency, a := c.money()
	if a != nil {
		return a
	}
	it := &item{id: s.newID("ii"), invoice: c.form.Get("invoice"), currency: currency, customer: customer, description: c.form.Get("description"), amount: amount}
	if it.invoice != "" {
		e, a := s.find(c, "invoices", it.invoice)
		if a != nil {
			return a
		}
		v := e.v.(*invoice)
		if v.status != "draft" || v.customer != customer || v.currency != currency {
			return failure(http.StatusBadRequest, "invalid_request_error", "", "The item does not fit the invoice, or that is no draft any more.")
		}
		v.total += amount
	}
	e := &entry{id: it.id, customer: customer, live: c.live, made: s.now(), metadata: c.metadata(), v: it}
	s.add("invoiceitems", e)
	return success(s.view(c, e, ""))
}

func (s *Server) changeInvoice(c *call, id, what string) *answer {
	e, a := s.find(c, "invoices", id)
	if a != nil {
		return a
	}
	v := e.v.(*invoice)
	s.view(c, e, "") // time passes
	no := func(code string) *answer {
		return failure(http.StatusBadRequest, "invalid_request_error", code, "The invoice is "+v.status+" already.")
	}
	switch what {
	case "finalize":
		if a := c.known("auto_advance", "expand"); a != nil {
			return a
		}
		if v.status != "draft" {
			return no("invoice_not_editable")
		}
		v.status, v.number = "open", fmt.Sprintf("PAY-%06d", e.at+1)
	case "void":
		if a := c.known("expand"); a != nil {
			return a
		}
		if v.status != "open" && v.status != "uncollectible" {
			return no("invoice_not_editable")
		}
		v.status = "void"
		if v.intent != "" {
			if pi := s.table("payment_intents").byID[v.intent].v.(*intent); pi.status != "succeeded" && pi.status != "processing" {
				pi.status = "canceled"
			}
		}
	case "pay":
		return s.payInvoice(c, e, v)
	default:
		return failure(http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL.")
	}
	return success(s.view(c, e, ""))
}

// payInvoice pays an open invoice once.
func (s *Server) payInvoice(c *call, e *entry, v *invoice) *answer {
	if a := c.known("payment_method", "source", "off_session", "paid_out_of_band", "expand"); a != nil {
		return a
	}
	if v.status == "paid" {
		return failure(http.StatusBadRequest, "invalid_request_error", "invoice_already_paid", "Invoice is already paid")
	}
	if v.status != "open" || c.fault == FaultErrorBegun {
		return failure(http.StatusBadRequest, "invalid_request_error", "invoice_not_open", "The invoice is "+v.status)
	}
	m := c.form.Get("payment_method")
	if m == "" {
		m = v.method
	}
	if methodOf(m).word == "missing" {
		return failure(http.StatusBadRequest, "invalid_request_error", "resource_missing", "No such PaymentMethod: '"+m+"'")
	}
	var pe *entry
	if v.intent != "" {
		pe = s.table("payment_intents").byID[v.intent]
		if pe.v.(*intent).status == "processing" {
			return failure(http.StatusBadRequest, "invalid_request_error", "", "The invoice is being paid.")
		}
		pe.v.(*intent).method = m
	} else {
		pi := &intent{id: s.newID("pi"), amount: v.total, currency: v.currency, customer: v.customer, method: m, status: "requires_confirmation"}
		pe = &entry{id: pi.id, customer: v.customer, live: c.live, made: s.now(), metadata: map[string]string{}, v: pi}
		s.add("payment_intents", pe)
		v.intent = pi.id
	}
	v.attempted = true
	refused := s.confirm(c, pe, e.metadata)
	switch pi := pe.v.(*intent); {
	case refused != nil:
		refused.Intent = s.view(c, pe, "-")
		return refusal(http.StatusPaymentRequired, refused)
	case pi.status == "requires_action":
		return refusal(http.StatusPaymentRequired, &apiError{
			Type: "invalid_request_error", Code: "invoice_payment_intent_requires_action", Intent: s.view(c, pe, "-"),
			Message: "This payment requires additional user action before it can be completed successfully.",
		})
	case pi.status == "succeeded":
		v.status = "paid"
	}
	return success(s.view(c, e, ""))
}
