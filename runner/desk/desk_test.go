package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// past is a run that is over: records 0 to 5, of which 1 and 4 are unknown, 2 has failed and
// 5 is pending unless it is done.
type past struct {
	t      *testing.T
	dir    *home.Dir
	cfg    *spec.Config
	ledger *ledger.Ledger
	warned []string
}

func newPast(t *testing.T, format sink.Format, state ledger.State) *past {
	t.Helper()
	ctx := t.Context()
	top := t.TempDir()
	p := &past{t: t, dir: home.At(top, "x")}
	if err := os.MkdirAll(p.dir.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(top, "data.csv")
	p.write(data, "id,name\n0,ann\n1,bob\n2,cem\n3,dan\n4,eve\n5,fay\n")
	out := filepath.Join(top, "out."+format.String())
	p.cfg = &spec.Config{
		Name: "x", Job: "exec", Effect: jobs.EffectOnce, OutputFormat: format, Output: out, Slots: 2, WorkDir: top, OncePer: "spring",
		Key:     jobs.KeySpec{Scope: "x", Columns: []string{"name"}},
		Dataset: dataset.Spec{Paths: []string{data}, Format: dataset.FormatCSV, Delimiter: ',', MaxRecord: 1 << 20},
	}
	config, err := json.Marshal(p.cfg)
	if err != nil {
		t.Fatal(err)
	}
	scope, err := keys.OpenScope(ctx, top, "spring", "x", "", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := scope.Close(); err != nil {
		t.Fatal(err)
	}
	p.ledger, err = ledger.Create(ctx, p.dir.File(ledger.FileName), ledger.Run{Name: "x", Job: "exec", Effect: "once", Config: config, StartedAt: time.Now(), Output: out, OutputFormat: format.String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.ledger.Close() })
	if _, err := p.ledger.BeginSession(ctx, ledger.Session{StartedAt: time.Now(), BootID: ledger.BootID(), Slots: 1}, nil); err != nil {
		t.Fatal(err)
	}
	rows := p.rows(format)
	p.write(out, rows)
	commit := &ledger.Commit{
		InputDone: true, OutputBytes: int64(len(rows)), OutputSum: crc32.Checksum([]byte(rows), crc32.MakeTable(crc32.Castagnoli)), NextSeq: 6, Totals: ledger.Totals{Input: 6, OK: 3, Failed: 1, Unknown: 2},
		Chunks: []ledger.Chunk{{Chunk: 0, Offset: 8, Line: 2, OK: 3, Bits: make([]byte, ledger.ChunkSize/8)}},
	}
	commit.Chunks[0].Bits[0] = 1<<0 | 1<<3 | 1<<5
	if state != ledger.StateDone {
		commit.Totals.OK, commit.Chunks[0].OK, commit.Chunks[0].Bits[0] = 2, 2, 1<<0|1<<3
	}
	for seq, status := range map[jobs.Seq]jobs.Status{1: jobs.StatusUnknown, 2: jobs.StatusFailed, 4: jobs.StatusUnknown} {
		commit.Outcomes = append(commit.Outcomes, ledger.Outcome{Seq: seq, Status: status, Class: jobs.ClassCrash, Error: "boom", Attempts: 1, At: time.Now()})
	}
	if err := errors.Join(p.ledger.Commit(ctx, commit), p.ledger.EndSession(ctx, state, "", true, ledger.Usage{})); err != nil {
		t.Fatal(err)
	}
	return p
}

// rows are the results, one for each record but in text, which has only the ok ones.
func (p *past) rows(format sink.Format) string {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"id", "name"}}
	enc, err := sink.NewEncoder(format, shape, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	b := slices.Clone(enc.Header())
	for seq, name := range []string{"ann", "bob", "cem", "dan", "eve", "fay"} {
		out := &sink.Outcome{Status: jobs.StatusOK, Attempts: 1, Text: []byte("did " + name + "\n")}
		switch seq {
		case 1, 4:
			out = &sink.Outcome{Status: jobs.StatusUnknown, Class: jobs.ClassCrash, Error: "boom", Attempts: 1}
		case 2:
			out = &sink.Outcome{Status: jobs.StatusFailed, Class: jobs.ClassCrash, Error: "boom", Attempts: 1}
		}
		b = enc.AppendRow(b, &jobs.Record{Seq: jobs.Seq(seq), Values: [][]byte{fmt.Append(nil, seq), []byte(name)}, Shape: shape}, out)
	}
	return string(b)
}

func (p *past) write(path, text string) {
	p.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		p.t.Fatal(err)
	}
}

