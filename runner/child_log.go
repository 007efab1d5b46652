package runner

import (
	"brood/jobs"
	"brood/worker/wire"
	"bytes"
	"os"
	"strings"
	"sync"
)

const (
	// logLine is the longest line of job output that is logged in one piece.
	logLine = 16 << 10
	// tailSize is how much of a worker's standard error is kept to say why it
	// died.
	tailSize = 2 << 10
)

// lastBegun is the record the worker has begun last, or -1; also if nobody can tell, as it can have
// several in hand.
func (c *child) lastBegun() int64 {
	if c.slot.r.places > 1 {
		return -1
	}
	if seq, ok := c.slot.pad.page.Last(); ok {
		return int64(seq)
	}
	return -1
}

// logLines logs what a worker prints, line by line, until its stream ends.
func (c *child) logLines(stream string, f *os.File, said *tail) {
	defer c.logs.Done()
	p, err := newPrinted(f, c.lastBegun)
	if err != nil {
		return // it is no pipe of ours any more
	}
	buf := make([]byte, 0, 2*logLine)
	first := int64(-1) // the record during which the line at the front began
	for {
		n, seq, err := p.read(buf[len(buf):cap(buf)])
		if len(buf) == 0 {
			first = seq
		}
		buf = buf[:len(buf)+n]
		used := c.logWhole(stream, buf, first, seq, said)
		if used > 0 {
			first = seq
		}
		if len(buf)-used >= logLine {
			cut := used + c.slot.r.mask.Load().Cut(string(buf[used:]))
			c.logOne(stream, buf[used:cut], first, said)
			used = cut
		}
		buf = append(buf[:0], buf[used:]...)
		if err != nil {
			if len(buf) > 0 {
				c.logOne(stream, buf, first, said)
			}
			return
		}
	}
}

// logWhole logs the whole lines of b and returns how much that was. A mark
// names the record of what stands before it; without one the first line
// belongs to the record first and the others to seq.
func (c *child) logWhole(stream string, b []byte, first, seq int64, said *tail) int {
	used := 0
	var lines [][]byte
	flush := func(first, seq int64) {
		for i, l := range lines {
			if i == 0 {
				c.logOne(stream, l, first, said)
			} else {
				c.logOne(stream, l, seq, said)
			}
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
		flush(int64(marked), int64(marked))
		first = seq
	}
	flush(first, seq)
	return used
}

func (c *child) logOne(stream string, line []byte, seq int64, said *tail) {
	text := strings.TrimRight(strings.ToValidUTF8(c.slot.r.hide(string(line)), "\uFFFD"), "\r")
	place := ""
	if seq >= 0 {
		place = c.slot.placeOf(jobs.Seq(seq))
	}
	c.slot.r.Term.WorkerAt(c.slot.number, seq, place, stream, text)
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
