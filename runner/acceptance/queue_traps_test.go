package acceptance

import (
	"brood/runner/queue/queuetest"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ends runs a session to its end, which must have one of the exit statuses, and returns what it has said.
func (w *queueWorld) ends(t *testing.T, codes []int) string {
	t.Helper()
	cmd := w.run(t, "q", "--drain-queue")
	_ = cmd.Run()
	said := fmt.Sprint(cmd.Stderr)
	if !slices.Contains(codes, cmd.ProcessState.ExitCode()) {
		t.Fatalf("exit status %d, want one of %v\n%s", cmd.ProcessState.ExitCode(), codes, said)
	}
	return said
}

// tell says something to a server, which ends the connection by its last line, and wants an answer.
func tell(t *testing.T, addr, text, want string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var b bytes.Buffer
	if _, err = c.Write([]byte(text)); err == nil {
		_, err = b.ReadFrom(c)
	}
	if err != nil || !strings.Contains(b.String(), want) {
		t.Fatalf("%q, %v", b.String(), err)
	}
}

// begun wants that jobs were begun so often.
func (w *queueWorld) begun(t *testing.T, what string, want map[int]int) {
	t.Helper()
	saw := w.seen(t)
	for n, times := range want {
		if saw.begun[n] != times {
			t.Errorf("%s: job %d was begun %d times, want %d", what, n, saw.begun[n], times)
		}
	}
}

// TestQueueSameIDs: beanstalkd without a log begins its IDs again when it is started anew. Other jobs with the IDs of those that are
// known are done; the same body under the same ID cannot be told from a job that comes again, and with once is not.
func TestQueueSameIDs(t *testing.T) {
	t.Parallel()
	s := queuetest.StartBeanstalkd(t, false)
	w := newQueueWorld(t, &queuePlace{name: "beanstalkd", url: "beanstalk://" + s.Addr + "/jobs", server: s}, "once")
	w.fill(t, plain(0, 3, "ok"))
	w.ends(t, fine)
	s.Restart()
	w.fill(t, append(plain(10, 2, "ok"), queueJob{N: 2, Kind: "ok"}))
	w.ends(t, fine)
	w.begun(t, "after a restart", map[int]int{0: 1, 1: 1, 2: 1, 10: 1, 11: 1})
	if s := w.stats(t); s.Ready+s.InHand+s.Parked != 0 {
		t.Errorf("the queue has %+v", s)
	}
}

// TestQueueKicked: of a job that somebody has kicked, a failed one is done again, and an unknown one is put aside again, until
// brood resolve has decided; then the queue is told.
func TestQueueKicked(t *testing.T) {
	t.Parallel()
	w := newQueueWorld(t, queueKinds["beanstalkd"](t), "once")
	w.fill(t, []queueJob{{1, "fail"}, {2, "crash"}})
	w.ends(t, []int{3})
	w.begun(t, "first", map[int]int{1: 1, 2: 1})
	kick := func() { tell(t, w.server.Addr, "use jobs\r\nkick 100\r\nquit\r\n", "KICKED 2") }
	kick()
	w.ends(t, []int{1, 3})
	w.begun(t, "kicked", map[int]int{1: 2, 2: 1})
	if s := w.stats(t); s.Parked != 2 {
		t.Errorf("after the kick: %+v", s)
	}
	w.brood(t, fine, "resolve", "q", "--as", "ok", "--all-unknown", "--reason", "it was done")
	w.ends(t, []int{0, 1})
	w.begun(t, "resolved", map[int]int{1: 2, 2: 1})
	if s := w.stats(t); s.Parked != 1 {
		t.Errorf("after brood resolve: %+v", s)
	}
}

// TestQueueAtWork: a run that is at work already is what --drain-queue is for: status 0, and not a word. Without it: 75.
// A job that takes longer than its time to run is done once.
func TestQueueAtWork(t *testing.T) {
	t.Parallel()
	w := newQueueWorld(t, queueKinds["beanstalkd"](t), "once")
	w.fill(t, []queueJob{{1, "long"}})
	first := w.run(t, "q", "--drain-queue")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return w.lines() > 0 })
	if said := w.ends(t, fine); said != "" {
		t.Errorf("with --drain-queue it says %q", said)
	}
	second := w.run(t, "q")
	_ = second.Run()
	if code := second.ProcessState.ExitCode(); code != 75 {
		t.Errorf("without --drain-queue: exit status %d\n%s", code, second.Stderr)
	}
	if err := first.Wait(); err != nil {
		t.Errorf("%v\n%s", err, first.Stderr)
	}
	w.begun(t, "longer than its lease", map[int]int{1: 1})
	if replies := w.replies(t, "q"); replies["confirmed"] != 1 || len(replies) != 1 {
		t.Errorf("answers: %v", replies)
	}
}

