package top

import (
	"brood/runner/control"
	"brood/runner/term"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Sorting is by what the workers are sorted.
type Sorting int

// The sortings; the largest comes first, but for slots.
const (
	BySlot Sorting = iota
	ByTime
	ByMemory
	ByCPU
	sortings
)

func (s Sorting) String() string {
	return [...]string{"slot", "time in hand", "memory", "CPU"}[s]
}

// Screen is all that is to be seen.
type Screen struct {
	Name          string
	Width, Height int
	Live          control.Live
	Workers       []control.WorkerState
	Sort          Sorting
	First         int    // worker at the top of the list
	Error         string // why nothing new is known
	Confirming    bool   // that the run is to end
}

// Lines that are not workers: five above the list and one below.
const otherLines = 6

// rows is how many workers can be seen.
func (s *Screen) rows() int { return max(s.Height-otherLines, 1) }

func (s *Screen) scroll(by int) {
	s.First = max(0, min(s.First+by, len(s.Workers)-s.rows()))
}

const (
	reverse = "\x1b[7m"
	plain   = "\x1b[0m"
)

// String draws the screen: Height lines of at most Width columns.
func (s *Screen) String() string {
	if s.Width <= 0 || s.Height <= 0 {
		return ""
	}
	l := &s.Live
	final := l.OK + l.Failed + l.Skipped + l.Unknown
	lines := []string{
		s.spread("brood top: "+s.Name+" ("+l.Job+")", s.state()),
		s.spread(s.bar(l.Progress, 30), fmt.Sprintf("%s records final, %s/s", humanize.Comma(int64(final)), rate(l.Rate))),
		fmt.Sprintf("ok %s   failed %s   skipped %s   unknown %s   pending %s", comma(l.OK), comma(l.Failed), comma(l.Skipped), comma(l.Unknown), comma(l.Input-min(final, l.Input))),
		s.second(),
	}
	head := len(lines)
	lines = append(lines, s.row("SLOT", "PID", "RECORD", "FOR", "DONE", "MEMORY", "CPU", "WHERE"))
	workers := s.sorted()
	s.scroll(0) // there may be fewer now
	for i := s.First; i < min(len(workers), s.First+s.rows()); i++ {
		lines = append(lines, s.worker(&workers[i]))
	}
	for len(lines) < s.Height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, s.foot())
	for i := range lines {
		lines[i] = s.fit(term.Escape(lines[i])) // a name, or why the run waits, may hold anything
		if i == head {
			lines[i] = reverse + lines[i] + plain
		} else {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
	}
	return strings.Join(lines[:s.Height], "\n")
}

// state is what the run does, and for how long it has.
func (s *Screen) state() string {
	word := "running"
	switch {
	case s.Error != "":
		word = "no answer"
	case s.Live.Draining:
		word = "draining"
	case s.Live.Paused:
		word = "paused"
	}
	return word + " " + (time.Duration(s.Live.Elapsed) * time.Second).String()
}

// second is about what bounds the run.
func (s *Screen) second() string {
	l := &s.Live
	out := fmt.Sprintf("%d workers of %d", l.Workers, l.Jobs)
	if l.Adaptive != nil {
		out += fmt.Sprintf(", %d may work now", *l.Adaptive)
	}
	if l.Recycled > 0 {
		out += fmt.Sprintf("   recycled %d", l.Recycled)
	}
	if l.RateLimit != "" {
		out += "   at most " + l.RateLimit
	}
	if l.Waits != "" {
		out += "   waits: " + l.Waits
	}
	return out
}

func (s *Screen) foot() string {
	switch {
	case s.Confirming:
		return "end the run when the records in hand are finished? y: yes   any other key: no"
	case s.Error != "":
		return s.Error
	}
	return "q quit   p pause   + - workers   d drain   s sort: " + s.Sort.String() + "   ↑ ↓ scroll"
}

func (s *Screen) sorted() []control.WorkerState {
	out := slices.Clone(s.Workers)
	slices.SortStableFunc(out, func(a, b control.WorkerState) int {
		switch s.Sort {
		case ByTime:
			return cmp.Compare(b.InHand, a.InHand)
		case ByMemory:
			return cmp.Compare(b.RSS, a.RSS)
		case ByCPU:
			return cmp.Compare(b.CPU, a.CPU)
		default:
			return cmp.Compare(a.Slot, b.Slot)
		}
	})
	return out
}

func (s *Screen) worker(w *control.WorkerState) string {
	record, since := "-", "-"
	if w.Seq != nil {
		record, since = strconv.FormatUint(*w.Seq, 10), short(time.Duration(w.InHand*float64(time.Second)))
	}
	return s.row(strconv.Itoa(w.Slot), strconv.Itoa(w.PID), record, since, comma(w.Done), humanize.IBytes(uint64(w.RSS)), short(time.Duration(w.CPU*float64(time.Second))), path.Base(w.Place))
}

func (s *Screen) row(slot, pid, record, since, done, memory, cpu, where string) string {
	if where == "." { // of nothing
		where = ""
	}
	return fmt.Sprintf("%5s %8s %14s %9s %12s %9s %9s  %s", slot, pid, record, since, done, memory, cpu, where)
}

// spread writes one text at the left and one at the right.
func (s *Screen) spread(left, right string) string {
	gap := s.Width - width(left) - width(right)
	return left + strings.Repeat(" ", max(gap, 1)) + right
}

// fit cuts a line at the width of the screen, and fills it up.
func (s *Screen) fit(line string) string {
	if runes := []rune(line); len(runes) > s.Width {
		return string(runes[:max(s.Width-1, 0)]) + "…"
	}
	return line + strings.Repeat(" ", s.Width-width(line))
}

func width(s string) int { return len([]rune(s)) }

// bar shows a share of the whole; nothing is known below 0.
func (s *Screen) bar(share float64, cells int) string {
	if share < 0 {
		return ""
	}
	full := min(int(share*float64(cells)), cells)
	return fmt.Sprintf("[%s%s] %3.0f%%", strings.Repeat("#", full), strings.Repeat("-", cells-full), 100*share)
}

func comma(n uint64) string { return humanize.Comma(int64(n)) }

func rate(r float64) string {
	if r < 100 {
		return strconv.FormatFloat(r, 'f', 1, 64)
	}
	return humanize.Comma(int64(r))
}

// short is a time in at most seven columns.
func short(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}
