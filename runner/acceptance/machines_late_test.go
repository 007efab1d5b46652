package acceptance

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// gateScript does a record, and waits in the middle of it if there is a gate of its number: until that is opened.
const gateScript = `n=$1
if mkdir "$GATES/begun.$n" 2>/dev/null && test -e "$GATES/gate.$n"; then
	while test -e "$GATES/gate.$n"; do sleep 0.02; done
fi
echo "$n $BROOD_KEY" >>"$EFFECTS_LOG"
echo "r$n by $MACHINE"
`

// gatesWorld is a run with records that wait in the middle.
type gatesWorld struct {
	*machinesWorld
	t *testing.T
}

func newGatesWorld(t *testing.T, effect string, gates ...string) *gatesWorld {
	w := &gatesWorld{newMachinesWorld(t, 40, effect), t}
	w.script, w.lease = gateScript, "2s"
	for _, n := range gates {
		w.write(t, "gate."+n, "")
	}
	return w
}

func (w *gatesWorld) awaitBegun(n string) {
	w.t.Helper()
	waitFor(w.t, func() bool { _, err := os.Stat(w.path("begun." + n)); return err == nil })
}

func (w *gatesWorld) open(n string) {
	w.t.Helper()
	if err := os.Remove(w.path("gate." + n)); err != nil {
		w.t.Fatal(err)
	}
}

// awaitSaid waits until somebody has said something.
func (w *gatesWorld) awaitSaid(text string) {
	w.t.Helper()
	waitFor(w.t, func() bool { return strings.Contains(w.said.String(), text) })
}

// stop has a machine stand still, but not its workers.
func (a *agentOf) stop() {
	_ = syscall.Kill(a.process.pid(), syscall.SIGSTOP)
	waitStopped(a.process.pid())
}

func (a *agentOf) goOn() { _ = syscall.Kill(a.process.pid(), syscall.SIGCONT) }

// wants checks that a record came to something, by a value and a machine, and was done so often.
func (w *gatesWorld) wants(seq int, status, value string, times int) {
	w.t.Helper()
	r := w.rows(w.t)[seq]
	n := doneOf(w.t, w.path("log"))[r["n"]]
	if r["_status"] != status || r["stdout"] != value || n != times {
		w.t.Errorf("record %d is %s, %q, done %d times, want %s, %q, %d times", seq, r["_status"], r["stdout"], n, status, value, times)
	}
	w.brood(w.t, fine, "verify", "q")
}

// TestMachinesLate has a machine be silent for longer than its lease with a record in hand, which is unknown then. When it comes back with
// what its worker has noted, the record is what it was: while the run goes on, when it is resumed, and when it was done.
func TestMachinesLate(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"running", "resumed", "done"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			w := newGatesWorld(t, "once", "0", "30")
			w.begin(t)
			first := w.machine(t, 1)
			w.awaitBegun("0")
			w.machine(t, 1)
			first.stop()
			w.awaitSaid("machine m1: it has not been heard of")
			w.awaitBegun("30") // by the other one
			switch when {
			case "running":
				w.open("0")
				first.goOn()
				w.awaitSaid("machine m1 came back, and says what became of 1 records")
				w.open("30")
			case "resumed":
				_ = syscall.Kill(w.coordinator.pid(), syscall.SIGKILL)
				<-w.coordinator.done
				w.begin(t)
				w.open("0")
				first.goOn()
				w.awaitSaid("machine m1 is at work: 1 slots")
				waitFor(t, func() bool { return strings.Count(w.said.String(), "machine m1 is at work: 1 slots") == 2 })
				w.open("30")
			case "done":
				w.open("30")
				if code := w.coordinator.await(t); code != 3 {
					t.Errorf("exit status %d, want 3", code)
				}
				w.wants(0, "unknown", "", 0)
				w.open("0")
				first.goOn()
				w.begin(t)
			}
			if code := w.coordinator.await(t); code != 0 {
				t.Errorf("exit status %d", code)
			}
			w.wants(0, "ok", "r0 by m1", 1)
			if when != "resumed" {
				if h := w.brood(t, fine, "history", "q", "0"); !strings.Contains(h, "machine m1") {
					t.Errorf("its history:\n%s", h)
				}
			}
		})
	}
}

