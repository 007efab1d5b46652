package report

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// count is a number of records: 12,345.
func count[N ~uint64 | ~int64 | ~int](n N) string { return humanize.Comma(int64(n)) }

// share is a part of a whole, in percent: 12.3 %. What is not all is never 100 %, and what is not nothing never 0.
func share(n, of uint64) string {
	if of == 0 {
		return "–"
	}
	p := 100 * float64(n) / float64(of)
	switch {
	case n == 0:
		return "0 %"
	case n == of:
		return "100 %"
	case p < 0.1:
		return "< 0.1 %"
	case p > 99.9:
		return "> 99.9 %"
	}
	return fmt.Sprintf("%.1f %%", p)
}

// duration is a time in two figures or three: 850 µs, 12 ms, 3.4 s, 2 min 5 s, 3 h 10 min, 2 d 4 h.
func duration(d time.Duration) string {
	two := func(big, small int64, bigUnit, smallUnit string) string {
		if small == 0 {
			return fmt.Sprintf("%d %s", big, bigUnit)
		}
		return fmt.Sprintf("%d %s %d %s", big, bigUnit, small, smallUnit)
	}
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return threeFigures(float64(d)/float64(time.Millisecond)) + " ms"
	case d < time.Minute:
		return threeFigures(d.Seconds()) + " s"
	case d < time.Hour:
		d = d.Round(time.Second)
		return two(int64(d/time.Minute), int64(d%time.Minute/time.Second), "min", "s")
	case d < 24*time.Hour:
		d = d.Round(time.Minute)
		return two(int64(d/time.Hour), int64(d%time.Hour/time.Minute), "h", "min")
	}
	d = d.Round(time.Hour)
	return two(int64(d/(24*time.Hour)), int64(d%(24*time.Hour)/time.Hour), "d", "h")
}

func threeFigures(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return trimZero(strconv.FormatFloat(v, 'f', 1, 64))
	}
	return trimZero(strconv.FormatFloat(v, 'f', 2, 64))
}

// trimZero takes off zeros behind the point.
func trimZero(s string) string {
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}

// rate is records a second.
func rate(n uint64, d time.Duration) string {
	if d <= 0 {
		return "–"
	}
	return perSecond(float64(n) / d.Seconds())
}

func perSecond(r float64) string {
	if r >= 1000 {
		return humanize.Comma(int64(r+0.5)) + "/s"
	}
	return threeFigures(r) + "/s"
}

// size is a number of bytes.
func size(n int64) string {
	if n <= 0 {
		return "–"
	}
	return humanize.IBytes(uint64(n))
}

// when is a time for people, with its zone; then is the same of the ledger's text.
func (z zone) when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(z.Location).Format("2006-01-02 15:04:05 MST")
}

func (z zone) then(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return z.when(t)
}

// zone is where times are told.
type zone struct{ *time.Location }
