package forget

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/logbook"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// aRun is a run that is done, of three people, one of whom failed and one of whom was put right.
type aRun struct {
	state, root string
	cfg         *spec.Config
	settled     int
	dies        bool // this process is killed where it would be cut off
}

const (
	asked = "id,name,email\n1,Ada Lovelace,ada@example.org\n2,Bob Quux,bob@example.org\n3,\"Cy, the Failing\",cy@example.org\n"
	given = `id,name,email,said,_seq,_status,_class,_error,_attempts,_ms
1,Ada Lovelace,ada@example.org,hello Ada Lovelace,0,ok,,,1,3
2,Bob Quux,bob@example.org,hello Bob Quux,1,ok,,,1,3
3,"Cy, the Failing",cy@example.org,,2,failed,exit:3,"nobody knows Cy, the Failing",2,3
`
)

func newRun(t *testing.T) *aRun {
	t.Helper()
	r := &aRun{root: t.TempDir()}
	r.state = filepath.Join(r.root, "state")
	out := filepath.Join(r.root, "out.csv")
	joblog := filepath.Join(r.root, "joblog")
	r.cfg = &spec.Config{
		Name: "demo", Job: "say", Output: out, OutputFormat: sink.FormatCSV, Joblog: joblog, Results: filepath.Join(r.root, "printed"),
		Dataset: dataset.Spec{Paths: []string{dataset.Stdin}, Format: dataset.FormatCSV, Delimiter: ',', MaxRecord: 1 << 20},
		Key:     jobs.KeySpec{Scope: "demo", Columns: []string{"email"}}, Effect: jobs.EffectKeyed,
		Plan: jobs.Plan{Columns: []jobs.Column{{Name: "said"}}},
	}
	dir := r.open(t)
	log := "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n1\t:\t1\t1\t0\t1\t0\t0\tsay 'Ada Lovelace'\n2\t:\t1\t1\t0\t1\t0\t0\tsay 'Bob Quux'\n"
	for path, text := range map[string]string{
		dir.StdinPath(): asked, out: given, joblog: log, dir.File("own"): "Ada Lovelace and Bob Quux", dir.File("log.old"): "torn Ada Lovelace\n",
		filepath.Join(r.cfg.Results, "0", "stdout"): "hello Ada Lovelace", filepath.Join(r.cfg.Results, "1", "stdout"): "hello Bob Quux",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	book := logbook.New(dir.Path)
	for _, l := range []logbook.Line{{Slot: 1, Seq: at(0), Msg: "printed for Ada"}, {Slot: 1, Seq: at(1), Msg: "printed for Bob"}, {Msg: "record 0, stdin:2: not so good"}, {Msg: "seen: ada@example.org"}} {
		if err := book.Add(&l); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Create(t.Context(), dir.File(ledger.FileName), ledger.Run{
		Name: "demo", Job: "say", Effect: "keyed", Config: text, StartedAt: noon, Inputs: []ledger.Input{{Path: "-"}}, Output: out, OutputFormat: "csv", Joblog: joblog,
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := func(text string) uint32 { return crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)) }
	bits := make([]byte, ledger.ChunkSize/8)
	bits[0] = 3
	size := int64(len(log))
	if err := l.Commit(t.Context(), &ledger.Commit{
		Totals: ledger.Totals{Input: 3, OK: 2, Failed: 1}, InputDone: true, OutputBytes: int64(len(given)), OutputSum: sum(given), NextSeq: 3, JoblogBytes: &size,
		Spool:    ledger.Spooled{Bytes: int64(len(asked)), Sum: sum(asked)},
		Chunks:   []ledger.Chunk{{Offset: 14, Line: 2, OK: 2, Bits: bits}},
		Outcomes: []ledger.Outcome{{Seq: 2, Status: jobs.StatusFailed, Class: "exit:3", Error: "nobody knows Cy, the Failing", Attempts: 2, At: noon}},
		Deaths:   []ledger.Death{{At: noon, How: "exit status 2", Said: "panic after Ada Lovelace"}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(book.Close(), l.EndSession(t.Context(), ledger.StateDone, "", true, ledger.Usage{}), l.Close(), dir.Close()); err != nil {
		t.Fatal(err)
	}
	return r
}

func at(n int64) *int64 { return &n }

func (r *aRun) open(t *testing.T) *home.Dir {
	t.Helper()
	dir, err := home.Open(t.Context(), r.state, "demo", 0)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// errCut is a crash.
var errCut = errors.New("cut off")

// do opens the run and does something with it, and is cut off after a step.
func (r *aRun) do(t *testing.T, cut step, f func(*Run) error) error {
	t.Helper()
	dir := r.open(t)
	l, cfg, _, err := desk.Open(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	run := &Run{Dir: dir, Ledger: l, Config: cfg, Job: r.job(dir), Finished: &jobs.Finished{Run: "demo", Dir: dir.Path, State: r.state}, Logf: t.Logf}
	run.passed = func(s step) error {
		if s == cut && r.dies {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it is on its way
		}
		if s == cut {
			return errCut
		}
		return nil
	}
	err = f(run)
	if closeErr := errors.Join(l.Close(), dir.Close()); closeErr != nil {
		t.Fatal(closeErr)
	}
	return err
}

// job keeps a file of its own.
func (r *aRun) job(dir *home.Dir) *jobs.Definition {
	own := dir.File("own")
	return &jobs.Definition{Name: "say", Forget: &jobs.Forgetting{
		Keep: func(c string) bool { return c == "id" },
		Prepare: func(*jobs.Finished, []jobs.Seq, bool) ([]jobs.NewVersion, error) {
			if err := files.Sweep(own); err != nil {
				return nil, err
			}
			f, err := files.Create(own, 0o600)
			if err != nil {
				return nil, err
			}
			_, err = f.WriteString("Bob Quux")
			name, keepErr := f.Keep()
			return []jobs.NewVersion{{Path: own, New: name}}, errors.Join(err, keepErr)
		},
		Settle: func(_ *jobs.Finished, which []jobs.Seq) error {
			if !slices.Equal(which, []jobs.Seq{0}) {
				return fmt.Errorf("settled with %v", which)
			}
			r.settled++
			return nil
		},
	}}
}

func request() *Request {
	return &Request{Choice: Choice{Key: "ada@example.org"}, By: "me", Reason: "asked", Now: noon}
}

// traces are the files in which there is a word.
func (r *aRun) traces(t *testing.T, word string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(r.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(bytes.ToLower(b), []byte(word)) {
			out = append(out, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (r *aRun) verify(t *testing.T) (wrong []string) {
	t.Helper()
	dir := home.At(r.state, "demo")
	found, err := desk.Verify(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.OpenReader(t.Context(), dir.File(ledger.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, f := range append(found, Verify(t.Context(), l, r.cfg)...) {
		if !f.OK {
			wrong = append(wrong, f.What+": "+f.Text)
		}
	}
	return wrong
}

var steps = []step{stepFound, stepPrepared, stepCounts, stepNamed, stepFormed, stepSettled}

// TestForgetCutOff is cut off after each step, and comes to the same whoever goes on: nothing of whom was forgotten is left
// anywhere, all of the others is, and all that can be checked is right.
func TestForgetCutOff(t *testing.T) {
	for _, cut := range append([]step{""}, steps...) {
		r := newRun(t)
		if n := len(r.traces(t, "ada")); n < 7 {
			t.Fatalf("she stands in %d files, which shows little", n)
		}
		forget := func(run *Run) error {
			_, err := Forget(t.Context(), run, request())
			return err
		}
		err := r.do(t, cut, forget)
		if cut != "" && !errors.Is(err, errCut) || cut == "" && err != nil {
			t.Fatalf("%s: %v", cut, err)
		}
		r.goOn(t, cut, err)
		r.check(t, cut)
	}
}

// goOn ends what was cut off after a step; empty: nothing was. Err is how that went.
func (r *aRun) goOn(t *testing.T, cut step, err error) {
	t.Helper()
	counts := cut != stepFound && cut != stepPrepared
	if wrong := r.verify(t); counts && cut != "" && !strings.Contains(strings.Join(wrong, "; "), "brood forget demo ends it") || !counts && wrong != nil {
		t.Errorf("%s: %q", cut, wrong)
	}
	if cut != "" {
		err = r.do(t, "", func(run *Run) error {
			resumed, err := Finish(t.Context(), run)
			if err == nil && resumed != counts {
				t.Errorf("%s: resumed %v", cut, resumed)
			}
			if err == nil && !resumed {
				_, err = Forget(t.Context(), run, request())
			}
			return err
		})
	}
	if err != nil {
		t.Fatalf("%s: %v", cut, err)
	}
}

func (r *aRun) check(t *testing.T, cut step) {
	t.Helper()
	for _, word := range []string{"ada", "lovelace"} {
		if left := r.traces(t, word); left != nil {
			t.Errorf("%s: %q is left in %q", cut, word, left)
		}
	}
	if n := len(r.traces(t, "bob")); n != 6 {
		t.Errorf("%s: Bob stands in %d files", cut, n)
	}
	if wrong := r.verify(t); wrong != nil {
		t.Errorf("%s: %q", cut, wrong)
	}
	if r.settled == 0 {
		t.Errorf("%s: the job has settled nothing", cut)
	}
	out, err := os.ReadFile(r.cfg.Output)
	if want := strings.Replace(given, "1,Ada Lovelace,ada@example.org,hello Ada Lovelace", "1,[forgotten],[forgotten],", 1); err != nil || string(out) != want {
		t.Errorf("%s: %v\n%s", cut, err, out)
	}
	kept, err := os.ReadFile(home.At(r.state, "demo").StdinPath())
	if want := strings.Replace(asked, "Ada Lovelace,ada@example.org", "[forgotten].,[forgotten]....", 1); err != nil || string(kept) != want {
		t.Errorf("%s: %v\n%s", cut, err, kept)
	}
	if _, err := os.Stat(filepath.Join(r.cfg.Results, "0")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: what was printed for her is there: %v", cut, err)
	}
	list, err := filepath.Glob(filepath.Join(r.root, "*", ".*brood-*"))
	if more, _ := filepath.Glob(filepath.Join(r.root, ".*brood-*")); err != nil || len(list)+len(more) > 0 {
		t.Errorf("%s: %q %q is left", cut, list, more)
	}
}

// TestForgetAgain does nothing a second time, and says what it cannot know.
func TestForgetAgain(t *testing.T) {
	r := newRun(t)
	for i, c := range []struct {
		choice Choice
		keep   []string
		n      int
		before int
		says   string
	}{
		{Choice{Seqs: []jobs.Seq{0}}, nil, 1, 0, ""},
		{Choice{Seqs: []jobs.Seq{0}}, nil, 0, 1, ""},
		{Choice{Columns: map[string][]string{"id": {"1"}}}, nil, 0, 1, ""},
		{Choice{Key: "ada@example.org"}, nil, 0, 0, "1 of its records were forgotten before"},
		{Choice{Key: "nobody@example.org"}, nil, 0, 0, "no record of run demo"},
		{Choice{Key: "a,b"}, nil, 0, 0, "the key has 1 columns"},
		{Choice{Columns: map[string][]string{"customer_id": {"1"}}}, nil, 0, 0, "no column customer_id"},
		{Choice{Where: "nothing = 1"}, nil, 0, 0, "--where"},
		{Choice{Where: `name = "Ada Lovelace"`}, nil, 0, 0, "no record"},
		{Choice{Seqs: []jobs.Seq{17}}, nil, 0, 0, "no record"},
		{Choice{Where: "id > 1"}, nil, 2, 0, ""},
	} {
		var rep *Report
		err := r.do(t, "", func(run *Run) (err error) {
			run.Job.Forget.Settle = nil
			req := request()
			req.Choice = c.choice
			rep, err = Forget(t.Context(), run, req)
			return err
		})
		if c.says != "" {
			var refused *ChoiceError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d: %v does not say %q", i, err, c.says)
			}
			continue
		}
		if err != nil || len(rep.Records) != c.n || rep.Already != c.before {
			t.Errorf("%d: %+v %v", i, rep, err)
		}
	}
	if left := r.traces(t, "bob"); !slices.Equal(left, []string{"own"}) {
		t.Errorf("Bob is left in %q", left)
	}
}

// TestDry changes nothing.
func TestDry(t *testing.T) {
	r := newRun(t)
	err := r.do(t, "", func(run *Run) error {
		req := request()
		req.Dry = true
		rep, err := Forget(t.Context(), run, req)
		if err == nil && len(rep.Records) != 1 {
			t.Errorf("%+v", rep)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := os.ReadFile(r.cfg.Output); err != nil || string(out) != given {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAltered names a row that was altered after it was forgotten.
func TestAltered(t *testing.T) {
	r := newRun(t)
	if err := r.do(t, "", func(run *Run) error {
		_, err := Forget(t.Context(), run, request())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(r.cfg.Output)
	if err == nil {
		err = os.WriteFile(r.cfg.Output, bytes.Replace(out, []byte("1,[forgotten]"), []byte("9,[forgotten]"), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if wrong := r.verify(t); !slices.Contains(wrong, "forgotten: altered or taken away since they were forgotten: records 0") {
		t.Errorf("%q", wrong)
	}
}
