// Package queue is work that arrives while brood runs: a queue's server hands out jobs, brood takes as many as
// its workers can begin, and gives each an answer when the ledger has what became of it.
//
// This file is the vocabulary between brood and whoever speaks with one kind of server, a Client; each kind has a
// package beneath this one. A client knows its server, and nothing of runs: it decides nothing about a job, keeps
// nothing on the disk, and logs nothing. What it must keep: a job that Take has returned is this client's until its
// answer, the end of its lease, or Close; an answer without an error is one that the server has confirmed.
//
// The order of things, for each job (whatever dies in between, the next session goes on from there):
//
//	received   the body and the id are in the run's spool, and the intent, where there is one, in the ledger
//	worked on  by a worker, under a lease that is renewed
//	final      the outcome and the answer owed to the queue are in the ledger, in one transaction
//	answered   the queue is told; when it has confirmed that, the ledger is
//
// A delivery is a record: a job that is given back and comes again is another one, which goes on counting its tries.
package queue

import (
	"brood/jobs"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"
)

// Job is one delivery of a job.
type Job struct {
	// ID is the server's name for it. It may lie: beanstalkd without a log begins at 1 again when it is started anew,
	// so what is known of a job is known by its ID and its Sum.
	ID string
	// Body is what was put; of a table a JSON object of its columns, without those that the queue is made of. It is the taker's,
	// who lets go of it: what a client needs of it later it keeps in Hold.
	Body []byte
	// Token is what Answer needs of a job of an earlier session besides the ID, as text; empty: nothing.
	Token string
	// Tries is how often it has been tried before, as far as the server counts, with an end that somebody has said.
	Tries int
	// Doubt says that the server has given it to somebody before of whom it has heard nothing: it may have been done.
	Doubt bool
	// Own says of a job in doubt that the delivery of which the server has heard nothing was to this client's Owner, and to nobody
	// else since. Silent is the Token of that delivery, and Before the one of the delivery that came before it; empty: there was none.
	Own            bool
	Silent, Before string
	// Lease is for how long it stays this client's without Renew, from when it was taken; 0: as long as the connection.
	// Where asking for it costs a request of its own, it may be 0 until the first Renew, which then is due within a second.
	Lease time.Duration
	// Hold is the client's own.
	Hold any

	sum    uint64 // of the body, once it was asked for
	summed bool
}

// Sum is the Sum of the body, which is made once: who lets go of the body asks for it before.
func (j *Job) Sum() uint64 {
	if !j.summed {
		j.sum, j.summed = Sum(j.Body), true
	}
	return j.sum
}

// Sum tells a body from another that has the same ID.
func Sum(body []byte) uint64 {
	sum := sha256.Sum256(body)
	var n uint64
	for _, b := range sum[:8] {
		n = n<<8 | uint64(b)
	}
	return n >> 1 // fits SQLite's integers
}

// Verb is what an answer asks the server to do.
type Verb uint8

// The verbs.
const (
	// Done: it was worked off (ok, or skipped), and need not be kept.
	Done Verb = iota
	// Failed: it has failed for good, and is put aside as such, where the server can.
	Failed
	// Later: it is to be delivered again, after a time.
	Later
	// Park: nobody knows whether it was done. It is put aside, until somebody decides.
	Park
)

var verbNames = [...]string{"done", "failed", "later", "park"}

func (v Verb) String() string { return verbNames[v] }

// ParseVerb reads the word.
func ParseVerb(s string) (Verb, bool) {
	for i, n := range verbNames {
		if n == s {
			return Verb(i), true
		}
	}
	return 0, false
}

// Answer is what the queue is told about a job.
type Answer struct {
	ID    string
	Token string
	Sum   uint64
	// Job is the delivery; nil: it was an earlier session's, and its lease is gone. The client then does what can be done
	// without one: it takes this one job again to answer it if the server has a way, or answers by ID and Token.
	Job    *Job
	Verb   Verb
	After  time.Duration // of Later
	Status jobs.Status
	Error  string          // of what is not ok
	Result json.RawMessage // a JSON object of the job's columns; nil unless Traits.Results
}

// What an answer, or the renewal of a lease, may come to.
var (
	// ErrLost: the lease is over, and the job is another's, or will be.
	ErrLost = errors.New("the lease is over")
	// ErrGone: the server has no such job any more, or another job has its ID.
	ErrGone = errors.New("the queue does not have it any more")
)

// DownError says that the server cannot be reached, or has gone; it is worth another try later. Any other error of a
// client says that something has to be done by hand.
type DownError struct{ Err error }

func (e *DownError) Error() string { return e.Err.Error() }
func (e *DownError) Unwrap() error { return e.Err }

