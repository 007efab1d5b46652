package term

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// LogFile is a file that log lines are added to. It may be renamed or removed at any time, as
// logrotate(8) does, and is made anew then: that is looked at before each write, which is a
// few thousand lines at most, and when Reopen is called. A write that fails stops nothing: what
// is lost is counted, and said when there is room again.
type LogFile struct {
	path string
	// lost is the line that says so many lines are, and why.
	lost func(lines int, why error) string

	mu      sync.Mutex
	file    *os.File // nil: it cannot be opened at the moment
	torn    bool     // the last line that was written has no end
	missing int      // lines
	why     error
}

// logMode is for the user alone: what workers print may be about people.
const logMode = 0o600

// OpenLog opens a log file, and makes it if there is none.
func OpenLog(path string) (*LogFile, error) {
	l := &LogFile{path: path}
	var err error
	l.file, err = l.open()
	return l, err
}

// open does not wait for a reader, should it be a FIFO.
func (l *LogFile) open() (*os.File, error) {
	return os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, logMode)
}

// Reopen makes the file anew if it was moved away.
func (l *LogFile) Reopen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.follow()
}

// follow sees to it that file is what stands at the path.
func (l *LogFile) follow() {
	if l.file != nil {
		is, err := l.file.Stat()
		there, thereErr := os.Stat(l.path)
		if err == nil && thereErr == nil && os.SameFile(is, there) {
			return
		}
	}
	f, err := l.open()
	if err != nil {
		l.why = err
		return // the old one is better than none
	}
	if l.file != nil {
		_ = l.file.Close() // nothing of it is buffered here
	}
	l.file, l.torn = f, false
}

// Write adds whole lines. It never fails.
func (l *LogFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.follow()
	if l.file == nil {
		l.missing += bytes.Count(p, []byte("\n"))
		return len(p), nil
	}
	var head []byte
	if l.torn {
		head = append(head, '\n')
	}
	if l.missing > 0 && l.lost != nil {
		head = append(head, l.lost(l.missing, l.why)...)
	}
	if len(head) > 0 && !l.put(head) {
		l.missing += bytes.Count(p, []byte("\n"))
		return len(p), nil
	}
	l.missing = 0
	if !l.put(p) {
		l.missing = max(1, l.missing)
	}
	return len(p), nil
}

// put writes some bytes, and notes what was not written of them.
func (l *LogFile) put(p []byte) bool {
	n, err := l.file.Write(p)
	if n > 0 {
		l.torn = p[n-1] != '\n'
	}
	if err == nil {
		return true
	}
	l.why = err
	l.missing += bytes.Count(p[n:], []byte("\n"))
	return false
}

// Close closes the file.
func (l *LogFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// Reopen makes the log file anew if it was moved away; without one it does nothing.
func (t *Term) Reopen() {
	if t.logFile != nil {
		t.logFile.Reopen()
	}
}

// InFile reports whether lines go to a file, where nobody sees them at once.
func (t *Term) InFile() bool { return t.logFile != nil }

// Close closes the log file, if there is one. Nothing more is said.
func (t *Term) Close() error {
	if t.logFile == nil {
		return nil
	}
	return t.logFile.Close()
}

// lostLines is the line about those that could not be written.
func (t *Term) lostLines(n int, why error) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.line(entry{Msg: fmt.Sprintf("… %s lines lost: %v", Count(uint64(n)), why)})
}
