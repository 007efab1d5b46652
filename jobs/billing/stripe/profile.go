package stripe

import "time"

// Profile is what is known of a provider whose answers are kept by a key: what decides whether a request may be sent
// again. Another provider in Stripe's manner would be another Profile and another package that reads its answers.
type Profile struct {
	Name string
	// Life is for how long the provider keeps the answer to a key at least; after it the same request is a new one.
	Life time.Duration
	// Margin is taken off Life: clocks differ, and a request takes its time.
	Margin time.Duration
	// KeepsErrors says that a 5xx is kept as well and is given again, so that another try with the key says nothing new.
	// Where it is not kept the next try runs again (checkout.com).
	KeepsErrors bool
	// ComparesBody says that another body under a known key is refused. Where it is not, another amount gets the answer
	// of the first (Qonto).
	ComparesBody bool
	// LookUp is by what a payment is found that was made: a list is what was written, a search index lags.
	LookUp LookUp
	// Settle is how long after the last request was sent nothing can be under way any more.
	Settle time.Duration
	// Live and Test are how many requests may leave in a second.
	Live, Test Rates
	// LongestKey is how many characters a key may have.
	LongestKey int
	// Source says where this is from, and when it was looked at.
	Source string
}

// LookUp is how a provider is asked for a payment of which nobody kept the id.
type LookUp string

// The ways.
const (
	LookUpList LookUp = "list" // by customer and time of making, compared by metadata
	LookUpNone LookUp = "none"
)

// Rates are requests in a second: of the account, and of one endpoint. 0 is no limit.
type Rates struct{ Account, Endpoint float64 }

// TheProfile is Stripe's, of its API v1.
func TheProfile() Profile {
	return Profile{
		Name: "stripe", Life: 24 * time.Hour, Margin: time.Hour, KeepsErrors: true, ComparesBody: true,
		LookUp: LookUpList, Settle: 2 * time.Minute, LongestKey: 255,
		Live: Rates{Account: 100, Endpoint: 25}, Test: Rates{Account: 25, Endpoint: 25},
		Source: "docs.stripe.com: api/idempotent_requests (keys may go after 24 h; 500s are kept; parameters are compared), rate-limits " +
			"(100/s live, 25/s test, 25/s of one endpoint unless it is raised), error-low-level; read in November 2026",
	}
}