// TestMachinesLateAgain has what a machine comes back with be that the record is to be tried again: it is, without anybody's resuming the run, as
// often as any other, and then it has failed.
func TestMachinesLateAgain(t *testing.T) {
	t.Parallel()
	for name, retries := range map[string]string{"ok": "5", "failed": "0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newGatesWorld(t, "once", "0", "30")
			w.script = strings.Replace(gateScript, "echo", `case $n in 0) if [ "$BROOD_ATTEMPT" -lt 2 ]; then exit 75; fi ;; esac`+"\necho", 1)
			w.args = []string{"--retries", retries}
			w.begin(t)
			first := w.machine(t, 1)
			w.awaitBegun("0")
			w.machine(t, 1)
			first.stop()
			w.awaitSaid("machine m1: it has not been heard of")
			w.awaitBegun("30")
			w.open("0")
			first.goOn()
			w.awaitSaid("machine m1 came back, and says what became of 1 records")
			w.open("30")
			code := w.coordinator.await(t)
			for _, a := range w.agents {
				if code := a.process.await(t); code != 0 {
					t.Errorf("%s ends with status %d", a.name, code)
				}
			}
			r := w.rows(t)[0]
			if name == "failed" {
				if w.wants(0, "failed", "", 0); code != 1 {
					t.Errorf("exit status %d, want 1", code)
				}
				return
			}
			if w.wants(0, "ok", r["stdout"], 1); code != 0 || !strings.HasPrefix(r["stdout"], "r0 by m") {
				t.Errorf("exit status %d, %q", code, r["stdout"])
			}
			if s := w.status(t); s.OK != 40 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestMachinesTooLate has a machine be silent with a record in hand that may be repeated under its key: another does it, and what the first
// has to say of it afterwards is in the history, and not in the results.
func TestMachinesTooLate(t *testing.T) {
	t.Parallel()
	w := newGatesWorld(t, "keyed", "0", "30")
	w.begin(t)
	first := w.machine(t, 1)
	w.awaitBegun("0")
	first.stop()
	w.awaitSaid("machine m1: it has not been heard of")
	w.machine(t, 1)                                                       // only now, as it would wait at 30 if it came so far before
	waitFor(t, func() bool { return doneOf(t, w.path("log"))["0"] == 1 }) // the second does not wait
	w.awaitBegun("30")
	w.open("0")
	waitFor(t, func() bool { return doneOf(t, w.path("log"))["0"] == 2 })
	first.goOn()
	waitFor(t, func() bool { return strings.Count(w.said.String(), "machine m1 is at work: 1 slots") == 2 })
	w.open("30")
	if code := w.coordinator.await(t); code != 0 {
		t.Errorf("exit status %d", code)
	}
	w.wants(0, "ok", "r0 by m2", 2)
}

// TestMachinesLost kills the coordinator for good: machines finish what they have in hand, begin nothing, and leave after --lost-after. What
// they have answered is heard when the run is resumed.
func TestMachinesLost(t *testing.T) {
	t.Parallel()
	w := newGatesWorld(t, "once", "0", "1")
	w.args = []string{"--lost-after", "2s"}
	w.begin(t)
	m := w.machine(t, 2)
	w.awaitBegun("0")
	w.awaitBegun("1")
	_ = syscall.Kill(w.coordinator.pid(), syscall.SIGKILL)
	<-w.coordinator.done
	w.open("0")
	w.open("1")
	if code := m.process.await(t); code != 75 {
		t.Errorf("exit status %d, want 75", code)
	}
	if n := w.lines(); n != 2 {
		t.Errorf("%d records were done without a coordinator", n)
	}
	w.begin(t)
	m.begin(t)
	if code := w.coordinator.await(t); code != 0 {
		t.Errorf("exit status %d", code)
	}
	w.wants(0, "ok", "r0 by m1", 1)
	w.wants(1, "ok", "r1 by m1", 1)
	began := time.Now()
	if code := m.process.await(t); code != 0 {
		t.Errorf("the machine ends with status %d after %v", code, time.Since(began))
	}
	// Nobody is there any more.
	m.begin(t, "--lost-after", "1s")
	if code := m.process.await(t); code != 75 {
		t.Errorf("exit status %d without a coordinator, want 75", code)
	}
}

// TestMachinesRevoked takes the token of a machine back that is at work: it finishes what it has in hand and says so, and does not wait for its lease.
func TestMachinesRevoked(t *testing.T) {
	t.Parallel()
	w := newGatesWorld(t, "once", "0")
	w.lease = "10m"
	w.begin(t)
	m := w.machine(t, 1)
	w.awaitBegun("0")
	w.brood(t, fine, "token", "q", "--revoke", "m1")
	w.awaitSaid("its token was revoked, its link is cut")
	w.open("0")
	if code := m.process.await(t); code != 2 {
		t.Errorf("exit status %d, want 2", code)
	}
	w.awaitSaid("it was revoked")
	if n := w.lines(); n != 1 {
		t.Errorf("%d records were done", n)
	}
}
