package ledger

import (
	"brood/jobs"
	"encoding/json"
	"fmt"
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
	// Joblog is the path of a joblog, empty: there is none, which has so many bytes that
	// are not of this run.
	Joblog     string
	JoblogFrom int64
	// Small says that there are few records: the ledger is made to take little room.
	Small bool
	// Session is the first one, which begins with the run; nil: none does.
	Session *Session
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
	Slots     int
	// Effect and Config are those of the run from now on, where they are others; Config nil:
	// they are not.
	Effect string
	Config []byte
	// Clean says that the session has ended with all that it knew in the
	// ledger.
	Clean bool
}

// Owner is who says that it works on a run.
type Owner struct {
	Session int64
	Host    string
	BootID  string
	PID     int
	Beat    time.Time // the last sign of life
}

// Intent is records that follow one another and are about to be sent out.
type Intent struct {
	Epoch   int64
	At      time.Time
	First   jobs.Seq
	Count   int
	Attempt int
	Keys    []byte // KeySize for each, or nil
}

// KeySize is the size of an idempotency key in bytes.
const KeySize = 16

// NoteKind says what is known of a record that an interrupted session had sent
// out.
type NoteKind string

// The kinds of note.
const (
	NoteAnswer  NoteKind = "answer"
	NoteLoss    NoteKind = "loss"
	NoteUnknown NoteKind = "unknown"
)

// Note is a record that an interrupted session had sent out.
type Note struct {
	Seq     jobs.Seq
	Attempt int
	Kind    NoteKind
	Payload []byte
	First   time.Time // when it may first have been sent out
}

// Decision is what was decided about a record that is unknown, or has failed.
type Decision string

// The decisions.
const (
	DecideOK     Decision = "ok"
	DecideFailed Decision = "failed"
	DecideRetry  Decision = "retry"
)

// Resolution is a decision about one record.
type Resolution struct {
	Seq      jobs.Seq
	At       time.Time
	By       string
	Decision Decision
	Reason   string
	Was      string // the error it had
	// From is how the record had ended: unknown, or failed.
	From jobs.Status
	// Values are columns that its row in the output has from now on, for ok and failed; others stay.
	Values map[string]string
}

// Correction is a record that somebody has put right.
type Correction struct {
	Seq jobs.Seq
	At  time.Time
	By  string
	Was []byte // as it stood in the dataset, or had been put right before
	Row []byte // as it is from now on, in the format of the dataset, without a line end
}

// Amendment is a record whose row in the output has to be replaced.
type Amendment struct {
	Seq      jobs.Seq
	Decision Decision
	Reason   string
	Bytes    []byte // of a retry: its row
	// Values are columns that the row has from now on, of other decisions.
	Values map[string]string
}

// Totals are the books of a run.
type Totals struct {
	Input, OK, Failed, Skipped, Unknown uint64
}

// Pending is what is left: input = ok + failed + skipped + unknown + pending.
func (t Totals) Pending() int64 {
	return int64(t.Input) - int64(t.OK+t.Failed+t.Skipped+t.Unknown)
}

// String is the books in one line.
func (t Totals) String() string {
	return fmt.Sprintf("input %d, ok %d, failed %d, skipped %d, unknown %d, pending %d",
		t.Input, t.OK, t.Failed, t.Skipped, t.Unknown, max(t.Pending(), 0))
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

// TryVerdict says how a try ended: by the job's answer, or without one.
type TryVerdict string

// Answered is the verdict of a try that the job answered.
func Answered(v jobs.Verdict) TryVerdict { return TryVerdict(v.String()) }

// Lost is the verdict of a try that was lost sight of, one of jobs.LossClasses.
func Lost(c jobs.Class) TryVerdict { return TryVerdict(c) }

// Attempt is one try that is worth remembering.
type Attempt struct {
	Seq     jobs.Seq
	Attempt int
	At      time.Time
	Verdict TryVerdict
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
	First    time.Time // when it may first have been sent out
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
	// Soft says that nobody waits for it: it is durable with the next one that is not soft,
	// or when the ledger has been closed.
	Soft         bool
	Totals       Totals
	InputDone    bool
	Chunks       []Chunk
	Outcomes     []Outcome
	Attempts     []Attempt
	Retries      []Retry    // new or changed
	LeftRetries  []jobs.Seq // no longer waiting for a retry
	Held         []Held     // new
	Deaths       []Death
	Course       []Stretch
	Intents      []Intent
	SettledNotes []jobs.Seq // notes that are settled
	Amended      []Amendment
	Owed         []Owed // answers owed to a queue
	Replied      []Replied
	Bygone       *Bygone  // how many records are let go of
	Day          *Day     // of a run with a queue: what has become final since the last commit
	Freed        []string // keys to be given back
	GivenBack    []string // keys that were
	Slots        int      // of the session; 0: no change
	Config       []byte   // what a resume needs to know from now on; nil: no change
	QuotaDay     string   // "" if there is no quota
	QuotaUsed    int
	Beat         bool // say that this session is alive
	OutputBytes  int64
	OutputSum    uint32 // CRC-32C of so much of the output
	Printed      bool   // files with what commands have printed are new; of the book alone
	JoblogBytes  *int64 // the same of the joblog; nil: there is none
	Spool        Spooled
	Issued       jobs.Seq // all records that may have been sent out are before it
	Acked        []byte   // of all slots, see schema.sql; nil: no change
	NextSeq      jobs.Seq // what was held before it has been written
}

// Spooled is how much of a copy of standard input is on the disk, in bytes, and the CRC-32C
// of that.
type Spooled struct {
	Bytes int64
	Sum   uint32
	// Base is where the bytes begin that the checksum is of: what stands before is gone, with so many records; of a Reader
	// alone.
	Base    int64
	Records int64
}

// Usage is what the workers of a session have used, by wait4.
type Usage struct {
	Workers int
	CPU     time.Duration
	MaxRSS  int64 // bytes, of the largest
}
