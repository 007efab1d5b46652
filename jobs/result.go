package jobs

import (
	"fmt"
	"strings"
	"time"
)

// Status is where a record stands. The first four are final.
type Status uint8

// The statuses. At all times input = ok + failed + skipped + unknown + pending.
const (
	StatusPending Status = iota
	StatusOK
	StatusFailed
	StatusSkipped
	StatusUnknown // the effect may or may not have happened
)

var statusNames = [...]string{"pending", "ok", "failed", "skipped", "unknown"}

func (s Status) String() string { return statusNames[s] }

// ParseStatus is the reverse of String.
func ParseStatus(s string) (Status, error) {
	i, err := parseName(s, statusNames[:], "status")
	return Status(i), err
}

// Verdict is a job's answer for one record.
type Verdict uint8

// The verdicts.
const (
	VerdictOK       Verdict = iota
	VerdictRetry            // try again later
	VerdictFailed           // permanent
	VerdictSkipped          // nothing to do for this record
	VerdictThrottle         // the far side asks everyone to slow down; costs no attempt
	VerdictAbort            // configuration or credentials are wrong: stop the run
	VerdictUnknown          // the job cannot tell whether it was done
)

var verdictNames = [...]string{"ok", "retry", "failed", "skipped", "throttle", "abort", "unknown"}

func (v Verdict) String() string { return verdictNames[v] }

// ParseVerdict is the reverse of String.
func ParseVerdict(s string) (Verdict, error) {
	i, err := parseName(s, verdictNames[:], "verdict")
	return Verdict(i), err
}

// Effect is what repeating a record costs.
type Effect uint8

// The effects.
const (
	EffectNone  Effect = iota // repeat freely
	EffectKeyed               // the far side deduplicates by idempotency key
	EffectOnce                // must not be repeated blindly
)

var effectNames = [...]string{"none", "keyed", "once"}

func (e Effect) String() string { return effectNames[e] }

// ParseEffect is the reverse of String.
func ParseEffect(s string) (Effect, error) {
	i, err := parseName(s, effectNames[:], "effect")
	return Effect(i), err
}

// MarshalJSON gives the word.
func (e Effect) MarshalJSON() ([]byte, error) { return MarshalWord(e.String()) }

// UnmarshalJSON reads the word, or the number that was stored before there were words.
func (e *Effect) UnmarshalJSON(b []byte) error {
	i, err := UnmarshalWord(b, effectNames[:], "effect")
	*e = Effect(i)
	return err
}

func parseName(s string, names []string, what string) (int, error) {
	for i, n := range names {
		if n == s {
			return i, nil
		}
	}
	return 0, fmt.Errorf("there is no %s %q; there are %s", what, s, strings.Join(names, ", "))
}

// MaxRetryAfter is the longest RetryAfter that can be meant. A longer one is a mistake
// of whoever said it, and a run that waits for years looks as if it hung.
const MaxRetryAfter = 7 * 24 * time.Hour

// RetryAfter is a number of seconds that came from outside as a time, and whether it
// was in range: if not, the nearest that is.
func RetryAfter(seconds float64) (d time.Duration, ok bool) {
	switch {
	case seconds >= 0 && seconds <= MaxRetryAfter.Seconds():
		return time.Duration(seconds * float64(time.Second)), true
	case seconds > 0:
		return MaxRetryAfter, false
	}
	return 0, false // also what is no number
}

// Delays says who waits for RetryAfter.
type Delays uint8

const (
	// DelaysDefault is the record alone with VerdictRetry, and with
	// VerdictThrottle those who share its key of --rate-by, or everyone if there
	// is none.
	DelaysDefault Delays = iota
	// DelaysRecord is the record alone.
	DelaysRecord
	// DelaysKey is those who share the record's key of --rate-by.
	DelaysKey
	// DelaysAll is everyone.
	DelaysAll
	// DelaysFewer is nobody, if others of the run are at work: the far side takes fewer at
	// a time, so fewer work from now on, found out and kept, and no try is taken. If nobody
	// else is it is everyone.
	DelaysFewer
)

// Result is the outcome of one try.
type Result struct {
	Verdict    Verdict
	Class      Class
	Error      string
	RetryAfter time.Duration // with VerdictRetry and VerdictThrottle; 0 leaves it to the engine
	Delays     Delays        // who waits for RetryAfter
	Text       []byte        // the job's own text, for plain output
	Values     [][]byte      // one per column of the plan
	// Stopped says that the record was stopped at a limit. The worker sets it.
	Stopped bool
	// Elapsed is how long the record took, if ElapsedKnown: a job may know
	// better than the clock around Do.
	Elapsed      time.Duration
	ElapsedKnown bool
}

// Reset makes r ready for the next record and keeps its memory.
func (r *Result) Reset() {
	*r = Result{Text: r.Text[:0], Values: r.Values[:0]}
}

// Fail sets a verdict with its class and reason.
func (r *Result) Fail(v Verdict, class Class, format string, args ...any) {
	r.Verdict, r.Class = v, class
	r.Error = fmt.Sprintf(format, args...)
}

// AddPrinted puts what a command has printed behind the values of the columns, of which there
// are so many.
func (r *Result) AddPrinted(columns int, stdout, stderr []byte) {
	for len(r.Values) < columns {
		r.Values = append(r.Values, nil)
	}
	r.Values = append(r.Values, stdout, stderr)
}

// CutPrinted takes off values what AddPrinted has put there. Without that they are as they
// were.
func CutPrinted(values [][]byte, columns int) (rest [][]byte, stdout, stderr []byte) {
	if len(values) != columns+2 {
		return values, nil, nil
	}
	return values[:columns], values[columns], values[columns+1]
}
