package acceptance

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// notified is a service manager: its socket, and what was said there.
type notified struct {
	t    *testing.T
	conn *net.UnixConn
	path string
	said []string // messages, their lines separated by spaces
}

func listenAsManager(t *testing.T) *notified {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &notified{t: t, conn: conn, path: path}
}

// next is the next message.
func (n *notified) next() string {
	n.t.Helper()
	b := make([]byte, 8192)
	_ = n.conn.SetReadDeadline(time.Now().Add(time.Minute))
	size, err := n.conn.Read(b)
	if err != nil {
		n.t.Fatalf("%v; so far: %q", err, n.said)
	}
	message := strings.ReplaceAll(string(b[:size]), "\n", " ")
	n.said = append(n.said, message)
	return message
}

// until waits for a message that has some words in it.
func (n *notified) until(words string) string {
	n.t.Helper()
	for {
		if m := n.next(); strings.Contains(m, words) {
			return m
		}
	}
}

// heard reports whether something was said.
func (n *notified) heard(words string) bool {
	return slices.ContainsFunc(n.said, func(m string) bool { return strings.Contains(m, words) })
}

// asService is a command as a service manager starts it, with a watchdog if usec is not empty.
func asService(t *testing.T, n *notified, usec string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := asBrood(t, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(cmd.Dir, "state"), "NOTIFY_SOCKET="+n.path, "WATCHDOG_USEC="+usec)
	if usec == "" {
		cmd.Env = cmd.Env[:len(cmd.Env)-1]
	}
	return cmd
}

// serve starts a run of a service whose dataset is two lines, and returns what it prints.
func serve(t *testing.T, cmd *exec.Cmd) *strings.Builder {
	t.Helper()
	if err := os.WriteFile(filepath.Join(cmd.Dir, "list.txt"), []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return out
}

// TestServiceIsTold: a run says that it is ready when a worker is, that it is alive while its books
// move, however idle it is, and that it is ending as soon as it is told to; then it asks for time.
func TestServiceIsTold(t *testing.T) {
	t.Parallel()
	n := listenAsManager(t)
	cmd := asService(t, n, "800000", "run", "exec", "--run", "served", "--effect", "none", "--drain-timeout", "40s", "-j", "1", "-o", "out.csv", "list.txt", "--", "sh", "-c", "until test -e go; do sleep 0.01; done")
	out := serve(t, cmd)
	n.until("READY=1")
	for range 3 {
		n.until("WATCHDOG=1")
	}
	if n.heard("STOPPING") || n.heard("EXTEND_TIMEOUT") {
		t.Errorf("it is not ending: %q", n.said)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if m := n.until("STOPPING=1"); !strings.Contains(m, "EXTEND_TIMEOUT_USEC=20000000") {
		t.Errorf("%q", m)
	}
	n.until("WATCHDOG=1") // while it waits for what is in hand
	n.until("EXTEND_TIMEOUT_USEC=20000000")
	if err := os.WriteFile(filepath.Join(cmd.Dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if m := n.until("EXTEND_TIMEOUT_USEC=90000000"); !strings.Contains(m, "STATUS=ended: served: input 2, ok 1,") {
		t.Errorf("%q", m)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 143 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestServiceIsReadyWithoutWork: where nothing may begin it is tried whether a worker starts, and
// that leaves nothing behind.
func TestServiceIsReadyWithoutWork(t *testing.T) {
	t.Parallel()
	n := listenAsManager(t)
	cmd := asService(t, n, "", "run", "exec", "--run", "idle", "--effect", "once", "--memfree", "900TiB", "-o", "out.csv", "list.txt", "--", "true")
	out := serve(t, cmd)
	n.until("READY=1")
	if _, err := os.Stat(filepath.Join(cmd.Dir, "state", "runs", "idle", "pages", "0")); err == nil {
		t.Error("the page of the worker that was tried is there still")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	n.until("ended: idle: input 2, ok 0, failed 0, skipped 0, unknown 0, pending 2")
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 143 || n.heard("WATCHDOG") {
		t.Errorf("%v: %q\n%s", err, n.said, out)
	}
}

// TestServiceIsNotDeceived: a run whose worker is refused does not say that it is ready.
func TestServiceIsNotDeceived(t *testing.T) {
	t.Parallel()
	n := listenAsManager(t)
	for _, hold := range [][]string{nil, {"--memfree", "900TiB"}} {
		cmd := asBroodtest(t, append([]string{"run", "misbehave", "--run", "x", "-o", "out.csv", "list.txt"}, hold...)...)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(cmd.Dir, "state"), "NOTIFY_SOCKET="+n.path, "BROOD_TEST_OPEN=refuse")
		out := serve(t, cmd)
		if hold != nil {
			waitFor(t, func() bool {
				b, err := os.ReadFile(filepath.Join(cmd.Dir, "state", "runs", "x", "log"))
				return err == nil && strings.Contains(string(b), "no worker starts")
			})
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
		n.until("ended: ")
		if err := cmd.Wait(); err == nil || n.heard("READY") || !strings.Contains(out.String(), "the password is wrong") {
			t.Errorf("%v: %q\n%s", err, n.said, out)
		}
	}
}
