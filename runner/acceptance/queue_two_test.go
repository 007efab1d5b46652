package acceptance

import (
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestQueueTwoBroods has two broods, runs of different names, work off one queue: each job is done once. Then one of them is
// stopped in the middle of its jobs, the parent alone or with its workers, for longer than its leases, and wakes up when the
// other has worked the rest off: with once nothing is begun twice, and of what the sleeper had in hand the other says that it is
// unknown.
//
// beanstalkd 1.12 does not always see that a TTR is over (#262, #380): it looks at a connection when the first TTR of its jobs
// ends, and if that job was touched or deleted meanwhile it does not look again before the connection speaks or ends. Then the sleeper
// is killed in its sleep, which ends its connection, and goes on as another session.
//
// BROOD_CHAOS takes all servers.
func TestQueueTwoBroods(t *testing.T) {
	t.Parallel()
	kinds := []string{"beanstalkd", "sqlite"}
	if os.Getenv("BROOD_CHAOS") != "" {
		kinds = []string{"beanstalkd", "gearmand", "mariadb", "postgres", "sqlite"}
	}
	for _, kind := range kinds {
		for _, whole := range []bool{true, false} {
			name := kind + "/parent"
			if whole {
				name = kind + "/tree"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				testTwoBroods(t, newQueueWorld(t, queueKinds[kind](t), "once"), whole)
			})
		}
	}
}

// testTwoBroods is one of them; whole says that the workers are stopped as well.
func testTwoBroods(t *testing.T, w *queueWorld, whole bool) {
	const jobs = 60
	w.args = []string{"--drain-queue"}
	w.fill(t, plain(0, jobs, "slow"))
	one, two := w.run(t, "one"), w.run(t, "two")
	for _, cmd := range []*exec.Cmd{one, two} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, func() bool { return w.lines() > jobs/2 })
	asleep := append([]int{one.Process.Pid}, descendants(one.Process.Pid)...)
	if !whole {
		asleep = asleep[:1]
	}
	sleeper := one
	t.Cleanup(func() { // whatever goes wrong, nobody sleeps on
		for _, pid := range asleep {
			if sleeper.ProcessState != nil {
				return
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	w.sleep(asleep)
	// The other one ends, if only when what the sleeper has is not ready; it is begun again until there is nothing left.
	_ = two.Wait()
	w.codes(t, two)
	woken := w.name == "gearmand" // whose jobs are had as long as the connection is
	if !woken {
		woken = w.workOff(t, "two", w.name == "beanstalkd")
	}
	if !woken {
		t.Log("the server does not see that the leases are over: the sleeper is killed")
		killTree(one.Process.Pid)
		_ = one.Wait()
		w.workOff(t, "two", false)
		one = w.run(t, "one")
		_ = one.Run()
	} else {
		for _, pid := range slices.Backward(asleep) {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
		_ = one.Wait()
	}
	w.codes(t, one)
	w.checkTwo(t, jobs, one)
}

// codes wants that a session which has ended says that its jobs were ok, failed or unknown.
func (w *queueWorld) codes(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if code := cmd.ProcessState.ExitCode(); !slices.Contains([]int{0, 1, 3}, code) {
		t.Fatalf("exit status %d\n%s", code, cmd.Stderr)
	}
}

// mayForget is how often it is looked whether a server gives out what somebody's leases were of, until it is taken to have forgotten
// them: that is three leases, at least.
const mayForget = 60

// workOff begins a run again until the queue has nothing left. It reports false if what others have is not given out, where that may
// be so.
func (w *queueWorld) workOff(t *testing.T, name string, mayKeep bool) bool {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for looks := 0; ; looks++ {
		s := w.stats(t)
		switch {
		case s.Ready > 0:
			again := w.run(t, name)
			_ = again.Run()
			w.codes(t, again)
		case s.Delayed+s.InHand == 0:
			return true
		case mayKeep && looks > mayForget:
			return false
		}
		<-tick.C
	}
}

// sleep stops processes, the first of all last, at a moment when they have not locked rows of the table, or the file, that is the queue:
// who is stopped within a transaction has what he has locked for as long as he sleeps, or his server bears it.
func (w *queueWorld) sleep(asleep []int) {
	for {
		for _, pid := range slices.Backward(asleep) {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
			waitStopped(pid)
		}
		for range 10 { // the other has locks, too, and soon has not
			if w.db == nil || w.unlocked() {
				return
			}
		}
		for _, pid := range asleep {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
		if w.name == "sqlite" {
			_ = w.unlocked() // waits until it has let go
		}
	}
}

// unlocked reports whether nobody has a lock of a row, or of the file; there also a reader is in the way of what writes something.
func (w *queueWorld) unlocked() bool {
	if w.name == "sqlite" {
		_, err := w.db.Exec("UPDATE jobs SET attempts = attempts")
		return err == nil
	}
	rows, err := w.db.Query("SELECT id FROM jobs FOR UPDATE NOWAIT")
	if err != nil {
		return false
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		continue
	}
	return rows.Err() == nil
}

// checkTwo looks at what two runs have made of the jobs.
func (w *queueWorld) checkTwo(t *testing.T, jobs int, one *exec.Cmd) {
	t.Helper()
	saw := w.seen(t)
	said := map[int][]string{}
	for _, name := range []string{"one", "two"} {
		for _, r := range w.rows(t, name) {
			if r.Class != "released" && r.Class != "duplicate" {
				said[r.number()] = append(said[r.number()], r.Status)
			}
		}
		if replies := w.replies(t, name); replies["owed"] > 0 {
			t.Errorf("%s: answers %v", name, replies)
		}
	}
	unknown := 0
	for n := range jobs {
		if saw.begun[n] > 1 {
			t.Errorf("job %d was begun %d times: %v", n, saw.begun[n], said[n])
		}
		switch {
		case slices.Contains(said[n], "unknown"):
			unknown++
		case !slices.Contains(said[n], "ok") || saw.begun[n] != 1:
			t.Errorf("job %d was begun %d times, and is %v", n, saw.begun[n], said[n])
		}
		if slices.Contains(said[n], "failed") {
			t.Errorf("job %d: %v", n, said[n])
		}
	}
	// What had been taken and not begun when its owner fell asleep is unknown as well.
	if unknown > 3*w.slots {
		t.Errorf("%d are unknown: one cannot have had as many in hand", unknown)
	}
	if s := w.stats(t); s.Ready+s.Delayed+s.InHand != 0 {
		t.Errorf("the queue has jobs left: %+v", s)
	}
	t.Logf("%d are unknown to the second; the first says: %s", unknown, one.Stderr)
}

// descendants are all processes below one.
func descendants(pid int) []int {
	var out []int
	for _, child := range childrenOf(pid) {
		out = append(append(out, child), descendants(child)...)
	}
	return out
}
