// Package dunning says whether a payment that was declined may be asked for again, and when at the earliest: by the
// rules that the card networks and NACHA have for repeated tries. Who breaks them pays a fee for each try.
//
// It is one pure function, May: the tries that were made and the time come from whoever asks. It does not know why
// a customer should be asked again, and it counts only the tries that it is told of: those that were made elsewhere with
// the same card or account are to be told as well.
//
// Where two rules say different times the later one holds. Where a rule has an older and stricter form (Visa had 15 tries
// in 30 days before it had 20) the one that is in force is used.
package dunning

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Network is whose rules hold.
type Network string

// The networks. Other is a card network that has no published ceiling: what an answer says of itself holds all the same.
const (
	Visa       Network = "visa"
	Mastercard Network = "mastercard"
	ACH        Network = "ach"
	Other      Network = "other"
)

// ParseNetwork reads the word of a column: visa, mastercard, ach; anything else, and nothing, is Other.
func ParseNetwork(s string) Network {
	switch n := Network(strings.ToLower(strings.TrimSpace(s))); n {
	case Visa, Mastercard, ACH:
		return n
	default:
		return Other
	}
}

// TryMade is a try that was made and came to nothing.
type TryMade struct {
	At time.Time
	// Advice is the network's advice code: two digits of Mastercard's (01, 03, 24 …); of Visa's the
	// category (1, 2, 3), where the provider passes it on. Empty if there was none.
	Advice string
	// Response is the issuer's own response code (ISO 8583, field 39: 04, 41, 51 …); of ACH the return code (R01). Empty
	// if it is not known.
	Response string
	// Never says that the provider advises against any other try (Stripe's advice_code do_not_try_again).
	Never bool
}

// Decision is what May says.
type Decision struct {
	OK bool
	// Earliest is when the next try may be made; zero if never. With OK it is not after the time of asking.
	Earliest time.Time
	// Why is the rule in words, for people; with OK too.
	Why string
	// Description is what the next entry must be described as, by NACHA; empty: as it is.
	Description string
	// Same says that the next try must be for the same amount (NACHA).
	Same bool
}

const day = 24 * time.Hour

// The ceilings of tries.
const (
	// window is what the networks count in: 30 days.
	window = 30 * day
	// mostVisa is Visa's ceiling for one card and amount in 30 days: 20, and 15 until it was raised (Visa Core Rules,
	// "Reattempt Limits").
	mostVisa = 20
	// mostMastercard and mostMastercardDay are Mastercard's for one card, amount and merchant: 35 in 30 days, 10 in 24
	// hours (Transaction Processing Excellence, Excessive Authorization Attempts).
	mostMastercard    = 35
	mostMastercardDay = 10
	// mostACH are the entries for one debit: the first and two more (NACHA Operating Rules, 2.12.4, Reinitiation of Returned
	// Entries), within 180 days of the first one's settlement.
	mostACH   = 3
	windowACH = 180 * day
	// RetryDescription is the Company Entry Description of an entry that is made again (the same rule).
	RetryDescription = "RETRY PYMT"
)

// May says whether there may be another try now, after those of the history, in any order. Without a history it may:
// that is no other try.
func May(history []TryMade, n Network, now time.Time) Decision {
	if len(history) == 0 {
		return Decision{OK: true, Earliest: now, Why: "no try was made yet"}
	}
	tries := slices.Clone(history)
	slices.SortStableFunc(tries, func(a, b TryMade) int { return a.At.Compare(b.At) })
	if n == ACH {
		return mayACH(tries, now)
	}
	for _, t := range tries {
		if why := never(n, &t); why != "" {
			return Decision{Why: why}
		}
	}
	last := tries[len(tries)-1]
	d := Decision{Earliest: last.At, Why: "below the ceilings of tries"}
	if wait, ok := adviceWait(n, last.Advice); ok {
		d.later(last.At.Add(wait), fmt.Sprintf("advice %s: not before %s after the last try", last.Advice, span(wait)))
	}
	switch n {
	case Visa:
		d.ceiling(tries, mostVisa, window, now)
	case Mastercard:
		d.ceiling(tries, mostMastercard, window, now)
		d.ceiling(tries, mostMastercardDay, day, now)
	default:
	}
	d.OK = !d.Earliest.After(now)
	return d
}

