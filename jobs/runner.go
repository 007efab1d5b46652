package jobs

import (
	"context"
	"encoding/json"
	"errors"
)

// Setup is what a worker gives a job when it opens it.
type Setup struct {
	Config json.RawMessage
	Shape  *Shape
	Run    string // the run's name
	// Dir is the run's directory, where a job may keep files of its own, whose names begin with
	// that of the job. They go when the run is removed. State is the state directory, for what runs share:
	// a job has a directory of its name there, and makes it (0700). Both are absolute paths. A worker
	// of another user (--user) cannot enter them, and one in a sandbox writes there only what
	// it is allowed to.
	Dir, State string
	Slot       int // 1-based, as {%} in GNU parallel
	Key        KeySpec
	// Text says that the run's output is plain text, so that Result.Text is
	// wanted and Result.Values are not; otherwise it is the other way round.
	Text bool
	// Printed says that what a command prints is wanted beside the result: see AddPrinted.
	Printed bool
	// MaxOutput bounds what one record may produce, in bytes.
	MaxOutput int
	// MaxDepth is how many levels JSON may be nested that comes from elsewhere: see TooDeep.
	MaxDepth int
}

// ErrNotBegun is wrapped by an error of Runner.Do where it is certain that the record was
// not begun: it loses nothing with the worker, and another one gets it.
var ErrNotBegun = errors.New("the record was not begun")

// Runner is a job inside a worker. Do is called for one record at a time, from one goroutine: for
// a worker that has several in hand see Forker and Stream.
type Runner interface {
	// Do works on rec and fills res, which the caller has reset. Both are
	// valid only until Do returns. A record that fails is a result; an error
	// means that the job itself is broken, and ends the worker; see ErrNotBegun.
	Do(ctx context.Context, rec *Record, res *Result) error
	Close() error
}

// Quiet is a Runner that can tell that it prints nothing, and starts nothing that does: then nobody looks
// after each record whether it has, which takes two system calls. What it prints all the same is logged, but not
// with its record for certain.
type Quiet interface {
	Runner
	Quiet() bool
}

// Forker is a Runner of which a worker can have several, one for each record that it has in
// hand at the same time.
type Forker interface {
	Runner
	// Fork returns another Runner of the same job. It shares what does not change or is safe to share
	// (templates, lists), and opens what it needs of its own (a connection) with its first record. Do of different Runners
	// is called at the same time from different goroutines. All are made before the first Do; forks are closed before the first one.
	Fork() (Runner, error)
}

// Stream is a Runner that has several records in hand by itself, each at a place, from 0. Where
// there is one place only, Do is called and nothing else of it.
type Stream interface {
	Runner
	// Stream is called once, before the first Begin.
	Stream(places int, r Reporter)
	// Begin begins with a record at a place that is free. Rec is valid only until Begin returns.
	// It may wait, but not for the end of a record. An error is one of the job, as of Do.
	Begin(at int, rec *Record) error
	// Flush says that no other record is begun at once.
	Flush() error
}

// Reporter is told by a Stream what becomes of its records. Its methods are called from one
// goroutine at a time; Begin may be at work meanwhile.
type Reporter interface {
	// End ends the record at a place, which is free from then on; res is borrowed.
	End(at int, res *Result)
	// Flush says that no other record ends at once.
	Flush()
	// GiveBack says that the record at a place was not begun after all; Fail follows.
	GiveBack(at int)
	// Fail says that the job is broken: its worker ends, with what it has in hand.
	Fail(err error)
}
