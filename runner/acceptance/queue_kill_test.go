package acceptance

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestQueueKilled works queues off while brood and their servers are killed again and again: the whole tree, the parent alone,
// a worker; what the jobs did is counted outside. With once none is begun twice, and unknown is no more than what was in
// hand when somebody died; with none nothing is lost, and the last that is said of each job is what it came to. In the end the
// queue has what was put aside and nothing else, as many as the ledger says, and is owed no answer.
//
// BROOD_CHAOS takes all servers, 5,000 jobs, twenty kills and five of the server.
func TestQueueKilled(t *testing.T) {
	t.Parallel()
	k := queueKill{jobs: 150, kills: 3, serverKills: 1}
	kinds := []string{"beanstalkd", "postgres"}
	effects := []string{"once"}
	if os.Getenv("BROOD_CHAOS") != "" {
		k = queueKill{jobs: 5000, kills: 20, serverKills: 5}
		kinds = []string{"beanstalkd", "gearmand", "mariadb", "postgres", "sqlite"}
		effects = append(effects, "none")
	}
	for _, kind := range kinds {
		for _, effect := range effects {
			t.Run(kind+"/"+effect, func(t *testing.T) {
				if os.Getenv("BROOD_CHAOS") == "" {
					t.Parallel()
				}
				k := k
				k.queueWorld = newQueueWorld(t, queueKinds[kind](t), effect)
				k.args = []string{"--drain-queue", "--retries", "50", "--max-crashes", "1000", "--backoff", "1500ms..1500ms"}
				k.all(t)
			})
		}
	}
}

// queueKill is a queue that is worked off while everything dies.
type queueKill struct {
	*queueWorld
	jobs, kills, serverKills int

	list                           []queueJob
	trees, parents, workers, downs int
	sessions                       int
}

// mix is the jobs: of a hundred ten fail for good, ten ask for another time, one takes its worker with it, and one is longer
// than its lease.
func (k *queueKill) mix() {
	for n := range k.jobs {
		kind := "ok"
		switch at := n * 37 % 100; {
		case at < 10:
			kind = "fail"
		case at < 20:
			kind = "retry"
		case at == 20:
			kind = "crash"
		case at == 21:
			kind = "long"
		}
		k.list = append(k.list, queueJob{N: n, Kind: kind})
	}
}

func (k *queueKill) all(t *testing.T) {
	k.mix()
	k.fill(t, k.list)
	began := time.Now()
	for !k.session(t) {
	}
	k.check(t)
	t.Logf("%s: %d sessions, %d trees, %d parents, %d workers, %d servers killed; %v", time.Since(began).Round(time.Millisecond), k.sessions, k.trees, k.parents, k.workers, k.downs, k.status(t, "q"))
}

