package pace

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // for machines without zones of their own
)

// Window is the hours of the day in which work may start.
type Window struct {
	From, To time.Duration // since midnight; To before From is past midnight
	Zone     *time.Location
	text     string
}

// ParseWindow reads 08:00-18:00 or, in a time zone of its own,
// 08:00-18:00@Europe/Vienna.
func ParseWindow(s string) (*Window, error) {
	hours, zone, _ := strings.Cut(s, "@")
	from, to, ok := strings.Cut(hours, "-")
	bad := fmt.Errorf("%q is not a window such as 08:00-18:00 or 22:00-06:00@Europe/Vienna", s)
	if !ok {
		return nil, bad
	}
	w := &Window{Zone: time.Local, text: s}
	for _, p := range []struct {
		text string
		to   *time.Duration
	}{{from, &w.From}, {to, &w.To}} {
		var h, m int
		if n, err := fmt.Sscanf(p.text+" ", "%d:%d ", &h, &m); n != 2 || err != nil || h < 0 || h > 24 || m < 0 || m > 59 || h*60+m > 24*60 {
			return nil, bad
		}
		*p.to = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	}
	if w.From == w.To {
		return nil, bad
	}
	if zone != "" {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			return nil, fmt.Errorf("the time zone of %q is not known: %w", s, err)
		}
		w.Zone = loc
	}
	return w, nil
}

func (w *Window) String() string { return w.text }

// MarshalJSON gives the window as it was written.
func (w *Window) MarshalJSON() ([]byte, error) { return json.Marshal(w.text) }

// UnmarshalJSON reads what MarshalJSON has written.
func (w *Window) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := ParseWindow(s)
	if err == nil {
		*w = *v
	}
	return err
}

// Next returns now if the window is open, or when it opens next. Midnight and
// the hours are those of the clock on the wall, so that they stay what they are
// when summer time begins or ends.
func (w *Window) Next(now time.Time) time.Time {
	t := now.In(w.Zone)
	at := func(days int, d time.Duration) time.Time {
		y, m, day := t.Date()
		return time.Date(y, m, day+days, int(d/time.Hour), int(d%time.Hour/time.Minute), 0, 0, w.Zone)
	}
	for days := -1; days <= 1; days++ {
		from, to := at(days, w.From), at(days, w.To)
		if w.To < w.From {
			to = at(days+1, w.To)
		}
		if t.Before(from) {
			return from.In(now.Location())
		}
		if t.Before(to) {
			return now
		}
	}
	return now // not reached: tomorrow's window is always ahead
}
