package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A record of each fate, by effect: what it comes to in the results, and whether a loss was
// noted before the next hand began.
func TestSessionSettles(t *testing.T) {
	lines := []string{"ok a", "fail b", "retry c", "unknown d", "die e", "ok f", "ok g"}
	for effect, want := range map[jobs.Effect][]string{
		jobs.EffectNone:  {"0 ok  1", "1 failed wrong 1", "2 ok  3", "3 failed lost 4", "4 failed crash 2", "5 ok  1", "6 ok  1"},
		jobs.EffectKeyed: {"0 ok  1", "1 failed wrong 1", "2 ok  3", "3 unknown lost 4", "4 unknown crash 2", "5 ok  1", "6 ok  1"},
		jobs.EffectOnce:  {"0 ok  1", "1 failed wrong 1", "2 ok  3", "3 unknown lost 1", "4 unknown crash 1", "5 ok  1", "6 ok  1"},
	} {
		t.Run(effect.String(), func(t *testing.T) {
			f := newFakeRun(t, lines...)
			f.cfg.Effect, f.cfg.OnUnknown = effect, spec.DefaultOnUnknown(effect)
			rep, err := f.begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := f.rows(); !slices.Equal(got, want) {
				t.Errorf("%q\nwant %q", got, want)
			}
			unknown := map[jobs.Effect]uint64{jobs.EffectNone: 0, jobs.EffectKeyed: 2, jobs.EffectOnce: 2}[effect]
			if rep.State != ledger.StateDone || rep.Totals.Pending() != 0 || rep.Totals.Unknown != unknown || rep.Worked != 7 {
				t.Errorf("%+v", rep)
			}
			losses := 0
			for _, s := range f.slots {
				losses += len(s.Losses())
				if acked, noted := s.Acked(); effect != jobs.EffectNone && acked != noted {
					t.Errorf("%d of %d notes are in the ledger at the end", acked, noted)
				}
			}
			if deaths := map[jobs.Effect]int{jobs.EffectNone: 2, jobs.EffectKeyed: 2, jobs.EffectOnce: 1}[effect]; losses != deaths {
				t.Errorf("%d losses were noted, want %d", losses, deaths)
			}
		})
	}
}

// Results come in the order of the input, whatever the order in which records end, and
// hands that are worn out are replaced between two records.
func TestSessionOrderAndWear(t *testing.T) {
	var lines []string
	for i := range 300 {
		switch {
		case i%7 == 3:
			lines = append(lines, fmt.Sprint("retry ", i))
		case i%50 == 11:
			lines = append(lines, fmt.Sprint("die ", i))
		default:
			lines = append(lines, fmt.Sprint("ok ", i))
		}
	}
	f := newFakeRun(t, lines...)
	f.cfg.Slots, f.worn = 4, 10
	rep, err := f.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := f.rows()
	for i, row := range rows {
		status := "ok"
		if i%7 != 3 && i%50 == 11 {
			status = "unknown"
		}
		if !strings.HasPrefix(row, fmt.Sprintf("%d %s ", i, status)) {
			t.Errorf("row %d is %q, want %s", i, row, status)
		}
	}
	if len(rows) != 300 || rep.Totals.Pending() != 0 {
		t.Errorf("%d rows, %s", len(rows), rep.Totals)
	}
	if f.hands < 300/10 {
		t.Errorf("%d hands did it, of which each is worn out after 10 records", f.hands)
	}
}

// An abort stops the run, loses nothing, and a resume goes on.
func TestSessionAbort(t *testing.T) {
	f := newFakeRun(t, "ok a", "abort b", "ok c")
	f.cfg.Slots = 1
	rep, err := f.begin(t.Context())
	var aborted *spec.AbortError
	if !errors.As(err, &aborted) || !strings.Contains(err.Error(), "data.txt:2: nothing works") {
		t.Fatalf("%v", err)
	}
	// The third may have been given together with the second.
	if ok := rep.Totals.OK; rep.State != ledger.StateAborted || ok < 1 || ok > 2 || rep.Totals.Input-ok != uint64(rep.Totals.Pending()) {
		t.Errorf("%s, %s", rep.State, rep.Totals)
	}
	rep, err = f.resume(t.Context())
	if !errors.As(err, &aborted) || rep.State != ledger.StateAborted {
		t.Fatalf("a resume: %s, %v", rep.State, err)
	}
}

func TestSessionThrottle(t *testing.T) {
	f := newFakeRun(t, "throttle a", "ok b", "throttle c")
	f.cfg.Slots, f.cfg.Retries = 1, 0
	rep, err := f.begin(t.Context())
	if err != nil || rep.Totals.OK != 3 {
		t.Fatalf("%s, %v", rep.Totals, err)
	}
	if got, want := f.rows(), []string{"0 ok  1", "1 ok  1", "2 ok  1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q: a throttle costs no try", got, want)
	}
}

