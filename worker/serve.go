package worker

import (
	"brood/jobs"
	"brood/jobs/quickio"
	"brood/worker/rest"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// flushAfter bounds how long an answer waits in the buffer while the
	// worker is busy with the records behind it.
	flushAfter = 2 * time.Millisecond
	// flushSize is when a buffer of answers is sent in the middle of a batch.
	flushSize = 64 << 10
	// printTime is the shortest time in which a record can have printed
	// something; faster ones are not looked at.
	printTime = 2 * time.Microsecond
	// headRoom is the space before the answers for the frame's header and the
	// answers head.
	headRoom = 5 + 3*10
)

// server is the working state of a worker after the handshake.
type server struct {
	in    *wire.Reader
	out   io.Writer
	page  *wire.Page
	notes *wire.Notes
	watch *rest.Watch
	mask  *jobs.Mask // nil: there are no secrets
	hello *wire.Hello
	job   jobs.Runner
	// noting says that every answer is noted before it is sent, as what it
	// says must not be lost with the worker or with its parent: the effect is
	// not one to be repeated.
	noting bool
	// orphaned is set when the parent has gone. No record is begun after that.
	orphaned atomic.Bool
	done     uint64

	stopMu  sync.Mutex
	cancels []context.CancelFunc // of the records in hand, by place, if they may be stopped
	// whole says that a record is stopped with all that its worker has started.
	whole bool

	mu    sync.Mutex // for what follows: the flush timer's goroutine writes too
	buf   []byte     // headRoom, then answers
	first jobs.Seq
	count int
	busy  time.Duration
	err   error // of the last write
	timer *time.Timer
}

func newServer(in *wire.Reader, out io.Writer, page *wire.Page, notes *wire.Notes, hello *wire.Hello) *server {
	var secrets []string
	for _, name := range hello.Secrets {
		secrets = append(secrets, os.Getenv(name))
	}
	s := &server{
		cancels: make([]context.CancelFunc, max(hello.Places, 1)), whole: true, in: in, out: out, page: page, notes: notes, watch: rest.NewWatch(), hello: hello, mask: jobs.NewMask(secrets), buf: make([]byte, headRoom, flushSize+4<<10),
	}
	s.noting = hello.Effect != jobs.EffectNone.String()
	s.timer = time.AfterFunc(time.Hour, func() { _ = s.flush() })
	s.timer.Stop()
	return s
}

// errOrphaned ends the loop when the parent has gone.
var errOrphaned = errors.New("the parent has gone")

// serve works until the work pipe ends.
func (s *server) serve() error {
	for {
		t, p, err := s.in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read work: %w", err)
		}
		if t != wire.TypeBatch {
			return fmt.Errorf("read work: %w: type %d instead of Batch", wire.ErrFrame, t)
		}
		s.watch.Comes()
		err = s.batch(p)
		if errors.Is(err, errOrphaned) || errors.Is(err, errWornOut) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *server) batch(p []byte) error {
	b, err := wire.ReadBatch(p, &s.hello.Shape, s.hello.SendRaw)
	if err != nil {
		return err
	}
	var rec jobs.Record
	var res jobs.Result
	quiet := isQuiet(s.job)
	now := wire.Now()
	for {
		more, err := b.Next(&rec)
		if err != nil {
			return err
		}
		if !more {
			if err := s.flush(); errors.Is(err, syscall.EPIPE) {
				return errOrphaned
			} else if err != nil {
				return err
			}
			return nil
		}
		if s.orphaned.Load() {
			return errOrphaned
		}
		s.page.Start(0, rec.Seq, rec.Attempt, now)
		res.Reset()
		if err := s.do(0, s.job, &rec, &res); err != nil {
			return err
		}
		begun := now
		now = wire.Now()
		took := now - begun
		if !res.ElapsedKnown {
			res.Elapsed = took
		}
		if took >= printTime && !quiet {
			s.markPrinted(rec.Seq)
		}
		leave := s.refused(&res)
		s.page.Answering(0)
		waited, err := s.answer(0, &rec, &res, now, took)
		if err != nil {
			return err
		}
		if leave {
			return errors.Join(errWornOut, s.flush())
		}
		if waited {
			now = wire.Now() // the next record is not to blame
		}
	}
}

