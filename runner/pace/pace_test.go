package pace

import (
	"encoding/json"
	"testing"
	"time"
)

var monday = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func rateOf(t *testing.T, s string) *Rate {
	t.Helper()
	r, err := ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestParseRate(t *testing.T) {
	for s, want := range map[string]string{
		"50/s": "50/s", "50": "50/s", "0.5/s": "0.5/s", "100/m": "100/m", "3/hour": "3/h", "2000/day": "2000/day",
	} {
		if got := rateOf(t, s).String(); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	for _, bad := range []string{"", "0", "-1/s", "x/s", "5/fortnight", "1e400", "/s"} {
		if r, err := ParseRate(bad); err == nil {
			t.Errorf("%q was accepted as %s", bad, r)
		}
	}
}

// play asks a pacer for n starts of 1, as often as it allows, and returns when
// they were.
func play(p *Pacer, now time.Time, n int, step func(time.Time) time.Time) []time.Time {
	var starts []time.Time
	for len(starts) < n {
		room, again, _ := p.Room(now, 1)
		if room == 0 {
			now = step(again)
			continue
		}
		p.Start(now, 1)
		starts = append(starts, now)
	}
	return starts
}

// most returns the largest number of starts within a time.
func most(starts []time.Time, within time.Duration) int {
	best, from := 0, 0
	for to := range starts {
		for starts[to].Sub(starts[from]) >= within {
			from++
		}
		best = max(best, to-from+1)
	}
	return best
}

func TestRate(t *testing.T) {
	exact := func(again time.Time) time.Time { return again }
	late := func(again time.Time) time.Time { return again.Add(30 * time.Millisecond) } // a lazy caller
	for name, step := range map[string]func(time.Time) time.Time{"exact": exact, "late": late} {
		p := New(Spec{Rate: rateOf(t, "50/s")}, monday, "", 0)
		starts := play(p, monday, 1000, step)
		if n := most(starts, time.Second); n > 55 {
			t.Errorf("%s: %d starts in a second, the limit is 50 and the burst 5", name, n)
		}
		if took := starts[999].Sub(monday); took > 21*time.Second {
			t.Errorf("%s: 1000 starts took %s, less than 95 %% of the rate", name, took)
		}
	}
	p := New(Spec{Rate: rateOf(t, "10/s"), Burst: 4}, monday, "", 0)
	play(p, monday, 1, exact)
	if room, _, _ := p.Room(monday.Add(time.Minute), 100); room != 4 {
		t.Errorf("after a minute of rest %d may start at once, want the burst of 4", room)
	}
}

func TestWarmUp(t *testing.T) {
	p := New(Spec{Rate: rateOf(t, "100/s"), WarmUp: 10 * time.Second}, monday, "", 0)
	starts := play(p, monday, 2000, func(again time.Time) time.Time { return again })
	count := func(from, to time.Duration) (n int) {
		for _, s := range starts {
			if d := s.Sub(monday); d >= from && d < to {
				n++
			}
		}
		return n
	}
	first, middle, full := count(0, time.Second), count(5*time.Second, 6*time.Second), count(12*time.Second, 13*time.Second)
	if first > 20 || middle < 50 || middle > 65 || full < 95 || full > 110 {
		t.Errorf("%d in the first second, %d in the middle, %d at last", first, middle, full)
	}
}

func TestKeys(t *testing.T) {
	p := New(Spec{By: rateOf(t, "5/s"), MaxPerKey: 2}, monday, "", 0)
	if again, err := p.StartKey(monday, 1); !again.IsZero() || err != nil {
		t.Fatal(again, err)
	}
	again, err := p.StartKey(monday, 1)
	if wait := again.Sub(monday); err != nil || wait < 190*time.Millisecond || wait > 210*time.Millisecond {
		t.Errorf("the second of a key has to wait %s, %v", wait, err)
	}
	if next, err := p.StartKey(monday, 1); err != nil || next.Sub(again) < 190*time.Millisecond {
		t.Errorf("the third is told to come at %s, the second at %s: %v", next, again, err)
	}
	if other, err := p.StartKey(monday, 2); !other.IsZero() || err != nil {
		t.Errorf("another key has to wait: %s, %v", other, err)
	}
	if again, err := p.StartKey(again, 1); !again.IsZero() || err != nil {
		t.Fatal(again, err)
	}
	later := monday.Add(time.Minute)
	if _, err := p.StartKey(later, 1); !Full(err) {
		t.Errorf("a third in flight: %v", err)
	}
	p.EndKey(1)
	p.SlowKey(later, 1, later.Add(time.Second))
	if again, err := p.StartKey(later, 1); !again.Equal(later.Add(time.Second)) || err != nil {
		t.Errorf("a key that was throttled: %s, %v", again, err)
	}
	// Keys at rest are forgotten.
	p.EndKey(1)
	p.EndKey(2)
	if _, err := p.StartKey(later.Add(time.Hour), 3); err != nil || len(p.keys) != 1 {
		t.Errorf("%d keys are kept: %v", len(p.keys), err)
	}
}

func TestKeyRates(t *testing.T) {
	p := New(Spec{By: rateOf(t, "5/s")}, monday, "", 0)
	p.SetKeyRate(7, *rateOf(t, "1/m"))
	for id, want := range map[uint64]time.Duration{1: 200 * time.Millisecond, 7: time.Minute} {
		if again, err := p.StartKey(monday, id); !again.IsZero() || err != nil {
			t.Fatal(again, err)
		}
		if again, err := p.StartKey(monday, id); err != nil || again.Sub(monday).Round(time.Millisecond) != want {
			t.Errorf("the second of key %d has to wait %s, want %s; %v", id, again.Sub(monday), want, err)
		}
	}
}

func TestEstimate(t *testing.T) {
	by := map[string]int{"a.example": 100, "b.example": 400}
	for _, c := range []struct {
		spec  Spec
		want  time.Duration
		limit string
	}{
		{Spec{}, 0, ""},
		{Spec{Rate: rateOf(t, "10/s")}, 50 * time.Second, "--rate 10/s"},
		{Spec{Rate: rateOf(t, "10/s"), By: rateOf(t, "5/s")}, 80 * time.Second, "--rate-by, 5/s for b.example"},
		{Spec{By: rateOf(t, "5/s"), ByValue: map[string]Rate{"b.example": *rateOf(t, "100/s")}}, 20 * time.Second, "--rate-by, 5/s for a.example"},
		{Spec{By: rateOf(t, "5/s"), Quota: 250}, 24 * time.Hour, "--quota 250/day"}, // the second half tomorrow
		{Spec{Quota: 500}, 0, ""},
	} {
		if d, limit := c.spec.Estimate(500, by); d != c.want || limit != c.limit {
			t.Errorf("%+v: %s by %q, want %s by %q", c.spec, d, limit, c.want, c.limit)
		}
	}
}

func TestQuota(t *testing.T) {
	p := New(Spec{Quota: 10}, monday, monday.Format(time.DateOnly), 7)
	room, _, _ := p.Room(monday, 100)
	if room != 3 {
		t.Errorf("%d may start, want the 3 that are left", room)
	}
	p.Start(monday, 3)
	room, again, why := p.Room(monday, 1)
	if midnight := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC); room != 0 || !again.Equal(midnight) || why == "" {
		t.Errorf("%d may start, again at %s: %s", room, again, why)
	}
	if room, _, _ := p.Room(again, 100); room != 10 {
		t.Errorf("on the next day %d may start", room)
	}
}

func TestWindow(t *testing.T) {
	at := func(zone, s string) time.Time {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		v, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	const vienna = "Europe/Vienna"
	for _, c := range []struct{ window, now, open string }{
		{"08:00-18:00@Europe/Vienna", "2026-11-23 07:59", "2026-11-23 08:00"},
		{"08:00-18:00@Europe/Vienna", "2026-11-23 08:00", "2026-11-23 08:00"},
		{"08:00-18:00@Europe/Vienna", "2026-11-23 18:00", "2026-11-24 08:00"},
		{"22:00-06:00@Europe/Vienna", "2026-11-23 05:59", "2026-11-23 05:59"},
		{"22:00-06:00@Europe/Vienna", "2026-11-23 06:00", "2026-11-23 22:00"},
		{"22:00-06:00@Europe/Vienna", "2026-11-23 23:00", "2026-11-23 23:00"},
		{"00:00-24:00@Europe/Vienna", "2026-11-23 23:59", "2026-11-23 23:59"},
		// The night in which summer time begins has no 02:30, and 08:00 is
		// still when the clock on the wall says so.
		{"08:00-18:00@Europe/Vienna", "2026-03-28 19:00", "2026-03-29 08:00"},
		{"08:00-18:00@Europe/Vienna", "2026-10-24 19:00", "2026-10-25 08:00"},
	} {
		w, err := ParseWindow(c.window)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := w.Next(at(vienna, c.now)), at(vienna, c.open); !got.Equal(want) {
			t.Errorf("%s at %s opens at %s, want %s", c.window, c.now, got, want)
		}
		b, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		var again Window
		if err := json.Unmarshal(b, &again); err != nil || again.String() != c.window {
			t.Errorf("%s comes back as %s: %v", c.window, &again, err)
		}
	}
	for _, bad := range []string{"", "8-18", "08:00", "08:00-08:00", "25:00-26:00", "08:60-09:00", "08:00-18:00@Nowhere", "08:00x-18:00"} {
		if _, err := ParseWindow(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
