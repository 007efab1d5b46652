// Package term is the sole writer to the terminal. It owns standard error:
// log lines, the progress display and the summary. Standard output belongs to
// the results, and is written by package sink; what commands print there instead
// goes through Writer.
//
// It knows what must not reach a terminal, and escapes it: see Escape.
//
// The rules: progress and messages go to standard error. A bar is drawn only
// when standard error is a terminal (or when asked for), otherwise a line is
// written every ten seconds. NO_COLOR is honoured, as there is no colour. A log
// line that comes while the bar is drawn takes its place, and the bar is drawn
// again below.
package term

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// LogFormat is how log lines are written.
type LogFormat uint8

// The log formats.
const (
	LogText LogFormat = iota
	LogJSON
)

// ParseLogFormat parses "text" or "json".
func ParseLogFormat(s string) (LogFormat, error) {
	switch s {
	case "text":
		return LogText, nil
	case "json":
		return LogJSON, nil
	}
	return 0, fmt.Errorf("%q is not a log format; it is text or json", s)
}

// Progress is when a progress display is shown.
type Progress uint8

// When to show progress.
const (
	ProgressAuto Progress = iota // a bar on a terminal, lines elsewhere
	ProgressAlways
	ProgressNever
)

// ParseProgress parses "auto", "always" or "never".
func ParseProgress(s string) (Progress, error) {
	for i, n := range []string{"auto", "always", "never"} {
		if n == s {
			return Progress(i), nil
		}
	}
	return 0, fmt.Errorf("%q: progress is shown auto, always or never", s)
}

// lineEvery is how often a line of progress is written where there is no bar.
const lineEvery = 10 * time.Second

// Options say how a Term behaves.
type Options struct {
	Out      io.Writer // standard error
	Log      LogFormat
	Progress Progress
}

// Term writes to the terminal. It is safe for use from several goroutines.
type Term struct {
	mu       sync.Mutex
	out      *patient
	tty      bool
	log      LogFormat
	show     bool // progress of either kind
	bar      *progressbar.ProgressBar
	isBar    bool
	lastLine time.Time
}

// New returns a Term.
func New(o Options) *Term {
	t := &Term{out: newPatient(o.Out), log: o.Log, lastLine: time.Now()}
	t.tty = NewWriter(o.Out).IsTerminal()
	t.isBar = o.Progress == ProgressAlways || (o.Progress == ProgressAuto && t.tty)
	t.show = o.Progress != ProgressNever
	return t
}

// write puts text on the terminal in place of the bar.
func (t *Term) write(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		_ = t.bar.Clear()
	}
	_, _ = io.WriteString(t.out, s) // there is nobody left to tell
	if t.bar != nil {
		_ = t.bar.RenderBlank()
	}
}

// Logf writes one line of the engine's own.
func (t *Term) Logf(format string, args ...any) {
	t.line(entry{Msg: fmt.Sprintf(format, args...)})
}

// Worker writes one line that a worker printed. Seq is -1 if no record was in
// hand.
func (t *Term) Worker(slot int, seq int64, stream, text string) {
	e := entry{Slot: slot, Stream: stream, Msg: text}
	if seq >= 0 {
		e.Seq = &seq
	}
	t.line(e)
}

type entry struct {
	Time   string `json:"time"`
	Slot   int    `json:"slot,omitempty"`
	Seq    *int64 `json:"seq,omitempty"`
	Stream string `json:"stream,omitempty"`
	Msg    string `json:"msg"`
}

func (t *Term) line(e entry) {
	if t.log == LogJSON {
		e.Time = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		b, err := json.Marshal(e)
		if err != nil {
			return // strings and numbers always encode
		}
		t.write(t.shown(string(b)) + "\n")
		return
	}
	var b strings.Builder
	b.WriteString("brood: ")
	if e.Stream != "" {
		fmt.Fprintf(&b, "[slot %d", e.Slot)
		if e.Seq != nil {
			fmt.Fprintf(&b, " seq %d", *e.Seq)
		}
		fmt.Fprintf(&b, " %s] ", e.Stream)
	}
	b.WriteString(e.Msg)
	t.write(t.shown(b.String()) + "\n")
}

// shown is a line as it may be written. Tabs are harmless in it.
func (t *Term) shown(line string) string {
	if !t.tty {
		return line
	}
	return escape(line, "\t")
}

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

func (s Snapshot) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s records, %s/s", Count(s.Final), Rate(s.Rate))
	if s.Failed > 0 {
		fmt.Fprintf(&b, ", %s failed", Count(s.Failed))
	}
	if s.Unknown > 0 {
		fmt.Fprintf(&b, ", %s unknown", Count(s.Unknown))
	}
	if s.Waits != "" {
		b.WriteString(", " + s.Waits)
	}
	return b.String()
}

// Update shows progress.
func (t *Term) Update(s Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.show {
		return
	}
	if !t.isBar {
		if time.Since(t.lastLine) >= lineEvery {
			t.lastLine = time.Now()
			_, _ = io.WriteString(t.out, t.shown("brood: "+s.text()+s.share())+"\n")
		}
		return
	}
	if t.bar == nil {
		t.bar = t.newBar(s)
	}
	if s.Total > 0 && t.bar.GetMax64() != s.Total {
		t.bar.ChangeMax64(s.Total)
	}
	t.bar.Describe(Escape(s.text()))
	_ = t.bar.Set64(min(s.Bytes, max(s.Total-1, 0)))
}

// share says how far a run is and how long the rest may take, by bytes: the
// input need not be read to know.
func (s Snapshot) share() string {
	if s.Total <= 0 || s.Bytes <= 0 {
		return ""
	}
	part := float64(s.Bytes) / float64(s.Total)
	left := time.Duration(float64(s.Elapsed) * (1 - part) / part).Round(time.Second)
	return fmt.Sprintf(", %.0f%%, %s left", 100*part, left)
}

func (t *Term) newBar(s Snapshot) *progressbar.ProgressBar {
	return progressbar.NewOptions64(max(s.Total, -1),
		progressbar.OptionSetWriter(t.out),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetRenderBlankState(true),
	)
}

// End takes the progress display away.
func (t *Term) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		_ = t.bar.Clear()
		t.bar = nil
	}
	t.show = false
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
