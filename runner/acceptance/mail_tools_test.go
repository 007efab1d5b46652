package acceptance

import (
	"brood/jobs/jobtest/needs"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// tool is a program that make test puts below bin/tools.
func tool(t *testing.T, path string) string {
	t.Helper()
	abs := atRoot(filepath.Join("bin/tools", path))
	needs.Programs(t, abs)
	return abs
}

// sink is Postfix' smtp-sink, which writes down what it takes.
type sink struct {
	t       *testing.T
	address string
	dir     string // of the dumps
}

// startSink starts one, at a port or at a socket.
func startSink(t *testing.T, args ...string) *sink {
	t.Helper()
	s := &sink{t: t, address: freePort(t), dir: t.TempDir()}
	s.start(s.address, args...)
	waitForPort(t, s.address)
	return s
}

func (s *sink) start(where string, args ...string) {
	s.t.Helper()
	program := tool(s.t, "mail/postfix/usr/sbin/smtp-sink")
	if os.Getuid() == 0 {
		args = append(args, "-u", "nobody")
		for _, dir := range []string{s.dir, filepath.Dir(s.dir)} { // it is not root any more
			if err := os.Chmod(dir, 0o777); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(program, append(args, "-D", filepath.Join(s.dir, "%H%M."), where, "500")...)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(filepath.Dir(program), "../lib/postfix"))
	begin(s.t, cmd)
}

// begin starts a server that ends with the test.
func begin(t *testing.T, cmd *exec.Cmd) *lockedBuffer {
	t.Helper()
	said := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said: %s", filepath.Base(cmd.Path), said)
		}
	})
	return said
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

var rcptLine = regexp.MustCompile(`(?m)^X-Rcpt-Args: <([^>]*)>`)

// taken counts the messages that the sink has taken, by recipient.
func (s *sink) taken() map[string]int {
	s.t.Helper()
	out := make(map[string]int)
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range rcptLine.FindAllSubmatch(text, -1) {
			out[string(m[1])]++
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}
