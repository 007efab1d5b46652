package acceptance

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// chaosKills is how often the parent is killed in each of the four kinds of
// run: a few times by default, BROOD_CHAOS times for make chaos.
func chaosKills(t *testing.T) int {
	s := os.Getenv("BROOD_CHAOS")
	if s == "" {
		return 5
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("BROOD_CHAOS: %v", err)
	}
	return n
}

// TestChaos kills the parent at random moments and resumes until the run is
// done: the output must be that of an undisturbed run, byte for byte, whatever
// the format, and whether the input is a file or standard input.
func TestChaos(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "in.csv")
	var data strings.Builder
	data.WriteString("id,text\n")
	for i := range 3000 {
		if i%97 == 5 {
			fmt.Fprintf(&data, "%d,too,many\n", i) // bad rows among them
		} else {
			fmt.Fprintf(&data, "%d,\"row %d\nof the set\"\n", i, i)
		}
	}
	if err := os.WriteFile(input, []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	kills := chaosKills(t)
	for _, ext := range []string{"csv", "jsonl"} {
		for _, stdin := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stdin=%v", ext, stdin), func(t *testing.T) {
				t.Parallel()
				chaos(t, chaosRun{dir: t.TempDir(), input: input, ext: ext, stdin: stdin, kills: kills})
			})
		}
	}
}

type chaosRun struct {
	dir, input, ext string
	stdin           bool
	kills           int
}

func (c *chaosRun) command(t *testing.T, out, name string, args ...string) *exec.Cmd {
	cmd := asBrood(t, args...)
	if args[0] == "run" {
		source := c.input
		if c.stdin {
			source = "-"
		}
		cmd.Args = append(cmd.Args, source, "--format", "csv", "-j", "3", "--run", name, "-o", out,
			"--sleep", "1ms", "--fail-rate", "0.3", "--retries", "2", "--backoff", "1ms..20ms")
	}
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(c.dir, "state"))
	cmd.Stderr = &bytes.Buffer{}
	if c.stdin {
		f, err := os.Open(c.input)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		cmd.Stdin = f
	}
	return cmd
}

// finish runs a command that must complete; some records fail, so 1 is right.
func finish(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("%v: exit status %d: %v\n%s", cmd.Args[1:], code, err, cmd.Stderr)
	}
}

func chaos(t *testing.T, c chaosRun) {
	want := filepath.Join(c.dir, "want."+c.ext)
	finish(t, c.command(t, want, "want", "run", "echo"))
	wantBytes, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for round := 0; killed < c.kills; round++ {
		if round > 20*c.kills+20 {
			t.Fatalf("only %d of %d kills found a living process", killed, c.kills)
		}
		out := filepath.Join(c.dir, fmt.Sprintf("got%d.%s", round, c.ext))
		name := fmt.Sprintf("got%d", round)
		cmd := c.command(t, out, name, "run", "echo")
		done := false
		for !done && killed < c.kills {
			if done = !killLater(t, cmd); !done {
				killed++
				cmd = c.next(t, out, name)
			}
		}
		if !done {
			finish(t, cmd)
		}
		gotBytes, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(gotBytes, wantBytes) {
			t.Fatalf("%s differs from %s after %d kills\n%s", out, want, killed, firstDifference(wantBytes, gotBytes))
		}
	}
	t.Logf("%d kills", killed)
}

// next is how to go on after a kill: with a resume, or from the start if the
// run had not begun.
func (c *chaosRun) next(t *testing.T, out, name string) *exec.Cmd {
	status := c.command(t, out, name, "status", name)
	if err := status.Run(); err != nil {
		return c.command(t, out, name, "run", "echo")
	}
	return c.command(t, out, name, "resume", name)
}

// killWithin is the time within which a process is killed. Built with the race
// detector it needs most of a second to start.
func killWithin() time.Duration {
	if raceEnabled {
		return 3 * time.Second
	}
	return 400 * time.Millisecond
}

// killLater starts a command and kills it with SIGKILL at a random moment. It
// returns false if the command completed before, with status 1 or one of the others.
func killLater(t *testing.T, cmd *exec.Cmd, or ...int) bool {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(rand.N(killWithin()), func() {
		_ = cmd.Process.Kill()
	})
	err := cmd.Wait()
	timer.Stop()
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return true
	}
	if code := cmd.ProcessState.ExitCode(); code != 1 && !slices.Contains(or, code) {
		t.Fatalf("%v: exit status %d: %v\n%s", cmd.Args[1:], code, err, cmd.Stderr)
	}
	return false
}
