package ledger

import (
	"brood/jobs"
	"encoding/json"
	"time"
)

// State is where a run stands.
type State string

// The states of a run.
const (
	StateRunning     State = "running"
	StateInterrupted State = "interrupted"
	StateDone        State = "done"
	StateAborted     State = "aborted"
)

// Run is what is known of a run when it begins.
type Run struct {
	Name         string
	Job          string
	Effect       string
	Config       json.RawMessage
	StartedAt    time.Time
	Inputs       []Input
	Output       string // path, or "-"
	OutputFormat string
}

// Input is one file of the dataset. The pointers are nil for standard input.
type Input struct {
	Path    string
	Size    *int64
	ModTime *string // RFC 3339 with nanoseconds
	Hash    *string
	Whole   *bool
}

// Session is one time that brood works on a run.
type Session struct {
	StartedAt time.Time
	Version   string
	PID       int
	Host      string
	BootID    string
}

// Totals are the books of a run.
type Totals struct {
	Input, OK, Failed, Skipped, Unknown uint64
}

// Pending is what is left: input = ok + failed + skipped + unknown + pending.
func (t Totals) Pending() int64 {
	return int64(t.Input) - int64(t.OK+t.Failed+t.Skipped+t.Unknown)
}

// Chunk is a row of chunks.
type Chunk struct {
	Chunk  uint64
	File   int
	Offset int64
	Line   int64
	Closed bool
	OK     int
	Bits   []byte // ChunkSize/8 bytes, or nil if all are ok
}

// Place is where in the dataset a record stands.
type Place struct {
	File   int
	Line   int64
	Offset int64
}

// Outcome is a record that ended otherwise than ok.
type Outcome struct {
	Seq      jobs.Seq
	Status   jobs.Status
	Class    jobs.Class
	Error    string
	Attempts int
	Crashes  int
	Place    Place
	At       time.Time
}

// Attempt is one try that is worth remembering.
type Attempt struct {
	Seq     jobs.Seq
	Attempt int
	At      time.Time
	Verdict string
	Class   jobs.Class
	Error   string
	Elapsed time.Duration
	Slot    int
}

// Retry is a record that waits for another try.
type Retry struct {
	Seq      jobs.Seq
	Attempts int
	Crashes  int
	Due      time.Time
}

// Held is the bytes of results that cannot be written yet.
type Held struct {
	First jobs.Seq
	Count int
	Bytes []byte
}

// Death is the end of a worker that should have gone on.
type Death struct {
	At     time.Time
	Slot   int
	PID    int
	How    string
	Seq    *jobs.Seq
	CPU    time.Duration
	MaxRSS int64
	Said   string
}

// Commit is what one group commit records. The outputs have been synced up to
// OutputBytes before.
type Commit struct {
	Totals      Totals
	InputDone   bool
	Chunks      []Chunk
	Outcomes    []Outcome
	Attempts    []Attempt
	Retries     []Retry    // new or changed
	Settled     []jobs.Seq // no longer waiting for a retry
	Held        []Held     // new
	Deaths      []Death
	OutputBytes int64
	NextSeq     jobs.Seq // what was held before it has been written
}

// Usage is what the workers of a session have used, by wait4.
type Usage struct {
	Workers int
	CPU     time.Duration
	MaxRSS  int64 // bytes, of the largest
}
