package echo

import (
	"brood/jobs"
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// crashMark is set in the environment of a process that is to crash.
const crashMark = "BROOD_ECHO_CRASH"

// TestMain is also the program that crashes.
func TestMain(m *testing.M) {
	if os.Getenv(crashMark) != "" {
		r := &runner{config: config{CrashRate: 1}}
		_ = r.Do(context.Background(), record(0, "x"), &jobs.Result{})
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var lines = &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n"}

func record(seq jobs.Seq, raw string) *jobs.Record {
	return &jobs.Record{Seq: seq, Attempt: 1, Raw: []byte(raw), Shape: lines}
}

// options are the flags as a user has given them.
type options struct {
	jobs.Options
	sleep       time.Duration
	fail, crash float64
	text        bool
}

func (o options) Duration(string) time.Duration { return o.sleep }
func (o options) Text() bool                    { return o.text }
func (o options) StateDir() string              { return "" }
func (o options) Float64(name string) float64 {
	return map[string]float64{"fail-rate": o.fail, "crash-rate": o.crash}[name]
}

// start plans the job and opens it with what the plan says.
func start(t *testing.T, o options) *runner {
	t.Helper()
	p, err := plan(o, lines)
	if err != nil {
		t.Fatal(err)
	}
	if p.NeedsRaw != o.text || len(p.Columns) != 0 {
		t.Errorf("the plan is %+v", p)
	}
	r, err := open(t.Context(), jobs.Setup{Config: p.Config, Shape: lines, Text: o.text})
	if err != nil {
		t.Fatal(err)
	}
	return r.(*runner)
}

// TestEcho: as text a record comes back with the end it has in its dataset; else it
// is in the row already.
func TestEcho(t *testing.T) {
	nul := record(0, "a\nb")
	nul.Shape = &jobs.Shape{Kind: jobs.Lines, Columns: lines.Columns, End: "\x00"}
	for want, c := range map[string]struct {
		rec  *jobs.Record
		text bool
	}{
		"x \xff\n": {record(0, "x \xff"), true},
		"\n":       {record(0, ""), true},
		"a\nb\x00": {nul, true},
		"":         {record(0, "x"), false},
	} {
		var res jobs.Result
		if err := start(t, options{text: c.text}).Do(t.Context(), c.rec, &res); err != nil {
			t.Fatal(err)
		}
		if string(res.Text) != want || res.Verdict != jobs.VerdictOK || len(res.Values) != 0 {
			t.Errorf("%q: %+v", c.rec.Raw, res)
		}
		// Not what the clock says: two runs are equal byte for byte.
		if !res.ElapsedKnown || res.Elapsed != 0 {
			t.Errorf("it took %s, known %v", res.Elapsed, res.ElapsedKnown)
		}
	}
}

// TestSleep: the time that a record took is the one that was asked for.
func TestSleep(t *testing.T) {
	const asked = 3 * time.Millisecond
	var res jobs.Result
	begun := time.Now()
	if err := start(t, options{sleep: asked}).Do(t.Context(), record(0, "x"), &res); err != nil {
		t.Fatal(err)
	}
	if res.Elapsed != asked || !res.ElapsedKnown || time.Since(begun) < asked {
		t.Errorf("it took %s, and says %s", time.Since(begun), res.Elapsed)
	}
}

// failing lists which of the first records fail at a try.
func failing(t *testing.T, rate float64, attempt int) (seqs []jobs.Seq) {
	t.Helper()
	r := start(t, options{fail: rate, text: true})
	for seq := range jobs.Seq(2000) {
		rec := record(seq, "x")
		rec.Attempt = attempt
		var res jobs.Result
		if err := r.Do(t.Context(), rec, &res); err != nil {
			t.Fatal(err)
		}
		switch {
		case res.Verdict == jobs.VerdictRetry && res.Class == "rehearsal" && len(res.Text) == 0:
			seqs = append(seqs, seq)
		case res.Verdict != jobs.VerdictOK || string(res.Text) != "x\n":
			t.Fatalf("%+v", res)
		}
	}
	return seqs
}

// TestFailRate: the share of the tries that was asked for fails, every time the
// same, and a second try has a chance of its own.
func TestFailRate(t *testing.T) {
	for rate, want := range map[float64][2]int{0: {0, 0}, 0.1: {140, 260}, 0.9: {1740, 1860}, 1: {2000, 2000}} {
		if n := len(failing(t, rate, 1)); n < want[0] || n > want[1] {
			t.Errorf("at a rate of %v %d of 2000 failed", rate, n)
		}
	}
	first, again, second := failing(t, 0.3, 1), failing(t, 0.3, 1), failing(t, 0.3, 2)
	if !slices.Equal(first, again) {
		t.Error("the same tries end in another way")
	}
	both := 0
	for _, seq := range first {
		if slices.Contains(second, seq) {
			both++
		}
	}
	if share := float64(both) / float64(len(first)); share < 0.2 || share > 0.4 {
		t.Errorf("of those that failed %v fail again, want 0.3", share)
	}
}

// TestDraw: the numbers are spread evenly, also for records that stand side by side.
func TestDraw(t *testing.T) {
	var tenth [10]int
	for seq := range jobs.Seq(10000) {
		x := draw("crash", seq, 0)
		if x < 0 || x >= 1 {
			t.Fatalf("%v for record %d", x, seq)
		}
		tenth[int(10*x)]++
	}
	for i, n := range tenth {
		if n < 850 || n > 1150 {
			t.Errorf("%d of 10,000 in tenth %d", n, i)
		}
	}
	if draw("crash", 1, 1) == draw("fail", 1, 1) {
		t.Error("a record that fails is one that crashes")
	}
}

// TestCrash: the worker is killed, as by the kernel.
func TestCrash(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashMark+"=1")
	err := cmd.Run()
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
		t.Errorf("it ended with: %v", err)
	}
}

func TestPlanRefuses(t *testing.T) {
	for want, o := range map[string]options{
		"--sleep -1s":      {sleep: -time.Second},
		"--fail-rate -0.1": {fail: -0.1},
		"--fail-rate 1.1":  {fail: 1.1},
		"--crash-rate NaN": {crash: math.NaN()},
	} {
		if _, err := plan(o, lines); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := open(t.Context(), jobs.Setup{Config: json.RawMessage(`[]`)}); err == nil {
		t.Error("a broken configuration was taken")
	}
}

// TestForks: records that are in hand at a time sleep at a time, and come back as from one runner.
func TestForks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100
		o := options{sleep: time.Second, fail: 0.5}
		one := start(t, o)
		alone := make([]jobs.Result, n)
		for i := range alone {
			if err := one.Do(t.Context(), record(jobs.Seq(i), "x"), &alone[i]); err != nil {
				t.Fatal(err)
			}
		}
		first := start(t, o)
		forks := []jobs.Runner{first}
		for len(forks) < n {
			fork, err := jobs.Forker(first).Fork()
			if err != nil {
				t.Fatal(err)
			}
			forks = append(forks, fork)
		}
		together := make([]jobs.Result, n)
		begun := time.Now()
		var all sync.WaitGroup
		for i, r := range forks {
			all.Go(func() {
				if err := r.Do(t.Context(), record(jobs.Seq(i), "x"), &together[i]); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(begun); took != time.Second {
			t.Errorf("%d records of a second took %s", n, took)
		}
		if !reflect.DeepEqual(together, alone) {
			t.Errorf("%+v, and one after the other %+v", together, alone)
		}
	})
}
