package runner

import (
	"brood/jobs"
	"brood/runner/control"
	"brood/runner/hand/handtest"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs whole sessions on a clock that stands still while anybody works. What the runtime has one of begins before it, and
// would be asleep for ever within.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	signal.Stop(signals)
	// A day has thousands of commits, and the clock stands still while a disk syncs them.
	const memory = "/dev/shm"
	if st, err := os.Stat(memory); err == nil && st.IsDir() {
		t.Setenv("TMPDIR", memory)
	}
	synctest.Test(t, f)
}

// unheard keeps a run from having a socket: somebody may knock at that at any time, so the clock would stand still for ever.
func (f *fakeRun) unheard() {
	f.t.Helper()
	if err := os.MkdirAll(f.set.Dir.File(filepath.Join(control.SocketName, "taken")), 0o700); err != nil {
		f.t.Fatal(err)
	}
}

// TestMaxTime: a session whose time is over finishes what is in hand, and is told like one that was drained; the next one ends the
// run. One that has nothing left when its time is over is done.
func TestMaxTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeRun(t, "a", "b", "c", "d", "e")
		f.unheard()
		f.cfg.Slots, f.cfg.MaxTime = 1, 150*time.Minute
		f.slots[1] = &handtest.Slot{Shape: &handtest.Shape, Do: func(context.Context, *jobs.Record, *jobs.Result) error {
			time.Sleep(time.Hour)
			return nil
		}}
		rep, err := f.begin(t.Context())
		if err != nil || rep.State != ledger.StateInterrupted || rep.Signal != int(syscall.SIGTERM) || rep.Reason != "its time is over (--max-time): 2h30m0s" {
			t.Fatalf("%+v, %v", rep, err)
		}
		if rep.Totals.OK != 3 || rep.Totals.Unknown+rep.Totals.Failed > 0 || rep.Elapsed > 3*time.Hour+time.Minute {
			t.Errorf("after %s: %s", rep.Elapsed, rep.Totals)
		}
		f.again()
		rep, err = Resume(t.Context(), &f.set, &Resumption{Tune: func(c *spec.Config) error {
			c.MaxTime = 119 * time.Minute // with the last one in hand
			return nil
		}})
		if err != nil || rep.State != ledger.StateDone || rep.Signal != 0 {
			t.Fatalf("%+v, %v", rep, err)
		}
		want := []string{"0 ok  1", "1 ok  1", "2 ok  1", "3 ok  1", "4 ok  1"}
		if got := f.rows(); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
