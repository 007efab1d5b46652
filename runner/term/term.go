// Package term is the sole writer to the terminal. It owns standard error:
// log lines, the progress display and the summary. Standard output belongs to
// the results, and is written by package sink; what is written there to the same
// terminal goes through Writer, as does what commands print.
//
// It knows what must not reach a terminal, and escapes it: see Escape.
//
// The rules: progress and messages go to standard error. A bar is drawn only
// when standard error is a terminal that can move its cursor and this process is
// in its foreground (or when asked for), otherwise a line is written every ten
// seconds. NO_COLOR is honoured, as there is no colour. A log line, or results,
// that come while the bar is drawn take its place, and it is drawn again below. It
// is never wider than the terminal.
//
// Lines may go to a file in the place of standard error: see logfile.go; and to systemd's
// journal with their priorities: see priority.go.
//
// Who speaks never waits for who reads: see queue.go. Who asked for quiet hears
// only of what went wrong: see quiet.go.
package term

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"
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
	Out      io.Writer // standard error, or a *LogFile
	Journal  bool      // it is that of systemd, which wants priorities
	Log      LogFormat
	Progress Progress
	Quiet    bool // lines are held back until it is known how it ends
	Dumb     bool // a terminal cannot move its cursor
}

// Term writes to the terminal. It is safe for use from several goroutines.
type Term struct {
	out    io.Writer
	file   *os.File // that out is, or nil
	tty    bool
	dumb   bool
	screen *screen
	// logFile is what out is, or nil, and journal says that it leads to that.
	logFile *LogFile
	journal bool

	hurry chan struct{} // closed: nobody is waited for

	keep atomic.Pointer[Keeper]

	mu       sync.Mutex
	log      LogFormat
	progress Progress
	ended    bool // there is no progress to be shown any more
	hidden   bool // nor for the time being
	hurried  bool
	lastLine time.Time
	queue    queue
	held     *held     // lines of who asked for quiet; nil: nothing is held back
	now      *Snapshot // to be drawn next
}

// New returns a Term.
func New(o Options) *Term {
	t := &Term{out: o.Out, dumb: o.Dumb, lastLine: time.Now(), hurry: make(chan struct{}), queue: newQueue()}
	t.file, _ = o.Out.(*os.File)
	if t.logFile, _ = o.Out.(*LogFile); t.logFile != nil {
		t.logFile.lost = t.lostLines
	}
	t.journal = o.Journal && t.logFile == nil
	t.tty = t.file != nil && term.IsTerminal(int(t.file.Fd()))
	t.screen = newScreen(t.file, t.tty && !o.Dumb)
	t.Set(o)
	return t
}

// Set changes how it behaves, all but where it writes to and whether that is dumb: what a
// run was asked for may be read in several steps.
func (t *Term) Set(o Options) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log, t.progress = o.Log, o.Progress
	if o.Quiet && t.held == nil {
		t.held = &held{}
	}
}

// isBar says whether progress is a bar.
func (t *Term) isBar() bool {
	return t.progress == ProgressAlways && t.logFile == nil || t.progress == ProgressAuto && t.tty && !t.dumb
}

// Seen reports whether somebody sees at once what is said.
func (t *Term) Seen() bool { return t.tty }

// Keeper keeps a line for those who come later, before anybody hears it: what a worker of a
// slot has printed with a record in hand, or nil, or in slot 0 what the engine says.
type Keeper func(slot int, seq *int64, stream, text string)

// KeepWith has lines kept.
func (t *Term) KeepWith(k Keeper) { t.keep.Store(&k) }

func (t *Term) kept(e *entry) {
	if k := t.keep.Load(); k != nil {
		(*k)(e.Slot, e.Seq, e.Stream, e.Msg)
	}
}

// Logf writes one line of the engine's own.
func (t *Term) Logf(format string, args ...any) {
	e := entry{Msg: fmt.Sprintf(format, args...)}
	t.kept(&e)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.speak(t.line(e))
}

// Answerf is Logf to somebody who has asked, by a signal, and so wants to hear it
// at once.
func (t *Term) Answerf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.own(t.line(entry{Msg: fmt.Sprintf(format, args...)}))
}

// Plain writes lines as they are, such as those of an error that ends a run.
func (t *Term) Plain(lines string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.speak(t.ranked(priorityError, lines))
}

// Worker writes one line that a worker printed. Seq is -1 if no record was in
// hand. Where somebody reads, but slowly, it waits.
func (t *Term) Worker(slot int, seq int64, stream, text string) {
	t.WorkerAt(slot, seq, "", stream, text)
}

// WorkerAt is Worker, where it is known in which file and line the record stands.
func (t *Term) WorkerAt(slot int, seq int64, place, stream, text string) {
	e := entry{Slot: slot, Place: place, Stream: stream, Msg: text}
	if seq >= 0 {
		e.Seq = &seq
	}
	t.kept(&e)
	t.mu.Lock()
	defer t.mu.Unlock()
	line := t.line(e)
	if t.held != nil {
		t.held.add(line)
		return
	}
	t.others(line)
}

// speak says something of the engine's own, or holds it back.
func (t *Term) speak(line string) {
	if t.held != nil {
		t.held.add(line)
		return
	}
	t.own(line)
}

type entry struct {
	Time   string `json:"time"`
	Slot   int    `json:"slot,omitempty"`
	Seq    *int64 `json:"seq,omitempty"`
	Place  string `json:"place,omitempty"`
	Stream string `json:"stream,omitempty"`
	Msg    string `json:"msg"`
}

// line is an entry as it is written.
func (t *Term) line(e entry) string {
	if t.log == LogJSON {
		e.Time = now()
		b, err := json.Marshal(e)
		if err != nil {
			return "" // strings and numbers always encode
		}
		return t.ranked(e.priority(), t.shown(string(b))+"\n")
	}
	var b strings.Builder
	b.WriteString(t.head())
	if e.Stream != "" {
		fmt.Fprintf(&b, "[slot %d", e.Slot)
		if e.Seq != nil {
			fmt.Fprintf(&b, " record %d", *e.Seq)
		}
		if e.Place != "" {
			fmt.Fprintf(&b, ", %s,", e.Place)
		}
		fmt.Fprintf(&b, " %s] ", e.Stream)
	}
	b.WriteString(e.Msg)
	return t.ranked(e.priority(), t.shown(b.String())+"\n")
}

// now is the time as lines have it.
func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

// head is what a line of text begins with: in a file, where nobody else notes it, the time.
func (t *Term) head() string {
	if t.logFile != nil {
		return now() + " brood: "
	}
	return "brood: "
}

// shown is a line as it may be written. Tabs are harmless in it.
func (t *Term) shown(line string) string {
	if !t.tty {
		return line
	}
	return escape(line, "\t")
}

// Update shows progress.
func (t *Term) Update(s Snapshot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.ended || t.hidden || t.progress == ProgressNever:
	case t.isBar():
		t.now = &s
		t.kick()
	case time.Since(t.lastLine) >= lineEvery:
		t.lastLine = time.Now()
		if !t.queue.writing { // what nobody reads need not be there twice
			t.speak(t.ranked(priorityInfo, t.shown(t.head()+s.text()+s.share())+"\n"))
		}
	}
}

// End takes the progress display away.
func (t *Term) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended, t.now = true, nil
	t.kick()
}

// Hide takes the progress display away until Show is called, as this process is about to
// be suspended.
func (t *Term) Hide() {
	t.mu.Lock()
	t.hidden, t.now = true, nil
	t.kick()
	t.mu.Unlock()
	t.Flush()
}

// Show has progress shown again.
func (t *Term) Show() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hidden = false
}