func (p *past) warn(format string, args ...any) {
	p.warned = append(p.warned, fmt.Sprintf(format, args...))
}

func (p *past) output() string {
	p.t.Helper()
	b, err := os.ReadFile(p.cfg.Output)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

func (p *past) totals() ledger.Totals {
	p.t.Helper()
	sum, err := p.ledger.Reader().Summary(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return sum.Totals
}

// resolve decides about one record.
func (p *past) resolve(seq jobs.Seq, d ledger.Decision) error {
	list := Decide([]ledger.Outcome{{Seq: seq, Error: "boom"}}, d, "ann@here", "she has it")
	return Resolve(p.t.Context(), p.dir, p.ledger, p.cfg, list, p.warn)
}

// A decision changes the books, the record's row, and nothing else.
func TestResolve(t *testing.T) {
	for _, format := range []sink.Format{sink.FormatCSV, sink.FormatTSV, sink.FormatJSONL} {
		t.Run(format.String(), func(t *testing.T) {
			p := newPast(t, format, ledger.StateDone)
			before := strings.Split(p.output(), "\n")
			if err := p.resolve(1, ledger.DecideOK); err != nil {
				t.Fatal(err)
			}
			if err := p.resolve(4, ledger.DecideFailed); err != nil {
				t.Fatal(err)
			}
			if got, want := p.totals(), (ledger.Totals{Input: 6, OK: 4, Failed: 2}); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			after := strings.Split(p.output(), "\n")
			if len(after) != len(before) {
				t.Fatalf("%d lines, there were %d", len(after), len(before))
			}
			for i := range before {
				changed := strings.Contains(before[i], "bob") || strings.Contains(before[i], "eve")
				if (before[i] != after[i]) != changed {
					t.Errorf("%s\nis now %s", before[i], after[i])
				}
				if changed && (!strings.Contains(after[i], "resolved") || !strings.Contains(after[i], "she has it")) {
					t.Errorf("the row of a decided record is %s", after[i])
				}
			}
			if st, err := os.Stat(p.cfg.Output); err != nil || st.Mode().Perm() != 0o640 {
				t.Errorf("%v, %v", st.Mode(), err)
			}
			out, err := p.ledger.Reader().Output(t.Context())
			if err != nil || out.Bytes != int64(len(p.output())) {
				t.Errorf("the ledger counts on %d bytes of %d, %v", out.Bytes, len(p.output()), err)
			}
			if entries, err := os.ReadDir(filepath.Dir(p.cfg.Output)); err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.Contains(e.Name(), "amended") }) {
				t.Errorf("left are %v, %v", entries, err)
			}
		})
	}
}

// Plain text has no row for an unknown record: there is nothing to change.
func TestResolveText(t *testing.T) {
	p := newPast(t, sink.FormatText, ledger.StateDone)
	before := p.output()
	if err := p.resolve(1, ledger.DecideOK); err != nil {
		t.Fatal(err)
	}
	if p.output() != before || p.totals().Unknown != 1 {
		t.Errorf("%q, %s", p.output(), p.totals())
	}
}

