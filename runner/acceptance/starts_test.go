package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTwoStarts starts a run twice at the same instant, 200 times: exactly one
// works, the other says who does and ends with status 75. Every tenth time the
// one that works is killed, and the next start must not be held up by that.
func TestTwoStarts(t *testing.T) {
	t.Parallel()
	times := 40
	switch {
	case raceEnabled: // each start takes most of a second
		times = 20
	case os.Getenv("BROOD_CHAOS") != "":
		times = 200
	}
	dir := t.TempDir()
	input, gate := filepath.Join(dir, "in.txt"), filepath.Join(dir, "gate")
	if err := os.WriteFile(input, []byte("a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range times {
		twoStarts(t, filepath.Join(dir, "state"), input, gate, i%10 == 9)
		if t.Failed() {
			t.Fatalf("at start %d", i)
		}
		if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
			t.Fatal(err)
		}
	}
}

func twoStarts(t *testing.T, state, input, gate string, kill bool) {
	t.Helper()
	start := func(args ...string) *exec.Cmd {
		cmd := asBrood(t, args...)
		cmd.Env = append(os.Environ(), "BROOD_STATE="+state)
		cmd.Stderr = &bytes.Buffer{}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	ended := make(chan *exec.Cmd, 2)
	for range 2 {
		// The command waits until somebody opens the gate, so that the winner
		// is at work when the other comes.
		cmd := start("run", "exec", "--run", "same", "--effect", "none", "--no-append", input, "--", "cat", gate)
		go func() { _ = cmd.Wait(); ended <- cmd }()
	}
	loser := <-ended
	if code := loser.ProcessState.ExitCode(); code != 75 {
		t.Errorf("the first to end has status %d: %s", code, loser.Stderr)
	}
	if said := loser.Stderr.(*bytes.Buffer).String(); !strings.Contains(said, "run same is held by another brood") {
		t.Errorf("it says %q", said)
	}
	if kill {
		killHolder(t, state)
		if killed := <-ended; killed.ProcessState.ExitCode() != -1 {
			t.Errorf("the one that was killed has status %d: %s", killed.ProcessState.ExitCode(), killed.Stderr)
		}
		// The reader that was killed may take a moment to go, and would be
		// taken for the next one.
		waitFor(t, func() bool { return !openGate(gate) })
		next := start("resume", "same")
		go func() { _ = next.Wait(); ended <- next }()
	}
	// As soon as there is a reader. If there never is one, this must not wait
	// for it.
	waitFor(t, func() bool { return openGate(gate) })
	winner := <-ended
	if code := winner.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the one that worked has status %d: %s", code, winner.Stderr)
	}
}

// openGate lets through who waits to read from the gate, and reports whether
// anybody did.
func openGate(gate string) bool {
	open, err := os.OpenFile(gate, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		_ = open.Close()
	}
	return err == nil
}

// killHolder kills the process that holds the run, and its workers, as these
// would finish what they have.
func killHolder(t *testing.T, state string) {
	t.Helper()
	var pid int
	waitFor(t, func() bool {
		b, err := os.ReadFile(filepath.Join(state, "runs", "same", "lock"))
		pid = 0
		for _, c := range strings.TrimPrefix(string(b), `{"pid":`) {
			if c < '0' || c > '9' {
				break
			}
			pid = pid*10 + int(c-'0')
		}
		return err == nil && pid > 0 && len(childrenOf(pid)) > 0
	})
	_ = syscall.Kill(pid, syscall.SIGSTOP) // or it would start others
	for _, p := range childrenOf(pid) {
		_ = syscall.Kill(-p, syscall.SIGKILL)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
