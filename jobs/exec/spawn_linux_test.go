package exec

import (
	"brood/jobs"
	"bytes"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ways are those in which a command is started and waited for, from the one of a new kernel to
// that of an old one.
var ways = map[string]func(*runner){
	"all there is": func(*runner) {},
	"no clone3":    func(r *runner) { r.system.starting.plainly = true },
	"no epoll":     func(r *runner) { r.system.nap.none = true },
}

// descriptors are those that this process has open.
func descriptors(t *testing.T) (open []string) {
	t.Helper()
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range dir {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil { // not that of the directory itself
			open = append(open, e.Name()+" "+to)
		}
	}
	return open
}

// TestWays: whatever the kernel has, a record comes to the same, quick or slow, with little
// output or much, and nothing stays open.
func TestWays(t *testing.T) {
	const much = 300_000 // more than a pipe holds
	big := fmt.Sprintf("head -c %d /dev/zero", much)
	for name, change := range ways {
		r := start(t, config{Syntax: syntaxParallel, Command: []string{"/bin/sh", "-c", "{name}"}, Stdin: true}, func(s *jobs.Setup) { s.MaxOutput = 1 << 20 })
		change(r)
		do(t, r, person("sleep 0.02", "Oslo")) // the runner has what it keeps
		before := descriptors(t)
		for script, want := range map[string]struct {
			verdict jobs.Verdict
			out     string
			says    string
		}{
			"echo a; echo b >&2; exit 1":                       {jobs.VerdictRetry, "a", "exit status 1: b"},
			"sleep 0.02; echo a; sleep 0.02; echo b; exit 75":  {jobs.VerdictRetry, "a\nb", "exit status 75"},
			"exec >&-; exec 2>&-; sleep 0.02; exit 65":         {jobs.VerdictFailed, "", "exit status 65"},
			"cat; exec >&-; sleep 0.02; echo why >&2; exit 65": {jobs.VerdictFailed, "cat; exec >&-; sleep 0.02; echo why >&2; exit 65,Oslo", "exit status 65: why"},
			big:                               {jobs.VerdictOK, strings.Repeat("\x00", much), ""},
			"sleep 0.02; " + big:              {jobs.VerdictOK, strings.Repeat("\x00", much), ""},
			"kill -KILL $$":                   {jobs.VerdictUnknown, "", "killed by signal KILL"},
			"sleep 0.02; kill -SEGV $$":       {jobs.VerdictUnknown, "", "killed by signal SEGV"},
			"sleep 1 & exit 67":               {jobs.VerdictFailed, "", "exit status 67"},
			"yes & exec sleep 60":             {jobs.VerdictFailed, "", "more than"},
			"sleep 0.02; yes & exec sleep 60": {jobs.VerdictFailed, "", "more than"},
			"(while :; do echo x; done) >&2 & sleep 0.02; kill $!; exit 68": {jobs.VerdictFailed, "", "exit status 68: x\nx"},
		} {
			res := do(t, r, person(script, "Oslo"))
			out := ""
			if len(res.Values) > 0 {
				out = string(res.Values[0])
			}
			if res.Verdict != want.verdict || !strings.Contains(res.Error, want.says) || (want.says == "") != (res.Error == "") || out != want.out {
				t.Errorf("%s, %.80s: %s, %.100q, %d bytes %.80q", name, script, res.Verdict, res.Error, len(out), out)
			}
		}
		if r.path = "/no/such/program"; do(t, r, person("x", "Oslo")).Class != jobs.ClassStart {
			t.Errorf("%s: a program that is not there was started", name)
		}
		for _, d := range descriptors(t) {
			if !slices.Contains(before, d) {
				t.Errorf("%s: %s is still open", name, d)
			}
		}
		if name != "no clone3" && runtime.GOARCH == "amd64" && r.system.starting.plainly || (name == "no epoll") != r.system.nap.none {
			t.Errorf("%s: it has become another way", name)
		}
	}
}

// TestLateOutput: what a process that a command has left behind prints later is not taken for
// what the next command prints, and nothing is held up by it.
func TestLateOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	r := start(t, config{Syntax: syntaxParallel, Command: []string{"/bin/sh", "-c", "{name}"}})
	const late = `trap "" PIPE; (until test -e go; do sleep 0.01; done; echo late; echo late >&2; touch said) & echo first`
	if res := do(t, r, person(late, "")); string(res.Values[0]) != "first" {
		t.Errorf("%q", res.Values)
	}
	res := do(t, r, person(`touch go; until test -e said; do sleep 0.01; done; echo second; exit 1`, ""))
	if string(res.Values[0]) != "second" || res.Error != "exit status 1" {
		t.Errorf("%q, %q", res.Values, res.Error)
	}
}

// TestOthersHaveTurns: while a command is waited for, one that says nothing or one that prints
// without end, other goroutines go on, though there is one processor: one of them is to stop the
// record.
func TestOthersHaveTurns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, change := range ways {
		for _, script := range []string{"exec sleep 600", "while :; do printf x; done"} {
			file := filepath.Join(t.TempDir(), "pid")
			r := start(t, shell("echo $$ >"+file+".part; mv "+file+".part "+file+"; "+script), func(s *jobs.Setup) { s.MaxOutput = 1 << 30 })
			change(r)
			stopped := make(chan error)
			go func() {
				for {
					if pid, err := os.ReadFile(file); err == nil {
						n, _ := strconv.Atoi(strings.TrimSpace(string(pid)))
						time.Sleep(4 * patience)
						stopped <- syscall.Kill(n, syscall.SIGTERM)
						return
					}
					time.Sleep(time.Millisecond)
				}
			}()
			if res := do(t, r, person("Ann", "Oslo")); res.Class != "signal:TERM" {
				t.Errorf("%s, %s: %s, %q", name, script, res.Class, res.Error)
			}
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		}
	}
}

// TestDescriptorLimit: a command has the limit of descriptors that the worker was started with,
// or one that was set since, as with package syscall.
func TestDescriptorLimit(t *testing.T) {
	if os.Getenv("BROOD_TEST_LIMIT") != "" {
		for _, set := range []bool{false, true} {
			if set {
				if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 60, Max: 80}); err != nil {
					t.Fatal(err)
				}
			}
			for name, change := range ways {
				r := start(t, shell("ulimit -Sn; ulimit -Hn"))
				change(r)
				fmt.Printf("%s: %s\n", name, bytes.ReplaceAll(do(t, r, person("Ann", "Oslo")).Values[0], []byte("\n"), []byte(" ")))
			}
		}
		return
	}
	cmd := osexec.Command("/bin/sh", "-c", `ulimit -Sn 70; ulimit -Hn 90; exec "$0" -test.run='^TestDescriptorLimit$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "BROOD_TEST_LIMIT=1")
	out, err := cmd.CombinedOutput()
	for name := range ways {
		if want := name + ": 70 90\n"; err != nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), name+": 60 80\n") {
			t.Errorf("%v, %s, want %s", err, out, want)
		}
	}
}
