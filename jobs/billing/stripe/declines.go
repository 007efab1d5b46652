package stripe

import "brood/jobs/billing/charge"

// ofDecline is what has become of a payment that a card's issuer, or Stripe in its place, refused. Declined is what time
// may change: it is for a later dunning run. All else needs the customer: another card, a call to the bank.
//
// The network's advice comes first, as it is about this very payment (docs.stripe.com/declines/codes, read in November
// 2026); the code is what Stripe makes of the issuer's words.
func ofDecline(code, declineCode, advice, network string) charge.Status {
	if declineCode == "" {
		declineCode = code
	}
	switch {
	case declineCode == "authentication_required" || code == "authentication_required":
		return charge.RequiresAction
	case advice == "do_not_try_again", network == "03", network == "21":
		return charge.Failed
	case isWait(network):
		return charge.Declined
	case isPassing(declineCode):
		return charge.Declined
	}
	return charge.Failed
}

// isWait reports whether the network's advice is to ask again later: 02, and 24 to 30, which name the wait.
func isWait(network string) bool {
	switch network {
	case "02", "24", "25", "26", "27", "28", "29", "30":
		return true
	}
	return false
}

// isPassing reports whether a code speaks of something that passes: an account or a limit that fills again, or an issuer that
// could not be asked. do_not_honor and generic_decline say nothing of that, and so are for good.
func isPassing(code string) bool {
	switch code {
	case "insufficient_funds", "try_again_later", "card_velocity_exceeded", "withdrawal_count_limit_exceeded",
		"issuer_not_available", "processing_error", "reenter_transaction":
		return true
	}
	return false
}
