package ssh

import (
	"brood/runner/proc"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// program is an ssh of this machine that runs, with pipes to it.
type program struct {
	In  *os.File // its standard input; whoever writes closes it
	Out *bufio.Reader

	child *proc.Child
	said  tail
	done  chan struct{} // closed when it has been waited for
	exit  proc.Exit
	err   error
}

// start starts a program. It is killed when ctx ends.
func start(ctx context.Context, family *proc.Family, argv []string) (*program, error) {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, fmt.Errorf("%s: it takes OpenSSH's client to start agents: %w", argv[0], err)
	}
	theirs, ours, err := proc.Pipe(false)
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	child, err := family.Start(proc.Spec{Path: path, Args: argv, Env: os.Environ(), Stdin: theirs, Aside: true})
	if err != nil {
		_ = ours.Close()
		return nil, err
	}
	p := &program{In: ours, Out: bufio.NewReader(child.Stdout), child: child, done: make(chan struct{})}
	heard := make(chan struct{})
	go func() { // ends when nobody has the pipe any more
		_, _ = io.Copy(&p.said, child.Stderr)
		_ = child.Stderr.Close()
		close(heard)
	}()
	stop := context.AfterFunc(ctx, func() { child.Signal(syscall.SIGKILL) })
	go func() {
		p.exit, p.err = child.Wait() // its group has gone then, and with it all ends of the pipes
		stop()
		<-heard
		close(p.done)
	}()
	return p, nil
}

// wait waits until it has ended; whoever reads its output has done so.
func (p *program) wait() error {
	<-p.done
	_ = p.In.Close()
	_ = p.child.Stdout.Close()
	return p.err
}

// end kills it and waits.
func (p *program) end() {
	p.child.Signal(syscall.SIGKILL)
	_ = p.wait()
}

// status is its exit status; -1: a signal has ended it.
func (p *program) status() int {
	if p.exit.Status.Exited() {
		return p.exit.Status.ExitStatus()
	}
	return -1
}

// skip passes over what comes before the marker.
func (p *program) skip() error {
	const most = 1 << 20
	for n := 0; n < most; {
		line, err := p.Out.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if strings.TrimRight(string(line), "\r\n") == marker {
			return nil
		}
		n += len(line)
	}
	return errors.New("the login shell there says more than a megabyte before it does anything")
}

// tail keeps the last that was said.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	const kept = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - kept; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

// String is it in one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for line := range strings.Lines(strings.ToValidUTF8(string(t.text), "?")) {
		if line = strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "@")); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
