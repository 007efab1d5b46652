package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// openJoblog opens the joblog where it is to go on, if there is one. One that is gone was the
// user's to take away, or has been rotated: another begins.
func (r *session) openJoblog(ctx context.Context, led *ledger.Reader) (book.Output, error) {
	path, size, err := led.Joblog(ctx)
	if err != nil || path == "" {
		return nil, err
	}
	if r.command, err = r.Command(r.cfg, r.shape); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); size > 0 && errors.Is(err, fs.ErrNotExist) {
		r.Term.Logf("the joblog %s is gone: another one begins", path)
		size = 0
	}
	f, err := sink.Open(path, sink.Start{
		Size: size, Header: []byte(sink.JoblogHeader),
		Lock: func(f os.FileInfo) error { return r.Dir.LockOutput(path, f) },
	})
	var we *sink.WriteError
	if errors.As(err, &we) {
		err = &spec.WriteError{Err: fmt.Errorf("--joblog: %w", err)}
	}
	if err != nil {
		return nil, err
	}
	return f, home.SyncDir(filepath.Dir(path))
}

// logJob adds the line of a record that is final to the joblog, if there is one. A slot of
// 0 means that no worker had it.
func (s *settler) logJob(u *settlement, rec *jobs.Record, slot int, o *ledger.Outcome, out *sink.Outcome) {
	if s.cfg.Joblog == "" {
		return
	}
	e := &sink.JoblogEntry{Seq: rec.Seq, Ended: time.Now(), Took: out.Elapsed, Receive: len(out.Text)}
	for _, v := range out.Values {
		e.Receive += len(v)
	}
	e.Exit, e.Signal = exitOf(o.Status, o.Class)
	if slot > 0 {
		e.Command = s.hide(s.command(rec, slot))
	} else {
		e.Command = "# " + o.Status.String() + ": " + s.hide(o.Error)
	}
	u.Joblog = sink.AppendJoblog(u.Joblog, e)
}

// What a joblog says of records that have no exit status of their own.
const (
	exitBadInput   = 65  // EX_DATAERR: no command was run
	exitNotStarted = 127 // as a shell has it
	exitOther      = 1   // the job says that it failed
	exitStopped    = -1  // as GNU parallel has it
)

// exitOf is how a record has ended, as a joblog says it: only one that is ok, or skipped,
// looks like success.
func exitOf(status jobs.Status, class jobs.Class) (exit, signal int) {
	if status == jobs.StatusOK || status == jobs.StatusSkipped {
		return 0, 0
	}
	kind, what, _ := strings.Cut(string(class), ":")
	switch kind {
	case "exit":
		if n, err := strconv.Atoi(what); err == nil && n > 0 {
			return n, 0
		}
	case "signal":
		if n := unix.SignalNum("SIG" + what); n > 0 {
			return 0, int(n)
		}
		return exitStopped, 0
	case "exec":
		return exitNotStarted, 0
	case string(jobs.ClassInput):
		return exitBadInput, 0
	case string(jobs.ClassTimeout):
		return exitStopped, int(syscall.SIGTERM)
	case string(jobs.ClassOutput), string(jobs.ClassMemory), string(jobs.ClassCPU), string(jobs.ClassProcesses), string(jobs.ClassKilled):
		return exitStopped, int(syscall.SIGKILL)
	}
	if status == jobs.StatusUnknown {
		return exitStopped, 0
	}
	return exitOther, 0
}