// Traits are what a client, or its server, can do.
type Traits struct {
	// Delays: Later can wait at the server.
	Delays bool
	// Results: the server keeps, or passes on, what a job came to.
	Results bool
	// Doubts: the client knows whether a job was given to somebody else before, see Job.Doubt.
	Doubts bool
	// Names: it also knows whose that was, see Job.Own.
	Names bool
	// Counts: a Token says how often somebody has put the job back, who decides about the queue. One that comes again with the same
	// was not put back.
	Counts bool
	// Sure: an ID is enough to tell a job, and what was confirmed stays so: of tables, where a row that comes again although it
	// was done was put back by somebody.
	Sure bool
	// Notifies: Take returns at once when a job arrives; otherwise it looks every Spec.Poll.
	Notifies bool
	// Columns are those of all jobs, where they are known before the first: of a table. Nil: the bodies say.
	Columns []string
	// Single: only one brood may work on this queue at a time, as nothing in it says who has a job. Claim is what
	// is locked for that, any text that is the same for all who name this queue.
	Single bool
	Claim  string
}

// Client speaks with one queue. Its methods may be called from several goroutines at a time. It connects when it needs
// to, and again when a connection has ended: jobs that were taken over that one may then be lost, and Renew and Answer say so.
type Client interface {
	// Traits are asked for when it is open, and stay.
	Traits() Traits
	// Take returns jobs, at most n. It waits for a first one for up to wait (0: not at all), and not for more; none is
	// no error. It returns soon when ctx ends, and no job is lost by that: what has arrived is returned, or stays with the server.
	Take(ctx context.Context, n int, wait time.Duration) ([]*Job, error)
	// Renew makes the leases of jobs as long as they were, and says of each what came of it: nil, ErrLost, or a *DownError.
	Renew(ctx context.Context, held []*Job) []error
	// Answer answers jobs, and says of each what came of it: nil when the server has confirmed it, ErrLost, ErrGone,
	// or a *DownError. To answer a second time what was answered already is no error, or ErrGone.
	Answer(ctx context.Context, answers []Answer) []error
	// Return gives jobs back that nobody has begun, to be delivered again at once.
	Return(ctx context.Context, unbegun []*Job) error
	// Close gives everything up. Jobs that were neither answered nor returned come again when their lease is over.
	Close() error
}

// Spec is which queue, and how it is used.
type Spec struct {
	URL *URL
	// Owner says who takes jobs, where a server keeps that: the same for all sessions of a run, different for two runs, also
	// for one of the same name that was begun anew.
	Owner string
	// Lease is for how long a job is taken, where the client says that: of tables and streams.
	Lease time.Duration
	// Poll is how often it is looked, where the server does not say when a job arrives.
	Poll time.Duration
	// Doubts asks for Job.Doubt and Job.Tries of each job, where that costs a request of its own: a job's effect is once, so
	// it matters whether somebody was given it before. Without it they may stay false and 0.
	Doubts bool
	// Columns and Words are the names that a table has for the parts of a queue, by the names that brood has:
	// id status run_at attempts owner lease_until error result order; and for the statuses new running ok failed skipped unknown.
	Columns, Words map[string]string
}

// TableColumns and TableWords are the names for Spec.Columns and Spec.Words.
var (
	TableColumns = []string{"id", "status", "run_at", "attempts", "owner", "lease_until", "error", "result", "order"}
	TableWords   = []string{"new", "running", "ok", "failed", "skipped", "unknown"}
)

// Finding is something that brood queue check has to say.
type Finding struct {
	// Level is how much it matters.
	Level Level
	Text  string
	// Do is what to do about it, such as an SQL statement; empty: nothing.
	Do string
}

// Level is how much a finding matters.
type Level uint8

// The levels.
const (
	Fine    Level = iota // as it should be
	Note                 // worth knowing
	Slow                 // it works, and slowly
	Missing              // it does not work
)

// Checker is a client that can look at its queue, and change nothing.
type Checker interface {
	// Check says what is there: the server and its version, what it can do, what is missing.
	Check(ctx context.Context) ([]Finding, error)
}

// Peeker is a client that can look at jobs and take none.
type Peeker interface {
	// Peek returns jobs that are to be had, at most n, in the order in which they would be taken; of some servers one at most.
	Peek(ctx context.Context, n int) ([]*Job, error)
}

// Put is a job to be put into a queue.
type Put struct {
	// Body is put as it is; Fields and Values are the same by name, for who has columns.
	Body     []byte
	Fields   []string
	Values   []string
	Priority *uint32       // nil: the server's default, or the queue's
	Delay    time.Duration // before it may be taken
	Lease    time.Duration // beanstalkd's time to run; 0: a default
}

// Putter is a client that can fill its queue.
type Putter interface {
	// Put puts jobs, all or as many as it returns.
	Put(ctx context.Context, puts []Put) (int, error)
}

// Stats is what a queue has, as it counts; -1 is what it does not count.
type Stats struct {
	Ready   int64 `json:"ready"`   // to be taken now
	Delayed int64 `json:"delayed"` // later
	InHand  int64 `json:"in_hand"` // taken and not answered
	Parked  int64 `json:"parked"`  // put aside: buried, unknown
	Done    int64 `json:"done"`    // worked off, where that is kept
	Failed  int64 `json:"failed"`  // failed for good, where that is kept apart
	Takers  int64 `json:"takers"`  // who waits for jobs, or has some
}

// Counter is a client that can count.
type Counter interface {
	Stats(ctx context.Context) (Stats, error)
}
