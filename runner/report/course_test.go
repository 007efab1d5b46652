package report

import (
	"brood/jobs/figures"
	"brood/runner/catalog"
	"brood/runner/ledger"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// TestColumns: a timeline loses no record, and has no more columns than it may.
func TestColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &Run{zone: zone{time.UTC}, entry: &catalog.Entry{}}
		at, total, sum := noon, time.Duration(0), 0.0
		for range rapid.IntRange(1, 300).Draw(t, "stretches") {
			at = at.Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "pause")) * time.Hour)
			lasted := time.Duration(rapid.IntRange(1, 60_000).Draw(t, "ms")) * time.Millisecond
			n := rapid.Uint64Range(0, 100).Draw(t, "records")
			r.course = append(r.course, ledger.Stretch{At: at, Lasted: lasted, OK: n, Failed: n / 2})
			at, total, sum = at.Add(lasted), total+lasted, sum+float64(n+n/2)
		}
		columns, length, cuts := r.columns()
		if len(columns) > mostColumns || len(columns) == 0 {
			t.Fatalf("%d columns", len(columns))
		}
		got, left := 0.0, total
		for i := range columns {
			seconds := min(length, left).Seconds()
			if i == len(columns)-1 && left < length {
				seconds = left.Seconds() // of one that is not whole
			}
			got += columns[i].sum() * seconds
			left -= length
		}
		// A last piece that is too short to tell anything is not drawn.
		if got > sum*(1+1e-6) || (left <= 0 && math.Abs(got-sum) > 1e-6*(sum+1)) {
			t.Fatalf("%f records are in %d columns, of %f", got, len(columns), sum)
		}
		for _, c := range cuts {
			if c < 0 || c > float64(len(columns))+1 {
				t.Fatalf("a cut at %f of %d", c, len(columns))
			}
		}
	})
}

// TestNotKnown: what a ledger of before does not tell is said to be not known.
func TestNotKnown(t *testing.T) {
	r := &Run{zone: zone{time.UTC}, entry: &catalog.Entry{Input: 5, OK: 5, State: ledger.StateDone}}
	if s := r.timeline(); len(s.Drawings) > 0 || len(s.Text) != 1 || !strings.Contains(s.Text[0], "not known") {
		t.Errorf("%+v", s)
	}
	if s := r.latency(); len(s.Drawings) > 0 || len(s.Text) != 1 || !strings.Contains(s.Text[0], "not known") {
		t.Errorf("%+v", s)
	}
	if s := r.waited(); s.Bars != nil {
		t.Errorf("%+v", s)
	}
}

// TestBooks: the balance is computed, and a wrong one is said.
func TestBooks(t *testing.T) {
	r := &Run{zone: zone{time.UTC}, inputDone: true, entry: &catalog.Entry{Name: "a", Input: 10, OK: 4, Failed: 3, Skipped: 2, Unknown: 1}}
	if s := r.books(); s.Text[0] != "The books balance: 10 read = 4 ok + 3 failed + 2 skipped + 1 unknown + 0 pending." {
		t.Error(s.Text)
	}
	r.entry.OK = 20
	if s := r.books(); !strings.Contains(s.Text[0], "NOT") {
		t.Error(s.Text)
	}
}

// TestWaited: what a run waited for and what not is all of its time.
func TestWaited(t *testing.T) {
	r := &Run{zone: zone{time.UTC}, entry: &catalog.Entry{}, sessions: []ledger.PastSession{{Slots: 4}}}
	r.course = []ledger.Stretch{
		{At: noon, Lasted: 10 * time.Second, Busy: 20 * time.Second, Commits: 2, Committing: 10 * time.Millisecond, Waits: map[ledger.Wait]time.Duration{ledger.WaitLimit: 3 * time.Second}},
		{At: noon.Add(10 * time.Second), Lasted: 10 * time.Second, Waits: map[ledger.Wait]time.Duration{ledger.WaitInput: 5 * time.Second, "new": time.Second}},
	}
	s := r.waited()
	var sum float64
	for _, b := range s.Bars[0].Bars {
		sum += b.Parts[0].Amount
	}
	if sum != 20 || s.Bars[0].Bars[0].Text != "12 s, 60.0 %" || s.Bars[0].Bars[1].Name != "the dataset" {
		t.Errorf("%+v", s.Bars)
	}
	if s.Facts[0] != (figures.Fact{Name: "records in hand, on the average", Value: "1 of 4"}) || s.Facts[2].Value != "5 ms" {
		t.Errorf("%+v", s.Facts)
	}
}
