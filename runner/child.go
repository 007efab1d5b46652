package runner

import (
	"brood/runner/feed"
	"brood/runner/proc"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// child is a worker from its start to its end.
type child struct {
	*proc.Child
	slot    *slot
	work    *os.File // our end, to write
	answers *os.File // our end, to read
	frames  *wire.Reader
	logs    sync.WaitGroup
	said    tail
	spared  func() bool // called when it has ended: nobody need kill it

	// over is set by the watch before it stops a record, or the worker.
	over atomic.Pointer[overrun]
	cpu  spent // of the watch alone
	// firstNote is the last note of the slot before this worker.
	firstNote uint64

	mu      sync.Mutex
	queue   []*feed.Batch // given and not fully answered, in order
	closing []*feed.Batch // all answered, and not handed on yet
	spare   []*feed.Batch
	credit  chan struct{} // a token: the queue has become shorter
	ended   chan struct{} // closed when no more answers will come
	err     error         // of the answers; read after ended
	any     bool          // at least one record was answered

	listening bool
	wear      wear
}

// launch starts the process.
//
// Four pipes are involved. The worker has the read end of work and the write
// ends of answers, stdout and stderr; the parent has the other ends. Each side
// closes what the other has: the parent here, right after the start, and the
// worker never had them, as they are close-on-exec.
func (s *slot) launch() (*child, error) {
	workR, workW, err := proc.Pipe(false)
	if err != nil {
		return nil, err
	}
	defer func() { _ = workR.Close() }()
	answersR, answersW, err := proc.Pipe(true)
	if err != nil {
		return nil, errors.Join(err, workW.Close())
	}
	defer func() { _ = answersW.Close() }()
	proc.GrowPipe(workW)
	proc.GrowPipe(answersR)
	c := &child{
		slot: s, work: workW, answers: answersR, frames: wire.NewReader(answersR),
		credit: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	if err := s.openPage(); err != nil {
		return nil, errors.Join(err, workW.Close(), answersR.Close())
	}
	c.Child, err = s.r.family.Start(proc.Spec{
		Path: s.r.Worker.Path, Args: s.r.Worker.Args, Dir: s.r.cfg.WorkDir,
		Env:   append(slices.Clip(s.r.env), wire.EnvMark+"="+strconv.Itoa(wire.Version)),
		User:  s.r.user,
		Files: []*os.File{workR, answersW, s.files[0], s.files[1], s.files[2], s.r.Dir.WorkersLock()},
	})
	if err != nil {
		if u := s.r.cfg.Limits.User; u != "" {
			err = fmt.Errorf("as user %s, who must be able to enter %s: %w", u, s.r.cfg.WorkDir, err)
		}
		return nil, errors.Join(err, workW.Close(), answersR.Close())
	}
	// One that is started just as the run is being killed must go as well.
	c.wear = s.r.newWear()
	c.spared = context.AfterFunc(s.r.killCtx, func() { c.Signal(syscall.SIGKILL) })
	c.logs.Add(2)
	go c.logLines("stdout", c.Stdout, nil)
	go c.logLines("stderr", c.Stderr, &c.said)
	return c, nil
}

// openPage makes the page and the notes of the slot, if it has none yet, and
// makes sure that there is room for the page on the disk.
func (s *slot) openPage() error {
	if s.page != nil {
		return nil
	}
	for i := range s.files {
		f, err := os.OpenFile(s.r.Dir.NotesPath(s.number, i), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return &spec.WriteError{Err: err}
		}
		s.files[i] = f
	}
	if _, err := s.files[0].WriteAt(make([]byte, wire.PageSize), 0); err != nil {
		return &spec.WriteError{Err: err}
	}
	page, err := wire.OpenPage(s.files[0])
	if err != nil {
		return err
	}
	page.SetSession(s.r.epoch)
	s.page, s.notes = page, wire.NewNotes(page, [2]*os.File{s.files[1], s.files[2]})
	return nil
}

// closePage gives the page and the notes back. The book has ended.
func (s *slot) closePage() error {
	if s.page == nil {
		return nil
	}
	s.notes.Unmap()
	return errors.Join(s.page.Close(), closeAll(s.files[:]...))
}

// handshake tells the worker what it is for and waits until it is ready.
func (c *child) handshake(ctx context.Context) error {
	deadline := time.Now().Add(handshakeTime)
	_ = c.work.SetWriteDeadline(deadline)
	_ = c.answers.SetReadDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = c.answers.SetReadDeadline(time.Now()) })
	defer stop()
	hello, err := wire.AppendJSON(nil, wire.TypeHello, c.slot.r.hello(c))
	if err != nil {
		return err
	}
	if _, err := c.work.Write(hello); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	t, p, err := c.frames.Next()
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	switch t {
	case wire.TypeRefuse:
		var r wire.Refuse
		if err := wire.ParseJSON(p, &r); err != nil {
			return err
		}
		return &spec.AbortError{Reason: c.slot.r.hide(r.Error)}
	case wire.TypeReady:
		var r wire.Ready
		if err := wire.ParseJSON(p, &r); err != nil {
			return err
		}
		if r.Version != wire.Version {
			return &spec.AbortError{Reason: fmt.Sprintf("it speaks version %d of the protocol, not %d", r.Version, wire.Version)}
		}
	default:
		return fmt.Errorf("handshake: %w: type %d", wire.ErrFrame, t)
	}
	if !stop() {
		return context.Cause(ctx)
	}
	_ = c.work.SetWriteDeadline(time.Time{})
	_ = c.answers.SetReadDeadline(time.Time{})
	return nil
}

