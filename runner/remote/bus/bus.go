// Package bus carries what a run's coordinator and the machines that work for it say to each other, over NATS: by a server
// within the coordinator's own process, or by a cluster that is there already. It knows nothing of records: a Hub is the
// coordinator's end, a Port a machine's, and what they carry are bytes.
//
// It promises that what comes from a machine is from that machine: the server lets a connection in by its key, and to the
// subjects of that key's machine; that work is held, bounded, until the coordinator says that it is done, given to a
// machine while it is connected, and where it is said to be once, given once; and that nothing that a machine sends, or
// does not send, ends the hub. It leaves to who uses it what is lost: letters and what is told arrive once or not at all,
// work that may be repeated may come again, and a piece that was given once may have been given to a link that was dead.
//
// # Subjects
//
// RUN is the run's name with '=' for '.', EPOCH a number that is higher for each coordinator of the run, M a machine.
//
//	brood.RUN.w.EPOCH.M    work that may be given again        coordinator → stream
//	brood.RUN.o.EPOCH.M    work that is given once             coordinator → stream
//	brood.RUN.d.EPOCH.M    the same, to the machine            stream → machine
//	brood.RUN.t.EPOCH.M    what the machine is told            coordinator → machine
//	brood.RUN.r.EPOCH.M    letters                             machine → coordinator
//	brood.RUN.ask.M        questions                           machine → coordinator
//	_INBOX.RUN.M.>         the answers to them                 coordinator → machine
//
// The stream is BROOD_RUN_EPOCH: work queue, in memory, full when it is full (discard new). It may be lost at any time, as
// what counts is in the run's ledger. It has two consumers for each machine, n-M for work that may be given again and o-M
// for work that is given once (max deliver 1). They push, as long as a machine is subscribed to just that subject: a machine asks JetStream for nothing, and so may not choose
// where to an answer of JetStream goes, which no server checks. Only the coordinator acknowledges, by the sequence that
// the stream has confirmed to it; a machine may publish to its r and ask subjects, and subscribe to its d and t subjects
// and to its inbox, and to nothing else. What it says in an epoch that is over nobody hears.
//
// With a cluster that is there already, these are the rights that its operator gives: to the coordinator's user all of
// brood.RUN.> and _INBOX.>, $JS.API.> and $JS.ACK.>; to each machine's user
//
//	publish    brood.RUN.r.*.M, brood.RUN.ask.M
//	subscribe  brood.RUN.t.*.M, brood.RUN.d.*.M, _INBOX.RUN.M.>
//
// and JetStream to their account. A cluster lets in several links of a machine, and each would be given its work: that a name
// is joined once is then up to the exchange, before Enter. Where all use one user, each machine can say that it is another, and see all records.
//
// # Frames
//
//	work    1 byte 0x01, 8 bytes number, body
//	letter  1 byte 0x01, 8 bytes of chance for the port, 8 bytes count of its letters, from 1; body
//	answer  1 byte: 0 an answer, 1 ask again somewhat later, 2 refused and why; body
//
// Numbers are big endian. A question and what is told are the body alone. Frames of another first byte are dropped: both
// ends are of the same build, which the exchange sees to.
package bus

import (
	"errors"
	"time"
)

const (
	// MaxPayload is the most that a message can have; a connection that sends more is cut.
	MaxPayload = 8 << 20
	// LeastPayload is what a cluster has to take; NATS' own bound is 1 MiB, if nobody has changed it.
	LeastPayload = 640 << 10
	// DefaultPort is where a coordinator listens, and is dialled, if nothing else is said.
	DefaultPort = "7177"

	frameVersion = 1

	// A link is given up when two pings, so far apart, had no answer.
	pingEvery = 5 * time.Second
	pingsOut  = 2
	// stuck is how long a write may take until the link is given up.
	stuck = 10 * time.Second
)

var (
	// ErrFull is that the stream has no room now.
	ErrFull = errors.New("the machines have as much work as they can take")
	// ErrRefused is that the coordinator does not let this machine in, and will not.
	ErrRefused = errors.New("the coordinator does not accept this token: it was revoked, or is of another run; where the run is, brood token makes one")
	// ErrClosed is that this end has been closed.
	ErrClosed = errors.New("the bus is closed")
	// ErrDown is that there is no link now; it is being made anew.
	ErrDown = errors.New("there is no link to the coordinator now")
)

// Letter is what a machine has said. Machine is by the subject it came on, which the server has checked, never by the body.
type Letter struct {
	Machine string
	Epoch   int64
	Body    []byte
}

// Kinds of work, as in the names of subjects.
type kind byte

const (
	again kind = 'n' // may be given again
	once  kind = 'o' // is given once
)