// session is one brood, until it ends or is killed. It reports whether there is nothing left to do.
func (k *queueKill) session(t *testing.T) bool {
	t.Helper()
	k.sessions++
	if k.sessions > 20*(k.jobs/100+k.kills) {
		t.Fatalf("after %d sessions the queue still has %+v", k.sessions, k.stats(t))
	}
	cmd := k.run(t, "q")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	for k.due(done) {
		if k.next(cmd.Process.Pid) {
			<-done
			return false
		}
	}
	<-done
	if code := cmd.ProcessState.ExitCode(); !slices.Contains([]int{0, 1, 3}, code) {
		t.Fatalf("exit status %d\n%s", code, cmd.Stderr)
	}
	// What is delayed, or has a lease that nobody keeps, comes again.
	for {
		s := k.stats(t)
		switch {
		case s.Ready > 0:
			return false
		case s.Delayed+s.InHand == 0:
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// due waits until something is to be killed, and reports false if nothing is, or the session has ended.
func (k *queueKill) due(done <-chan struct{}) bool {
	left := k.kills + k.serverKills
	if left == 0 {
		return false
	}
	before := k.trees + k.parents + k.workers + k.downs
	// Each job is at least a line; the last kill is to come before the last of them.
	at := k.jobs * 9 / 10 * (before + 1) / (before + left)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for k.lines() < at {
		select {
		case <-done:
			return false
		case <-tick.C:
		}
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// next kills what is next, and reports whether brood has to be begun again.
func (k *queueKill) next(pid int) bool {
	if k.server == nil {
		k.serverKills = 0
	}
	total := k.kills + k.serverKills
	if k.serverKills > 0 && (k.kills == 0 || total%(total/k.serverKills) == 0) {
		k.serverKills--
		k.downs++
		k.server.Restart()
		return false
	}
	if k.kills == 0 {
		return false
	}
	k.kills--
	children := childrenOf(pid)
	switch {
	case k.kills%3 == 2 && len(children) > 0:
		k.workers++
		_ = syscall.Kill(children[len(children)-1], syscall.SIGKILL)
		return false
	case k.kills%3 == 1:
		k.parents++
		_ = syscall.Kill(pid, syscall.SIGKILL)
	default:
		k.trees++
		killTree(pid)
	}
	return true
}

// beingTaken is how many jobs of this kind, which take some milliseconds, are taken at a time: the server has given them out, and
// nobody can say to whom if brood is killed before it has written them down. A table says to whom, so there it is none.
const beingTaken = 16

// most is how many may be unknown: what crashes its worker, what a worker had in hand that was killed, and what was being taken.
func (k *queueKill) most(crashes int) int {
	n := crashes + k.trees*k.slots + k.workers
	if k.db == nil {
		n += (k.trees + k.parents + k.downs) * beingTaken
	}
	return n
}

// fate is what has become of a job, by all its deliveries.
type fate struct {
	last  queueRow // but for those that only say that it is known
	tried bool
}

func (k *queueKill) fates(t *testing.T) map[int]fate {
	t.Helper()
	out := make(map[int]fate)
	for _, r := range k.rows(t, "q") {
		if r.Class == "released" || r.Class == "duplicate" {
			continue
		}
		n := r.number()
		if old, there := out[n]; !there || r.Seq > old.last.Seq {
			out[n] = fate{last: r, tried: true}
		}
	}
	return out
}

func (k *queueKill) check(t *testing.T) {
	t.Helper()
	saw, fates := k.seen(t), k.fates(t)
	counts, why := make(map[string]int), make(map[string]int)
	crashes := 0
	for _, j := range k.list {
		f := fates[j.N]
		status := f.last.Status
		if counts[status]++; status == "unknown" {
			why[f.last.Class+": "+f.last.Error]++
		}
		if j.Kind == "crash" {
			crashes++
		}
		if k.effect == "once" && saw.begun[j.N] > 1 {
			t.Errorf("job %d (%s) was begun %d times: %+v", j.N, j.Kind, saw.begun[j.N], f.last)
		}
		want := map[string]string{"fail": "failed"}[j.Kind]
		if want == "" {
			want = "ok"
		}
		switch {
		case !f.tried:
			t.Errorf("job %d (%s) is lost: it was begun %d times, and nothing is said of it", j.N, j.Kind, saw.begun[j.N])
		case status == "unknown" && k.effect == "once":
		case status != want:
			t.Errorf("job %d (%s) is %s, want %s: %s", j.N, j.Kind, status, want, f.last.Error)
		case saw.begun[j.N] == 0:
			t.Errorf("job %d (%s) is %s, and was never begun", j.N, j.Kind, status)
		case status == "ok" && saw.ended[j.N] == 0:
			t.Errorf("job %d (%s) is ok, and has not ended", j.N, j.Kind)
		}
	}
	if most := k.most(crashes); counts["unknown"] > most {
		t.Errorf("%d are unknown, and at most %d may be: %v", counts["unknown"], most, why)
	}
	k.checkBooks(t, counts)
}

// checkBooks compares what the run says with what the queue has.
func (k *queueKill) checkBooks(t *testing.T, counts map[string]int) {
	t.Helper()
	s := k.stats(t)
	if s.Ready+s.Delayed+s.InHand != 0 {
		t.Errorf("the queue has jobs left: %+v", s)
	}
	switch {
	case k.db != nil:
		has := countedIn(t, k.db, "SELECT status, count(*) FROM jobs GROUP BY status")
		for _, status := range []string{"ok", "failed", "unknown"} {
			if has[status] != counts[status] {
				t.Errorf("the table has %v, and the run %v", has, counts)
			}
		}
	case k.name == "beanstalkd":
		if s.Parked != counts["failed"]+counts["unknown"] {
			t.Errorf("%d are buried, and the run has %v", s.Parked, counts)
		}
	}
	totals := k.status(t, "q")
	if totals.Pending != 0 || totals.Input != totals.OK+totals.Failed+totals.Skipped+totals.Unknown {
		t.Errorf("the books: %+v", totals)
	}
	if totals.OK < counts["ok"] {
		t.Errorf("the books: %+v, and %v jobs", totals, counts)
	}
	replies := k.replies(t, "q")
	if replies["owed"] > 0 || replies["confirmed"] == 0 {
		t.Errorf("answers: %v", replies)
	}
	t.Logf("jobs %v, answers %v, queue %+v", counts, replies, s)
}
