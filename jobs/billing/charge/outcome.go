package charge

import (
	"brood/jobs"
	"context"
	"time"
)

// Outcome is what a provider made of one try of a charge. With Trouble set there is none yet, and the engine
// decides by it: again with the same key, throttle, or stop the run.
type Outcome struct {
	Status      Status
	ProviderID  string
	Replayed    bool // the provider gave the stored answer of an earlier request
	DeclineCode string
	Advice      string // the network's advice code
	NetworkCode string // the issuer's own response code, as in ISO 8583: 51, 41
	ErrorType   string
	ErrorCode   string
	HTTPStatus  int
	RequestID   string
	CreatedAt   time.Time // of the far side; zero if it did not say
	Link        string    // where the customer acts, with RequiresAction
	Reason      string    // in words, for people; no secrets
	// Files are paths that were written, relative to the run's own directory for them: html and pdf.
	PDF, HTML string
	Number    string
	Trouble   *Trouble
}

// Trouble is a try that has no outcome.
type Trouble struct {
	Verdict    jobs.Verdict // retry, throttle, abort, failed or unknown
	Class      jobs.Class
	RetryAfter time.Duration
	Delays     jobs.Delays
	Text       string // no secrets
}

// Try is one try of a charge.
type Try struct {
	Charge *Charge
	Key    string // the idempotency key, in hexadecimal: the same in every try
	// Again says that an earlier try may have reached the provider; Since is when the first of them may have been.
	Again bool
	Since time.Time
}

// Provider charges. One exists for each worker, and its methods are called from several goroutines at the same time.
type Provider interface {
	// Charge makes the charge, or finds that it was made. It sends nothing twice under another key. Where the
	// key may be forgotten by now (Try.Again, Try.Since and the provider's own life of keys) it looks up and never sends.
	Charge(ctx context.Context, t *Try) Outcome
	Close() error
}

// Finder looks up what became of charges: of those that a run does not know the end of, and for reconciliation.
type Finder interface {
	// Find is what the provider has of a charge; found is false where it has none. Settled says that nothing can be
	// in flight any more, so that not found means that it was not made.
	Find(ctx context.Context, c *Charge, key string, since time.Time) (o Outcome, found bool, err error)
	// List calls f for every payment that the provider has of the run with that plan, from a time on, until f errs.
	List(ctx context.Context, plan string, since time.Time, f func(Listed) error) error
}

// Listed is one payment in a provider's own list or in a bank's statement.
type Listed struct {
	Reference  string // the invoice, or EndToEndId, that it was made for
	ProviderID string
	Minor      int64
	Currency   string
	Status     Status
	Reason     string // code of a return, of a decline
	At         time.Time
	Place      string // where it stands: file and line, or the provider
}
