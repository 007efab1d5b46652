package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/pace"
	"brood/runner/sink"
	"brood/runner/term"
	"brood/worker/wire"
	"errors"
	"fmt"
	"time"
)

// Config is a run. The part with JSON names is kept in the ledger when the run
// begins, and is what a resume starts from.
type Config struct {
	Name         string       `json:"name"`
	Job          string       `json:"job"`
	Words        []string     `json:"words,omitempty"` // the command after "--"
	Plan         jobs.Plan    `json:"plan"`
	Effect       jobs.Effect  `json:"effect"`
	Key          jobs.KeySpec `json:"key"`
	OncePer      string       `json:"once_per,omitempty"` // the scope that shares keys
	Dataset      dataset.Spec `json:"dataset"`
	Output       string       `json:"output"` // absolute path, or sink.Stdout
	OutputFormat sink.Format  `json:"output_format"`
	Unordered    bool         `json:"unordered,omitempty"`
	RecordLimit  uint64       `json:"limit,omitempty"` // records; 0 is all
	WorkDir      string       `json:"work_dir"`        // where the workers run

	Slots      int           `json:"slots"`
	Retries    int           `json:"retries"` // tries after the first
	BackoffMin time.Duration `json:"backoff_min"`
	BackoffMax time.Duration `json:"backoff_max"`
	Timeout    time.Duration `json:"timeout,omitempty"` // for one record; 0 is none
	// TimeoutPercent is the timeout in percent of the running median of how
	// long records take; 0: Timeout counts.
	TimeoutPercent float64 `json:"timeout_percent,omitempty"`
	// KillAfter is how long a record that has been asked to stop may still take
	// before its worker is killed; 0: it is not asked.
	KillAfter  time.Duration `json:"kill_after,omitempty"`
	Limits     Limits        `json:"limits"`
	MaxCrashes int           `json:"max_crashes"`
	// DrainTimeout is how long the records in hand may take when the run is
	// ending, before they are killed; 0 is for ever.
	DrainTimeout time.Duration    `json:"drain_timeout,omitempty"`
	Recycle      Recycle          `json:"recycle"`
	Halt         Halt             `json:"halt"`
	Breaker      pace.BreakerSpec `json:"breaker"`
	// Adaptive fits the number of records that are worked on, up to Slots, to
	// what the far side can do.
	Adaptive bool      `json:"adaptive,omitempty"`
	Headroom Headroom  `json:"hold_back"`
	Pace     pace.Spec `json:"pace"`
	PaceKey  PaceKey   `json:"pace_key"`
	// Metrics is the address at which they are to be had; empty: nowhere.
	Metrics   string    `json:"metrics,omitempty"`
	OnUnknown OnUnknown `json:"on_unknown"`
	// ResolveWith is a program that knows what became of unknown records, see
	// Inquire; empty: there is none.
	ResolveWith string `json:"resolve_with,omitempty"`
	// KeyLifetime is how long the far side is known to remember a key; 0 is
	// for ever.
	KeyLifetime time.Duration `json:"key_lifetime,omitempty"`

	// Dir is the run directory. It is locked, and exists.
	Dir *Dir `json:"-"`
	// Worker is how a worker is started; the zero value is this executable.
	Worker WorkerCommand `json:"-"`
	Term   *term.Term    `json:"-"`
	// Version goes into the ledger's list of sessions.
	Version string `json:"-"`
}

// Begun reports whether this is the configuration of a run that has begun, and
// not one that is being put together.
func (c *Config) Begun() bool { return c.Dir != nil }

// WorkerCommand is the program that works, with its arguments.
type WorkerCommand struct {
	Path string
	Args []string // with the program's name
}

// Report is how a session ended.
type Report struct {
	State   ledger.State
	Reason  string
	Totals  ledger.Totals
	Elapsed time.Duration
	// Worked is how many records became final in this session.
	Worked uint64
	// Signal is the one that stopped it, or 0.
	Signal int
	Usage  ledger.Usage
	// Trouble names the first records of this session that failed or are
	// unknown, with the reason, a line each.
	Trouble []string
}

// AbortError ends a run because nothing more should be tried: a job has said
// so, or workers cannot be started.
type AbortError struct{ Reason string }

func (e *AbortError) Error() string { return e.Reason }

// WriteError is an output or the ledger that could not be written.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }
func (e *WriteError) Unwrap() error { return e.Err }

// DatasetError is a dataset that cannot be read.
type DatasetError struct{ Err error }

func (e *DatasetError) Error() string { return e.Err.Error() }
func (e *DatasetError) Unwrap() error { return e.Err }

// ErrBooks means that the books of a run do not balance: a bug in brood.
var ErrBooks = errors.New("the books do not balance; this is a bug in brood, please report it")

// MaxRecordLimit is the largest record that a dataset may allow, in bytes.
const MaxRecordLimit = wire.MaxRecordLimit

const (
	// handshakeTime is how long a worker may take to open its job.
	handshakeTime = 30 * time.Second
	// startTries is how often a worker that does not start is tried.
	startTries = 3
	// idleDeaths is how many workers of a slot may die in a row without
	// having answered a single record.
	idleDeaths = 5
	// leaveTime is how long a worker may take to leave after its work pipe
	// has ended, before it is sent TERM, and then KILL after as long again.
	leaveTime = 6 * time.Second
)

// Balance writes the books of a run in one line.
func Balance(t ledger.Totals) string {
	return fmt.Sprintf("input %d, ok %d, failed %d, skipped %d, unknown %d, pending %d",
		t.Input, t.OK, t.Failed, t.Skipped, t.Unknown, max(t.Pending(), 0))
}