func (d *Decision) later(at time.Time, why string) {
	if at.After(d.Earliest) {
		d.Earliest, d.Why = at, why
	}
}

// ceiling keeps the number of tries in any span below a most. The try that is most back leaves the span at the
// moment when it is as old as that.
func (d *Decision) ceiling(tries []TryMade, most int, in time.Duration, now time.Time) {
	if len(tries) < most {
		return
	}
	free := tries[len(tries)-most].At.Add(in)
	if free.After(now) {
		d.later(free, fmt.Sprintf("%d tries in %s are the most", most, span(in)))
	}
}

// never is why there is no other try, by what was answered to one; empty: there may be.
func never(n Network, t *TryMade) string {
	switch {
	case t.Never:
		return "the provider advises against any other try"
	case n == Mastercard && (t.Advice == "03" || t.Advice == "21"):
		return "Mastercard's advice " + t.Advice + ": never again"
	case n == Mastercard && (t.Advice == "40" || t.Advice == "41"):
		return "Mastercard's advice " + t.Advice + ": a prepaid card that cannot be loaded, or used, again"
	case n == Visa && (t.Advice == "1" || t.Advice == "01" && t.Response == ""):
		return "Visa's category 1: the issuer will never approve"
	case n == Visa && neverVisa(t.Response):
		return "Visa's response " + t.Response + " is of category 1: the issuer will never approve"
	case n == Other && t.Advice == "03":
		return "advice 03: never again"
	}
	return ""
}

// neverVisa reports whether a response code is of Visa's category 1: pick up, no such card or issuer, lost, stolen,
// closed, not permitted, and revocations by the cardholder (Visa Core Rules, table "Decline Response Codes").
func neverVisa(response string) bool {
	switch response {
	case "04", "07", "12", "14", "15", "41", "43", "46", "57", "R0", "R1", "R3":
		return true
	}
	return false
}

// adviceWait is the wait that Mastercard's advice codes 24 to 30 name, and 02 by what its acquirers ask for.
func adviceWait(n Network, advice string) (time.Duration, bool) {
	if n == Visa {
		return 0, false
	}
	switch advice {
	case "02":
		return 3 * day, true
	case "24":
		return time.Hour, true
	case "25":
		return day, true
	case "26":
		return 2 * day, true
	case "27":
		return 4 * day, true
	case "28":
		return 6 * day, true
	case "29":
		return 8 * day, true
	case "30":
		return 10 * day, true
	}
	return 0, false
}

// mayACH is NACHA's rule for returned debits: for R01 (insufficient funds) and R09 (uncollected funds) two more entries
// within 180 days, of the same amount, described as RETRY PYMT; for nothing else without a new authorisation.
func mayACH(tries []TryMade, now time.Time) Decision {
	for _, t := range tries {
		if t.Response != "R01" && t.Response != "R09" {
			return Decision{Why: fmt.Sprintf("returned as %s: only R01 and R09 may be made again", quoted(t.Response))}
		}
	}
	if len(tries) >= mostACH {
		return Decision{Why: "an entry may be made again twice, and was"}
	}
	first := tries[0].At
	if !now.Before(first.Add(windowACH)) {
		return Decision{Why: "180 days since the first entry are over"}
	}
	return Decision{OK: true, Earliest: tries[len(tries)-1].At, Why: fmt.Sprintf("entry %d of 3, until %s", len(tries)+1, first.Add(windowACH).UTC().Format(time.DateOnly)), Description: RetryDescription, Same: true}
}

func quoted(code string) string {
	if code == "" {
		return "nothing that is known"
	}
	return code
}

func span(d time.Duration) string {
	if d%day == 0 {
		if d == day {
			return "24 hours"
		}
		return fmt.Sprintf("%d days", d/day)
	}
	if d == time.Hour {
		return "an hour"
	}
	return d.String()
}
