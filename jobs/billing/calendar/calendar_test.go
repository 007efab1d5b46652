package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// easter is that of the Gregorian calendar, as its definition has it: the Sunday after the first full moon, by the
// tables of epacts, on or after the 21st of March.
func easter(y int) time.Time {
	golden := y%19 + 1
	century := y/100 + 1
	epact := (11*golden + 20 + (8*century+5)/25 - 5 - (3*century/4 - 12)) % 30
	if epact < 0 {
		epact += 30
	}
	if epact == 25 && golden > 11 || epact == 24 {
		epact++
	}
	moon := 44 - epact
	if moon < 21 {
		moon += 30
	}
	full := day(y, time.March, moon)
	return full.AddDate(0, 0, 7-int(full.Weekday()))
}

// nth is the nth weekday of a month, or the last for 0.
func nth(y int, m time.Month, w time.Weekday, n int) time.Time {
	if n == 0 {
		last := day(y, m+1, 0)
		return last.AddDate(0, 0, -(int(last.Weekday())-int(w)+7)%7)
	}
	first := day(y, m, 1)
	return first.AddDate(0, 0, (int(w)-int(first.Weekday())+7)%7+7*(n-1))
}

// TestTARGET holds all days of the years against the ECB's decision on long-term closing days (OJ 2000/C 241): weekends, New
// Year's Day, Good Friday, Easter Monday, 1 May, 25 and 26 December.
func TestTARGET(t *testing.T) {
	for y := 2024; y <= 2040; y++ {
		closed := map[time.Time]bool{
			day(y, 1, 1): true, easter(y).AddDate(0, 0, -2): true, easter(y).AddDate(0, 0, 1): true,
			day(y, 5, 1): true, day(y, 12, 25): true, day(y, 12, 26): true,
		}
		whole(t, TARGET, y, closed)
	}
}

// TestFederalReserve holds all days against the schedule of Federal Reserve Bank Services: eleven holidays; of those on a
// Sunday the Monday is closed, of those on a Saturday nothing else.
func TestFederalReserve(t *testing.T) {
	for y := 2024; y <= 2040; y++ {
		closed := map[time.Time]bool{
			nth(y, 1, time.Monday, 3): true, nth(y, 2, time.Monday, 3): true, nth(y, 5, time.Monday, 0): true,
			nth(y, 9, time.Monday, 1): true, nth(y, 10, time.Monday, 2): true, nth(y, 11, time.Thursday, 4): true,
		}
		for _, fixed := range []time.Time{day(y, 1, 1), day(y, 6, 19), day(y, 7, 4), day(y, 11, 11), day(y, 12, 25)} {
			closed[fixed] = true
			if fixed.Weekday() == time.Sunday {
				closed[fixed.AddDate(0, 0, 1)] = true
			}
		}
		whole(t, FederalReserve, y, closed)
	}
}

func whole(t *testing.T, b Banks, y int, closed map[time.Time]bool) {
	t.Helper()
	for d := day(y, 1, 1); d.Year() == y; d = d.AddDate(0, 0, 1) {
		want := !closed[d] && d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
		if got := b.Open(d); got != want {
			t.Errorf("%s %s: %v", d.Format("Mon 2006-01-02"), b, got)
		}
	}
}

// TestPublished are days that the ECB and the Federal Reserve have published.
func TestPublished(t *testing.T) {
	for _, text := range []string{
		"2024-03-29", "2024-04-01", "2024-05-01", "2024-12-25", "2024-12-26", "2025-04-18", "2025-04-21", "2026-04-03",
		"2026-04-06", "2027-03-26", "2027-03-29", "2028-04-14", "2028-04-17", "2029-03-30", "2029-04-02", "2030-04-19", "2030-04-22",
	} {
		if d, err := Parse(text); err != nil || TARGET.Open(d) {
			t.Errorf("TARGET was open on %s, %v", text, err)
		}
	}
	for text, open := range map[string]bool{
		"2024-01-15": false, "2024-06-19": false, "2025-01-20": false, "2025-10-13": false, "2026-07-03": true, // the 4th is a Saturday
		"2027-07-05": false, // the 4th is a Sunday
		"2027-06-18": true, "2027-12-24": true, "2027-12-31": true, "2028-01-01": false, "2028-11-10": true, "2029-11-12": false, "2030-11-28": false,
	} {
		if d, err := Parse(text); err != nil || FederalReserve.Open(d) != open {
			t.Errorf("the Federal Reserve on %s: %v, %v", text, !open, err)
		}
	}
}

func TestMove(t *testing.T) {
	christmas := day(2026, 12, 25) // a Friday
	for _, c := range []struct {
		got  time.Time
		want string
	}{
		{TARGET.Next(christmas), "2026-12-28"},
		{TARGET.Previous(christmas), "2026-12-24"},
		{TARGET.Add(christmas, 0), "2026-12-28"},
		{TARGET.Add(christmas, 1), "2026-12-28"},
		{TARGET.Add(christmas, 5), "2027-01-04"},
		{TARGET.Add(christmas, -1), "2026-12-24"},
		{FederalReserve.Next(day(2026, 12, 26)), "2026-12-28"},
		{DayOf(time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC), time.FixedZone("CET", 3600)), "2026-12-01"},
		{DayOf(time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC), nil), "2026-11-30"},
	} {
		if Format(c.got) != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	if n := Between(day(2026, 2, 20), day(2026, 3, 6)); n != 14 {
		t.Error(n)
	}
	for _, text := range []string{"", "30.11.2026", "2026-02-29", "0001-01-01", "2026-11-30T00:00:00Z"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestAnyDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Banks(rapid.IntRange(0, 1).Draw(t, "banks"))
		d := day(2024, 1, 1).AddDate(0, 0, rapid.IntRange(0, 3000).Draw(t, "day"))
		n := rapid.IntRange(1, 40).Draw(t, "n")
		later := b.Add(d, n)
		count := 0
		for at := d.AddDate(0, 0, 1); !at.After(later); at = at.AddDate(0, 0, 1) {
			if b.Open(at) {
				count++
			}
		}
		if count != n || !b.Open(later) {
			t.Fatalf("%d days after %s is %s, with %d between", n, d, later, count)
		}
		if back := b.Add(later, -n); b.Open(d) && !back.Equal(d) {
			t.Fatalf("%s and back is %s", d, back)
		}
	})
}
