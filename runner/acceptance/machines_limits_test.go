package acceptance

import (
	"strings"
	"syscall"
	"testing"
)

// TestMachinesStop has a run of three machines come to an end by what all of them have done together: so many failures, or a day's quota.
func TestMachinesStop(t *testing.T) {
	t.Parallel()
	t.Run("halt", func(t *testing.T) {
		t.Parallel()
		w := newMachinesWorld(t, 300, "once")
		// Nothing ends before all have joined: who comes too late looks for the coordinator until it is given up.
		w.script = "while [ ! -e \"$GATES/all\" ]; do sleep 0.02; done\necho \"$1 $BROOD_KEY\" >>\"$EFFECTS_LOG\"\nexit 65\n"
		w.args = []string{"--halt", "soon,fail=5"}
		w.begin(t)
		for range 3 {
			w.machine(t, 2)
		}
		for _, m := range []string{"m1", "m2", "m3"} {
			waitFor(t, func() bool { return strings.Contains(w.said.String(), "machine "+m+" is at work") })
		}
		w.write(t, "all", "")
		if code := w.coordinator.await(t); code != 4 {
			t.Errorf("exit status %d, want 4", code)
		}
		if n := w.lines(); n < 5 || n > 5+6 {
			t.Errorf("%d failed, where five end the run and six can be in hand", n)
		}
		for _, a := range w.agents {
			if code := a.process.await(t); code != 0 {
				t.Errorf("%s ends with status %d", a.name, code)
			}
		}
	})
	t.Run("quota", func(t *testing.T) {
		t.Parallel()
		w := newMachinesWorld(t, 300, "once")
		w.args = []string{"--quota", "50/day"}
		w.script = "echo \"$1 $BROOD_KEY\" >>\"$EFFECTS_LOG\"\n"
		w.begin(t)
		for range 3 {
			w.machine(t, 2)
		}
		waitFor(t, func() bool { return w.lines() >= 50 && w.status(t).OK >= 50 })
		_ = w.coordinator.Process.Signal(syscall.SIGTERM)
		w.coordinator.await(t)
		if n, s := w.lines(), w.status(t); n != 50 || s.OK != 50 || s.Unknown != 0 {
			t.Errorf("%d were done, %+v", n, s)
		}
	})
}