// answer notes an answer where that is needed, puts it into the buffer, and
// sends it if it may not wait. It reports whether it may have taken time.
func (s *server) answer(at int, rec *jobs.Record, res *jobs.Result, now, took time.Duration) (waited bool, err error) {
	if !s.mu.TryLock() {
		s.mu.Lock()
		waited = true
	}
	defer s.mu.Unlock()
	if s.count == 0 {
		s.first = rec.Seq
	}
	s.mask.Result(res)
	if s.hello.Places > 1 {
		s.buf = wire.AppendName(s.buf, rec.Seq)
	}
	start := len(s.buf)
	s.buf = wire.AppendAnswer(s.buf, res)
	note := wire.Note{Time: now, Seq: rec.Seq, Try: rec.Attempt, Kind: wire.NoteAnswer, Payload: s.buf[start:]}
	if s.noting || s.orphaned.Load() {
		if err := s.notes.Append(&note); err != nil {
			return false, s.cannotNote(err)
		}
		waited = waited || took >= flushAfter
	}
	// The answer is noted, or in the buffer, and that says all that the mark
	// has said. Once it may have been sent, the page may be the next worker's.
	s.done++
	s.page.Finish(at, rec.Seq, s.done)
	s.count++
	switch {
	case len(s.buf) >= flushSize:
	case s.hello.Places > 1: // it is sent when no other ends at once
		return false, s.gone(&note, s.err)
	case took < flushAfter:
		s.busy += took
		if s.count == 1 {
			s.timer.Reset(flushAfter)
		}
		return waited, s.gone(&note, s.err)
	}
	s.busy += took
	return true, s.gone(&note, s.flushLocked())
}

// cannotNote ends the worker as there is no room for a note. The answer it was
// for is sent, and its record stays marked as in hand, in case that is lost.
func (s *server) cannotNote(err error) error {
	s.page.NotesFailed(err)
	s.count++
	return errors.Join(err, s.flushLocked())
}

// gone looks at an error of sending. If the parent has gone, the record that was
// in hand is noted, and it was the last one.
func (s *server) gone(note *wire.Note, err error) error {
	if !errors.Is(err, syscall.EPIPE) {
		return err
	}
	if note.Number == 0 {
		if err := s.notes.Append(note); err != nil {
			return err
		}
	}
	return errOrphaned
}

func (s *server) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushLocked()
}

func (s *server) flushLocked() error {
	if s.count == 0 || s.err != nil {
		return s.err
	}
	s.timer.Stop()
	var room [headRoom]byte
	head := wire.Begin(room[:0], wire.TypeAnswers)
	head = wire.AppendAnswersHead(head, s.first, s.count, s.busy)
	start := headRoom - len(head)
	copy(s.buf[start:], head)
	if s.err = wire.End(s.buf, start); s.err != nil {
		return s.err
	}
	if _, err := s.out.Write(s.buf[start:]); err != nil {
		s.err = fmt.Errorf("send answers: %w", err)
	}
	s.count, s.busy = 0, 0
	s.buf = s.buf[:headRoom]
	if cap(s.buf) > 1<<20 {
		s.buf = make([]byte, headRoom, flushSize+4<<10) // one huge answer need not be kept
	}
	return s.err
}

func isQuiet(job jobs.Runner) bool {
	q, can := job.(jobs.Quiet)
	return can && q.Quiet()
}

// markPrinted tells the parent that what stands in the pipes of the standard
// streams was printed by the record seq. If the parent has read it already, it
// has looked at the page while the record was still in hand.
func (s *server) markPrinted(seq jobs.Seq) {
	for fd := 1; fd <= 2; fd++ {
		if quickio.Pending(fd) > 0 {
			_, _ = syscall.Write(fd, wire.AppendPrintMark(nil, seq))
		}
	}
}

// watchParent waits until the read end of the answers pipe is closed, which is
// when the parent has gone. The records in hand may be finished within their
// timeout; then the worker and all it started must go.
func (s *server) watchParent() {
	fds := []unix.PollFd{{Fd: wire.AnswersFD}}
	for {
		_, err := unix.Poll(fds, -1)
		if err == nil && fds[0].Revents != 0 {
			break
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return // without the watch, the write that fails tells
		}
	}
	s.orphaned.Store(true)
	limit := time.Duration(s.hello.TimeoutMS) * time.Millisecond
	var last time.Duration
	for _, h := range s.page.InHand(nil) {
		last = max(last, h.Since)
	}
	if last == 0 || limit == 0 {
		return
	}
	time.Sleep(limit - (wire.Now() - last))
	_ = syscall.Kill(0, syscall.SIGKILL)
}
