package guard

import (
	"brood/jobs"
	"brood/runner/reasons"
	"fmt"
	"math"
	"testing"
)

// step is something that becomes of a record in a trial: it ended its worker, touched or
// not, another was answered, or time went by.
type step struct {
	what         string // touched, untouched, works, widen
	seq          jobs.Seq
	spared, news bool
	room         int // afterwards
}

func TestTrial(t *testing.T) {
	const all = math.MaxInt
	for name, c := range map[string]struct {
		slots   int
		careful bool
		steps   []step
	}{
		"one slot, three records": {1, true, []step{
			{"touched", 0, true, false, 2}, {"touched", 1, true, false, 1}, {"touched", 2, true, true, 0},
		}},
		"one record counts once": {1, true, []step{
			{"touched", 0, true, false, 2}, {"touched", 0, false, false, 2}, {"touched", 0, false, false, 2}, {"touched", 1, true, false, 1},
		}},
		"who has touched nothing is not to blame": {4, true, []step{
			{"untouched", 0, true, false, 2}, {"untouched", 0, true, false, 1}, {"untouched", 0, true, true, 0},
		}},
		"an answer ends it": {4, true, []step{
			{"touched", 0, true, false, 2}, {"touched", 1, true, false, 1}, {"works", 0, false, false, all}, {"touched", 2, false, false, all}, {"touched", 3, false, false, all},
		}},
		"slow ones are tried on every slot": {5, true, []step{
			{"widen", 0, false, false, 5}, {"touched", 0, true, false, 4}, {"touched", 1, true, false, 3}, {"touched", 2, true, false, 2}, {"touched", 3, true, false, 1}, {"touched", 4, true, true, 0},
		}},
		"few slots": {2, true, []step{
			{"widen", 0, false, false, 3}, {"touched", 0, true, false, 2}, {"untouched", 1, true, false, 1}, {"touched", 1, true, true, 0},
		}},
		"nothing can be lost": {5, false, []step{
			{"touched", 0, true, false, all}, {"touched", 1, true, false, all}, {"touched", 2, true, false, all}, {"touched", 3, true, false, all}, {"touched", 4, true, true, all},
		}},
		"what was in hand meanwhile is spared as well": {1, false, []step{
			{"touched", 0, true, false, all}, {"touched", 1, true, false, all}, {"touched", 2, true, true, all}, {"touched", 0, true, false, all}, {"touched", 3, true, false, all},
		}},
	} {
		tr := NewTrial(c.slots, c.careful)
		want := all
		if c.careful {
			want = Few
		}
		if got := tr.Room(); got != want {
			t.Errorf("%s: room for %d at first", name, got)
		}
		for i, s := range c.steps {
			var spared, news bool
			switch s.what {
			case "works":
				tr.Works()
			case "widen":
				tr.Widen()
			default:
				spared, news = tr.Failed(s.seq, s.what == "touched")
			}
			if spared != s.spared || news != s.news || tr.Room() != s.room {
				t.Errorf("%s: after %d: spared %t, news %t, room %d; want %+v", name, i, spared, news, tr.Room(), s)
			}
		}
	}
}

func TestSignOf(t *testing.T) {
	for _, c := range []struct {
		verdict jobs.Verdict
		class   jobs.Class
		want    Sign
	}{
		{jobs.VerdictOK, "", Works},
		{jobs.VerdictSkipped, "", Works},
		{jobs.VerdictAbort, "exit:78", Works}, // it stops the run by itself
		{jobs.VerdictUnknown, "signal:KILL", Works},
		{jobs.VerdictRetry, "exit:1", Works},
		{jobs.VerdictFailed, "exit:65", Works},
		{jobs.VerdictFailed, jobs.ClassStart, Missing},
		{jobs.VerdictThrottle, jobs.ClassStart, Neither}, // the machine is full
		{jobs.VerdictRetry, "exit:127", Unfound},
		{jobs.VerdictRetry, "exit:126", Unfound},
	} {
		if got := SignOf(&jobs.Result{Verdict: c.verdict, Class: c.class}); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.verdict, c.class, got, c.want)
		}
	}
}

// failure is the end of a record that has the line x1, x2, …
func failure(n int, status jobs.Status, class jobs.Class, text string) *reasons.Failure {
	line := fmt.Sprintf("x%d", n)
	return &reasons.Failure{Seq: jobs.Seq(n), Place: fmt.Sprintf("l.txt:%d", n+1), Status: status, Class: class, Error: text, Values: [][]byte{[]byte(line)}}
}

func TestAlike(t *testing.T) {
	failed := func(n int) *reasons.Failure { return failure(n, jobs.StatusFailed, "exit:1", "exit status 1: no") }
	for name, c := range map[string]struct {
		of   func(n int) *reasons.Failure
		want int // after how many it is said; 0: never
	}{
		"the same": {failed, Enough},
		"but the record": {func(n int) *reasons.Failure {
			return failure(n, jobs.StatusFailed, "exit:1", fmt.Sprintf("exit status 1: cannot open x%d", n))
		}, Enough},
		"but the place": {func(n int) *reasons.Failure {
			return failure(n, jobs.StatusFailed, jobs.ClassInput, fmt.Sprintf("l.txt:%d: 1 column, not 3", n+1))
		}, Enough},
		"but once": {func(n int) *reasons.Failure {
			if n == Enough-1 {
				return failure(n, jobs.StatusFailed, "exit:1", "exit status 1: yes")
			}
			return failed(n)
		}, 0},
		"but the class": {func(n int) *reasons.Failure {
			return failure(n, jobs.StatusFailed, jobs.Class(fmt.Sprint("exit:", n)), "no")
		}, 0},
		"but the status": {func(n int) *reasons.Failure { return failure(n, jobs.Status(2+n%2*2), "crash", "no") }, 0},
		"what is well": {func(n int) *reasons.Failure {
			if n == 7 {
				return nil
			}
			return failed(n)
		}, 0},
	} {
		a := NewAlike()
		for n := range 3 * Enough {
			f := c.of(n)
			if f == nil {
				a.Differs()
				continue
			}
			g := a.Bad(f)
			if (g != nil) != (n+1 == c.want) {
				t.Errorf("%s: after %d: %v", name, n+1, g)
			}
			if g != nil && (g.Records != Enough || g.First != 0) {
				t.Errorf("%s: %+v", name, g)
			}
		}
		if !a.Over() {
			t.Errorf("%s: it is not over", name)
		}
	}
}

func TestWordOf(t *testing.T) {
	for _, c := range []struct {
		status    jobs.Status
		class     jobs.Class
		uncertain bool
		want      Word
	}{
		{jobs.StatusOK, "", false, Well},
		{jobs.StatusFailed, "exit:1", false, Ill},
		{jobs.StatusUnknown, jobs.ClassCrash, false, Ill},
		{jobs.StatusUnknown, jobs.ClassInterrupted, false, Nothing}, // of an earlier session
		{jobs.StatusUnknown, jobs.ClassKilled, false, Nothing},
		{jobs.StatusUnknown, jobs.ClassExpired, false, Nothing},
		{jobs.StatusSkipped, jobs.ClassDuplicate, false, Nothing},
		{jobs.StatusSkipped, "suppressed", false, Well}, // the job says so
		{jobs.StatusSkipped, jobs.ClassCrash, true, Ill},
	} {
		if got := WordOf(c.status, c.class, c.uncertain); got != c.want {
			t.Errorf("%s %s %t: %d, want %d", c.status, c.class, c.uncertain, got, c.want)
		}
	}
}