// Until the run is done the row stays as it is.
func TestResolveUnfinished(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateInterrupted)
	before := p.output()
	if err := p.resolve(1, ledger.DecideOK); err != nil {
		t.Fatal(err)
	}
	if p.output() != before {
		t.Error("the output has changed")
	}
	if list, err := p.ledger.Reader().Amendments(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// A key goes back to the scope when its record is found to have failed, and only then.
func TestResolveGivesKeysBack(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	sum, err := p.ledger.Reader().Summary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	taken := func(run, key string) bool {
		t.Helper()
		s, err := keys.OpenScope(t.Context(), p.dir.State(), "spring", run, sum.StartedAt, false)
		if err != nil {
			t.Fatal(err)
		}
		by, err := s.Take(t.Context(), key, 0, 1)
		if err = errors.Join(err, s.Flush(t.Context()), s.Close()); err != nil {
			t.Fatal(err)
		}
		return by != nil
	}
	for _, key := range []string{"bob", "eve"} {
		if taken("x", key) {
			t.Fatalf("somebody else has %s", key)
		}
	}
	if err := errors.Join(p.resolve(1, ledger.DecideOK), p.resolve(4, ledger.DecideFailed)); err != nil {
		t.Fatal(err)
	}
	if !taken("y", "bob") || taken("y", "eve") {
		t.Error("another run gets the key of what was done, or not that of what was not")
	}
}

// Results that are gone, or are others now, are let be; the ledger has the decision.
func TestAmendWithoutOutput(t *testing.T) {
	for name, harm := range map[string]func(p *past){
		"gone":     func(p *past) { _ = os.Remove(p.cfg.Output) },
		"cut":      func(p *past) { p.write(p.cfg.Output, p.output()[:40]) },
		"replaced": func(p *past) { p.write(p.cfg.Output, "a,b\n1,2\n") },
		"empty":    func(p *past) { p.write(p.cfg.Output, "") },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPast(t, sink.FormatCSV, ledger.StateDone)
			harm(p)
			before, _ := os.ReadFile(p.cfg.Output)
			if err := p.resolve(4, ledger.DecideOK); err != nil {
				t.Fatal(err)
			}
			after, _ := os.ReadFile(p.cfg.Output)
			if len(p.warned) != 1 || !slices.Equal(before, after) || p.totals().Unknown != 1 {
				t.Errorf("warned %q, %s; the file was %q, is %q", p.warned, p.totals(), before, after)
			}
		})
	}
}

