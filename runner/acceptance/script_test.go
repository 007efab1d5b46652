package acceptance

import (
	"brood/jobs/jobtest/needs"
	"brood/runner/proc"
	"brood/runner/queue/queuetest"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// busy are the scripts, by how their names begin, in which something happens at the same time as
// something else: only these are played under the race detector, where all takes several
// times as long.
var busy = []string{
	"append", "control", "drain", "echo", "exec.", "failing", "groups_resume", "halt", "hold", "input_changes", "interruption",
	"limits", "lock", "log", "metrics", "pace", "pipe", "quiet", "resolve", "results_dir", "retry.", "run_and_resume", "secrets",
	"sources_resume", "terminal", "throttle",
}

// scripts are the files that are played.
func scripts(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(atRoot("testdata/script/*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	return slices.DeleteFunc(files, func(path string) bool {
		return raceEnabled && !slices.ContainsFunc(busy, func(name string) bool { return strings.HasPrefix(filepath.Base(path), name) })
	})
}

// nothingLeftOut: what scripts leave out, by a condition, where a program or a right is missing, they do not leave out in CI.
func nothingLeftOut(t *testing.T) {
	t.Helper()
	conditions := regexp.MustCompile(`(?m)^\[!?(exec:[^\]]+|root|landlock)\]`)
	all := make(map[string]bool)
	for _, path := range scripts(t) {
		for _, c := range conditions.FindAllSubmatch(readFile(t, path), -1) {
			all[string(c[1])] = true
		}
	}
	for _, c := range slices.Sorted(maps.Keys(all)) {
		switch program, is := strings.CutPrefix(c, "exec:"); {
		case is:
			_, err := exec.LookPath(program)
			needs.Part(t, err == nil, "%s is not installed: make test-tools", program)
		case c == "root":
			needs.Part(t, os.Geteuid() == 0, "some scripts take root")
		default:
			err := proc.CanSandbox(true)
			needs.Part(t, err == nil, "this kernel has no sandbox: %v", err)
		}
	}
}

// TestScripts plays the promises of the command line.
func TestScripts(t *testing.T) {
	t.Parallel()
	look(t)
	nothingLeftOut(t)
	tubes := sync.OnceValue(func() string { return "beanstalk://" + queuetest.StartBeanstalkd(t, false).Addr })
	testscript.Run(t, testscript.Params{
		Files: scripts(t),
		Setup: func(e *testscript.Env) error {
			e.Setenv("BROOD_STATE", e.WorkDir+"/state")
			e.Setenv("TESTDATA", atRoot("testdata"))
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "race":
				return raceEnabled, nil
			case "landlock":
				return proc.CanSandbox(true) == nil, nil
			}
			return false, fmt.Errorf("there is no condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"brood":    cmdBrood,
			"exits":    cmdExits,
			"waitfor":  cmdWaitFor,
			"signal":   cmdSignal,
			"killtree": cmdKillTree,

			// One server for all scripts, each with tubes of its own: $TUBES/NAME.
			"beanstalkd": func(ts *testscript.TestScript, _ bool, _ []string) { ts.Setenv("TUBES", tubes()) },

			"grep-in-state": cmdGrepInState,
		},
	})
}

// cmdBrood is exec brood in one word.
func cmdBrood(ts *testscript.TestScript, neg bool, args []string) {
	if err := ts.Exec("brood", args...); (err != nil) != neg {
		ts.Fatalf("brood %s: %v", strings.Join(args, " "), err)
	}
}

// cmdExits runs a command and checks its exit status: exits STATUS COMMAND ...
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARG ...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// cmdWaitFor waits until a file exists and is not empty.
func cmdWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor FILE")
	}
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if st, err := os.Stat(ts.MkAbs(args[0])); err == nil && st.Size() > 0 {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not appear", args[0])
		}
	}
}

// cmdSignal sends a signal to the background command of a name, whose process
// id it finds in a run's lock file: signal NAME RUN.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}
	if neg || len(args) != 2 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal INT|TERM|HUP|KILL|USR1|USR2|STOP|CONT RUN")
	}
	ts.Check(syscall.Kill(holderOf(ts, args[1]), signals[args[0]]))
}

// holderOf finds the process that holds a run.
func holderOf(ts *testscript.TestScript, run string) int {
	lock := ts.ReadFile(ts.Getenv("BROOD_STATE") + "/runs/" + run + "/lock")
	var pid int
	for i := len(`{"pid":`); i < len(lock) && lock[i] >= '0' && lock[i] <= '9'; i++ {
		pid = pid*10 + int(lock[i]-'0')
	}
	return pid
}

// cmdKillTree kills the process that holds a run and all below it at one
// moment: killtree RUN.
func cmdKillTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: killtree RUN")
	}
	killTree(holderOf(ts, args[0]))
}

// cmdGrepInState looks for a text in everything that brood keeps:
// grep-in-state TEXT
func cmdGrepInState(ts *testscript.TestScript, neg bool, args []string) {
	found := ""
	err := filepath.WalkDir(ts.Getenv("BROOD_STATE"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(args[0])) {
			found = path
		}
		return err
	})
	ts.Check(err)
	if (found != "") == neg {
		ts.Fatalf("%q: found in %q", args[0], found)
	}
}
