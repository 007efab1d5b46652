package jobs

import (
	"encoding/json"
	"iter"
)

// Finished is how a run stands when a session of it has ended, whichever way, and its books are
// closed. Nothing of the run is open any more.
type Finished struct {
	Config json.RawMessage // of the plan
	Run    string          // its name
	// Dir is the run's directory, and State the state directory, see Setup.
	Dir, State string
	// Output is the file that the user gets, or is to get, his results in, an absolute path; Stdout if
	// there is none.
	Output string
	// Done says that there is nothing left to do. Otherwise the run is to be continued, and the
	// results are those of a part.
	Done bool
	// Counts are how many records have ended how, of the run as a whole.
	Counts Counts
	// Rows walks over the results as they stand, in their order, with the columns of the input, of the
	// job, and of the engine. A record and its bytes are valid until the next. An error ends them. Nil: they
	// are plain text, or went to standard output, or are not what the run has written any more.
	Rows func() iter.Seq2[*Record, error]
	// Decide records what has become of records that are unknown or have failed, as brood resolve does. It is for
	// a tool that has the run alone, and nil elsewhere.
	Decide func([]Decided) error
	// Say tells the user something, a line on standard error.
	Say func(format string, args ...any)
}

// Decided is what somebody has found out about a record.
type Decided struct {
	Seq    Seq
	Status Status // StatusOK or StatusFailed
	Reason string // how it is known; it is kept
	// Values are columns of the job that its row has from now on; others stay.
	Values map[string]string
}

// Finding is what was found about one thing that a run has written.
type Finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Text string `json:"text"` // what was compared, or what is wrong
}

// Stdout is Finished.Output where the results go to standard output.
const Stdout = "-"

// Counts are the books of a run: at all times input = ok + failed + skipped + unknown + pending.
type Counts struct{ Input, OK, Failed, Skipped, Unknown, Pending uint64 }

// Revision is what becomes of results, see Definition.Revise.
type Revision struct {
	// Column is one of the job's, with text.
	Column string
	// Of is what a row of the results is to have there, if it is not what it has. It is asked for each row, in
	// their order; the record is borrowed.
	Of func(*Record) (value []byte, changed bool)
}