// The whole of a session that is killed: what was in hand is unknown, what was not begun is
// not, and a resume ends with the books balanced.
func TestSessionCutOff(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	f := newFakeRun(t, "ok a", "ok b", "wait "+gate, "ok c", "ok d")
	f.cfg.Slots = 1
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		f.waitInHand(2)
		cancel()
	}()
	rep, err := f.begin(ctx)
	if !errors.Is(err, context.Canceled) || rep.State != ledger.StateInterrupted {
		t.Fatalf("%s, %v", rep.State, err)
	}
	if rep.Totals.OK != 2 || rep.Totals.Unknown != 1 || rep.Totals.Pending() != int64(rep.Totals.Input)-3 {
		t.Errorf("%s", rep.Totals)
	}
	if rep, err = f.resume(t.Context()); err != nil || rep.State != ledger.StateDone {
		t.Fatalf("a resume: %s, %v", rep.State, err)
	}
	if got, want := f.rows(), []string{"0 ok  1", "1 ok  1", "2 unknown killed 1", "3 ok  1", "4 ok  1"}; !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if rep, err = f.resume(t.Context()); err != nil || !rep.Already || rep.Worked != 0 {
		t.Errorf("what is done is done: %+v, %v", rep, err)
	}
}

// waitInHand waits until a record is in hand somewhere.
func (f *fakeRun) waitInHand(seq jobs.Seq) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		f.mu.Lock()
		for _, s := range f.slots {
			if in := s.InHand(); in != nil && in.Seq == seq {
				f.mu.Unlock()
				return
			}
		}
		f.mu.Unlock()
	}
}

// What is refused before a run exists leaves nothing behind.
func TestBeginLeavesNothing(t *testing.T) {
	f := newFakeRun(t, "ok a")
	refused := errors.New("no such column")
	rep, err := Begin(t.Context(), &f.set, f.cfg, func(*jobs.Shape) error { return refused })
	if !errors.Is(err, refused) || rep.State != "" {
		t.Errorf("%s, %v", rep.State, err)
	}
	if _, err := os.Stat(f.set.Dir.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the run directory: %v", err)
	}
}

// lineByLine is a producer that gives the next line when it is told that the one before is
// durable, as a queue would that must not lose what it has handed out.
type lineByLine struct {
	lines   []string
	mu      sync.Mutex
	durable int64
	told    chan struct{}
	ended   chan struct{} // closed by Fill
}

func (p *lineByLine) Fill(ctx context.Context, spool *dataset.Spool) error {
	defer close(p.ended)
	at := int64(0)
	for _, line := range p.lines {
		if err := spool.Append([]byte(line + "\n")); err != nil {
			return err
		}
		at += int64(len(line) + 1)
		for p.upTo() < at {
			select {
			case <-p.told:
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}

func (p *lineByLine) upTo() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.durable
}

func (p *lineByLine) Durable(offset int64) {
	p.mu.Lock()
	p.durable = max(p.durable, offset)
	p.mu.Unlock()
	select {
	case p.told <- struct{}{}:
	default:
	}
}

// A producer fills the spool of the run while it goes on, and is told what is durable.
func TestSessionOfAProducer(t *testing.T) {
	f := newFakeRun(t)
	f.cfg.Dataset.Paths = []string{dataset.Stdin}
	p := &lineByLine{lines: []string{"ok a", "fail b", "ok c"}, told: make(chan struct{}, 1), ended: make(chan struct{})}
	f.set.Producer = p
	rep, err := f.begin(t.Context())
	if err != nil || rep.Totals.OK != 2 || rep.Totals.Failed != 1 {
		t.Fatalf("%s, %v", rep.Totals, err)
	}
	if got := p.upTo(); got != int64(len("ok a\nfail b\nok c\n")) {
		t.Errorf("%d bytes were said to be durable", got)
	}
	if b, err := os.ReadFile(f.set.Dir.StdinPath()); err != nil || string(b) != "ok a\nfail b\nok c\n" {
		t.Errorf("the spool holds %q, %v", b, err)
	}
}

// A run that cannot begin ends its producer, and leaves nothing.
func TestBeginEndsItsProducer(t *testing.T) {
	f := newFakeRun(t)
	f.cfg.Dataset.Paths = []string{dataset.Stdin}
	f.cfg.Output = filepath.Join(t.TempDir(), "no", "such", "folder.csv")
	p := &lineByLine{lines: []string{"ok a", "ok b"}, told: make(chan struct{}, 1), ended: make(chan struct{})}
	f.set.Producer = p
	rep, err := f.begin(t.Context())
	if err == nil || rep.State != "" {
		t.Fatalf("%s, %v", rep.State, err)
	}
	<-p.ended
	if _, err := os.Stat(f.set.Dir.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the run directory: %v", err)
	}
}

// TestClaimedRunStays: what a job has taken for a run stays taken, so the run stays as well when it cannot begin; one that its job
// refused, or that took nothing, leaves nothing behind.
func TestClaimedRunStays(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		claims bool
		err    error
		want   ledger.State
	}{{true, nil, ledger.StateInterrupted}, {false, nil, ""}, {false, refused, ""}} {
		f := newFakeRun(t, "ok a")
		f.set.Ready = func(*spec.Config) (bool, error) { return c.claims, c.err }
		f.cfg.Output = t.TempDir() // where no file can be
		rep, err := f.begin(t.Context())
		if err == nil || rep.State != c.want || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%+v: %s, %v", c, rep.State, err)
		}
		if _, err := os.Stat(f.set.Dir.Path); (err == nil) != c.claims {
			t.Errorf("%+v: the directory of the run: %v", c, err)
		}
	}
}
