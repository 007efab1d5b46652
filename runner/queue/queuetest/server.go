// Package queuetest starts the servers of work queues, for tests: real ones, each on a random port of 127.0.0.1 with
// its data in a directory of its own, and ended with the test. It has the suite that every queue.Client must pass
// (Run), and a Proxy whose connections can be cut.
//
// A server that is not installed skips the test on a person's machine, and fails it with CI=true. The clients' own
// packages leave to it how a server is started and when it is ready; it leaves to them what is special about theirs.
package queuetest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a real server that runs for one test. Its methods are for one goroutine at a time.
type Server struct {
	Addr string // HOST:PORT
	Dir  string // its data, and its log
	User string // who may do everything, without a password; empty: anybody

	t    testing.TB
	kind kind
	proc *process
}

// kind is how servers differ.
type kind struct {
	program string
	account string // who it runs as when the tests are root's; empty: root
	// prepare makes its data, once.
	prepare func(s *Server) error
	args    func(s *Server) []string
	// ready asks over a connection whether it answers.
	ready func(c net.Conn) error
}

// process is a program that was started, until it has been waited for.
type process struct {
	cmd    *exec.Cmd
	output *output
	gone   chan struct{}
}

// patience is for how long a server may take to start.
const patience = 60 * time.Second

// start starts a server of a kind for a test.
func start(t testing.TB, k kind) *Server {
	t.Helper()
	s := &Server{t: t, kind: k}
	// Not below t.TempDir, which only its owner can enter, and whose name is too long for a socket.
	dir, err := os.MkdirTemp("", "queuetest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Kill9()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // a server of another account has its data beneath it
		t.Fatal(err)
	}
	s.Dir = filepath.Join(dir, "data")
	if err := os.Mkdir(s.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := give(s.Dir, k.account); err != nil {
		t.Fatal(err)
	}
	if k.prepare != nil {
		if err := k.prepare(s); err != nil {
			t.Fatalf("prepare %s: %v", k.program, err)
		}
	}
	// Somebody else may take the port between its choice and the start.
	for range 5 {
		if s.Addr, err = freeAddr(); err != nil {
			t.Fatal(err)
		}
		if err = s.launch(); err == nil {
			return s
		}
	}
	t.Fatal(err)
	return nil
}

// launch starts the program and waits until it answers.
func (s *Server) launch() error {
	p, err := begin(s.kind.account, s.Dir, s.kind.program, s.kind.args(s)...)
	if err != nil {
		return err
	}
	s.proc = p
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.ask()
		select {
		case <-p.gone:
			s.proc = nil
			return fmt.Errorf("%s ended at its start: %s", s.kind.program, p.output)
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.gone:
		case <-deadline.C:
			s.Kill9()
			return fmt.Errorf("%s does not answer: %w: %s", s.kind.program, err, p.output)
		}
	}
}

// ask asks once whether it answers.
func (s *Server) ask() error {
	c, err := net.DialTimeout("tcp", s.Addr, time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	return s.kind.ready(c)
}

// Kill9 ends it as a power failure would, with whatever it has started; it returns when it has gone. One that is not
// running is left alone.
func (s *Server) Kill9() {
	p := s.proc
	if p == nil {
		return
	}
	s.signal(syscall.SIGKILL)
	<-p.gone
	s.proc = nil
}

// Stop stops it where it is: its connections stay, and nobody answers.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// Cont lets it go on after Stop.
func (s *Server) Cont() { s.signal(syscall.SIGCONT) }

// Restart starts it again at the same address with the same data, and waits until it answers. One that still runs is
// killed before.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill9()
	var err error
	for range 5 { // PostgreSQL's own processes may outlive it by a moment, and hold its memory
		if err = s.launch(); err == nil {
			return
		}
	}
	s.t.Fatal(err)
}

// Pid is its process's.
func (s *Server) Pid() int { return s.proc.cmd.Process.Pid }

// signal sends a signal to it and to its children.
func (s *Server) signal(sig syscall.Signal) {
	if s.proc == nil {
		return
	}
	pid := s.proc.cmd.Process.Pid
	all := append([]int{pid}, children(pid)...)
	for _, p := range all {
		if err := syscall.Kill(p, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			s.t.Errorf("signal %s to %s: %v", sig, s.kind.program, err)
		}
	}
}

// begin starts a program that ends with this process, whatever ends it.
func begin(account, dir, program string, args ...string) (*process, error) {
	path, err := find(program)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(path, args...), output: &output{}, gone: make(chan struct{})} //nolint:gosec // a server for a test
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.WaitDelay = time.Second // a child of it may have its output
	if p.cmd.SysProcAttr, err = attributes(account); err != nil {
		return nil, err
	}
	started := make(chan error, 1)
	go func() {
		// The signal at the parent's death comes when the thread that started it ends (go#27505).
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.gone)
	}()
	return p, <-started
}

// run runs a program to its end.
func run(account, dir, program string, args ...string) error {
	p, err := begin(account, dir, program, args...)
	if err != nil {
		return err
	}
	<-p.gone
	if !p.cmd.ProcessState.Success() {
		return fmt.Errorf("%s: %s: %s", program, p.cmd.ProcessState, p.output)
	}
	return nil
}

// freeAddr is an address nobody listens at. It is below the ports that the kernel gives to connections, so that the
// server can have it again after a restart.
func freeAddr() (string, error) {
	var err error
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(15000+rand.IntN(17000))) //nolint:gosec // no secret
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", err
}

// port is the port of an address.
func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

// output keeps the end of what a program says.
type output struct {
	mu   sync.Mutex
	text []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if len(o.text) > 8<<10 {
		o.text = append([]byte(nil), o.text[len(o.text)-4<<10:]...)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.TrimSpace(o.text))
}
