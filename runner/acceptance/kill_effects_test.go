package acceptance

import (
	"brood/jobs"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// effectJob does something that can be counted from outside: it appends a line
// to the file that BROOD_TEST_EFFECTS names, in one write. Some records fail or
// ask for another try before they have had their effect. BROOD_TEST_EFFECT_PAUSE makes
// it slower.
func effectJob() *jobs.Definition {
	return &jobs.Definition{
		Name: "effect", Retries: 5, Effect: jobs.EffectOnce, KeyLifetime: time.Hour,
		Plan: func(jobs.Options, *jobs.Shape) (jobs.Plan, error) {
			return jobs.Plan{Columns: []jobs.Column{{Name: "done"}}, InHand: 16}, nil
		},
		Open: func(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
			f, err := os.OpenFile(os.Getenv("BROOD_TEST_EFFECTS"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
			pause := time.Millisecond
			if long, bad := time.ParseDuration(os.Getenv("BROOD_TEST_EFFECT_PAUSE")); bad == nil {
				pause = long
			}
			return &effect{file: f, key: s.Key, pause: pause}, err
		},
	}
}

type effect struct {
	file  *os.File
	key   jobs.KeySpec
	pause time.Duration // at most so long before the effect, and again after it
}

func (e *effect) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	switch {
	case rec.Seq%50 == 7:
		res.Fail(jobs.VerdictFailed, "refused", "not this one")
		return nil
	case rec.Seq%20 == 3 && rec.Attempt < 3:
		res.Fail(jobs.VerdictRetry, "later", "not yet")
		return nil
	case rand.N(200) == 0:
		res.Fail(jobs.VerdictThrottle, "", "too fast")
		res.RetryAfter = time.Millisecond
		return nil
	}
	time.Sleep(rand.N(e.pause))
	if _, err := fmt.Fprintf(e.file, "%d %s\n", rec.Seq, e.key.Of(rec)); err != nil {
		return err
	}
	time.Sleep(rand.N(e.pause))
	// Large now and then, so that the notes have to grow and to change files.
	size := 10
	if rec.Seq%100 == 0 {
		size = 300 << 10
	}
	res.Values = append(res.Values, fmt.Appendf(nil, "%d%s", rec.Seq, strings.Repeat("x", size)))
	return nil
}

// Fork returns another one, whose effects go to the same file.
func (e *effect) Fork() (jobs.Runner, error) {
	fd, err := syscall.Dup(int(e.file.Fd()))
	return &effect{file: os.NewFile(uintptr(fd), e.file.Name()), key: e.key, pause: e.pause}, err
}

func (e *effect) Close() error { return e.file.Close() }

// chaosSlots is how many workers the runs of TestEffects have.
const chaosSlots = 3

// TestEffects kills the parent, the whole tree, or a worker at random moments,
// and resumes until the run is done. What the job did is counted outside brood:
// each record once, except those that brood reports as unknown, and of those no
// more than a worker has in hand for each that was killed in the middle of something.
func TestEffects(t *testing.T) {
	for _, effect := range []string{"once", "keyed"} {
		for _, perWorker := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s/%d", effect, perWorker), func(t *testing.T) {
				t.Parallel()
				kills := 2 * chaosKills(t)
				for round := 0; kills > 0; round++ {
					x := &effects{dir: t.TempDir(), effect: effect, perWorker: perWorker, name: fmt.Sprintf("round%d", round)}
					x.play(t, &kills)
				}
			})
		}
	}
}

// effects is one run that is killed again and again.
type effects struct {
	dir, effect, name string
	perWorker         int // records in hand
	parents, trees    int
	workers           int
}

const effectRecords = 2500

func (x *effects) path(name string) string { return filepath.Join(x.dir, name) }

func (x *effects) command(t *testing.T, args ...string) *exec.Cmd {
	cmd := asBroodtest(t, args...)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+x.path("state"), "BROOD_TEST_EFFECTS="+x.path("effects"))
	cmd.Stderr = &bytes.Buffer{}
	return cmd
}

