package acceptance

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestNobodyReads: a run whose standard error nobody reads, as on a terminal that was
// stopped with ^S, ends with the second TERM, or with the first and --drain-timeout.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags   []string
		signals int
	}{
		"two":   {nil, 2},
		"drain": {[]string{"--drain-timeout", "100ms"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in, full := filepath.Join(dir, "in.txt"), filepath.Join(dir, "full")
			if err := os.WriteFile(in, []byte("x\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			args := append([]string{"run", "exec", "--no-append", "-o", filepath.Join(dir, "out.csv")}, c.flags...)
			cmd := asBrood(t, append(args, in, "--", "sh", "-c",
				`echo > "$1"; exec sleep 1000`, "_", full)...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
			cmd.Stderr = w
			// The pipe is full before the run begins to speak.
			fill(t, w)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = w.Close()
			waitFor(t, func() bool { _, err := os.Stat(full); return err == nil })
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = cmd.Wait()
			}()
			for range c.signals {
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				select { // the same signal within 100 ms is an echo
				case <-ended:
				case <-time.After(300 * time.Millisecond):
				}
			}
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				_ = cmd.Process.Kill()
				t.Fatal("it does not end")
			}
			if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) {
				t.Errorf("exit status %d", code)
			}
		})
	}
}

// TestNobodyReadsAtAll: a run whose standard error nobody reads does its work and ends,
// however much is said there.
func TestNobodyReadsAtAll(t *testing.T) {
	t.Parallel()
	const records = 40
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.csv")
	if err := os.WriteFile(in, []byte(strings.Repeat("x\n", records)), 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	cmd := asBrood(t, "run", "exec", "-o", out, in, "--", "sh", "-c", `seq 5000 >&2`, "_", "{}")
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	cmd.Stderr = w
	fill(t, w)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	kill := time.AfterFunc(90*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if rows := readCSV(t, out); len(rows) != records {
		t.Errorf("%d rows", len(rows))
	}
}

// TestNobodyTakesResults: the same for standard output. When the run has gone on every
// row is there; those after the last commit may be twice, as after a kill -9.
func TestNobodyTakesResults(t *testing.T) {
	t.Parallel()
	const records = 3000
	dir := t.TempDir()
	in := filepath.Join(dir, "in.txt")
	var want strings.Builder
	for i := range records {
		fmt.Fprintf(&want, "%0200d\n", i)
	}
	if err := os.WriteFile(in, []byte(want.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	env := append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	cmd := asBrood(t, "run", "echo", "--run", "demo", "-j", "2", "--drain-timeout", "10ms", in)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, w, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { // until the pipe takes no more
		fds := []unix.PollFd{{Fd: int32(w.Fd()), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds, 0)
		return err == nil && n == 0
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	_ = w.Close()
	if code := cmd.ProcessState.ExitCode(); code != 74 {
		t.Errorf("exit status %d\n%s", code, &stderr)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	cmd = asBrood(t, "resume", "demo")
	cmd.Env = env
	rest, err := cmd.Output()
	if err != nil {
		t.Fatalf("resume: %v", err)
	}
	all := want.String()
	if !strings.HasPrefix(all, string(got)) || !strings.HasSuffix(all, string(rest)) || len(got)+len(rest) < len(all) {
		t.Errorf("%d bytes and %d; of %d in all some are missing", len(got), len(rest), len(all))
	}
}

// fill fills a pipe, and leaves it as a program expects one.
func fill(t *testing.T, w *os.File) {
	t.Helper()
	if err := w.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for err := error(nil); err == nil; {
		_, err = w.Write(make([]byte, 4096))
	}
	for err := error(nil); err == nil; {
		_, err = w.Write([]byte{'x'})
	}
}
