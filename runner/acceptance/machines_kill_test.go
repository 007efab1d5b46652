package acceptance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMachinesKilled works a run off on several machines while the processes of these and of the coordinator are killed, links are cut,
// carry nothing one way, or are slow, and a machine stands still for longer than its lease. What was done is counted outside.
//
// With once nothing is done twice and nothing is lost; unknown is at most what the slots of a machine had in hand whose whole tree was
// killed: all others have come back with their notes. With none and keyed nothing is unknown, and the results are those of a run on one
// machine, byte for byte.
//
// BROOD_CHAOS takes 20,000 records, eight machines and fifty disasters.
func TestMachinesKilled(t *testing.T) {
	t.Parallel()
	records, machines, disasters := 500, 3, 8
	if os.Getenv("BROOD_CHAOS") != "" {
		records, machines, disasters = 20000, 8, 50
	}
	for _, effect := range []string{"once", "none", "keyed"} {
		t.Run(effect, func(t *testing.T) {
			if os.Getenv("BROOD_CHAOS") == "" {
				t.Parallel()
			}
			k := &machinesKill{machinesWorld: newMachinesWorld(t, records, effect), rand: rand.New(rand.NewPCG(uint64(records), uint64(len(effect))))}
			if effect == "once" {
				k.disasters = k.choose(disasters)
			} else {
				k.disasters = k.choose(max(disasters/2, 4))
			}
			k.all(t, machines)
		})
	}
}

// disaster is what happens to a run on several machines.
type disaster int

// What can happen.
const (
	agentDies       disaster = iota // its workers live, and finish what they have in hand
	treeDies                        // a machine's process, and its workers with it
	coordinatorDies                 // and is resumed
	linkIsCut                       // and is there again at once
	upIsHeld                        // nothing of what a machine says arrives, for longer than its lease
	downIsHeld                      // it hears nothing, for longer than its lease
	linkIsSlow
	agentStandsStill // for longer than its lease
	disasters
)

func (d disaster) String() string {
	return [...]string{"agent dies", "tree dies", "coordinator dies", "link is cut", "up is held", "down is held", "link is slow", "agent stands still"}[d]
}

// machinesKill is such a run.
type machinesKill struct {
	*machinesWorld
	rand      *rand.Rand
	disasters []disaster // still to come
	happened  map[disaster]int
	mends     []mend
	trees     int // slots whose workers were killed
}

// mend is what is to be done about a disaster when its time has come.
type mend struct {
	at time.Time
	do func()
}

