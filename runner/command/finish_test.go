package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"brood/runner/term"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// finishing is a job that says how a run has ended, and fails if it is told to.
func finishing(fails error, heard *[]*jobs.Finished) *jobs.Registry {
	def := testJob()
	def.Finish = func(f *jobs.Finished) error {
		*heard = append(*heard, f)
		f.Say("%d of %d", f.Counts.OK, f.Counts.Input)
		return fails
	}
	return jobs.NewRegistry(def)
}

// TestFinish: the job's word is heard however the run has ended, and only where all is well what
// goes wrong there is how it ends.
func TestFinish(t *testing.T) {
	full := fmt.Errorf("map.html: %w", syscall.ENOSPC)
	halted := &spec.HaltError{Reason: "enough"}
	for name, c := range map[string]struct {
		fails, before error
		code, exit    int
		says          string
	}{
		"well":              {nil, nil, exitOK, exitOK, "3 of 4"},
		"some have failed":  {nil, nil, exitFailed, exitFailed, "3 of 4"},
		"the disk is full":  {full, nil, exitOK, exitWrite, ""},
		"and some failed":   {full, nil, exitFailed, exitFailed, "map.html"},
		"and it was halted": {full, halted, exitOK, exitStopped, "map.html"},
	} {
		var said bytes.Buffer
		var heard []*jobs.Finished
		e := &env{registry: finishing(c.fails, &heard), terminal: term.New(term.Options{Out: &said, Progress: term.ProgressNever}), code: c.code}
		cfg := &spec.Config{Name: "demo", Job: "test", Output: "/x/out.csv", OutputFormat: sink.FormatCSV, Plan: jobs.Plan{Config: json.RawMessage(`7`)}}
		err := e.finish(home.At("/state", "demo"), cfg, &runner.Report{State: ledger.StateDone, Totals: ledger.Totals{Input: 4, OK: 3}}, c.before)
		exit := e.code
		if err != nil {
			exit, _ = classify(err)
		}
		if e.terminal.Flush(); exit != c.exit || !strings.Contains(said.String(), c.says) {
			t.Errorf("%s: status %d, %v, %q", name, exit, err, &said)
		}
		if len(heard) != 1 {
			t.Fatalf("%s: it was heard %d times", name, len(heard))
		}
		f := heard[0]
		if got := fmt.Sprint(f.Run, f.Dir, f.State, f.Output, f.Done, f.Counts, string(f.Config), f.Rows != nil); got != "demo/state/runs/demo/state/x/out.csvtrue {4 3 0 0 0 1}7true" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// madeRun is a run as it stands in a state directory, with two rows of results.
func madeRun(t *testing.T, state, name string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.csv")
	rows := "id,geo,_seq,_status,_class,_error,_attempts,_ms\na,1,0,ok,,,1,0\nb,,1,failed,x,\"no, not\",1,0\n"
	if err := os.WriteFile(out, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(state, 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := home.Open(t.Context(), state, name, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	config, err := json.Marshal(spec.Config{Name: name, Job: "test", Output: out, OutputFormat: sink.FormatCSV})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Create(t.Context(), dir.File(ledger.FileName), ledger.Run{
		Session: &ledger.Session{StartedAt: time.Now()}, Name: name, Job: "test", Effect: "none", Config: config, StartedAt: time.Now(), Output: out, OutputFormat: "csv",
	})
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOfRun: a tool that is about a run of its job reads the results of that.
func TestOfRun(t *testing.T) {
	state := t.TempDir()
	t.Setenv("BROOD_STATE", state)
	madeRun(t, state, "demo")
	def, other := testJob(), testJob()
	other.Name = "other"
	tool := jobs.Tool{Name: "map", Usage: "x", OfRun: func(o jobs.Options, run *jobs.Finished, stdout, _ io.Writer) error {
		var cells []string
		for rec, err := range run.Rows() {
			if err != nil {
				return err
			}
			cells = append(cells, string(rec.First("id"))+"="+string(rec.First("geo"))+string(rec.First("_error")))
		}
		if !slices.Equal(cells, []string{"a=1", "b=no, not"}) || o.StateDir() != state {
			return fmt.Errorf("%q, %s", cells, o.StateDir())
		}
		_, err := fmt.Fprint(stdout, run.Run, " ", run.Done)
		return errors.Join(err)
	}}
	def.Tools = []jobs.Tool{tool}
	tool.Name = "line"
	other.Tools = []jobs.Tool{tool}
	for line, want := range map[string]struct {
		code int
		says string
	}{
		"map demo":              {exitOK, "demo false"},
		"map":                   {exitOK, "demo false"},
		"map demo --state /x/y": {exitUsage, "there is no run demo"},
		"map nosuch":            {exitUsage, "there is no run nosuch"},
		"line demo":             {exitUsage, "run demo is one of the job test, not of other"},
	} {
		var out, said bytes.Buffer
		code := run(jobs.NewRegistry(def, other), strings.Fields(line), &out, &said)
		if code != want.code || !strings.Contains(out.String()+said.String(), want.says) {
			t.Errorf("brood %s: status %d\n%s%s", line, code, &out, &said)
		}
	}
}
