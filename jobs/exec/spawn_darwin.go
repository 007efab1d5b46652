package exec

import (
	"bytes"
	"errors"
	osexec "os/exec"
	"slices"
	"syscall"
	"time"
)

// afterExit is how long the pipes of a command that has ended are read, in
// case a process it left behind holds them open.
const afterExit = 200 * time.Millisecond

type system struct{}

func (system) close() error { return nil }

func (*runner) prepare() {}

// run runs r.argv and fills r.out and r.errs. Full says that the command
// printed more than it may. Input, unless nil, is the command's standard input.
func (r *runner) run(path string, input []byte) (ws syscall.WaitStatus, full bool, err error) {
	r.out, r.errs = r.out[:0], r.errs[:0]
	cmd := &osexec.Cmd{Path: path, Args: r.argv.strings(), Env: slices.Concat(r.env, r.own.strings()), WaitDelay: afterExit}
	if input != nil {
		cmd.Stdin = bytes.NewReader(input)
	}
	cmd.Stdout = writerFunc(func(p []byte) (int, error) {
		if r.out = append(r.out, p...); len(r.out) > r.setup.MaxOutput {
			full = true
			_ = cmd.Process.Kill()
			return 0, errors.New("too much output")
		}
		return len(p), nil
	})
	cmd.Stderr = writerFunc(func(p []byte) (int, error) {
		r.heard(p)
		return len(p), nil
	})
	if err := cmd.Start(); err != nil {
		return 0, false, err
	}
	err = cmd.Wait()
	if cmd.ProcessState == nil {
		return 0, full, err
	}
	ws, _ = cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ws, full, nil
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