// choose are so many disasters, of all kinds.
func (k *machinesKill) choose(n int) []disaster {
	var out []disaster
	for i := range n {
		out = append(out, disaster(i%int(disasters)))
	}
	k.rand.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func (k *machinesKill) all(t *testing.T, machines int) {
	began := time.Now()
	k.happened = make(map[disaster]int)
	k.write(t, "job.sh", k.script)
	k.begin(t)
	for range machines {
		k.machine(t, 2)
	}
	total := len(k.disasters)
	for tick := time.NewTicker(2 * time.Millisecond); k.coordinator.running(); <-tick.C {
		// Each record is a line; the last disaster is to come well before the last of them.
		if at := k.records * 7 / 10 * (total - len(k.disasters)) / max(1, total); len(k.disasters) > 0 && k.lines() >= at+k.records/20 {
			next := k.disasters[0]
			k.disasters = k.disasters[1:]
			k.happen(t, next)
		}
		k.mend(false)
		k.revive(t)
		if time.Since(began) > 10*time.Minute+time.Duration(k.records)*100*time.Millisecond {
			t.Fatalf("it does not come to its end: %d effects", k.lines())
		}
	}
	k.mend(true)
	code := k.coordinator.await(t)
	for range 3 { // with 130 or so what a machine has come back with is to be tried again
		if code != 0 && code != 1 {
			code = k.afterwards(t)
		}
	}
	k.leave(t)
	unknown := k.check(t)
	// A machine that was silent beyond its lease had as much in hand as one that has died, and cannot always say what it had not begun.
	most := k.trees + k.slotsSilent()
	if unknown > most {
		t.Errorf("%d are unknown, after workers of %d slots were killed, or silent", unknown, most)
	}
	if want := map[bool]int{true: 3, false: 1}[unknown > 0]; unknown > 0 && code != want {
		t.Errorf("exit status %d, want %d", code, want)
	}
	if k.effect != "once" || unknown == 0 {
		k.sameAsAlone(t)
	}
	t.Logf("%v: %d disasters: %v; %d unknown of at most %d", time.Since(began).Round(time.Millisecond), total, k.happened, unknown, most)
}

// slotsSilent is how many slots machines had that were taken for dead, each time that they were.
func (k *machinesKill) slotsSilent() int {
	return 2 * strings.Count(k.said.String(), "what it had in hand is decided without it")
}

// mend does what is due, or all.
func (k *machinesKill) mend(all bool) {
	now := time.Now()
	k.mends = slices.DeleteFunc(k.mends, func(m mend) bool {
		due := all || now.After(m.at)
		if due {
			m.do()
		}
		return due
	})
}

func (k *machinesKill) after(d time.Duration, do func()) {
	k.mends = append(k.mends, mend{time.Now().Add(d), do})
}

// longer is longer than a lease, and shorter much shorter.
func (k *machinesKill) longer() time.Duration {
	d, _ := time.ParseDuration(k.lease)
	return d + d/2
}

const shorter = 200 * time.Millisecond

// happen does a disaster to a machine, or to the coordinator.
func (k *machinesKill) happen(t *testing.T, d disaster) {
	t.Helper()
	a := k.agents[k.rand.IntN(len(k.agents))]
	k.happened[d]++
	fmt.Fprintf(named{"test", &k.said}, "%v: %s, %d lines\n", d, a.name, k.lines())
	switch d {
	case agentDies:
		_ = syscall.Kill(a.process.pid(), syscall.SIGKILL)
	case treeDies:
		k.trees += a.slots
		killTree(a.process.pid())
	case coordinatorDies:
		_ = syscall.Kill(k.coordinator.pid(), syscall.SIGKILL)
		<-k.coordinator.done
		k.begin(t)
	case linkIsCut:
		a.cable.change(func() { a.cable.cut = true })
		k.after(shorter, a.cable.heal)
	case upIsHeld:
		a.cable.change(func() { a.cable.held[wayUp] = true })
		k.after(k.longer(), a.cable.heal)
	case downIsHeld:
		a.cable.change(func() { a.cable.held[wayDown] = true })
		k.after(k.longer(), a.cable.heal)
	case linkIsSlow:
		a.cable.change(func() { a.cable.delay = 50 * time.Millisecond })
		k.after(k.longer(), a.cable.heal)
	case agentStandsStill:
		p := a.process
		_ = syscall.Kill(p.pid(), syscall.SIGSTOP)
		k.after(k.longer(), func() { _ = syscall.Kill(p.pid(), syscall.SIGCONT) })
	}
}

// revive begins agents anew that were killed.
func (k *machinesKill) revive(t *testing.T) {
	t.Helper()
	for _, a := range k.agents {
		if a.process.running() || !k.coordinator.running() {
			continue
		}
		// With 0 the session has ended, and there is another by now.
		if code := a.process.ProcessState.ExitCode(); code != -1 && code != 0 {
			t.Fatalf("%s has ended with exit status %d", a.name, code)
		}
		a.begin(t)
	}
}

// afterwards resumes a run that has ended without some machines: they come back, and say what they have noted.
func (k *machinesKill) afterwards(t *testing.T) int {
	t.Helper()
	fmt.Fprintf(named{"test", &k.said}, "once more for those that come late\n")
	k.begin(t)
	for tick := time.NewTicker(10 * time.Millisecond); k.coordinator.running(); <-tick.C {
		k.revive(t)
	}
	return k.coordinator.await(t)
}

// leave lets machines go.
func (k *machinesKill) leave(t *testing.T) {
	t.Helper()
	for _, a := range k.agents {
		if a.process.running() {
			_ = a.process.Process.Signal(syscall.SIGTERM)
			a.process.await(t)
		}
	}
}

// sameAsAlone compares the results with those of a run on one machine.
func (k *machinesKill) sameAsAlone(t *testing.T) {
	t.Helper()
	alone := &machinesWorld{dir: t.TempDir(), records: k.records, effect: k.effect, shell: k.shell, column: k.column}
	alone.write(t, "job.sh", k.script)
	alone.write(t, "in.csv", readText(t, k.path("in.csv")))
	cmd := alone.command(t, "hub", alone.run("-j", "4")...)
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("alone: %v\n%s", err, alone.said.String())
	}
	want, got := alone.rows(t), k.rows(t)
	for i := range min(len(want), len(got)) {
		for _, rows := range [][]map[string]string{want, got} {
			delete(rows[i], "_attempts") // a machine that was lost has cost one
			delete(rows[i], "_ms")
		}
		if fmt.Sprint(want[i]) != fmt.Sprint(got[i]) {
			t.Fatalf("record %d: %v, alone %v", i, got[i], want[i])
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
