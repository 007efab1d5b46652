package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/feed"
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/proc"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/runner/term"
	"brood/worker"
	"brood/worker/wire"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain makes this test binary a worker when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == wire.Command {
		os.Exit(worker.Main(jobs.NewRegistry(handtest.Definition())))
	}
	os.Exit(m.Run())
}

// The hand that is a process of this machine is a hand.
func TestChildIsAHand(t *testing.T) {
	handtest.Run(t, func(t *testing.T, worn uint64) handtest.Place {
		s, kill := slotOfProcesses(t)
		s.r.cfg.Recycle.Tasks = worn
		start := func() hand.Hand {
			c, err := s.startChild(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			s.live.Store(c)
			return c
		}
		return handtest.Place{Start: start, End: kill, Losses: func() []handtest.NotedLoss { return losses(t, s.pad) }}
	})
}

// losses are the losses among the notes of a slot.
func losses(t *testing.T, p *pad) []handtest.NotedLoss {
	t.Helper()
	notes, err := p.notes.After(0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.notes.Unmap()
	var out []handtest.NotedLoss
	for i := range notes {
		n := &notes[i]
		if n.Kind != wire.NoteLoss {
			continue
		}
		var l wire.Loss
		if err := json.Unmarshal(n.Payload, &l); err != nil {
			t.Fatal(err)
		}
		loss := hand.Loss{Class: l.Class, Text: l.Error, Blamed: l.Blamed, Took: time.Duration(l.TookMS) * time.Millisecond}
		out = append(out, handtest.NotedLoss{InHand: hand.InHand{Seq: n.Seq, Try: n.Try}, Loss: loss, Crashes: l.Crashes})
	}
	return out
}

// slotOfProcesses is a slot of a session of which there is nothing else, and what kills that.
func slotOfProcesses(t *testing.T) (*slot, context.CancelFunc) {
	t.Helper()
	dir := openHome(t, "suite")
	if err := dir.WaitForWorkers(t.Context(), func() {}); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir.File(home.PagesName), 0o700); err != nil {
		t.Fatal(err)
	}
	family, err := proc.NewFamily()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := proc.SelfExe()
	if err != nil {
		t.Fatal(err)
	}
	killCtx, kill := context.WithCancel(context.Background())
	cfg := &spec.Config{
		Name: "suite", Job: "handtest", Effect: jobs.EffectOnce, OutputFormat: sink.FormatText, WorkDir: t.TempDir(), Dataset: dataset.Spec{MaxRecord: 1 << 20},
	}
	terminal := term.New(term.Options{Out: io.Discard})
	r := &session{
		Setting: Setting{Dir: dir, Term: terminal, Worker: WorkerCommand{Path: exe, Args: []string{os.Args[0], wire.Command}}},
		settler: newSettler(cfg, &handtest.Shape, terminal), provisions: provisions{env: os.Environ()}, patience: patience{cfg: cfg},
		cfg: cfg, epoch: 1, family: family, killCtx: killCtx,
	}
	r.feed = feed.New(feed.Config{Dir: dir.Path, Slots: 1, Intents: true})
	s := &slot{r: r, number: 1}
	t.Cleanup(func() {
		kill()
		if err := s.pad.close(); err != nil {
			t.Error(err)
		}
		if err := family.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, kill
}

func openHome(t *testing.T, name string) *home.Dir {
	t.Helper()
	state := t.TempDir()
	if err := os.Chmod(state, 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := home.Open(t.Context(), state, name, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() }) // again, if it was before
	return dir
}

// fakeRun is a run whose hands are within this process.
type fakeRun struct {
	t   *testing.T
	set Setting
	cfg *spec.Config
	out string
	log strings.Builder

	mu    sync.Mutex
	slots map[int]*handtest.Slot
	// worn is WornAfter of each.
	worn uint64
	// hands is how many were started.
	hands int
}

func newFakeRun(t *testing.T, lines ...string) *fakeRun {
	t.Helper()
	dir := t.TempDir()
	data := filepath.Join(dir, "data.txt")
	if err := os.WriteFile(data, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fakeRun{t: t, out: filepath.Join(dir, "out.csv"), slots: make(map[int]*handtest.Slot)}
	f.set = Setting{Dir: openHome(t, "fake"), Term: term.New(term.Options{Out: &f.log, Progress: term.ProgressNever}), NewHand: f.newHand, Version: "test"}
	f.cfg = &spec.Config{
		Name: "fake", Job: "handtest", Effect: jobs.EffectOnce, OnUnknown: spec.OnUnknownHold, Output: f.out, OutputFormat: sink.FormatCSV,
		Dataset: dataset.Spec{Paths: []string{data}, Format: dataset.FormatLines, MaxRecord: 1 << 20, FixedColumns: true},
		Key:     jobs.KeySpec{Scope: "fake"}, WorkDir: dir, Slots: 2, Retries: 3, MaxCrashes: 2,
	}
	return f
}

func (f *fakeRun) newHand(_, kill context.Context, slot int) (hand.Hand, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.slots[slot] == nil {
		f.slots[slot] = &handtest.Slot{WornAfter: f.worn}
	}
	f.hands++
	return f.slots[slot].Start(kill), nil
}

// begin begins the run and works until it ends.
func (f *fakeRun) begin(ctx context.Context) (Report, error) {
	f.t.Helper()
	return Begin(ctx, &f.set, f.cfg, func(*jobs.Shape) error { return nil })
}

// resume goes on with it, as another process would.
func (f *fakeRun) resume(ctx context.Context) (Report, error) {
	f.t.Helper()
	f.again()
	return Resume(ctx, &f.set, &Resumption{Tune: func(*spec.Config) error { return nil }})
}

// again opens its directory, as another process would.
func (f *fakeRun) again() {
	f.t.Helper()
	state := f.set.Dir.State()
	err := f.set.Dir.Close()
	if err == nil {
		f.set.Dir, err = home.Open(f.t.Context(), state, f.cfg.Name, 0)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// rows are the results, "seq status class attempts" each.
func (f *fakeRun) rows() []string {
	f.t.Helper()
	in, err := intake.Open(f.t.Context(), dataset.Spec{Paths: []string{f.out}, Format: dataset.FormatCSV, Delimiter: ',', MaxRecord: 1 << 20}, nil, "", ledger.Spooled{})
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	var out []string
	records, _ := intake.Records(in, 0, nil)
	for rec, err := range records {
		if err != nil {
			f.t.Fatal(err)
		}
		var words []string
		for _, column := range []string{"_seq", "_status", "_class", "_attempts"} {
			words = append(words, string(rec.First(column)))
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}
