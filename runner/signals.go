package runner

import (
	"brood/worker/wire"
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// echoTime is how soon after a signal the same one is not another: timeout(1)
// sends its to the process, and then to the group that this is in.
const echoTime = 100 * time.Millisecond

// errSignal is why a run was stopped by a signal.
var errSignal = errors.New("stopped by a signal")

// listenForSignals takes the signals from here on, so that none is obeyed by
// default before obeySignals looks at them.
func (r *session) listenForSignals() chan os.Signal {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGPIPE, syscall.SIGXFSZ)
	// One that was ignored at the start stays so, for the workers too: nohup, and
	// background jobs of a script (POSIX, Shell Command Language, 2.11). Of the others
	// Go does not know whether they were.
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(ch, s)
		}
	}
	return ch
}

// obeySignals obeys the signals to the parent: the first INT, TERM or HUP drains,
// a second kills; USR1 prints the state; USR2 opens the log file anew; TSTP suspends the workers as well, and
// CONT continues them.
// PIPE and XFSZ are taken so that writing to a pipe without a reader, or beyond
// the largest file that is allowed, is an error of the write, and not the end.
func (r *session) obeySignals(ctx context.Context, ch chan os.Signal) {
	defer signal.Stop(ch)
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-ch:
			r.obey(sig.(syscall.Signal))
		}
	}
}

func (r *session) obey(sig syscall.Signal) {
	switch sig {
	case syscall.SIGPIPE, syscall.SIGXFSZ:
	case syscall.SIGUSR1:
		t := r.book.Totals()
		r.Term.Answerf("%s: %s", r.cfg.Name, t)
	case syscall.SIGUSR2:
		r.Term.Reopen()
	case syscall.SIGTSTP:
		r.family.SignalAll(syscall.SIGSTOP)
		r.Term.Hide()
		// This may return before the process stops: the workers are continued
		// when SIGCONT comes, and not here.
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case syscall.SIGCONT:
		r.resumed.Store(int64(wire.Now()))
		r.Term.Show()
		r.family.SignalAll(syscall.SIGCONT)
	default:
		now := time.Now()
		echo := sig == r.lastSignal && now.Sub(r.lastSignalAt) < echoTime
		r.lastSignal, r.lastSignalAt = sig, now
		if echo {
			return
		}
		if r.signal.CompareAndSwap(0, int32(sig)) {
			r.drain(errSignal)
			r.boundDrain(errSignal)
			r.Term.Answerf("%s: %s; once more to stop at once", sig, r.finishing())
			return
		}
		r.kill()
		r.Term.Answerf("%s: stopping at once", sig)
	}
}
