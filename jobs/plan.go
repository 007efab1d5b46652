package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"time"
)

// Plan is a job with its options fixed: what the ledger stores, so that a
// resumed run does the same again, and what the workers are given.
type Plan struct {
	// Config is handed to Open in every worker, unchanged.
	Config json.RawMessage `json:"config"`
	// Columns are the columns the job adds to the results.
	Columns []Column `json:"columns"`
	// Task is what is done in a few words, for the list of runs, where there is no command
	// after "--": the file of a template, say.
	Task string `json:"task,omitempty"`
	// NeedsRaw says that the job reads Record.Raw even where the record has
	// fields; without it the raw bytes stay in the parent.
	NeedsRaw bool `json:"needs_raw,omitempty"`
	// NeedsText says that the records must be valid UTF-8.
	NeedsText bool `json:"needs_text,omitempty"`
	// InHand is how many records a worker can have in hand at a time, if the user asks for it;
	// 0 is one. If it is more the Runner is a Forker or a Stream.
	InHand int `json:"in_hand,omitempty"`
	// Window says that a worker hands its records to a program that reads them one after the
	// other: where repeating one costs nothing so many are in hand at a time without being asked
	// for, if they are quick. -j then counts workers, and not records in hand.
	Window int `json:"window,omitempty"`
	// Places is a file beside the dataset that says where the user has each of its records, where a job has made the dataset of a file of
	// his: a cell for each line, see AppendPlace. Empty: the dataset is his own.
	Places string `json:"places,omitempty"`
	// Most bounds the records of a run; nil: there is no bound. A run of a file of up to a few thousand rows that has
	// more is stopped before any of them is begun.
	Most *Most `json:"most,omitempty"`
	// Fit bounds the lines of a group; nil: the job can take any number.
	Fit *Fit `json:"-"`
	// OwnProgram says that a worker hands its records to a program of the user's that goes
	// on from one to the next. Whether that works nobody knows before it has answered.
	OwnProgram bool `json:"own_program,omitempty"`
	// Suspect says which failures of the first records speak against the set-up; nil: those of
	// many that fail alike do, and nothing else.
	Suspect *Suspect `json:"suspect,omitempty"`
	// Defaults are values of the run's flags, by name, where the user gives none.
	Defaults map[string]string `json:"-"`
	// Point are the columns of the results with coordinates, for GeoJSON; empty: they are found by their names.
	Point Point `json:"point,omitzero"`
	// FailedOutput is what becomes of Result.Text where the output is plain text and the
	// record has not ended ok.
	FailedOutput FailedOutput `json:"failed_output,omitempty"`
	// Ended is what the job's columns say of a record that ends without the job:
	// the first that fits.
	Ended []Ended `json:"ended,omitempty"`
	// Warnings are told to the user before the run begins.
	Warnings []string `json:"-"`
	// Preview says what would be done with a record, for --dry-run.
	Preview func(*Record) string `json:"-"`
	// Rehearse looks at all records in the parent instead of a run, for
	// --dry-run, and where Definition.Rehearses says so. Nil: Preview, of the
	// first records.
	Rehearse func(*Rehearsal) error `json:"-"`
}

// Most is how many records a run may have, and why.
type Most struct {
	Records uint64 `json:"records"`
	Why     string `json:"why"` // with what to do instead
}

// Suspect says of which failures few are enough to think that it is not the records: those of a
// class that may be for the sake of who runs the job, where the first records, though they
// have nothing in common, fail alike.
type Suspect struct {
	Classes []Class `json:"classes"`
	// Column has what must differ between them; of an address of mail, with Domain, that.
	Column string `json:"column"`
	Domain bool   `json:"domain,omitempty"`
}

// Of is what must differ, of a record; empty if there is nothing to go by.
func (s *Suspect) Of(rec *Record) string {
	v := bytes.ToLower(bytes.TrimSpace(rec.First(s.Column)))
	if s.Domain {
		v = MailDomain(v)
	}
	return string(v)
}

// Point names two columns that say where something is, in degrees of WGS 84.
type Point struct {
	Lat string `json:"lat"`
	Lon string `json:"lon"`
}

// FailedOutput says where the text of records goes that failed, or are unknown.
type FailedOutput string

// Where it goes.
const (
	FailedDropped  FailedOutput = ""
	FailedToStdout FailedOutput = "stdout" // into the output, in its place
	FailedToStderr FailedOutput = "stderr" // to standard error, when the record is final
)

// Ended is what a job's columns say of a record that ends without an answer of
// the job: by status, and by class unless that is empty.
type Ended struct {
	Status string   `json:"status"`
	Class  Class    `json:"class,omitempty"`
	Values []string `json:"values"` // one per column; may be shorter
}

// Rehearsal is what a job needs to show what a run would do.
type Rehearsal struct {
	Context context.Context //nolint:containedctx // a struct of arguments
	// Records are the records of the dataset, valid until the next one is asked
	// for; with an error in place of one that cannot be read. An error that is
	// an *EndError ends them.
	Records iter.Seq2[*Record, error]
	// Place says where the record at hand stands, as file:line.
	Place func() string
	Out   io.Writer
	Run   string
	Key   KeySpec
	Slots int
	// Limit is the value of --limit; 0 is none. Records ends there.
	Limit uint64
	// Estimate says how long n records take as far as the limits of the pace go,
	// of which so many have each value of the key of --rate-by; and which limit
	// that is, or nothing if there is none.
	Estimate func(n int, by map[string]int) (d time.Duration, limit string)
}

// EndError says that the dataset cannot be read on.
type EndError struct{ Err error }

func (e *EndError) Error() string { return e.Err.Error() }
func (e *EndError) Unwrap() error { return e.Err }

// Column is one column that a job adds to the results.
type Column struct {
	Name string `json:"name"`
	// JSON says that the value is JSON text, to be embedded as it is where
	// the output is JSON Lines.
	JSON bool `json:"json,omitempty"`
	// Replaces says that the column takes the place of one of the input that is called the same, as in
	// results that are fed in again. A record for which the job gives no value keeps what it had there. Without
	// it a run is refused whose input has such a column.
	Replaces bool `json:"replaces,omitempty"`
}
