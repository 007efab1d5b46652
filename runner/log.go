package runner

import (
	"brood/worker/wire"
	"bytes"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// logLine is the longest line of job output that is logged in one piece.
	logLine = 16 << 10
	// tailSize is how much of a worker's standard error is kept to say why it
	// died.
	tailSize = 2 << 10
)

// inHand is the record the worker is busy with. It may be called when the
// worker has gone, and its page with it.
func (c *child) inHand() (seq int64, since time.Duration, busy bool) {
	c.pageMu.RLock()
	defer c.pageMu.RUnlock()
	if c.page == nil {
		return 0, 0, false
	}
	s, since, busy := c.page.InHand()
	return int64(s), since, busy
}

// closePage gives the page back.
func (c *child) closePage() error {
	c.pageMu.Lock()
	defer c.pageMu.Unlock()
	p := c.page
	c.page = nil
	return p.Close()
}

// logLines logs what a worker prints, line by line, until its stream ends.
func (c *child) logLines(stream string, f *os.File, said *tail) {
	defer c.logs.Done()
	buf := make([]byte, 0, 2*logLine)
	for {
		n, err := f.Read(buf[len(buf):cap(buf)])
		// If a mark follows these bytes it comes with them, or later; if it
		// comes later, the record was in hand when they were read.
		seq := int64(-1)
		if s, _, busy := c.inHand(); busy {
			seq = s
		}
		buf = buf[:len(buf)+n]
		used := c.logWhole(stream, buf, seq, said)
		if len(buf)-used >= logLine {
			c.logOne(stream, buf[used:], seq, said)
			used = len(buf)
		}
		buf = append(buf[:0], buf[used:]...)
		if err != nil {
			if len(buf) > 0 {
				c.logOne(stream, buf, seq, said)
			}
			return
		}
	}
}

// logWhole logs the whole lines of b and returns how much that was. A mark
// names the record of what stands before it.
func (c *child) logWhole(stream string, b []byte, seq int64, said *tail) int {
	used := 0
	var lines [][]byte
	flush := func(seq int64) {
		for _, l := range lines {
			c.logOne(stream, l, seq, said)
		}
		lines = lines[:0]
	}
	for {
		i := bytes.IndexByte(b[used:], '\n')
		if i < 0 {
			break
		}
		line := b[used : used+i]
		used += i + 1
		before, marked, found := wire.CutPrintMark(line)
		if !found {
			lines = append(lines, line)
			continue
		}
		if len(before) > 0 {
			lines = append(lines, before)
		}
		flush(int64(marked))
	}
	flush(seq)
	return used
}

func (c *child) logOne(stream string, line []byte, seq int64, said *tail) {
	text := strings.TrimRight(strings.ToValidUTF8(string(line), "\uFFFD"), "\r")
	c.slot.r.cfg.Term.Worker(c.slot.number, seq, stream, text)
	if said != nil {
		said.add(text)
	}
}

// tail keeps the last lines of a stream.
type tail struct {
	mu    sync.Mutex
	cause string // the first line of a Go panic or fatal error
	text  string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause == "" && (strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")) {
		t.cause = line
	}
	if t.text != "" {
		t.text += "\n"
	}
	t.text += line
	if over := len(t.text) - tailSize; over > 0 {
		t.text = strings.ToValidUTF8(t.text[over:], "")
	}
}

// String is what was said last; of a Go panic it is the first line, as the
// rest is a stack.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cause != "" {
		return t.cause
	}
	return strings.TrimSpace(t.text)
}
