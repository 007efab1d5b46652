package top

import (
	"brood/runner/control"
	"brood/runner/remote"
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

// rows is how many workers can be seen.
func (s *Screen) rows() int {
	head, foot := s.frame()
	return s.between(head, foot)
}

// between is how many workers there is room for; one line more names what is in them.
func (s *Screen) between(head, foot []string) int {
	return max(s.Height-len(head)-len(foot)-1, 1)
}

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
	s.scroll(0) // there may be fewer now
	lines, foot := s.frame()
	rows, head := s.between(lines, foot), len(lines)
	shown := s.columnsFor(s.Width)
	lines = append(lines, s.row(shown, names))
	workers := s.sorted()
	for i := s.First; i < min(len(workers), s.First+rows); i++ {
		lines = append(lines, s.row(shown, cells(&workers[i])))
	}
	for len(lines) < s.Height-len(foot) {
		lines = append(lines, "")
	}
	lines = append(lines, foot...)
	for i := range lines {
		lines[i] = s.fit(term.Escape(lines[i])) // a name may hold anything
		if i == head {
			lines[i] = reverse + lines[i] + plain
		} else {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
	}
	return strings.Join(lines[:s.Height], "\n")
}

// frame is what stands above the workers, and below.
func (s *Screen) frame() (head, foot []string) {
	l := &s.Live
	final := l.OK + l.Failed + l.Skipped + l.Unknown
	name := s.Name + " (" + l.Job + ")"
	head = []string{
		s.spread(s.state(), "brood top: "+name, name, s.Name),
		s.progress(final),
	}
	head = append(head, s.wrap("ok "+comma(l.OK), "failed "+comma(l.Failed), "skipped "+comma(l.Skipped), "unknown "+comma(l.Unknown), "pending "+comma(l.Input-min(final, l.Input)))...)
	head = append(head, s.wrap(s.bounds()...)...)
	foot = s.foot()
	if s.Height < len(head)+len(foot)+2 {
		foot = foot[:1]
	}
	return head, foot
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

// bounds is what bounds the run.
func (s *Screen) bounds() []string {
	l := &s.Live
	workers := fmt.Sprintf("%d workers of %d", l.Workers, l.Jobs)
	if l.Workers == 1 {
		workers = fmt.Sprintf("1 worker of %d", l.Jobs)
	}
	if l.Adaptive != nil {
		workers += fmt.Sprintf(", %d may work now", *l.Adaptive)
	}
	out := []string{workers}
	for i := range l.Machines {
		m := &l.Machines[i]
		word := fmt.Sprintf("%s %d/%d", m.Name, m.Busy, m.Slots)
		if m.State != remote.Present {
			word = fmt.Sprintf("%s %s", m.Name, m.State)
		}
		out = append(out, word)
	}
	if l.Recycled > 0 {
		out = append(out, fmt.Sprintf("recycled %d", l.Recycled))
	}
	if l.RateLimit != "" {
		out = append(out, "at most "+l.RateLimit)
	}
	if l.Waits != "" {
		out = append(out, "waits: "+l.Waits)
	}
	return out
}

func (s *Screen) foot() []string {
	switch {
	case s.Confirming:
		return s.wrap("end the run when the records in hand are finished?", "y: yes", "any other key: no")
	case s.Error != "":
		return s.wrap(s.Error)
	}
	return s.wrap("q quit", "p pause", "+ - workers", "d drain", "s sort: "+s.Sort.String(), "↑ ↓ scroll")
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

// The columns of the list of workers, and how wide they are.
var (
	names  = []string{"SLOT", "PID", "RECORD", "FOR", "DONE", "MEMORY", "CPU", "WHERE"}
	widths = []int{5, 9, 15, 10, 13, 10, 10}
	// worth is the order in which they are left out on a narrow screen, from the last.
	worth = []int{0, 2, 3, 5, 4, 6, where, 1}
)

// where is the column that stands last, at the left, and is as wide as what is in it.
const where = 7

// columnsFor says which columns there is room for.
func (s *Screen) columnsFor(width int) []bool {
	shown := make([]bool, len(names))
	longest := 0
	for i := range s.Workers {
		longest = max(longest, len(placeOf(&s.Workers[i])))
	}
	for _, i := range worth {
		w := max(len("  ")+longest, len("  WHERE"))
		if i != where {
			w = widths[i]
		}
		if width -= w; width < 0 && i != worth[0] {
			break
		}
		shown[i] = true
	}
	return shown
}

// placeOf is where the record of a worker stands, without the directory.
func placeOf(w *control.WorkerState) string {
	if w.Place == "" {
		return ""
	}
	return path.Base(w.Place)
}

func cells(w *control.WorkerState) []string {
	record, since := "-", "-"
	if w.Seq != nil {
		record, since = w.InHandText(), short(time.Duration(w.InHand*float64(time.Second)))
	}
	return []string{strconv.Itoa(w.Slot), strconv.Itoa(w.PID), record, since, comma(w.Done), humanize.IBytes(uint64(w.RSS)), short(time.Duration(w.CPU * float64(time.Second))), placeOf(w)}
}

// row is a line of the list, of the columns that are shown.
func (s *Screen) row(shown []bool, cells []string) string {
	var b strings.Builder
	for i, cell := range cells {
		switch {
		case !shown[i]:
		case i == where:
			b.WriteString("  " + cell)
		default:
			fmt.Fprintf(&b, "%*s", widths[i], cell)
		}
	}
	return b.String()
}

// spread writes the first text that fits at the left, and one at the right.
func (s *Screen) spread(right string, lefts ...string) string {
	for i, left := range lefts {
		if gap := s.Width - width(left) - width(right); gap > 0 || i == len(lefts)-1 {
			return left + strings.Repeat(" ", max(gap, 1)) + right
		}
	}
	return right
}

// The cells of the bar, and how few of them still show something.
const (
	barCells = 30
	barLeast = 5
)

// progress is how far the run is.
func (s *Screen) progress(final uint64) string {
	speed := rate(s.Live.Rate) + "/s"
	records := " records final, "
	if final == 1 {
		records = " record final, "
	}
	for _, right := range []string{comma(final) + records + speed, comma(final) + " final, " + speed, comma(final) + ", " + speed, comma(final)} {
		room := s.Width - width(right) - len("[]  50%") - 1
		if room >= barLeast || s.Live.Progress < 0 {
			return s.spread(right, s.bar(s.Live.Progress, min(room, barCells)))
		}
	}
	return comma(final) + " final"
}

// wrap writes texts into as many lines as they need, and breaks one that is longer than
// a line between its words.
func (s *Screen) wrap(texts ...string) []string {
	const apart = "   "
	lines := []string{""}
	last := func() *string { return &lines[len(lines)-1] }
	for i, text := range texts {
		text = term.Escape(text) // why the run waits, or does not answer, may hold anything
		if i > 0 && *last() != "" && width(*last())+len(apart)+width(text) <= s.Width {
			*last() += apart + text
			continue
		}
		if *last() != "" {
			lines = append(lines, "")
		}
		for _, word := range strings.Split(text, " ") {
			switch {
			case *last() == "":
				*last() = word
			case width(*last())+1+width(word) <= s.Width:
				*last() += " " + word
			default:
				lines = append(lines, word)
			}
		}
	}
	return lines
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
