package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/control"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"brood/runner/term"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestClassify: each kind of error has its exit status, however deep it is wrapped,
// and the advice that fits.
func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		hint string
	}{
		{errors.New("any"), exitUsage, ""},
		{usage("do so", "bad %s", "flag"), exitUsage, "do so"},
		{&cliError{code: exitSoftware, err: &spec.AbortError{}}, exitSoftware, ""}, // what was decided counts
		{&home.LockedError{What: "run", Name: "demo"}, exitLocked, "Wait for it with --wait, or see how far it is: brood status demo"},
		{&home.LockedError{What: "lock", Name: "demo"}, exitLocked, "Wait for it with --wait, or for some time with --wait=30s."},
		{&home.OwnedError{}, exitLocked, "If that machine has gone for good, add --take-over; if not, both would work on it."},
		{&spec.WriteError{Err: syscall.EIO}, exitWrite, ""},
		{&spec.WriteError{Err: fmt.Errorf("x: %w", syscall.ENOSPC)}, exitWrite, "Make room on the disk, then continue with brood resume."},
		{syscall.ENOSPC, exitWrite, "Make room on the disk, then continue with brood resume."},
		{&fs.PathError{Op: "read", Path: "runs", Err: syscall.EIO}, exitWrite, ""},
		{usage("See: brood --help", "open output: %w", syscall.EIO), exitWrite, ""}, // whatever else was wrong
		{syscall.ENOENT, exitUsage, ""},
		{syscall.EACCES, exitUsage, ""},
		{&spec.DatasetError{Err: syscall.EMFILE}, exitWrite, "Allow more open files (ulimit -n), or work with fewer workers (-j)."},
		{syscall.EAGAIN, exitWrite, "Allow more processes (ulimit -u, or the limit of the container), or work with fewer workers (-j)."},
		{&control.SilentError{Name: "demo"}, exitLocked, "What its ledger says: brood status demo"},
		{&control.SilentError{Name: "demo", Stopped: true}, exitLocked, "Let it go on (kill -CONT, fg); an order has to be given again then. What its ledger says: brood status demo"},
		{dataset.ErrChanged, exitDataset, ""},
		{&spec.DatasetError{Err: io.ErrUnexpectedEOF}, exitDataset, ""},
		{&spec.AbortError{}, exitStopped, ""},
		{&spec.HaltError{}, exitStopped, ""},
		{spec.ErrBooks, exitSoftware, ""},
	} {
		for _, err := range []error{c.err, fmt.Errorf("run demo: %w", c.err), errors.Join(errors.New("first"), c.err)} {
			if code, hint := classify(err); code != c.code || hint != c.hint {
				t.Errorf("%T %v: status %d, %q; want %d, %q", c.err, err, code, hint, c.code, c.hint)
			}
		}
	}
}

// TestReport: what two goroutines have run into is told once, and the advice stands
// below.
func TestReport(t *testing.T) {
	var b bytes.Buffer
	twice := errors.New("the disk is full")
	code := report(term.NewWriter(&b), &cliError{code: 74, err: errors.Join(twice, twice, errors.New("and more")), hint: "make room"})
	if want := "brood: the disk is full\nand more\n  make room\n"; b.String() != want || code != 74 {
		t.Errorf("%q, %d", &b, code)
	}
}

// TestExitCode: a signal says more than what has failed until then, and not to know
// is worse than to know that it failed.
func TestExitCode(t *testing.T) {
	for want, r := range map[int]runner.Report{
		exitOK:          {Totals: ledger.Totals{Input: 5, OK: 3, Skipped: 2}},
		exitFailed:      {Totals: ledger.Totals{Failed: 1}},
		exitUnknown:     {Totals: ledger.Totals{Failed: 1, Unknown: 1}},
		exitSignal + 2:  {Signal: 2},
		exitSignal + 15: {Signal: 15, Totals: ledger.Totals{Failed: 1, Unknown: 1}},
	} {
		if got := exitCode(&r); got != want {
			t.Errorf("%+v: %d, want %d", r, got, want)
		}
	}
}

// call runs a command line of one job, which does nothing.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	var files [3]*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	code = Main(jobs.NewRegistry(testJob()), append([]string{"brood"}, args...), files[0], files[1], files[2])
	var said [3]string
	for i, f := range files {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		said[i] = string(b)
	}
	return code, said[1], said[2]
}

