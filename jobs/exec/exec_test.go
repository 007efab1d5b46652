package exec

import (
	"brood/jobs"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func person(name, town string) *jobs.Record {
	return &jobs.Record{Seq: 7, Attempt: 2, Raw: []byte(name + "," + town), Values: [][]byte{[]byte(name), []byte(town)}, Shape: people()}
}

// start opens the job for one command.
func start(t *testing.T, c config, change ...func(*jobs.Setup)) *runner {
	t.Helper()
	s := jobs.Setup{Shape: people(), Run: "demo", Slot: 3, MaxOutput: 1 << 20, Key: jobs.KeySpec{Scope: "demo"}}
	var err error
	if s.Config, err = json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(&s)
	}
	r, err := open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r.(*runner)
}

func shell(script string) config {
	return config{Syntax: syntaxParallel, Command: []string{"/bin/sh", "-c", script}}
}

func do(t *testing.T, r *runner, rec *jobs.Record) jobs.Result {
	t.Helper()
	var res jobs.Result
	if err := r.Do(t.Context(), rec, &res); err != nil {
		t.Fatal(err)
	}
	return res
}

// TestThrottleStatus: one exit status slows everybody down, by default the first that
// sysexits.h leaves free; none that says something else can be chosen.
func TestThrottleStatus(t *testing.T) {
	for status, want := range map[int]jobs.Verdict{79: jobs.VerdictRetry, 69: jobs.VerdictThrottle, 75: jobs.VerdictRetry, 0: jobs.VerdictOK} {
		c := shell(fmt.Sprintf("echo busy >&2; exit %d", status))
		c.ThrottleStatus = 69
		if res := do(t, start(t, c), person("Ann", "Oslo")); res.Verdict != want {
			t.Errorf("exit status %d: %s, %q", status, res.Verdict, res.Error)
		}
	}
	for status, ok := range map[int]bool{0: true, 1: true, 69: true, 79: true, 255: true, 256: false, -1: false, 65: false, 67: false, 68: false, 75: false, 78: false} {
		if err := checkThrottle(status); (err == nil) != ok {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestExitStatus: how the command ends is what becomes of the record.
func TestExitStatus(t *testing.T) {
	for script, want := range map[string]struct {
		verdict jobs.Verdict
		class   jobs.Class
		says    string
	}{
		"exit 0":         {jobs.VerdictOK, "", ""},
		"exit 75":        {jobs.VerdictRetry, "exit:75", "exit status 75"},
		"exit 65":        {jobs.VerdictFailed, "exit:65", "exit status 65"},
		"exit 67":        {jobs.VerdictFailed, "exit:67", "exit status 67"},
		"exit 68":        {jobs.VerdictFailed, "exit:68", "exit status 68"},
		"exit 66":        {jobs.VerdictRetry, "exit:66", "exit status 66"},
		"exit 78":        {jobs.VerdictAbort, "exit:78", "exit status 78"},
		"exit 1":         {jobs.VerdictRetry, "exit:1", "exit status 1"},
		"exit 79":        {jobs.VerdictRetry, "exit:79", "exit status 79"}, // as in runs begun before it said anything else
		"exit 255":       {jobs.VerdictRetry, "exit:255", "exit status 255"},
		"kill -KILL $$":  {jobs.VerdictUnknown, "signal:KILL", "killed by signal KILL"},
		"kill -TERM $$":  {jobs.VerdictUnknown, "signal:TERM", "killed by signal TERM"},
		"kill -SEGV $$":  {jobs.VerdictUnknown, "signal:SEGV", "killed by signal SEGV"},
		"exit 143":       {jobs.VerdictRetry, "exit:143", "exit status 143"}, // it says so itself
		"no-such-thing-": {jobs.VerdictRetry, "exit:127", "exit status 127: "},
		"echo why >&2; echo; echo 'and so' >&2; exit 65": {jobs.VerdictFailed, "exit:65", "exit status 65: why\nand so"},
	} {
		res := do(t, start(t, shell(script)), person("Ann", "Oslo"))
		if res.Verdict != want.verdict || res.Class != want.class || !strings.HasPrefix(res.Error, want.says) || (want.says == "") != (res.Error == "") {
			t.Errorf("%s: %s, %s, %q", script, res.Verdict, res.Class, res.Error)
		}
	}
}

// TestOutput: what the command prints is the result, without the end of its last
// line in a column, and as it is in plain text; also where it failed.
func TestOutput(t *testing.T) {
	for script, want := range map[string][2]string{
		"printf 'a\\n\\n'":           {"a\n", "a\n\n"},
		"printf a":                   {"a", "a"},
		":":                          {"", ""},
		"printf '\\000\\377'":        {"\x00\xff", "\x00\xff"},
		"echo half; exit 75":         {"half", "half\n"},
		"echo x; echo y >&2; exit 1": {"x", "x\n"},
	} {
		for i, text := range []bool{false, true} {
			r := start(t, shell(script), func(s *jobs.Setup) { s.Text = text })
			res := do(t, r, person("Ann", "Oslo"))
			got := string(res.Text)
			if !text {
				if len(res.Values) != 1 || len(res.Text) != 0 {
					t.Fatalf("%s: %q, %q", script, res.Values, res.Text)
				}
				got = string(res.Values[0])
			}
			if got != want[i] {
				t.Errorf("%s, text %v: %q, want %q", script, text, got, want[i])
			}
		}
	}
}

// TestLargeOutput: more than a pipe holds is taken on both streams at once; more
// than a record may have is the end of the command.
func TestLargeOutput(t *testing.T) {
	const both = `head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; echo end; exit 1`
	res := do(t, start(t, shell(both)), person("Ann", "Oslo"))
	if len(res.Values) != 1 || len(res.Values[0]) != 300003 || res.Verdict != jobs.VerdictRetry || len(res.Error) > 2*stderrKept+100 {
		t.Errorf("%d bytes; %s, an error of %d bytes", len(res.Values[0]), res.Verdict, len(res.Error))
	}
	r := start(t, shell(`while :; do echo and on; done`), func(s *jobs.Setup) { s.MaxOutput = 1000 })
	res = do(t, r, person("Ann", "Oslo"))
	if res.Verdict != jobs.VerdictFailed || res.Class != jobs.ClassOutput || !strings.Contains(res.Error, "more than 1000 bytes") || len(res.Values) != 0 {
		t.Errorf("%s, %s, %q", res.Verdict, res.Class, res.Error)
	}
	// What it printed does not reach the next record.
	r.args = []template{{{text: "/bin/sh"}}, {{text: "-c"}}, {{text: "echo next"}}}
	if res = do(t, r, person("Ann", "Oslo")); string(res.Values[0]) != "next" {
		t.Errorf("the next record has %q", res.Values[0])
	}
}

// TestWarnings: what a command that ends well says on standard error is not lost.
func TestWarnings(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = w
	do(t, start(t, shell("echo careful >&2")), person("Ann", "Oslo"))
	os.Stderr = old
	_ = w.Close()
	if b, err := io.ReadAll(r); string(b) != "careful\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

// TestEnvironment: a command knows which record it is for, and nothing of a brood
// around this one.
func TestEnvironment(t *testing.T) {
	t.Setenv("BROOD_OTHER", "x")
	t.Setenv("BROOD_SEQ", "999")
	t.Setenv("PLAIN", "kept")
	r := start(t, shell(`env | grep -E '^(BROOD_|PLAIN)' | sort`))
	rec := person("Ann", "Oslo")
	want := fmt.Sprintf("BROOD_ATTEMPT=2\nBROOD_KEY=%s\nBROOD_RUN=demo\nBROOD_SEQ=7\nBROOD_SLOT=3\nPLAIN=kept", r.setup.Key.Of(rec))
	if res := do(t, r, rec); string(res.Values[0]) != want {
		t.Errorf("%s\nwant\n%s", res.Values[0], want)
	}
}

// TestArguments: a value is one argument whatever is in it; with --shell it is one
// word.
func TestArguments(t *testing.T) {
	nasty := "a b'c \"$(id)\" ;\n*"
	for name, c := range map[string]config{
		"vector": {Command: []string{"printf", "<%s>", "{name}", "x{home town}x"}},
		"shell":  {Command: []string{"printf", "'<%s>'", "{name}", "x{home town}x"}, Shell: true},
	} {
		res := do(t, start(t, c), person(nasty, "Oslo"))
		if got := string(res.Values[0]); got != "<"+nasty+"><xOslox>" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestNotStarted: a record whose command cannot be started has failed, unless the
// machine is full.
func TestNotStarted(t *testing.T) {
	for name, c := range map[string]struct {
		command []string
		rec     *jobs.Record
		class   jobs.Class
		says    string
	}{
		"from the record": {[]string{"{name}"}, person("/no/such/file", ""), jobs.ClassInput, "/no/such/file"},
		"zero byte":       {[]string{"echo", "{name}"}, person("a\x00b", ""), jobs.ClassInput, "zero byte"},
		"no program":      {[]string{"{name}"}, person(t.TempDir(), ""), jobs.ClassInput, "directory"},
		"too long":        {[]string{"echo", "{name}"}, person(strings.Repeat("x", 8<<20), ""), "exec", "start echo: argument list too long"},
	} {
		res := do(t, start(t, config{Syntax: syntaxParallel, Command: c.command}), c.rec)
		if res.Verdict != jobs.VerdictFailed || res.Class != c.class || !strings.Contains(res.Error, c.says) {
			t.Errorf("%s: %s, %s, %q", name, res.Verdict, res.Class, res.Error)
		}
	}
	r := &runner{}
	r.argv.add("x")
	for errno, want := range map[syscall.Errno]jobs.Verdict{
		syscall.EAGAIN: jobs.VerdictThrottle, syscall.ENOMEM: jobs.VerdictThrottle, syscall.EMFILE: jobs.VerdictThrottle, syscall.ENFILE: jobs.VerdictThrottle,
		syscall.ENOEXEC: jobs.VerdictFailed, syscall.EACCES: jobs.VerdictFailed, syscall.E2BIG: jobs.VerdictFailed,
	} {
		var res jobs.Result
		if err := r.notStarted(fmt.Errorf("fork: %w", errno), &res); err != nil || res.Verdict != want {
			t.Errorf("%v: %s, want %s", errno, res.Verdict, want)
		}
	}
}

// TestAskedToStop: what a command says that was told to stop is not believed.
func TestAskedToStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for script, says := range map[string]string{
		"echo done; exit 0": "it was asked to stop: exit status 0",
		"exit 65":           "it was asked to stop: exit status 65",
		"kill -TERM $$":     "it was asked to stop: killed by signal TERM",
	} {
		var res jobs.Result
		if err := start(t, shell(script)).Do(ctx, person("Ann", "Oslo"), &res); err != nil {
			t.Fatal(err)
		}
		if res.Verdict != jobs.VerdictUnknown || res.Class != jobs.ClassTimeout || res.Error != says || len(res.Values)+len(res.Text) != 0 {
			t.Errorf("%s: %+v", script, res)
		}
	}
}

// TestLeftBehind: a process that holds the pipes open after the command has ended
// holds up nobody.
func TestLeftBehind(t *testing.T) {
	begun := time.Now()
	res := do(t, start(t, shell(`sleep 60 & echo $!`)), person("Ann", "Oslo"))
	pid, err := strconv.Atoi(string(res.Values[0]))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("what was left behind: %v", err)
	}
	if res.Verdict != jobs.VerdictOK || time.Since(begun) > 30*time.Second {
		t.Errorf("%s after %s", res.Verdict, time.Since(begun))
	}
}

// TestKeepTail: of a long standard error the last lines are kept, whole.
func TestKeepTail(t *testing.T) {
	var tail []byte
	for i := range 5000 {
		tail = keepTail(tail, fmt.Appendf(nil, "line %d\n", i))
		if len(tail) > 2*stderrKept {
			t.Fatalf("%d bytes after line %d", len(tail), i)
		}
		if i > 2000 && !bytes.HasPrefix(tail, []byte("line ")) {
			t.Fatalf("it begins with %.20q", tail)
		}
	}
	if !bytes.HasSuffix(tail, []byte("line 4998\nline 4999\n")) {
		t.Errorf("it ends with %q", tail[len(tail)-20:])
	}
	// A line that is too long by itself is cut.
	if tail = keepTail(nil, bytes.Repeat([]byte{'x'}, 3*stderrKept)); len(tail) != stderrKept {
		t.Errorf("%d bytes of one long line", len(tail))
	}
}

// options are the flags as a user has given them.
type options struct {
	jobs.Options
	command []string
	shell   bool
	unsafe  bool
	set     map[string]string
	also    string // one more flag
}

func (o options) Command() []string { return o.command }
func (o options) Bool(name string) bool {
	return map[string]bool{"shell": o.shell, "unsafe-quotes": o.unsafe}[name] || name == o.also
}
func (o options) Int(string) int   { return exitThrottle }
func (o options) Text() bool       { return true }
func (o options) StateDir() string { return "" }
func (o options) IsSet(name string) bool {
	_, set := o.set[name]
	return set
}

func (o options) String(name string) string {
	if v, set := o.set[name]; set || name != failedFlag {
		return v
	}
	return string(jobs.FailedToStdout)
}

// TestPlan: what cannot work is refused before anything begins, and the preview is
// a line that a shell would understand.
func TestPlan(t *testing.T) {
	for name, c := range map[string]struct {
		given   options
		raw     bool
		preview string
		err     string
	}{
		"no command": {options{}, false, "", "no command: write it after --"},
		"none there": {options{command: []string{"no-such-command-anywhere"}}, false, "", "not found"},
		"column":     {options{command: []string{"echo", "{nome}"}}, false, "", "no such column"},
		"by record":  {options{command: []string{"{name}"}}, false, "Ann", ""},
		"fields":     {options{command: []string{"echo", "{1}", "{home town}", ""}}, false, "echo Ann 'it'\\''s far' ''", ""},
		"whole line": {options{command: []string{"echo", "{/}"}}, true, "echo 'Ann,it'\\''s far'", ""},
		"shell":      {options{command: []string{"nowhere", "{2}", "|", "wc"}, shell: true}, false, "nowhere 'it'\\''s far' | wc", ""},
	} {
		p, err := plan(c.given, people())
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || p.NeedsRaw != c.raw || !slices.Equal(p.Columns, []jobs.Column{{Name: "stdout"}}) {
			t.Errorf("%s: %+v, %v", name, p, err)
			continue
		}
		if got := p.Preview(person("Ann", "it's far")); got != c.preview {
			t.Errorf("%s: the preview is %s, want %s", name, got, c.preview)
		}
	}
}

// TestOpenFails: in the worker the machine may be another than in the plan.
func TestOpenFails(t *testing.T) {
	for config, says := range map[string]string{
		`[`:                                    "read configuration",
		`{"command":["no-such-command-here"]}`: "not found",
		`{"command":["echo","{nome}"]}`:        "no such column",
	} {
		if _, err := open(t.Context(), jobs.Setup{Config: json.RawMessage(config), Shape: people()}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", config, err)
		}
	}
}