// failedStart clears away a worker that did not shake hands.
func (c *child) failedStart(err error) error {
	c.Signal(syscall.SIGKILL)
	close(c.ended) // nobody listens
	exit, waitErr := c.reap(make(chan struct{}))
	if waitErr != nil {
		return errors.Join(err, waitErr)
	}
	var refused *spec.AbortError
	if errors.As(err, &refused) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if said := c.said.String(); said != "" {
		return fmt.Errorf("%w (%s: %s)", err, exit, c.slot.r.hide(said))
	}
	return fmt.Errorf("%w (%s)", err, exit)
}

// reap waits for the process and for its last answer, and closes everything
// that belongs to it but the page. It closes gone when the process has ended.
func (c *child) reap(gone chan struct{}) (proc.Exit, error) {
	exit, err := c.Wait()
	c.spared()
	close(gone)
	<-c.ended
	// A process that has left the group may still hold the pipes.
	c.slot.r.family.Sweep()
	soon := time.Now().Add(200 * time.Millisecond)
	_ = c.Stdout.SetReadDeadline(soon)
	_ = c.Stderr.SetReadDeadline(soon)
	c.logs.Wait()
	return exit, errors.Join(err, closeAll(c.work, c.answers, c.Stdout, c.Stderr))
}

func closeAll(files ...*os.File) error {
	var errs []error
	for _, f := range files {
		if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// feed gives the worker batches as it finishes those before. When it is worn out
// the next worker is started beside it, and returned when that is ready and this
// one has nothing in hand.
func (c *child) feed(ctx context.Context, b *feed.Batch) (*child, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-c.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	var next chan started
	for {
		if err := c.give(b); err != nil {
			return nil, errors.Join(err, c.slot.discard(next))
		}
		for !c.room() {
			select {
			case <-c.credit:
			case <-c.ended:
				return nil, c.slot.discard(next)
			}
		}
		worn := c.worn()
		if next == nil && worn >= wornAt {
			next = c.slot.startBeside(ctx)
		}
		if worn >= wornOut {
			return c.handOver(<-next)
		}
		select {
		case n := <-next: // never, if there is none
			return c.handOver(n)
		default:
		}
		b = c.spareBatch()
		ok, err := c.slot.r.feed.Take(ctx, c.slot.seat, c, c.allowance(c.slot.tempo.size()), b)
		if !ok || err != nil {
			return nil, errors.Join(err, c.slot.discard(next))
		}
	}
}

// give writes a batch. That the worker has died is not an error here: whoever
// listens finds out.
func (c *child) give(b *feed.Batch) error {
	if err := b.Open(c.slot.r.shape, c.slot.r.cfg.Plan.NeedsRaw); err != nil {
		return err
	}
	c.wear.given += uint64(len(b.Items))
	c.mu.Lock()
	c.queue = append(c.queue, b)
	c.mu.Unlock()
	if _, err := c.work.Write(b.Frame); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("write to worker: %w", err)
	}
	return nil
}

// room reports whether the worker should get another batch now.
func (c *child) room() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.slot.r.oneByOne() {
		return c.given() == 0
	}
	return c.given() < c.slot.tempo.depth()
}

// oneByOne says that a worker gets nothing before it has answered, see feed; or that
// what comes back may be a reason to begin nothing more.
func (r *session) oneByOne() bool { return r.cfg.Halt.On != "" || r.feed.OneByOne() }

// idle reports whether the worker has nothing in hand.
func (c *child) Idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.given() == 0
}

// given is how many batches the worker has. The caller holds the lock.
func (c *child) given() int { return len(c.queue) + len(c.closing) }

func (c *child) spareBatch() *feed.Batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.spare); n > 0 {
		b := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return b
	}
	return &feed.Batch{}
}