// TestUsage: what a command line gets that begins no run.
func TestUsage(t *testing.T) {
	t.Setenv("BROOD_STATE", t.TempDir())
	for line, want := range map[string]struct {
		code int
		says string
	}{
		"":                                  {exitOK, "Usage:"},
		"help run":                          {exitOK, "brood run JOB"},
		"run test --help":                   {exitOK, "--share"},
		"nosuch":                            {exitUsage, `there is no command "nosuch"`},
		"run":                               {exitUsage, "no job was named"},
		"run nosuch":                        {exitUsage, `there is no job "nosuch"`},
		"run test x":                        {exitUsage, "no command: write it after --"},
		"run test x --nosuch -- a":          {exitUsage, "brood run test has no flag --nosuch\n  Its flags are listed by: brood run test --help"},
		"run test x -j 0 -- a":              {exitUsage, `--jobs "0"`},
		"run test x --retries -1 -- a":      {exitUsage, "--retries -1"},
		"run test x --max-crashes 0 -- a":   {exitUsage, "--max-crashes 0"},
		"run test x --timeout 50% -- a":     {exitUsage, "--timeout 50%"},
		"run test x --nice 20 -- a":         {exitUsage, "--nice 20"},
		"run test x --allow-connect 0 -- a": {exitUsage, `--allow-connect "0"`},
		"run test x --env =1 -- a":          {exitUsage, `--env ""`},
		"run test x --burst 5 -- a":         {exitUsage, "need --rate"},
		"run test x --max-per-key 5 -- a":   {exitUsage, "does not know of what"},
		"run test x --quota 5/h -- a":       {exitUsage, `--quota "5/h"`},
		"run test - - -- a":                 {exitUsage, "named more than once"},
		"run test x.jsonl -d ; -- a":        {exitUsage, "--delimiter is for csv and tsv"},
		"run test x --effect some -- a":     {exitUsage, "--effect: "},
		"run test x --run a/b -- a":         {exitUsage, "--run: "},
		"status demo extra":                 {exitUsage, "one run"},
		"resolve demo --as ok":              {exitUsage, "there is no run demo"},
		"lock x":                            {exitUsage, "a command after --"},
		"runs":                              {exitOK, "NAME"},
		"status":                            {exitUsage, "there are no runs"},
	} {
		code, stdout, stderr := call(t, strings.Fields(line)...)
		if code != want.code || !strings.Contains(stdout+stderr, want.says) {
			t.Errorf("brood %s: status %d\n%s%s", line, code, stdout, stderr)
		}
		// What went wrong is nobody's data.
		if code != exitOK && (stdout != "" || !strings.HasPrefix(stderr, "brood: ")) {
			t.Errorf("brood %s: standard output %q, standard error %q", line, stdout, stderr)
		}
	}
}

// TestNotAnInput: the results never take the place of the dataset, whatever it is
// called.
func TestNotAnInput(t *testing.T) {
	dir := t.TempDir()
	in, link := filepath.Join(dir, "in.csv"), filepath.Join(dir, "link.csv")
	if err := errors.Join(os.WriteFile(in, nil, 0o600), os.Symlink(in, link)); err != nil {
		t.Fatal(err)
	}
	for output, ok := range map[string]bool{in: false, link: false, dir + "/./in.csv": false, filepath.Join(dir, "none"): true, "-": true} {
		if err := notAnInput(output, []string{"-", filepath.Join(dir, "gone"), in}); (err == nil) != ok {
			t.Errorf("%s: %v", output, err)
		}
	}
}

// TestDiffering: what two configurations do not have in common, also what only one
// of them has.
func TestDiffering(t *testing.T) {
	read := func(s string) map[string]json.RawMessage {
		m := make(map[string]json.RawMessage)
		if err := members(json.RawMessage(s), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		x, y string
		want []string
	}{
		{`{"a":1,"b":[1,2]}`, `{"b":[1,2],"a":1}`, nil},
		{`{"a":1,"c":null}`, `{"a":2,"b":0}`, []string{"a", "b", "c"}},
		{``, `{"a":1}`, []string{"a"}},
		{`null`, ``, nil},
	} {
		if got := differing(read(c.x), read(c.y)); !slices.Equal(got, c.want) {
			t.Errorf("%s and %s differ in %q, want %q", c.x, c.y, got, c.want)
		}
	}
	if err := members(json.RawMessage(`[1]`), &map[string]json.RawMessage{}); err == nil {
		t.Error("a list has members")
	}
}

func TestShow(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0.00s", 1234 * time.Millisecond: "1.23s", 59994 * time.Millisecond: "59.99s", 90 * time.Second: "1m30s", 3*time.Hour + 1600*time.Millisecond: "3h0m2s"} {
		if got := showTime(d); got != want {
			t.Errorf("%s is shown as %q, want %q", d, got, want)
		}
	}
	for r, want := range map[float64]string{0: "0.0", 9.94: "9.9", 10: "10", 123456.7: "123457"} {
		if got := showRate(r); got != want {
			t.Errorf("%v is shown as %q, want %q", r, got, want)
		}
	}
	if got := oneLine(" a\n\tb  c\x00\r\n"); got != "a b c\x00" {
		t.Errorf("%q", got)
	}
}
