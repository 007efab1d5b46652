package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/feed"
	"brood/runner/hand"
	"brood/runner/home"
	"brood/runner/proc"
	"brood/runner/remote"
	"brood/runner/spec"
	"brood/worker/wire"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// Shop has workers of this machine, for a run that another machine coordinates: they are started, watched, limited and reaped as those of a
// run of this machine, and their pages and notes are in a directory of this one. There is no dataset, no feed, no book: who has the shop
// gives records to its hands, and takes their answers.
type Shop struct {
	r       *session
	serve   context.CancelFunc
	kill    context.CancelFunc
	serving sync.WaitGroup
}

var _ remote.Shop = (*Shop)(nil)

// OpenShop opens a shop with so many slots. State is where jobs keep what is for all runs.
func OpenShop(set *Setting, cfg *spec.Config, shape *jobs.Shape, state string, slots int) (*Shop, error) {
	r := &session{
		Setting: *set, settler: newSettler(cfg, shape, set.Term), patience: patience{cfg: cfg}, cfg: cfg, epoch: shopEpoch, started: time.Now(), state: state,
	}
	r.crew.r = r
	r.notice = newNotice(r, nil)
	r.places, r.fitted = cfg.Places()
	r.guarding.works.Store(true)
	s := &Shop{r: r}
	if err := s.prepare(slots); err != nil {
		return nil, errors.Join(err, r.crew.closePads(), r.release())
	}
	return s, nil
}

// shopEpoch is the session of a shop's pages: each has a directory of its own.
const shopEpoch = 1

func (s *Shop) prepare(slots int) (err error) {
	r := s.r
	if r.Worker.Path == "" {
		path, err := proc.SelfExe()
		if err != nil {
			return fmt.Errorf("find this executable: %w", err)
		}
		r.Worker = WorkerCommand{Path: path, Args: []string{os.Args[0], wire.Command, r.cfg.Job}}
	}
	proc.RaiseFileLimit()
	if err := os.MkdirAll(r.Dir.File(home.PagesName), 0o700); err != nil {
		return &spec.WriteError{Err: err}
	}
	if r.family, err = proc.NewFamily(); err != nil {
		return err
	}
	if err := r.keepLimits(); err != nil {
		return err
	}
	r.feed = feed.New(feed.Config{Dir: r.Dir.Path, Slots: slots, Intents: r.cfg.Effect != jobs.EffectNone})
	if err := r.openHeard(slots); err != nil {
		return err
	}
	killCtx, kill := context.WithCancel(context.Background())
	r.killCtx, r.kill, s.kill = killCtx, kill, kill
	context.AfterFunc(killCtx, func() { r.family.SignalAll(syscall.SIGKILL) })
	if err := r.crew.hire(slots); err != nil {
		kill()
		return err
	}
	serve, stop := context.WithCancel(context.Background())
	s.serve = stop
	// Nobody writes a book here: who waits for a commit waits for the coordinator's, which the notes outlive.
	r.updates = make(chan *book.Update)
	s.serving.Go(func() {
		for u := range r.updates {
			if u.Durable != nil {
				close(u.Durable)
			}
		}
	})
	gauges := newGauges(r.cfg.Headroom, r.feed, r.Term)
	s.serving.Go(func() { r.watch(serve) })
	s.serving.Go(func() { gauges.watch(serve) })
	return nil
}

// Hand brings a worker for a slot, from 0.
func (s *Shop) Hand(ctx, _ context.Context, slot int) (hand.Hand, error) {
	own := s.r.crew.all()[slot]
	own.lent.Lock()
	defer own.lent.Unlock()
	c, err := own.startChild(ctx, false)
	if c == nil || err != nil {
		return nil, err
	}
	return &shopHand{child: c}, nil
}

// shopHand is a worker that the watch sees while it is the one of its slot that works.
type shopHand struct{ *child }

// Begin says that it works from here on.
func (h *shopHand) Begin() {
	h.child.Begin()
	h.slot.live.Store(h.child)
}

// Leave lets it go.
func (h *shopHand) Leave() (hand.Exit, error) {
	exit, err := h.child.Leave()
	h.slot.live.CompareAndSwap(h.child, nil)
	h.slot.r.usage.add(exit)
	return exit, err
}

// Await waits until this machine has room for more work, as to --load, --memfree and --pressure.
func (s *Shop) Await(ctx context.Context) {
	for s.r.feed.Shuts() != "" && sleep(ctx, gaugeEvery) {
	}
}

// Held says why nothing new begins; empty: it does.
func (s *Shop) Held() string { return s.r.feed.Shuts() }

// Kill ends all workers at once.
func (s *Shop) Kill() { s.kill() }

// Close ends what serves the shop. Its hands have gone.
func (s *Shop) Close() error {
	s.serve()
	close(s.r.updates)
	s.serving.Wait()
	s.kill()
	s.r.feed.Close()
	return errors.Join(s.r.crew.closePads(), s.r.release())
}

// Leftover reads what the workers of a shop have left in its directory, when the last of them has gone: the answers that the coordinator has
// not acknowledged, and what was in hand. Lost says that it cannot be told, as the pages are damaged.
func Leftover(ctx context.Context, dir *home.Dir, told func()) (notes []remote.Note, lost bool, err error) {
	for slot := 1; ; slot++ {
		left, err := leftOf(ctx, dir, slot, told)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return notes, lost, nil
		case isDamage(err):
			lost = true
			continue
		case err != nil:
			return nil, false, fmt.Errorf("read what workers have left: %w", err)
		}
		answered := make(map[jobs.Seq]wire.Note)
		for _, n := range left.Notes {
			answered[n.Seq] = n
			notes = append(notes, remote.Note{Seq: n.Seq, Try: n.Try, Kind: n.Kind, Payload: n.Payload})
		}
		for _, h := range left.InHand {
			if n, is := answered[h.Seq]; is && n.Try == h.Try && n.Time >= h.Begun {
				continue
			}
			notes = append(notes, remote.Note{Seq: h.Seq, Try: h.Try, InHand: true})
		}
	}
}

// leftOf reads what a slot has left, when no worker has it any more.
func leftOf(ctx context.Context, dir *home.Dir, slot int, told func()) (*wire.Left, error) {
	var files [3]*os.File
	for i := range files {
		f, err := os.OpenFile(dir.NotesPath(slot, i), os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if err != nil {
			if i > 0 && errors.Is(err, os.ErrNotExist) {
				return nil, wire.ErrPage // a part of it
			}
			return nil, err
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	if err := home.AwaitLock(ctx, files[1], told); err != nil {
		return nil, err
	}
	left, _, err := wire.ReadLeft(files)
	return left, err
}

// Stoppable reports whether a record may be stopped at a limit.
func (s *Shop) Stoppable() bool { return s.r.stoppable() }