func TestExport(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateInterrupted)
	for _, c := range []struct {
		want  []jobs.Status
		limit uint64
		names string
	}{
		{[]jobs.Status{jobs.StatusOK}, 0, "ann dan"},
		{[]jobs.Status{jobs.StatusFailed, jobs.StatusUnknown}, 0, "bob cem eve"},
		{[]jobs.Status{jobs.StatusFailed, jobs.StatusUnknown}, 3, "bob cem"},
		{[]jobs.Status{jobs.StatusPending}, 0, "fay"},
		{[]jobs.Status{jobs.StatusSkipped}, 0, ""},
	} {
		p.cfg.RecordLimit = c.limit
		want := make(map[jobs.Status]bool)
		for _, s := range c.want {
			want[s] = true
		}
		var names []string
		shape, err := Export(t.Context(), p.dir, p.ledger.Reader(), p.cfg, want, func(_ *jobs.Shape, seq jobs.Seq, rec *dataset.Record, _ *ledger.Outcome) error {
			names = append(names, string(rec.Values[1]))
			return nil
		})
		if err != nil || strings.Join(names, " ") != c.names || shape.Columns[1] != "name" {
			t.Errorf("%v: %q, %v; want %q", c.want, names, err, c.names)
		}
	}
	// Those that --where will leave out are not pending, and do not count for the limit.
	p.cfg.Where = "name in fay, eve, dan"
	for limit, want := range map[uint64]string{0: "fay", 3: "fay", 2: ""} {
		p.cfg.RecordLimit = limit
		var names []string
		_, err := Export(t.Context(), p.dir, p.ledger.Reader(), p.cfg, map[jobs.Status]bool{jobs.StatusPending: true}, func(_ *jobs.Shape, _ jobs.Seq, rec *dataset.Record, _ *ledger.Outcome) error {
			names = append(names, string(rec.Values[1]))
			return nil
		})
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("limit %d: %q, %v, want %q", limit, names, err, want)
		}
	}
	p.cfg.Where, p.cfg.RecordLimit = "name != fay", 0
	if _, err := Export(t.Context(), p.dir, p.ledger.Reader(), p.cfg, map[jobs.Status]bool{jobs.StatusPending: true}, func(*jobs.Shape, jobs.Seq, *dataset.Record, *ledger.Outcome) error {
		return errors.New("fay is not pending, but will be left out")
	}); err != nil {
		t.Error(err)
	}
	p.cfg.Where = ""
	stop := errors.New("stop")
	_, err := Export(t.Context(), p.dir, p.ledger.Reader(), p.cfg, map[jobs.Status]bool{jobs.StatusOK: true}, func(*jobs.Shape, jobs.Seq, *dataset.Record, *ledger.Outcome) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

func TestFindKey(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	sum, err := p.cfg.Key.SumOf([]string{"dan"})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]jobs.Seq{"dan": 3, `"dan"`: 3, fmt.Sprintf("%x", sum): 3, "ann": 0} {
		if seq, err := FindKey(t.Context(), p.dir, p.ledger.Reader(), p.cfg, key); err != nil || seq != want {
			t.Errorf("%s: record %d, %v", key, seq, err)
		}
	}
	for _, key := range []string{"nobody", "two,fields", `"`, ""} {
		if seq, err := FindKey(t.Context(), p.dir, p.ledger.Reader(), p.cfg, key); err == nil {
			t.Errorf("%q: record %d", key, seq)
		}
	}
	// Without --key it follows from the position.
	p.cfg.Key.Columns = nil
	sum, _ = p.cfg.Key.Sum(&jobs.Record{Seq: 4})
	if seq, err := FindKey(t.Context(), p.dir, p.ledger.Reader(), p.cfg, fmt.Sprintf("%x", sum)); err != nil || seq != 4 {
		t.Errorf("record %d, %v", seq, err)
	}
	if _, err := FindKey(t.Context(), p.dir, p.ledger.Reader(), p.cfg, "dan"); err == nil {
		t.Error("there are no columns to look in")
	}
}

func TestOpen(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	if err := p.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	l, cfg, sum, err := Open(t.Context(), p.dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Name != "x" || cfg.Effect != jobs.EffectOnce || cfg.Dataset.Format != dataset.FormatCSV || sum.State != ledger.StateDone {
		t.Errorf("%+v, %+v", cfg, sum)
	}
	if _, err := l.BeginSession(t.Context(), ledger.Session{StartedAt: time.Now(), Host: "elsewhere", BootID: "another", Slots: 1}, nil); err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	var owned *home.OwnedError
	if _, _, _, err := Open(t.Context(), p.dir, false); !errors.As(err, &owned) {
		t.Errorf("another machine works on it: %v", err)
	}
	l, _, _, err = Open(t.Context(), p.dir, true)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if _, _, _, err := Open(t.Context(), home.At(t.TempDir(), "none"), false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is no run: %v", err)
	}
}

// Results that cannot be read now may be so later: the decision waits.
func TestAmendCannotRead(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	good := p.output()
	p.write(p.cfg.Output, "\"no header\n")
	err := p.resolve(1, ledger.DecideOK)
	var writeErr *spec.WriteError
	if !errors.As(err, &writeErr) {
		t.Errorf("%v", err)
	}
	if list, err := p.ledger.Reader().Amendments(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	p.write(p.cfg.Output, good)
	if err := Amend(t.Context(), p.ledger, p.cfg, p.warn); err != nil || p.output() == good {
		t.Errorf("when it can: %v", err)
	}
}
