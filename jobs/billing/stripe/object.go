package stripe

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// What is read of Stripe's objects. Members that are not here are not looked at; those that may be an id or the whole
// object, as they were asked to be expanded, are of the type reference.

// object is a payment intent, a charge, an invoice or a refund.
type object struct {
	ID       string            `json:"id"`
	Object   string            `json:"object"`
	Status   string            `json:"status"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Created  int64             `json:"created"`
	Live     bool              `json:"livemode"`
	Metadata map[string]string `json:"metadata"`

	// Of a payment intent.
	LatestCharge reference   `json:"latest_charge"`
	LastError    *apiError   `json:"last_payment_error"`
	NextAction   *nextAction `json:"next_action"`

	// Of a charge.
	Captured    *bool     `json:"captured"`
	Refunded    bool      `json:"refunded"`
	Disputed    bool      `json:"disputed"`
	FailureCode string    `json:"failure_code"`
	FailureText string    `json:"failure_message"`
	Outcome     *outcome  `json:"outcome"`
	Intent      reference `json:"payment_intent"` // of a refund too

	// Of an invoice.
	AmountDue  int64  `json:"amount_due"`
	AmountPaid int64  `json:"amount_paid"`
	Total      int64  `json:"total"`
	Hosted     string `json:"hosted_invoice_url"`
	Attempted  bool   `json:"attempted"`
	Payments   *struct {
		Data []struct {
			Payment struct {
				Intent reference `json:"payment_intent"`
				Charge reference `json:"charge"`
			} `json:"payment"`
		} `json:"data"`
	} `json:"payments"`

	// Of a refund.
	FailureReason string `json:"failure_reason"`
}

// nextAction is what the customer is to do.
type nextAction struct {
	Type     string `json:"type"`
	Redirect *struct {
		URL string `json:"url"`
	} `json:"redirect_to_url"`
	Verify *struct {
		URL string `json:"hosted_verification_url"`
	} `json:"verify_with_microdeposits"`
}

// link is where the customer does it; empty: within the seller's own page.
func (n *nextAction) link() string {
	switch {
	case n == nil:
		return ""
	case n.Redirect != nil:
		return pageOf(n.Redirect.URL)
	case n.Verify != nil:
		return pageOf(n.Verify.URL)
	}
	return ""
}

// pageOf is the address of a page, if it is one that may be shown.
func pageOf(address string) string {
	const most = 2048
	if !strings.HasPrefix(address, "https://") || len(address) > most || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return address
}

// outcome is what the network said of a charge.
type outcome struct {
	Advice      string `json:"advice_code"`
	Network     string `json:"network_advice_code"`
	NetworkCode string `json:"network_decline_code"`
	Reason      string `json:"reason"`
}

// apiError is Stripe's error.
type apiError struct {
	Type        string    `json:"type"`
	Code        string    `json:"code"`
	DeclineCode string    `json:"decline_code"`
	Advice      string    `json:"advice_code"`
	Network     string    `json:"network_advice_code"`
	NetworkCode string    `json:"network_decline_code"`
	Message     string    `json:"message"`
	Param       string    `json:"param"`
	Charge      reference `json:"charge"`
	Intent      reference `json:"payment_intent"`
}

// reference is an object of which there is the id alone, or all.
type reference struct {
	ID  string
	All *object
}

// UnmarshalJSON takes both forms, and null.
func (r *reference) UnmarshalJSON(b []byte) error {
	*r = reference{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &r.ID)
	}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	r.All = new(object)
	if err := json.Unmarshal(b, r.All); err != nil {
		return err
	}
	r.ID = r.All.ID
	return nil
}

func (o *object) made() time.Time { return unix(o.Created) }

func unix(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// intent is the payment of an invoice; empty: it has none.
func (o *object) paidBy() reference {
	if o.Payments == nil {
		return reference{}
	}
	for _, p := range o.Payments.Data {
		if p.Payment.Intent.ID != "" {
			return p.Payment.Intent
		}
		if p.Payment.Charge.ID != "" {
			return p.Payment.Charge
		}
	}
	return reference{}
}

// page is a part of a list.
type page struct {
	Object string   `json:"object"`
	Data   []object `json:"data"`
	More   bool     `json:"has_more"`
}

var errNoObject = errors.New("it is no object of Stripe's")

func readObject(body []byte) (*object, error) {
	o := new(object)
	if !quickly(body, o) {
		*o = object{}
		if err := json.Unmarshal(body, o); err != nil {
			return nil, err
		}
	}
	if o.ID == "" || o.Object == "" {
		return nil, errNoObject
	}
	return o, nil
}

func readPage(body []byte) (*page, error) {
	p := new(page)
	if err := json.Unmarshal(body, p); err != nil {
		return nil, err
	}
	if p.Object != "list" && p.Object != "search_result" {
		return nil, errors.New("it is no list of Stripe's")
	}
	for i := range p.Data {
		if p.Data[i].ID == "" {
			return nil, errNoObject
		}
	}
	return p, nil
}

// readError is the error of a body; nil: there is none in it.
func readError(body []byte) *apiError {
	var e struct {
		Error *apiError `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil || e.Error == nil || e.Error.Type == "" {
		return nil
	}
	return e.Error
}
