// Package remote is a run over several machines: what the coordinator, which has the ledger, and an agent, which has workers on another
// machine, say to each other, and what each of them makes of it. It knows no network: messages leave by a Post, and come in by calls.
//
// A slot of an agent is a slot of the run. In the coordinator a Hand stands for it, which is a hand.Hand like a worker process of this
// machine: what it is given goes to the agent, whose slot gives it to a worker, and what that answers comes back as it is. So whoever
// decides about records, paces them or puts them in order does not know of machines.
//
// What the network loses, doubles or turns round the two ends put right, see Line: each message arrives once and in order, as long as both
// processes live and the coordinator hears of the agent at least once in a lease. When it has not, all hands of that agent have ended:
// what they had in hand is decided by its effect. An agent that was taken for dead, or begins anew, first reports what its workers have
// noted on its own disk, see Report.
package remote

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/worker/wire"
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Version is that of what is said here. Both ends are the same build, so it is for people.
const Version = 1

// How long what may take.
const (
	// DefaultLease is how long a machine may be silent before what it has in hand is decided without it.
	DefaultLease = 15 * time.Second
	// DefaultLostAfter is how long an agent looks for its coordinator before it gives up.
	DefaultLostAfter = 10 * time.Minute
	// beats is how often in a lease either end says that it is there.
	beats = 6
	// resendAfter is how old a message is that the other end ought to have received.
	resendAfter = time.Second
)

// ErrFull is that there is no room for more work at the moment.
var ErrFull = errors.New("the stream of work is full")

// Post takes messages to machines. See package bus.
type Post interface {
	// Work publishes a piece of work for a machine. Number is unique in the session. ErrFull: there is no room now.
	Work(ctx context.Context, machine string, number uint64, once bool, body []byte) error
	// Done takes a piece of work out of the stream.
	Done(machine string, number uint64)
	// Renew says that a machine still has these in hand.
	Renew(machine string, numbers []uint64)
	// Tell says something to a machine, which may be lost.
	Tell(machine string, body []byte) error
	// SetRoom bounds how many pieces of work there may be.
	SetRoom(n int)
}

// Join is what an agent asks to be let in with.
type Join struct {
	Version  int    `json:"version"`
	Build    string `json:"build"`    // a hash of the executable
	Platform string `json:"platform"` // as linux/amd64
	Boot     string `json:"boot"`     // of the machine, see ledger.BootID
	Instance uint64 `json:"instance"` // of the agent; another each time that it joins
	Slots    int    `json:"slots"`
	Host     string `json:"host"` // for people
	PID      int    `json:"pid"`
	// Clear says that others may read what is said to it.
	Clear bool `json:"clear,omitempty"`
	// Reports says how many reports of earlier instances it has, by the ID of the run. Those of this run come first. One that has nothing to
	// say is a report as well: what its instance was given, and it does not speak of, was never begun.
	Reports map[string]int `json:"reports,omitempty"`
}

// Welcome is the answer to it.
type Welcome struct {
	// Refused is why it may not, for people; empty: it may.
	Refused string `json:"refused,omitempty"`
	// Over says, beside that, that the session is over, and whether the run is Done: it needs nobody any more.
	Over bool `json:"over,omitempty"`
	Done bool `json:"done,omitempty"`
	// Wait says that the run is not ready: it asks again.
	Wait      bool          `json:"wait,omitempty"`
	Run       string        `json:"run"`
	RunID     string        `json:"run_id"` // of this run, and of no other of the name
	Epoch     int64         `json:"epoch"`
	Lease     time.Duration `json:"lease"`
	LostAfter time.Duration `json:"lost_after"`
	// Config is the run's, and Shape that of its records.
	Config json.RawMessage `json:"config"`
	Shape  jobs.Shape      `json:"shape"`
	// Files are what its workers open.
	Files []File `json:"files,omitempty"`
	// Secrets are the environment's that --secret names, which go over TLS, and to no disk.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Long is set alone, in place of an answer that is too long for a message: it is to be fetched in parts, as a file of this sum is.
	Long *File `json:"long,omitempty"`
}

// File is a file of the run's, that workers open by its path.
type File struct {
	Path string       `json:"path"`
	Use  jobs.FileUse `json:"use,omitempty"`
	// Size and Sum are of one that is sent.
	Size int64  `json:"size,omitempty"`
	Sum  string `json:"sha256,omitempty"`
	Mode uint32 `json:"mode,omitempty"` // of one that is to be there, as fs.FileMode has it
}

// Question is what an agent asks: one of its members is set.
type Question struct {
	Join *Join `json:"join,omitempty"`
	// Files asks which files there are, before it joins: to fetch them may take longer than a lease.
	Files bool `json:"files,omitempty"`
	// Part asks for a part of a file.
	Part *Part `json:"part,omitempty"`
	// Epoch asks which session there is now.
	Epoch bool `json:"epoch,omitempty"`
}

// Part is a part of a file, of at most PartBytes; the answer is its bytes.
type Part struct {
	Sum  string `json:"sha256"`
	From int64  `json:"from"`
}

// PartBytes is the most of a file that one answer has, and of a message that goes in pieces.
const PartBytes = 512 << 10

// ready is what an agent says of a hand that has begun.
type ready struct {
	Conv      uint64  `json:"conv"`
	Allowance uint64  `json:"allowance"`
	Worn      float64 `json:"worn"`
	// Refused is why there is none, for people.
	Refused string `json:"refused,omitempty"`
}

// gone is what an agent says of a hand that has ended.
type gone struct {
	Conv    uint64       `json:"conv"`
	Exit    hand.Exit    `json:"exit"`
	Error   string       `json:"error,omitempty"` // what it said made no sense
	Remains hand.Remains `json:"remains"`
	// Event says that it has left something, which the ledger is to have before it is forgotten.
	Event   bool   `json:"event,omitempty"`
	ordinal uint64 // of the slot's, for who takes it in
}

// limited says at which limit a record was stopped.
type limited struct {
	Seq   jobs.Seq   `json:"seq"`
	Try   int        `json:"try"`
	Limit hand.Limit `json:"limit"`
}

// loss is a loss that the hand is to note.
type loss struct {
	Conv    uint64      `json:"conv"`
	InHand  hand.InHand `json:"in_hand"`
	Loss    hand.Loss   `json:"loss"`
	Crashes int         `json:"crashes"`
}

// Note is something that a worker of an earlier instance has left: an answer, or that it is not known what became of a record.
type Note struct {
	Seq  jobs.Seq      `json:"seq"`
	Try  int           `json:"try"`
	Kind wire.NoteKind `json:"kind"`
	// InHand says that there is no note: the worker had it in hand when it ended.
	InHand  bool   `json:"in_hand,omitempty"`
	Payload []byte `json:"payload,omitempty"` // see wire.Note
}

// Report is what an earlier instance of an agent has left.
type Report struct {
	ID       string `json:"id"`       // by which it is acknowledged
	Epoch    int64  `json:"epoch"`    // the session that it worked for
	Instance uint64 `json:"instance"` // the instance that has left it
	// Lost says that it cannot be told any more, as after another boot.
	Lost  bool   `json:"lost,omitempty"`
	Notes []Note `json:"notes"`
	More  bool   `json:"more,omitempty"` // another part of it follows

	of *machine // that instance, if it is one of this session's
}

// end is why an agent has nothing more to do.
type end struct {
	Why  string `json:"why"`
	Done bool   `json:"done"` // the run is done
	// Forget says that the machine may not come again.
	Forget bool `json:"forget,omitempty"`
}