func (x *effects) play(t *testing.T, kills *int) {
	t.Helper()
	input := x.writeInput(t)
	run := []string{
		"run", "effect", input, "--run", x.name, "-o", x.path("out.csv"), "--key", "id",
		"-j", strconv.Itoa(chaosSlots * x.perWorker), "--per-worker", strconv.Itoa(x.perWorker), "--effect", x.effect, "--backoff", "1ms..20ms", "--max-crashes", "1000",
	}
	args := run
	for {
		cmd := x.command(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		x.killSome(t, cmd.Process.Pid, kills, done)
		<-done
		if code := cmd.ProcessState.ExitCode(); code >= 0 {
			x.check(t, code, cmd.Stderr)
			return
		}
		if args = []string{"resume", x.name}; x.command(t, "status", x.name).Run() != nil {
			args = run // it had not begun
		}
	}
}

// killSome kills what chance says until the parent has gone or enough is done.
func (x *effects) killSome(t *testing.T, parent int, kills *int, done <-chan struct{}) {
	t.Helper()
	for *kills > 0 {
		select {
		case <-done:
			return
		case <-time.After(rand.N(killWithin() / 2)):
		}
		children := childrenOf(parent)
		switch what := rand.N(3); {
		case what == 0:
			x.parents++
			_ = syscall.Kill(parent, syscall.SIGKILL)
		case what == 1 && len(children) > 0:
			x.trees++
			// Stopped first, so that all end at one moment.
			_ = syscall.Kill(parent, syscall.SIGSTOP)
			for _, pid := range children {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			_ = syscall.Kill(parent, syscall.SIGKILL)
		case len(children) > 0:
			x.workers++
			_ = syscall.Kill(children[rand.N(len(children))], syscall.SIGKILL)
			*kills--
			continue
		}
		*kills--
		return
	}
}

// check compares what brood says with what was done.
func (x *effects) check(t *testing.T, code int, stderr any) {
	t.Helper()
	if _, err := os.Stat(x.path("out.csv")); err != nil {
		t.Fatalf("exit status %d, and there is no output\n%s", code, stderr)
	}
	counts := x.compare(t, x.path("out.csv"), x.path("effects"))
	if bound := (x.trees*chaosSlots + x.workers) * x.perWorker; counts["unknown"] > bound {
		t.Errorf("%d unknown after %d trees and %d workers were killed: at most %d may be", counts["unknown"], x.trees, x.workers, bound)
	}
	want := 1 // some are refused
	if counts["unknown"] > 0 {
		want = 3
	}
	if code != want {
		t.Errorf("exit status %d, want %d\n%s", code, want, stderr)
	}
	t.Logf("killed: %d parents, %d trees, %d workers; %v", x.parents, x.trees, x.workers, counts)
}

// compare compares the results with the log of what was done, record by record,
// and returns how many there are of each status.
func (x *effects) compare(t *testing.T, out, log string) map[string]int {
	t.Helper()
	done := doneOf(t, log)
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seqAt, statusAt := slices.Index(rows[0], "_seq"), slices.Index(rows[0], "_status")
	counts := make(map[string]int)
	for i, row := range rows[1:] {
		seq, status := row[seqAt], row[statusAt]
		if seq != strconv.Itoa(i) {
			t.Fatalf("row %d is of record %s", i, seq)
		}
		counts[status]++
		x.checkRecord(t, seq, status, row[1], done[seq])
	}
	if len(rows)-1 != effectRecords {
		t.Errorf("%d rows, want %d", len(rows)-1, effectRecords)
	}
	return counts
}

// doneOf counts how often each record was done, and checks that it was under one
// key. There is no log if nothing was.
func doneOf(t *testing.T, log string) map[string]int {
	t.Helper()
	b, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	done, keys := make(map[string]int), make(map[string]string)
	for line := range strings.Lines(string(b)) {
		seq, key, _ := strings.Cut(strings.TrimSpace(line), " ")
		done[seq]++
		if keys[seq] != "" && keys[seq] != key {
			t.Errorf("record %s was done under two keys", seq)
		}
		keys[seq] = key
	}
	return done
}

// writeInput writes the dataset of such a run.
func (x *effects) writeInput(t *testing.T) string {
	t.Helper()
	var data strings.Builder
	data.WriteString("id\n")
	for i := range effectRecords {
		fmt.Fprintf(&data, "r%d\n", i)
	}
	if err := os.WriteFile(x.path("in.csv"), []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return x.path("in.csv")
}

func (x *effects) checkRecord(t *testing.T, seq, status, value string, done int) {
	t.Helper()
	switch {
	case status == "ok" && done != 1 && x.effect == "once",
		status == "ok" && done < 1,
		status == "failed" && done != 0,
		status == "unknown" && (done > 1 || x.effect == "keyed"),
		status == "ok" && !strings.HasPrefix(value, seq+"x"):
		t.Errorf("record %s is %s, and was done %d times", seq, status, done)
	}
}
