package http

import (
	"brood/jobs"
	"context"
	"sync"
	"time"
)

const (
	// doubtTime is how long a record waits at least that was refused where others were not.
	doubtTime = 300 * time.Millisecond
	// doubtEnough is how many records are refused in a row before it is not they, but who asks.
	doubtEnough = 3
	// doubtMost bounds how many records are remembered.
	doubtMost = 1000
)

// doubts are about answers that say that one may not (401, 403). When nothing has gone well yet the
// credentials are wrong, and the run stops at the first: nobody is hammered. Later such an answer may be about the record
// alone; but a token may have expired as well, and must not eat the list. So it is tried once more, and
// what others come to meanwhile tells. All records that a worker has in hand share them.
type doubts struct {
	mu      sync.Mutex
	hand    int // records in hand
	waiting int // of them, those that wait to see how others end
	taken   int // answers that were no refusal
	row     int // refusals since the last of them, of different records
	seen    map[jobs.Seq]int
	changed chan struct{}
}

// begin and end stand around each record.
func (d *doubts) begin() {
	d.mu.Lock()
	d.hand++
	d.mu.Unlock()
}

func (d *doubts) end() {
	d.mu.Lock()
	d.hand--
	d.wake()
	d.mu.Unlock()
}

// took notes an answer that was no refusal.
func (d *doubts) took() {
	d.mu.Lock()
	d.taken, d.row = d.taken+1, 0
	d.wake()
	d.mu.Unlock()
}

func (d *doubts) wake() {
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// weigh says what a refusal of a record is worth, which is tried for the so manieth time, from 1. Where
// nothing has gone well yet it waits for what else is in hand.
func (d *doubts) weigh(ctx context.Context, seq jobs.Seq, attempt int) (jobs.Verdict, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	by, before := d.seen[seq]
	if before && d.taken > by {
		return jobs.VerdictFailed, 0 // others were taken since, and this one is not: it is about the record
	}
	if !before {
		d.row++
		if d.seen == nil || len(d.seen) >= doubtMost {
			d.seen = make(map[jobs.Seq]int)
		}
		d.seen[seq] = d.taken
	}
	d.wake()
	d.waiting++
	for d.taken == 0 && d.row < 2 && d.hand > d.waiting {
		if d.changed == nil {
			d.changed = make(chan struct{})
		}
		changed := d.changed
		d.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		d.mu.Lock()
		if ctx.Err() != nil {
			break
		}
	}
	d.waiting--
	alone := d.row < 2 // no other was refused since one was taken
	switch {
	case alone && attempt > 1: // nor did it help to wait, in this session or in an earlier one
		return jobs.VerdictFailed, 0
	case d.taken == 0, before, d.row >= doubtEnough:
		return jobs.VerdictAbort, 0
	}
	return jobs.VerdictRetry, doubtTime
}
