package term

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// screen is what stands in the last line of the terminal: the bar, or the beginning of a
// line of results. Whoever writes has the turn, so that the two do not get into each
// other's way.
type screen struct {
	file    *os.File
	ansi    bool          // it knows how to erase
	unwraps bool          // it breaks a line anew when its width changes
	turn    chan struct{} // holds a token while somebody writes
	columns func() int

	// Of who has the turn.
	bar     string // as it is drawn; empty: it is not
	last    string // as it was drawn
	partial bool   // results have begun a line and not ended it

	drawn atomic.Bool // bar is not empty
}

// usual is how wide a terminal is that does not say.
const usual = 80

func newScreen(file *os.File, ansi bool) *screen {
	s := &screen{file: file, ansi: ansi, turn: make(chan struct{}, 1)}
	// xterm and the console cut lines off, others break them anew.
	s.unwraps = os.Getenv("XTERM_VERSION") == "" && os.Getenv("TERM") != "linux"
	s.columns = func() int {
		if file == nil {
			return usual
		}
		if w, _, err := term.GetSize(int(file.Fd())); err == nil && w > 0 {
			return w
		}
		return usual
	}
	return s
}

func (s *screen) lock()   { s.turn <- struct{}{} }
func (s *screen) unlock() { <-s.turn }

// lockFor is lock for who does not wait longer than for a time.
func (s *screen) lockFor(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case s.turn <- struct{}{}:
		return true
	case <-t.C:
		return false
	}
}

func (s *screen) hasBar() bool { return s.drawn.Load() }

// show writes text in place of the bar, and the bar below it unless that is hidden.
func (s *screen) show(w io.Writer, text string, now *Snapshot, hidden bool) {
	var b bytes.Buffer
	columns := s.columns() - 1 // the last one may begin another line
	line := s.last
	if now != nil {
		line = now.line(columns)
	}
	if s.inBackground() { // what stands in the last line is not ours any more
		s.forget()
		hidden = true
	}
	if hidden {
		line = ""
	}
	if text != "" || line != s.bar {
		s.erase(&b, columns+1)
	}
	if text != "" && s.partial {
		b.WriteByte('\n')
		s.partial = false
	}
	b.WriteString(text)
	s.draw(&b, line, columns)
	if b.Len() > 0 {
		_, _ = w.Write(b.Bytes()) // there is nobody left to tell
	}
}

// erase takes the bar off the screen.
func (s *screen) erase(b *bytes.Buffer, columns int) {
	n := columnsOf(s.bar)
	if n == 0 {
		return
	}
	s.forget()
	b.WriteByte('\r')
	if !s.ansi {
		b.WriteString(strings.Repeat(" ", n) + "\r")
		return
	}
	// Line by line: from the top of the screen to its end would put it into tmux's history.
	b.WriteString("\x1b[K")
	if s.unwraps && columns > 0 {
		for range (n - 1) / columns { // it was narrowed since
			b.WriteString("\x1b[A\x1b[K")
		}
	}
}

func (s *screen) forget() {
	s.bar = ""
	s.drawn.Store(false)
}

// draw draws a bar where there is none.
func (s *screen) draw(b *bytes.Buffer, line string, columns int) {
	s.last = line
	if line == s.bar || s.partial || columnsOf(line) > columns {
		return
	}
	b.WriteString(line)
	s.bar = line
	s.drawn.Store(line != "")
}

// inBackground says whether the terminal is another job's at the moment.
func (s *screen) inBackground() bool {
	if s.file == nil || !s.ansi {
		return false
	}
	group, err := unix.IoctlGetInt(int(s.file.Fd()), unix.TIOCGPGRP)
	return err == nil && group != unix.Getpgrp() // not our terminal: nobody's job is in front
}

// Beside has results that are written to the terminal on which t shows progress take the
// place of that meanwhile. It returns w.
func (w *Writer) Beside(t *Term) *Writer {
	if t != nil && w.tty && t.tty && sameTerminal(w.file, t.file) {
		w.beside = t
	}
	return w
}

func sameTerminal(a, b *os.File) bool {
	var x, y unix.Stat_t
	return unix.Fstat(int(a.Fd()), &x) == nil && unix.Fstat(int(b.Fd()), &y) == nil && x.Rdev == y.Rdev
}

// results writes text of results in place of the bar.
func (t *Term) results(w io.Writer, text string) error {
	if !t.screen.lockFor(patience) { // the terminal takes nothing: this will not get far, either
		_, err := io.WriteString(w, text)
		return err
	}
	defer t.screen.unlock()
	s := t.screen
	var b bytes.Buffer
	columns := s.columns() - 1
	line := s.last
	s.erase(&b, columns+1)
	b.WriteString(text)
	s.partial = !strings.HasSuffix(text, "\n")
	s.draw(&b, line, columns)
	_, err := w.Write(b.Bytes())
	return err
}
