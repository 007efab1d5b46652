package catalog

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// world is a state directory.
type world struct {
	*testing.T
	state string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return &world{T: t, state: filepath.Join(dir, "state")}
}

// with is what a run is made with.
type with struct {
	cfg    spec.Config
	state  ledger.State // how its session ends; empty: done
	totals ledger.Totals
	began  time.Time
	output string
	bytes  string // of results
}

// run makes a run of one session.
func (w *world) run(name string, o with) {
	w.Helper()
	dir, l := w.begin(name, o)
	if o.state == "" {
		o.state = ledger.StateDone
	}
	if err := l.EndSession(w.Context(), o.state, "", true, ledger.Usage{}); err != nil {
		w.Fatal(err)
	}
	w.close(dir, l)
}

func (w *world) close(dir *home.Dir, l *ledger.Ledger) {
	w.Helper()
	if err := errors.Join(Close(dir, l), dir.Close()); err != nil {
		w.Fatal(err)
	}
}

func (w *world) begin(name string, o with) (*home.Dir, *ledger.Ledger) {
	w.Helper()
	dir, err := home.Open(w.Context(), w.state, name, 0)
	if err != nil {
		w.Fatal(err)
	}
	o.cfg.Name, o.cfg.Job = name, "exec"
	config, err := json.Marshal(&o.cfg)
	if err != nil {
		w.Fatal(err)
	}
	if o.began.IsZero() {
		o.began = time.Now()
	}
	if o.output == "" {
		o.output = "-"
	}
	l, err := ledger.Create(w.Context(), dir.File(ledger.FileName), ledger.Run{
		Name: name, Job: "exec", Effect: o.cfg.Effect.String(), Config: config, StartedAt: o.began, Output: o.output, OutputFormat: "csv", Small: true,
	})
	if err != nil {
		w.Fatal(err)
	}
	if _, err := l.BeginSession(w.Context(), ledger.Session{StartedAt: o.began, Version: "test", BootID: ledger.BootID()}, nil); err != nil {
		w.Fatal(err)
	}
	if o.bytes != "" {
		w.write(o.output, o.bytes)
		st, err := os.Stat(o.output)
		if err == nil {
			err = dir.LockOutput(o.output, st)
		}
		if err == nil {
			err = Claim(dir, o.output, st)
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	sum := sumOf(o.bytes)
	if err := l.Commit(w.Context(), &ledger.Commit{Totals: o.totals, OutputBytes: int64(len(o.bytes)), OutputSum: sum, InputDone: true}); err != nil {
		w.Fatal(err)
	}
	return dir, l
}

func (w *world) write(path, content string) {
	w.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.Fatal(err)
	}
}

func (w *world) list() []Listed {
	w.Helper()
	all, err := List(w.Context(), w.state)
	if err != nil {
		w.Fatal(err)
	}
	return all
}

func names(all []Listed) (out []string) {
	for _, l := range all {
		out = append(out, l.Name)
	}
	return out
}

func looked(all []Listed) (out []string) {
	for _, l := range all {
		if l.Looked {
			out = append(out, l.Name)
		}
	}
	return out
}

// Runs that are over are listed without opening a ledger, newest first, and nothing is left
// beside any; the ledger is opened where the entry may not say what it does.
func TestListOpensNoMoreThanNeeded(t *testing.T) {
	w := newWorld(t)
	began := time.Now().Add(-time.Hour)
	for i := range 5 {
		w.run(fmt.Sprintf("r%d", i), with{
			began: began.Add(time.Duration(i) * time.Minute), totals: ledger.Totals{Input: 3, OK: 2, Failed: 1},
			cfg: spec.Config{Words: []string{"echo", "it's", "{}"}},
		})
	}
	all := w.list()
	if got := names(all); !slices.Equal(got, []string{"r4", "r3", "r2", "r1", "r0"}) {
		t.Error(got)
	}
	if got := looked(all); got != nil {
		t.Errorf("the ledgers of %v were opened", got)
	}
	e := all[0]
	if e.State != ledger.StateDone || e.OK != 2 || e.Failed != 1 || e.Pending() != 0 || e.Task != `echo 'it'\''s' {}` || e.Disk == 0 || e.Disk > 64<<10 {
		t.Errorf("%+v, %d", e.Entry, e.Disk)
	}

	// One without an entry, one whose entry is another's, one whose ledger was touched, and
	// one that is running.
	remove(t, home.At(w.state, "r0").File(fileName))
	b, err := os.ReadFile(home.At(w.state, "r4").File(fileName))
	if err != nil {
		t.Fatal(err)
	}
	w.write(home.At(w.state, "r1").File(fileName), string(b))
	if err := os.Chtimes(home.LedgerPath(w.state, "r2"), time.Now(), began); err != nil {
		t.Fatal(err)
	}
	dir, l := w.begin("r5", with{})
	all = w.list()
	got := looked(all)
	slices.Sort(got)
	if !slices.Equal(got, []string{"r0", "r1", "r2", "r5"}) {
		t.Errorf("the ledgers of %v were opened", got)
	}
	if all[0].Name != "r5" || all[0].State != ledger.StateRunning {
		t.Errorf("%+v", all[0].Entry)
	}
	w.close(dir, l)
	if left, err := filepath.Glob(filepath.Join(w.state, "runs", "*", "ledger.db-*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// What the ledger says counts, whatever the entry says: a session that begins, and dies, is
// seen; and so is one that ends otherwise.
func TestEntryNeverLies(t *testing.T) {
	w := newWorld(t)
	w.run("a", with{})
	dir, err := home.Open(t.Context(), w.state, "a", 0)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), dir.File(ledger.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.BeginSession(t.Context(), ledger.Session{StartedAt: time.Now(), BootID: ledger.BootID()}, nil); err != nil {
		t.Fatal(err)
	}
	if e := Read(w.state, "a"); e != nil {
		t.Errorf("a session has begun, and the entry says %s", e.State)
	}
	if err := l.EndSession(t.Context(), ledger.StateAborted, "enough", true, ledger.Usage{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil { // without an entry
		t.Fatal(err)
	}
	if e := Read(w.state, "a"); e != nil {
		t.Errorf("a session has ended, and the entry says %s", e.State)
	}
	if all := w.list(); all[0].State != ledger.StateAborted || all[0].Reason != "enough" {
		t.Errorf("%+v", all[0].Entry)
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
}

// A run is removed with what leads to it; what is needed still is not.
func TestRemove(t *testing.T) {
	w := newWorld(t)
	out := filepath.Join(t.TempDir(), "out.csv")
	w.run("plain", with{output: out, bytes: "results\n"})
	w.run("unknown", with{totals: ledger.Totals{Input: 2, Unknown: 2}})
	w.run("scope", with{cfg: spec.Config{OncePer: "tour"}})
	w.run("forgot", with{cfg: spec.Config{OncePer: "tour"}})
	s, err := keys.OpenScope(t.Context(), w.state, "tour", "scope", "now", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Take(t.Context(), "k", 0, 1); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Flush(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	dir, l := w.begin("running", with{})
	// Killed, with records out that may have been done.
	killed, kl := w.begin("killed", with{cfg: spec.Config{Effect: jobs.EffectOnce}})
	if err := kl.Close(); err != nil {
		t.Fatal(err)
	}
	if err := killed.Close(); err != nil {
		t.Fatal(err)
	}

	r := &Removal{State: w.state}
	all := []string{"plain", "unknown", "scope", "forgot", "running", "killed", "nobody"}
	dry := &Removal{State: w.state, Dry: true}
	if removed, _, err := dry.Remove(t.Context(), all); err != nil || len(removed) != 2 || len(w.list()) != 6 {
		t.Errorf("dry: %v, %v", removed, err)
	}
	removed, kept, err := r.Remove(t.Context(), all)
	if err != nil || len(removed) != 2 || removed[0].Name != "plain" || removed[1].Name != "forgot" {
		t.Errorf("%v, %v", removed, err)
	}
	why := make(map[string]string)
	for _, k := range kept {
		why[k.Name] = k.Err.Error()
	}
	for name, want := range map[string]string{
		"unknown": "nobody can tell whether 2 of its records", "scope": "1 keys of scope tour", "running": "held by another brood",
		"killed": "not settled", "nobody": "no such file",
	} {
		if !strings.Contains(why[name], want) {
			t.Errorf("%s: %q", name, why[name])
		}
	}
	if b, err := os.ReadFile(out); err != nil || string(b) != "results\n" {
		t.Errorf("the results: %q, %v", b, err)
	}
	if links, err := os.ReadDir(filepath.Join(w.state, "outputs")); err != nil || len(links) > 0 {
		t.Errorf("%v, %v", links, err)
	}
	force := &Removal{State: w.state, Force: true}
	if removed, kept, err = force.Remove(t.Context(), []string{"unknown", "scope", "running", "killed"}); err != nil || len(removed) != 3 || len(kept) != 1 {
		t.Errorf("by force: %v, %v, %v", removed, kept, err)
	}
	w.close(dir, l)
}

// What a removal has left that was cut off is no run, and is removed by the next.
func TestSweep(t *testing.T) {
	w := newWorld(t)
	w.run("a", with{})
	dir, err := home.Hold(t.Context(), w.state, "a")
	if err != nil {
		t.Fatal(err)
	}
	aside, err := dir.PutAside()
	if err := errors.Join(err, dir.Release()); err != nil {
		t.Fatal(err)
	}
	remove(t, filepath.Join(aside, ledger.FileName)) // and then it died
	if all := w.list(); len(all) > 0 {
		t.Errorf("%v", names(all))
	}
	w.run("a", with{}) // the name is free
	if err := Sweep(w.state); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(aside); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if got := names(w.list()); !slices.Equal(got, []string{"a"}) {
		t.Error(got)
	}
}

// A rule chooses by age, by state and by how many there are; a run that says itself for how
// long it is kept is chosen when that has passed, and not before.
func TestRule(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	entry := func(name string, state ledger.State, days int, keep time.Duration) Listed {
		at := now.Add(-time.Duration(days) * 24 * time.Hour).Format(time.RFC3339)
		return Listed{Entry: &Entry{Name: name, State: state, StartedAt: at, FinishedAt: at, Keep: keep}}
	}
	const day = 24 * time.Hour
	all := []Listed{
		entry("running", ledger.StateRunning, 0, 0), entry("new", ledger.StateDone, 1, 0), entry("brief", ledger.StateDone, 2, day),
		entry("stopped", ledger.StateInterrupted, 40, day), entry("long", ledger.StateDone, 50, 90*day), entry("old", ledger.StateDone, 60, 0),
		entry("aborted", ledger.StateAborted, 70, 0),
		{Entry: &Entry{Name: "broken", State: Unreadable}, Err: errors.New("broken")},
	}
	for _, c := range []struct {
		rule Rule
		want string
	}{
		{Rule{}, "brief"},
		{Rule{OlderThan: 30 * day}, "brief stopped old aborted"},
		{Rule{OlderThan: 30 * day, States: []ledger.State{ledger.StateDone}}, "brief old"},
		{Rule{OlderThan: 60 * day}, "brief old aborted"},
		{Rule{KeepLast: 4}, "brief old aborted"},
		{Rule{KeepLast: 5, OlderThan: 65 * day}, "brief aborted"},
		{Rule{States: []ledger.State{ledger.StateAborted}}, "aborted"},
	} {
		if got := strings.Join(names(c.rule.Choose(all, now)), " "); got != c.want {
			t.Errorf("%+v: %s, want %s", c.rule, got, c.want)
		}
	}
}

// Runs go when they were kept for as long as they were to be, and only then.
func TestExpire(t *testing.T) {
	w := newWorld(t)
	w.run("brief", with{cfg: spec.Config{Keep: time.Minute}})
	w.run("long", with{cfg: spec.Config{Keep: time.Hour}})
	w.run("ever", with{})
	w.run("stopped", with{cfg: spec.Config{Keep: time.Minute}, state: ledger.StateInterrupted})
	w.run("unknown", with{cfg: spec.Config{Keep: time.Minute}, totals: ledger.Totals{Input: 1, Unknown: 1}})
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{59 * time.Second, "brief ever long stopped unknown"}, {2 * time.Minute, "ever long stopped unknown"}, {2 * time.Hour, "ever stopped unknown"},
	} {
		if err := Expire(t.Context(), w.state, time.Now().Add(c.after)); err != nil {
			t.Fatal(err)
		}
		got := names(w.list())
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("after %s: %s, want %s", c.after, got, c.want)
		}
	}
	if err := Expire(context.Background(), filepath.Join(w.state, "nowhere"), time.Now()); err != nil {
		t.Error(err)
	}
}
