package command

import (
	"brood/runner/term"
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func lockEnv(t *testing.T, words ...string) *env {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = null.Close() })
	return &env{stdin: null, stdout: term.NewWriter(null), stderr: term.NewWriter(null), words: words}
}

// TestRunLocked: the status is that of the command, as a shell would have it.
func TestRunLocked(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words []string
		want  int
	}{
		{[]string{"sh", "-c", "exit 0"}, 0},
		{[]string{"sh", "-c", "exit 41"}, 41},
		{[]string{"sh", "-c", "kill -KILL $$"}, exitSignal + 9},
		{[]string{"no-such-command-anywhere"}, exitNotFound},
		{[]string{"/no/such/file"}, exitNotFound},
		{[]string{plain}, exitNotExecutable},
		{[]string{"/"}, exitNotExecutable},
	} {
		code, err := lockEnv(t, c.words...).runLocked()
		var ce *cliError
		if errors.As(err, &ce) {
			code = ce.code
		} else if err != nil {
			t.Errorf("%q: %v", c.words, err)
		}
		if code != c.want {
			t.Errorf("%q ended with %d, want %d: %v", c.words, code, c.want, err)
		}
	}
}

// TestRunLockedSignal: a signal to brood is passed on to the command, which ends as
// it likes.
func TestRunLockedSignal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	e := lockEnv(t, "sh", "-c", `trap 'kill $!; exit 7' USR1; sleep 60 & echo ready; wait`)
	e.stdout = term.NewWriter(w)
	type end struct {
		code int
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		code, err := e.runLocked()
		_ = w.Close()
		ended <- end{code, err}
	}()
	if line, err := bufio.NewReader(io.LimitReader(r, 6)).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-ended:
		if got.code != 7 || got.err != nil {
			t.Errorf("it ended with %d, %v", got.code, got.err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it did not end")
	}
}
