package stripe

import (
	"brood/jobs/billing/charge"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The names of what is written beside each payment, by which it is found again.
const (
	metaInvoice = "invoice_id"
	metaPlan    = "brood_plan"
	metaKey     = "brood_key"
	metaAttempt = "brood_attempt"
)

// Limits of metadata: docs.stripe.com/api/metadata.
const (
	mostMeta        = 50
	longestMetaName = 40
	longestMeta     = 500
	// longestDescription is that of a payment intent.
	longestDescription = 1000
)

// CheckCharge says why a charge cannot be made at Stripe, before anything is sent; nil: nothing is known against it.
func CheckCharge(c *charge.Charge, api API) error {
	amount, err := c.Money()
	if err != nil {
		return err
	}
	if err := CheckAmount(amount); err != nil {
		return err
	}
	switch {
	case c.Kind != charge.KindCharge:
		return fmt.Errorf("a %s is not made at Stripe: it charges; money goes back by brood run refund", c.Kind)
	case c.PaymentCustomer == "":
		return errors.New("payment_customer is empty: Stripe charges a saved method of a customer, whose id begins with cus_")
	case word(c.PaymentCustomer) == "" || strings.ContainsAny(c.PaymentCustomer, "/?&#"):
		return errors.New("payment_customer is no id of Stripe's, as cus_NffrFeUfNV2Hib")
	case c.PaymentMethod == "" && api == PaymentIntents:
		return errors.New("payment_method is empty: without a customer at the screen Stripe wants the id of a saved one, as pm_1MqLiJ or card_1MqLiJ")
	case c.PaymentMethod != "" && word(c.PaymentMethod) == "":
		return errors.New("payment_method is no id of Stripe's, as pm_1MqLiJ")
	case api == Charges && strings.HasPrefix(c.PaymentMethod, "pm_"):
		return errors.New("payment_method begins with pm_, which the API charges does not take: use payment_intents")
	case utf8.RuneCountInString(c.Description) > longestDescription:
		return fmt.Errorf("description has more than %d characters", longestDescription)
	case c.InvoiceID == "" || utf8.RuneCountInString(c.InvoiceID) > longestMeta:
		return fmt.Errorf("invoice_id must have from 1 to %d characters", longestMeta)
	}
	return checkMetadata(c.Metadata)
}

func checkMetadata(m map[string]string) error {
	const own = 4
	if len(m) > mostMeta-own {
		return fmt.Errorf("there are %d columns metadata.*, and Stripe takes %d beside brood's own", len(m), mostMeta-own)
	}
	for name, value := range m {
		switch {
		case name == metaInvoice || strings.HasPrefix(name, "brood_"):
			return fmt.Errorf("metadata.%s is written by brood itself", name)
		case name == "" || utf8.RuneCountInString(name) > longestMetaName || strings.ContainsAny(name, "[]"):
			return fmt.Errorf("metadata.%s: Stripe takes names of 1 to %d characters without brackets", name, longestMetaName)
		case utf8.RuneCountInString(value) > longestMeta:
			return fmt.Errorf("metadata.%s has more than %d characters", name, longestMeta)
		}
	}
	return nil
}
