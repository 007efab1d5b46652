package term

import "time"

// Whoever speaks must not wait for who reads: a terminal that was stopped with ^S, a
// pager that is paused, or a pipe that nobody reads, would hold up commits and the very
// end of a run. So lines go into a queue of bounded size, and one goroutine writes them,
// which is there as long as there is something to write. What does not fit is left out,
// and how much that was is said where it would have stood.
//
// A reader who is slow loses nothing that commands print, as with any pipe: a worker's
// line waits for room as long as something is taken every second.

// Sizes of the queue, in bytes.
const (
	workersRoom = 256 << 10                // that lines of workers may fill
	ownRoom     = workersRoom + (64 << 10) // and with those of brood itself
	// atOnce is how much is written at a time: so much is not torn apart by others who
	// write to the same pipe (PIPE_BUF).
	atOnce = 4 << 10
)

// patience is how long a write may take until nobody is said to read.
const patience = time.Second

type queue struct {
	lines   []string
	size    int // of lines, and of those that are being written
	dropped int // lines since the last that found room
	writing bool
	since   time.Time     // when the goroutine has written something the last time, or begun
	moved   chan struct{} // closed when something has been written
}

func newQueue() queue { return queue{moved: make(chan struct{})} }

// own queues a line of brood itself.
func (t *Term) own(line string) { t.put(line, ownRoom) }

// others queues a line that others have printed, and waits for a slow reader.
func (t *Term) others(line string) {
	q := &t.queue
	for q.writing && q.size+len(line) > workersRoom && !t.hurried {
		left := patience - time.Since(q.since)
		if left <= 0 {
			break
		}
		moved := q.moved
		t.mu.Unlock()
		timer := time.NewTimer(left)
		select {
		case <-moved:
		case <-timer.C:
		case <-t.hurry:
		}
		timer.Stop()
		t.mu.Lock()
	}
	t.put(line, workersRoom)
}

// put queues a line if there is room for it.
func (t *Term) put(line string, room int) {
	q := &t.queue
	if q.writing && q.size+len(line) > room {
		q.dropped++
		return
	}
	t.tellDropped()
	q.lines = append(q.lines, line)
	q.size += len(line)
	t.kick()
}

// tellDropped says how much was left out here.
func (t *Term) tellDropped() {
	q := &t.queue
	if q.dropped == 0 {
		return
	}
	lines := "lines"
	if q.dropped == 1 {
		lines = "line"
	}
	line := t.line(entry{Msg: "… " + Count(uint64(q.dropped)) + " " + lines + " dropped, as nobody read"})
	q.dropped = 0
	q.lines = append(q.lines, line)
	q.size += len(line)
}

// kick has the goroutine begin that writes, if it is not at it.
func (t *Term) kick() {
	if t.queue.writing {
		return
	}
	t.queue.writing, t.queue.since = true, time.Now()
	go t.writeAll()
}

// writeAll writes until there is nothing left to be written.
func (t *Term) writeAll() {
	for {
		text, draw, hidden, more := t.next()
		if !more {
			return
		}
		t.screen.lock()
		t.screen.show(t.out, text, draw, hidden)
		t.screen.unlock()
		t.mu.Lock()
		q := &t.queue
		q.size -= len(text)
		q.since = time.Now()
		close(q.moved)
		q.moved = make(chan struct{})
		t.mu.Unlock()
	}
}

// next takes what is to be written.
func (t *Term) next() (text string, draw *Snapshot, hidden, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := &t.queue
	if len(q.lines) == 0 {
		t.tellDropped()
	}
	n := 0
	for n < len(q.lines) && (n == 0 || len(text)+len(q.lines[n]) <= atOnce) {
		text += q.lines[n]
		n++
	}
	q.lines = q.lines[n:]
	draw, hidden = t.now, t.ended || t.hidden
	t.now = nil
	if text == "" && draw == nil && (!hidden || !t.screen.hasBar()) {
		q.writing, q.lines = false, nil
		close(q.moved)
		q.moved = make(chan struct{})
		return "", nil, false, false
	}
	return text, draw, hidden, true
}

// Hurry says that from now on nobody is waited for: the run is being killed.
func (t *Term) Hurry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.hurried {
		t.hurried = true
		close(t.hurry)
	}
}

// Flush waits until all that was said is written, or until nobody has read for a second.
// It reports whether all was.
func (t *Term) Flush() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := &t.queue
	begun := time.Now()
	for q.writing {
		since := q.since
		if t.hurried || since.Before(begun) {
			since = begun
		}
		left := patience - time.Since(since)
		if left <= 0 {
			return false
		}
		moved := q.moved
		t.mu.Unlock()
		timer := time.NewTimer(left)
		select {
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
		t.mu.Lock()
	}
	return true
}
