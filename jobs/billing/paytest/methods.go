package paytest

import (
	"slices"
	"strings"
)

// What a payment comes to is said by a word in the id of its payment method (pm_insufficient_funds_17), or of its customer where there
// is no method; Stripe's own test methods (pm_card_visa, pm_card_visa_chargeDeclinedInsufficientFunds, …) are known as well.
//
//	insufficient_funds lost_card stolen_card do_not_honor expired_card try_again_later
//	generic_decline fraudulent processing_error card_velocity_exceeded     402, with that decline code
//	authentication_required                      402: the customer must act
//	requires_action                              200, and a page where the customer acts
//	processing                                   200: on its way, as bank debits are
//	dispute                                      paid, and disputed later
//	missing                                      there is no such method
//	advice_24                                    beside one of the first: with that advice of the network
//
// Any other is paid.
type method struct {
	word    string // empty: paid
	code    string
	decline string
	advice  string // Stripe's
	network string // the network's advice code
	issuer  string // the issuer's response code
}

// words are in the order in which they are looked for: of two the one that says more is first.
var words = []struct{ stripes, word, issuer, advice string }{
	{"chargeDeclinedInsufficientFunds", "insufficient_funds", "51", "try_again_later"},
	{"chargeDeclinedLostCard", "lost_card", "41", "do_not_try_again"},
	{"chargeDeclinedStolenCard", "stolen_card", "43", "do_not_try_again"},
	{"chargeDeclinedExpiredCard", "expired_card", "54", "confirm_card_data"},
	{"chargeDeclinedProcessingError", "processing_error", "96", "try_again_later"},
	{"chargeDeclinedFraudulent", "fraudulent", "59", "do_not_try_again"},
	{"chargeDeclinedVelocityLimitExceeded", "card_velocity_exceeded", "65", "try_again_later"},
	{"doNotHonor", "do_not_honor", "05", ""},
	{"tryAgainLater", "try_again_later", "19", "try_again_later"},
	{"authenticationRequired", "authentication_required", "65", ""},
	{"requiresAction", "requires_action", "", ""},
	{"usBankAccount_processing", "processing", "", ""},
	{"createDispute", "dispute", "", ""},
	{"chargeDeclined", "generic_decline", "05", ""},
	{"Missing", "missing", "", ""},
}

// methodOf reads an id.
func methodOf(id string) method {
	for _, w := range words {
		if !strings.Contains(id, w.stripes) && !strings.Contains(id, w.word) {
			continue
		}
		m := method{word: w.word, code: "card_declined", decline: w.word, advice: w.advice, issuer: w.issuer}
		switch w.word {
		case "expired_card", "processing_error", "authentication_required":
			m.code = w.word
		}
		if _, rest, ok := strings.Cut(id, "advice_"); ok && len(rest) >= 2 {
			m.network, m.advice = rest[:2], ""
		}
		return m
	}
	return method{}
}

// declined reports whether the issuer refuses.
func (m *method) declined() bool {
	switch m.word {
	case "", "dispute", "processing", "requires_action", "missing":
		return false
	}
	return true
}

// checkCurrency is why an amount cannot be charged: code and message of a 400; empty: it can. (docs.stripe.com/currencies.)
func checkCurrency(amount int64, currency string) (code, message string) {
	switch {
	case amount <= 0:
		return "parameter_invalid_integer", "Invalid positive integer"
	case len(currency) != 3 || strings.ToLower(currency) != currency:
		return "", "Invalid currency: " + currency
	case slices.Contains([]string{"uyw", "xxx", "xts", "xau"}, currency):
		return "", "Invalid currency: " + currency
	case slices.Contains([]string{"isk", "ugx"}, currency) && amount%100 != 0:
		return "invalid_charge_amount_no_decimal_compatible", "Invalid amount. Currency " + currency + " has become effectively zero-decimal and charged amounts must be evenly divisible by 100."
	case slices.Contains([]string{"bhd", "jod", "kwd", "omr", "tnd"}, currency) && amount%10 != 0:
		return "parameter_invalid_integer", "Invalid amount: the last digit must be 0 in " + currency
	case amount > 999_999_999_999:
		return "amount_too_large", "Amount must be no more than 999,999,999,999"
	}
	return "", ""
}