// TestQueueCut: connections that are cut again and again lose no job, and with once none is done twice.
func TestQueueCut(t *testing.T) {
	t.Parallel()
	s := queuetest.StartBeanstalkd(t, true)
	proxy := queuetest.StartProxy(t, s.Addr)
	w := newQueueWorld(t, &queuePlace{name: "beanstalkd", url: "beanstalk://" + proxy.Addr + "/jobs", server: s}, "once")
	const jobs = 60
	w.fill(t, plain(0, jobs, "slow"))
	cmd := w.run(t, "q", "--drain-queue")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{10, 50, 90} {
		waitFor(t, func() bool { return w.lines() > at })
		proxy.Cut()
	}
	_ = cmd.Wait()
	w.ends(t, []int{0, 3})
	saw := w.seen(t)
	unknown := 0
	for n := range jobs {
		if saw.begun[n] > 1 {
			t.Errorf("job %d was begun %d times", n, saw.begun[n])
		}
		if saw.begun[n] == 0 {
			unknown++
		}
	}
	totals := w.status(t, "q")
	if unknown > totals.Unknown || totals.Unknown > 3*w.slots || totals.Failed != 0 {
		t.Errorf("%d were not done, and the run says %+v", unknown, totals)
	}
	if s := w.stats(t); s.Ready+s.InHand+s.Delayed != 0 || s.Parked != totals.Unknown {
		t.Errorf("the queue has %+v, and the run %+v", s, totals)
	}
}

// TestQueuePassword: the password of a queue, from its URL, a file or the environment, is in no file of the run, in nothing that is
// said, and in the environment of no worker and no command.
func TestQueuePassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-of-the-queue"
	for _, from := range []string{"url", "file", "environment"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			testQueuePassword(t, from, secret)
		})
	}
}

func testQueuePassword(t *testing.T, from, secret string) {
	s := queuetest.StartRedis(t)
	tell(t, s.Addr, "CONFIG SET requirepass "+secret+"\r\nQUIT\r\n", "+OK")
	w := newQueueWorld(t, &queuePlace{name: "redis", url: "redis://" + s.Addr + "/0?list=jobs", server: s}, "none")
	if err := os.WriteFile(w.path("password"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.put = []string{"--queue-password-file", w.path("password")}
	w.fill(t, plain(0, 4, "long"))
	if from == "file" {
		w.args = w.put
	}
	if from == "url" {
		w.url = "redis://:" + secret + "@" + s.Addr + "/0?list=jobs"
	}
	cmd := w.run(t, "q", "--drain-queue")
	if from == "environment" {
		cmd.Env = append(cmd.Env, "BROOD_QUEUE_PASSWORD="+secret)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return w.lines() > 0 })
	for _, pid := range descendants(cmd.Process.Pid) {
		for _, name := range []string{"environ", "cmdline"} {
			if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name)); bytes.Contains(b, []byte(secret)) {
				t.Errorf("it is in the %s of process %d", name, pid)
			}
		}
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if said := fmt.Sprint(cmd.Stderr); strings.Contains(said, secret) {
		t.Errorf("it is said: %s", said)
	}
	for _, args := range [][]string{{"status", "q", "--json"}, {"report", "q"}} {
		if out := w.brood(t, fine, args...); strings.Contains(out, secret) {
			t.Errorf("brood %s says it", args[0])
		}
	}
	err := filepath.WalkDir(w.path("state"), func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("it is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestQueueStanding: a run without --drain-queue stays; it begins what arrives, goes on when its server has gone and come back, and
// ends in order when it is told to. How soon a job was done is printed, in steps of 20 ms.
func TestQueueStanding(t *testing.T) {
	t.Parallel()
	w := newQueueWorld(t, queueKinds["beanstalkd"](t), "once")
	cmd := w.run(t, "q")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		w.fill(t, plain(n, 1, "ok"))
		put := time.Now()
		waitFor(t, func() bool { return w.seen(t).ended[n] == 1 })
		t.Logf("job %d had ended at most %s after brood queue put", n, time.Since(put).Round(time.Millisecond))
	}
	w.server.Restart()
	w.fill(t, plain(3, 20, "slow"))
	waitFor(t, func() bool { return len(w.seen(t).begun) > 10 })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 143 {
		t.Errorf("exit status %d\n%s", code, cmd.Stderr)
	}
	saw, s := w.seen(t), w.stats(t)
	if s.InHand != 0 || s.Ready != 23-len(saw.begun) || s.Parked != 0 {
		t.Errorf("%d were begun, and the queue has %+v", len(saw.begun), s)
	}
	w.ends(t, fine)
	for n := range 23 {
		w.begun(t, "in the end", map[int]int{n: 1})
	}
}
