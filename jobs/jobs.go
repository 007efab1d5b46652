package jobs

import (
	"brood/jobs/figures"
	"context"
	"encoding/json"
	"fmt"
	"sort"
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
	// Dataset says which files the records are in, where that is for the job to say: by its flags, or as it makes them of
	// what the arguments name. Its errors are shown to the user as bad usage. Nil: the arguments say it.
	Dataset func(o Options, args []string) ([]string, error)
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
	// FailedHint says what is done about failed records, with {run} for the name of the run; empty: they are tried again by
	// brood retry.
	FailedHint string
	// Files are the files of the run's machine that workers open, of a plan's Config, so that workers of other machines
	// get them; state is the state directory. Its error says why the run cannot have such workers. Nil: there are none.
	Files func(config json.RawMessage, s *Shape, state string) ([]File, error)
	// Resumable are the members of Plan.Config, which is then a JSON object, that may
	// be others when a run goes on: where its work goes, say, but not what it is.
	Resumable map[string]Resumable
	// Begin is called in the parent before the first record of a session leaves, when the run exists: to take what is
	// to be had once only among all runs. It may be called again for the same run, after a crash or by a resume. Its
	// error ends the session before it begins, as bad usage; of a new run nothing is left then. Counts, Done and
	// Rows are not set.
	Begin func(*Finished) error
	// Open makes the job ready to work. It runs in the worker, after the
	// handshake has begun, and may take connections and read files.
	Open func(context.Context, Setup) (Runner, error)
	// Revise changes a column of the results by what only the whole of them tells. It is called in the parent when there is
	// nothing left to do, and again when rows were added, or it was cut off: what is revised already it leaves alone. It may
	// walk over Finished.Rows. If it returns nil all rows stay. Results that are no table, or that went where they
	// cannot be changed, are not revised.
	Revise func(*Finished) (*Revision, error)
	// Finish is called in the parent when a session has ended, however it did: to say what is to be said of
	// the whole, and to write files beside the results. It is called again when a run that was done before
	// is resumed. An error is told; of a run that is ok otherwise it is one of writing (exit status 74).
	Finish func(*Finished) error
	// Report is what the job adds to the report of a run, which may still go on or have been cut off: see
	// figures.Section. It walks over Finished.Rows once at most, which is nil if there are none or they are not what
	// the run has written any more; what it knows without them it says all the same. Nil: it adds nothing.
	Report func(*Finished) ([]figures.Section, error)
	// Verify looks whether what the job has written beside the results is what was written. Nil: there is nothing.
	Verify func(*Finished) []Finding
	// Forget is what the job has to say when records are forgotten. Nil: all of their columns are personal, and it keeps
	// nothing of a record anywhere else.
	Forget *Forgetting
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
