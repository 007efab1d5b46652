// Package jobs is the vocabulary that the parent and its workers share: what a
// record is, what a result is, and what a job has to say about itself.
//
// A job is named code that turns one record into one result. It is described
// twice: its [Definition] is used by the parent (flags, columns, effect), its
// [Runner] exists only in a worker. Nothing a job needs at run time
// (connections, files, credentials) is opened before [Definition.Open] runs in
// the worker, so that no descriptor crosses the fork.
//
// This package imports nothing else of brood's but figures, the vocabulary of reports.
package jobs

import (
	"brood/jobs/figures"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"sort"
	"strings"
	"time"
)

// Definition is what the parent knows about a job.
type Definition struct {
	Name  string
	Usage string // one line for the list of jobs
	// Help is the long help text. It holds at least one example that works
	// when pasted into a shell in brood's own source folder.
	Help   string
	Effect Effect // the default; a user may override it
	// KeyLifetime is how long the far side remembers an idempotency key,
	// unless the user knows better; 0 is for ever. Only for EffectKeyed.
	KeyLifetime time.Duration
	// Retries is the default number of tries after the first.
	Retries int
	// Prints says that its commands print something, which may be wanted: Setup.Printed.
	Prints bool
	// TakesRows says that a record may be several rows, see Shape.Rows.
	TakesRows bool
	// Guesses says that its tables are as spreadsheet programs save them: where they are not in UTF-8 the encoding is
	// guessed, and so is what separates the fields. That is told, and kept with the run. Without it such a
	// table is refused, or its rows are bad input.
	Guesses bool
	// TakesCommand says that the words after "--" belong to the job.
	TakesCommand bool
	Flags        []Flag
	// Plan checks the options before anything is started. It runs in the
	// parent. Its errors are shown to the user as bad usage.
	Plan func(Options, *Shape) (Plan, error)
	// Rehearses reports whether the flags ask for a look at the records instead
	// of a run; nil: they never do. See Plan.Rehearse.
	Rehearses func(Options) bool
	// Command says what a worker of a slot does with a record, in one line, for a joblog; of
	// a plan's Config. Nil: the job runs no command for each record.
	Command func(config json.RawMessage, s *Shape) (func(r *Record, slot int) string, error)
	// Same tells records that ask the same thing, such as the place of one address: of those with the
	// same key none is in hand before the first has ended, and then they find its answer where the job keeps
	// it. An empty key is that of no other record. The record and the key are borrowed. Of a plan's Config; it runs
	// in the parent, for each record as it is read. Nil, or what it returns is nil: no record waits for another.
	Same func(config json.RawMessage, s *Shape) (func(*Record) []byte, error)
	// Resumable are the members of Plan.Config, which is then a JSON object, that may
	// be others when a run goes on: where its work goes, say, but not what it is.
	Resumable map[string]Resumable
	// Open makes the job ready to work. It runs in the worker, after the
	// handshake has begun, and may take connections and read files.
	Open func(context.Context, Setup) (Runner, error)
	// Finish is called in the parent when a session has ended, however it did: to say what is to be said of
	// the whole, and to write files beside the results. It is called again when a run that was done before
	// is resumed. An error is told; of a run that is ok otherwise it is one of writing (exit status 74).
	Finish func(*Finished) error
	// Report is what the job adds to the report of a run, which may still go on or have been cut off: see
	// figures.Section. It walks over Finished.Rows once at most, which is nil if there are none or they are not what
	// the run has written any more; what it knows without them it says all the same. Nil: it adds nothing.
	Report func(*Finished) ([]figures.Section, error)
	// Tools are commands of their own that go with the job.
	Tools []Tool
	// Secrets are variables of the environment that this job reads. The workers of
	// other jobs, and what they start, do not get them.
	Secrets []string
}

// Resumable says how a member of a job's configuration may become another when a run
// goes on.
type Resumable struct {
	// Flag must be given for that; without it the member stays as it was.
	Flag string
	// Stays says that the member may change only from one value to another, and neither
	// come nor go: what is there without it is another kind of run.
	Stays bool
}

// Tool is a command that goes with a job and runs nothing: it reads what the
// job's work has left in the world, or makes ready what it works with.
type Tool struct {
	// Of is the thing that it does something with, of several: Name is then a verb, and stands
	// behind the name of the thing. Nil: it is a command of its own.
	Of                           *Noun
	Name, Usage, Arguments, Help string
	Flags                        []Flag
	// State says that it uses Options.StateDir, and so has the flag for it.
	State bool
	// Run does it with the arguments. Its errors are bad usage, unless they are a *PartlyError.
	Run func(o Options, args []string, stdout, stderr io.Writer) error
	// OfRun does it with a run of the job, which is its one argument, or the newest one without it. It is in
	// place of Run. The run may still go on.
	OfRun func(o Options, run *Finished, stdout, stderr io.Writer) error
}

// Noun is a thing that several tools are about, as in brood places import. Tools of one thing
// name the same Noun, whichever their jobs are.
type Noun struct {
	Name, Usage string
	// Help is the long help text, with an example as Definition.Help has.
	Help string
}

// PartlyError says that a tool did what it could, and something is left to be done by hand: exit
// status 1.
type PartlyError struct{ Left string }

func (e *PartlyError) Error() string { return e.Left }

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

// Flag describes one option of a job. The kind follows from Default: string,
// bool, int, float64, time.Duration or []string.
type Flag struct {
	Name    string
	Aliases []string
	Usage   string
	Default any
}

// Options are the values of a job's flags, as the user gave them.
type Options interface {
	String(name string) string
	Bool(name string) bool
	Int(name string) int
	Float64(name string) float64
	Duration(name string) time.Duration
	StringSlice(name string) []string
	IsSet(name string) bool
	Command() []string // the words after "--"
	Text() bool        // the run's output is plain text
	// StateDir is the state directory, see Setup.State. It need not exist. Empty: nobody can
	// tell where it is, as there is no home directory; a run is then refused, a dry run is not.
	StateDir() string
}

// SplitList makes one list of a flag that was given several times, or with
// commas.
func SplitList(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Split(v, ",")...)
	}
	return out
}

// Registry is the set of jobs that a binary knows. It is filled once, before
// anything else runs.
type Registry struct{ byName map[string]*Definition }

// NewRegistry returns a registry of the given jobs; two of one name are a
// programming error and panic.
func NewRegistry(defs ...*Definition) *Registry {
	r := &Registry{byName: make(map[string]*Definition)}
	for _, d := range defs {
		if _, dup := r.byName[d.Name]; dup {
			panic("jobs: two jobs named " + d.Name)
		}
		r.byName[d.Name] = d
	}
	return r
}

// Lookup finds a job by name.
func (r *Registry) Lookup(name string) (*Definition, error) {
	if d, ok := r.byName[name]; ok {
		return d, nil
	}
	return nil, fmt.Errorf("there is no job %q", name)
}

// All returns the jobs by name.
func (r *Registry) All() []*Definition {
	all := make([]*Definition, 0, len(r.byName))
	for _, d := range r.byName {
		all = append(all, d)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}
