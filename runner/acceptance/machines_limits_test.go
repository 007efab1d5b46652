package acceptance

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// arrivalScript tells a server about a record.
const arrivalScript = `exec 3<>"/dev/tcp/$SERVER_HOST/$SERVER_PORT"
echo "$1" >&3
read -r _ <&3
`

// TestMachinesLimits has the workers of eight machines ask a server: no second may see more than the limits of the run and their bursts
// allow, over all and for each domain. BROOD_CHAOS takes 100 a second for fifteen seconds.
func TestMachinesLimits(t *testing.T) {
	t.Parallel()
	needPrograms(t, "bash")
	domains, each, rate := 16, 12, 40
	if os.Getenv("BROOD_CHAOS") != "" {
		domains, each, rate = 30, 50, 100
	}
	s := listenForArrivals(t, 5*time.Millisecond)
	host, port, _ := strings.Cut(s.Addr().String(), ":")
	w := newMachinesWorld(t, 0, "once")
	w.script = "SERVER_HOST=" + host + " SERVER_PORT=" + port + "\n" + arrivalScript
	w.write(t, "in.csv", readText(t, addresses(t, domains, each)))
	w.args = []string{"--rate", fmt.Sprint(rate, "/s"), "--rate-by", "domain(email)=5/s"}
	w.column, w.shell, w.lease = "{email}", "bash", "15s"
	w.begin(t)
	for range 8 {
		w.machine(t, 4)
	}
	if code := w.coordinator.await(t); code != 0 {
		t.Fatalf("exit status %d", code)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.at[""]
	if len(at) != domains*each {
		t.Fatalf("%d arrivals", len(at))
	}
	// What leaves in time may arrive late, see TestLimitsHold: more so where a process is begun for each, by nine others on a machine. Machines
	// that each kept the limits for themselves would come to several times as much.
	const late = 1.6
	if n, most := s.mostWithin(""), rate+rate/10; float64(n) > late*float64(most) {
		t.Errorf("%d arrivals in a second: the limit is %d with its burst", n, most)
	}
	for d := range domains {
		if n := s.mostWithin(fmt.Sprintf("d%d.example", d)); float64(n) > late*6+1 {
			t.Errorf("%d arrivals of domain %d in a second: the limit is 5, its burst 1", n, d)
		}
	}
	took := at[len(at)-1].Sub(at[0])
	t.Logf("most in a second: %d of %d and its burst; used over %v: %.1f %% of the rate", s.mostWithin(""), rate, took.Round(time.Millisecond), 100*float64(len(at)-1)/float64(rate)/took.Seconds())
}

// TestMachinesStop has a run of three machines come to an end by what all of them have done together: so many failures, or a day's quota.
func TestMachinesStop(t *testing.T) {
	t.Parallel()
	t.Run("halt", func(t *testing.T) {
		t.Parallel()
		w := newMachinesWorld(t, 300, "once")
		w.script, w.args = "echo \"$1 $BROOD_KEY\" >>\"$EFFECTS_LOG\"\nexit 65\n", []string{"--halt", "soon,fail=5"}
		w.begin(t)
		for range 3 {
			w.machine(t, 2)
		}
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
