package runner

import (
	"brood/jobs/quickio"
	"brood/runner/proc"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// child is a worker from its start to its end: the hand that is a process of this
// machine.
type child struct {
	*proc.Child
	slot    *slot
	setup   *setup        // that it was started with
	work    *os.File      // our end, to write
	answers *os.File      // our end, to read
	give    *quickio.File // to work
	frames  *wire.Reader
	logs    sync.WaitGroup
	said    tail
	spared  func() bool // called when it has ended: nobody need kill it

	// over is set by the watch before it stops a record, or the worker.
	over atomic.Pointer[overruns]
	cpu  spent // of the watch alone
	// firstNote is the last note of the slot before this worker.
	firstNote uint64

	exit     string        // how it ended
	outOfMem bool          // the kernel has killed it for that
	ended    chan struct{} // closed when no more answers will come
	endOnce  sync.Once
	wear     wear
	debt     debt
}

// spareFiles are the descriptors that workers leave to the rest of the run: the next file
// of the dataset, what is put down on the disk, whoever asks how it goes.
const spareFiles = 8

// launch starts the process.
//
// Four pipes are involved. The worker has the read end of work and the write
// ends of answers, stdout and stderr; the parent has the other ends. Each side
// closes what the other has: the parent here, right after the start, and the
// worker never had them, as they are close-on-exec.
func (s *slot) launch() (*child, error) {
	if err := proc.KeepFree(spareFiles); err != nil {
		return nil, err
	}
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
		slot: s, setup: s.setup, work: workW, answers: answersR, ended: make(chan struct{}),
	}
	if c.setup == nil {
		c.setup = s.r.setupNow()
	}
	if err := c.listenTo(answersR, workW); err != nil {
		return nil, errors.Join(err, workW.Close(), answersR.Close())
	}
	if err := s.openPad(); err != nil {
		return nil, errors.Join(err, workW.Close(), answersR.Close())
	}
	c.Child, err = s.r.family.Start(proc.Spec{
		Path: s.r.Worker.Path, Args: s.r.Worker.Args, Dir: s.r.cfg.WorkDir,
		Env:   wire.Environ(c.setup.env),
		User:  s.r.user,
		Files: []*os.File{workR, answersW, s.pad.files[0], s.pad.files[1], s.pad.files[2], s.r.Dir.WorkersLock()},
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

// listenTo reads answers and writes work without waking the scheduler for each.
func (c *child) listenTo(answers, work *os.File) error {
	in, err := quickio.Of(answers)
	if err != nil {
		return err
	}
	c.frames = wire.NewReader(counted{in, &c.debt})
	c.give, err = quickio.Of(work)
	return err
}

// openPad makes the pad of the slot, if it has none yet, or one that a worker has damaged.
func (s *slot) openPad() (err error) {
	if s.pad == nil {
		s.pad, err = openPad(s.r.Dir, s.number, s.r.places, s.r.epoch, s.r.heard, s.berth != nil && s.number <= mappedPads)
		return err
	}
	return s.mendPad()
}

// mendPad replaces a damaged pad, when the ledger has all that came from its workers.
func (s *slot) mendPad() error {
	if s.pad.page.Err() == nil {
		return nil
	}
	if !s.r.awaitCommit() {
		return nil // nothing more is begun, and the damage tells the next session
	}
	return s.pad.renew()
}

// awaitCommit makes durable all that was sent to the book so far. It returns false if the
// run has failed before.
func (r *session) awaitCommit() bool {
	u := newSettlement()
	u.Durable = make(chan struct{})
	durable := u.Durable
	r.updates <- u.Update
	for {
		select {
		case <-durable:
			return true
		case <-time.After(commitLook):
			if r.book.Failed() {
				return false
			}
		}
	}
}

// commitLook is how often it is looked whether a commit that is awaited can still come.
const commitLook = 100 * time.Millisecond

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
	c.answersEnd() // nobody listens
	exit, waitErr := c.reap(make(chan struct{}))
	if waitErr != nil {
		return errors.Join(err, waitErr)
	}
	var refused *spec.AbortError
	if errors.As(err, &refused) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if said := c.said.String(); said != "" {
		if short := spec.ShortageSaid(said); short != nil {
			err = errors.Join(short, err)
		}
		return fmt.Errorf("%w (%s: %s)", err, exit, c.slot.r.hide(said))
	}
	return fmt.Errorf("%w (%s)", err, exit)
}

// reap waits for the process and for its last answer, and closes everything
// that belongs to it but the page. It closes gone when the process has ended.
func (c *child) reap(gone chan struct{}) (proc.Exit, error) {
	exit, err := c.Wait()
	c.exit = exit.String()
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
