package term

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
)

// Snapshot is a moment of a run.
type Snapshot struct {
	Final   uint64 // records that are final, in this session and before
	Failed  uint64
	Unknown uint64
	Rate    float64 // records/s in this session
	Bytes   int64   // of the dataset, that are done with
	Total   int64   // bytes, or -1 if not known
	Elapsed time.Duration
	Waits   string // until when all that is left waits; empty: it does not
}

func (s Snapshot) text() string { return s.words(true, true) }

// words is a snapshot in words, with how fast it goes and what it waits for if wanted.
func (s Snapshot) words(rate, waits bool) string {
	var b strings.Builder
	b.WriteString(Count(s.Final) + noun(s.Final))
	if rate {
		fmt.Fprintf(&b, ", %s/s", Rate(s.Rate))
	}
	if s.Failed > 0 {
		fmt.Fprintf(&b, ", %s failed", Count(s.Failed))
	}
	if s.Unknown > 0 {
		fmt.Fprintf(&b, ", %s unknown", Count(s.Unknown))
	}
	if waits && s.Waits != "" {
		b.WriteString(", " + s.Waits)
	}
	return b.String()
}

func noun(n uint64) string {
	if n == 1 {
		return " record"
	}
	return " records"
}

// share says how far a run is and how long the rest may take, by bytes: the
// input need not be read to know.
func (s Snapshot) share() string {
	if s.Total <= 0 || s.Bytes <= 0 {
		return ""
	}
	return fmt.Sprintf(", %.0f%%, %s left", 100*float64(s.Bytes)/float64(s.Total), s.left())
}

// left is how long the rest may take.
func (s Snapshot) left() time.Duration {
	part := float64(s.Bytes) / float64(s.Total)
	return time.Duration(float64(s.Elapsed) * (1 - part) / part).Round(time.Second)
}

// barWidth is the widest bar between its brackets.
const barWidth = 20

// line is the progress display, in at most so many columns: what matters least is
// left out first, so that nothing is cut as long as there is another way.
func (s Snapshot) line(columns int) string {
	if columns <= 0 {
		return ""
	}
	var tail []string // from the widest
	percent := ""
	if s.Total > 0 {
		// Not before all is final is it all: what was read may be in hand.
		done := min(s.Bytes, s.Total-1)
		percent = fmt.Sprintf(" %d%%", 100*max(done, 0)/s.Total)
		left := ""
		if s.Bytes > 0 && s.Elapsed > 0 {
			left = " " + s.left().String() + " left"
		}
		tail = []string{" " + drawBar(done, s.Total, barWidth) + left, " " + drawBar(done, s.Total, barWidth/2) + left, percent + left}
	}
	tail = append(tail, percent)
	for _, words := range []string{s.words(true, true), s.words(false, true), s.words(true, false), s.words(false, false)} {
		words = Escape(words)
		for _, t := range tail {
			if columnsOf(words)+columnsOf(t) <= columns {
				return words + t
			}
		}
	}
	short := strings.Replace(s.words(false, false), noun(s.Final), "", 1)
	for _, words := range []string{short + percent, short} {
		if columnsOf(words) <= columns {
			return words
		}
	}
	return cut(short, columns)
}

// drawBar draws how much of a whole is done, with that in percent before it.
func drawBar(done, total int64, width int) string {
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(width),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "#", SaucerPadding: "-", BarStart: "[", BarEnd: "]"}),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionThrottle(0),
	)
	_ = bar.Set64(max(done, 0)) // it writes to nobody
	return strings.Trim(bar.String(), "\r ")
}

// columnsOf is how many columns a text takes: as many as it has characters, or fewer.
func columnsOf(s string) int { return utf8.RuneCountInString(s) }

// cut cuts a text at the end of a line, and shows that it has.
func cut(s string, columns int) string {
	r := []rune(s)
	if len(r) <= columns {
		return s
	}
	return string(r[:columns-1]) + "…"
}

// Count writes a number with separators: 1,234,567.
func Count(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Rate writes records per second, with a decimal where it matters.
func Rate(r float64) string {
	if r < 10 {
		return fmt.Sprintf("%.1f", r)
	}
	return Count(uint64(r))
}
