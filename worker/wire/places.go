package wire

import (
	"brood/jobs"
	"encoding/binary"
	"time"
)

// place is where the words of one place stand.
type place struct{ seq, since, try, stop, stopTry, begun uintptr }

// firstPlace is where they stood before there were others, as a run may be interrupted then and
// go on now.
var firstPlace = place{seq: 0, since: 8, try: 24, stop: 192, stopTry: 200, begun: 208}

const (
	placesFrom = 256
	placeSize  = 6 * 8
)

// placeAt is where the words of a place begin, from 1; the first has none of its own there.
func placeAt(i int) uintptr { return uintptr(placesFrom + placeSize*(i-1)) }

func placeWords(i int) place {
	if i == 0 {
		return firstPlace
	}
	at := placeAt(i)
	return place{at, at + 8, at + 16, at + 24, at + 32, at + 40}
}

func wordsOf(i int) [6]uintptr {
	w := placeWords(i)
	return [6]uintptr{w.seq, w.since, w.try, w.stop, w.stopTry, w.begun}
}

// Start marks a record as in hand at a place since now.
func (p *Page) Start(at int, seq jobs.Seq, try int, now time.Duration) {
	w := placeWords(at)
	p.store(w.try, uint64(try))
	p.store(w.since, uint64(now/time.Microsecond))
	if p.places > 1 {
		p.store(w.begun, uint64(now/time.Microsecond))
	}
	p.store(w.seq, (uint64(seq)+1)<<1)
}

// Rests stops the clock of the record in hand at a place, as it waits for its turn.
func (p *Page) Rests(at int) { p.store(placeWords(at).since, 0) }

// Runs lets the clock of the record in hand at a place run from now on.
func (p *Page) Runs(at int, now time.Duration) {
	p.store(placeWords(at).since, uint64(now/time.Microsecond))
}

// Answering stops the clock of the record in hand: it is done, and its answer
// may have to wait until the parent reads it.
func (p *Page) Answering(at int) { p.Rests(at) }

// Finish marks the record in hand as answered, the doneth of this worker.
func (p *Page) Finish(at int, seq jobs.Seq, done uint64) {
	p.store(wordDone, done)
	p.GiveBack(at, seq)
}

// GiveBack says that the record in hand was not begun after all.
func (p *Page) GiveBack(at int, seq jobs.Seq) {
	p.store(placeWords(at).seq, (uint64(seq)+1)<<1|notInHand)
}

const notInHand = 1

// Last returns the record that was begun last at the first place, in hand or not.
func (p *Page) Last() (seq jobs.Seq, ok bool) {
	s := p.load(firstPlace.seq) >> 1
	return jobs.Seq(s - 1), s != 0
}

// Held is a record in hand.
type Held struct {
	Place int
	Seq   jobs.Seq
	Try   int
	// Since is when its clock began to run, in whole microseconds; 0 if it does not.
	Since time.Duration
	// Begun is when it was begun; where there is one place, the same as Since.
	Begun time.Duration
}

// InHand appends the records in hand, by place.
func (p *Page) InHand(to []Held) []Held {
	n := p.Places()
	load := p.load
	if p.f != nil && n > 1 {
		load = p.whole(n)
	}
	for i := range n {
		w := placeWords(i)
		s := load(w.seq)
		if s == 0 || s&notInHand != 0 {
			continue
		}
		h := Held{Place: i, Seq: jobs.Seq(s>>1 - 1), Try: int(load(w.try)), Since: time.Duration(load(w.since)) * time.Microsecond}
		if h.Begun = h.Since; n > 1 {
			h.Begun = time.Duration(load(w.begun)) * time.Microsecond
		}
		to = append(to, h)
	}
	return to
}

// whole reads the page at once, and returns what loads words of that.
func (p *Page) whole(places int) func(off uintptr) uint64 {
	b := make([]byte, PageBytes(places))
	n, _ := p.f.ReadAt(b, 0)
	return func(off uintptr) uint64 {
		if int(off)+8 <= n {
			if v, whole := openWord(binary.NativeEndian.Uint64(b[off:])); whole {
				return v
			}
		}
		return p.load(off) // it was being written, or is damaged
	}
}

// AskStop asks the record seq at a place to stop, at one of its tries.
func (p *Page) AskStop(at int, seq jobs.Seq, try int) {
	w := placeWords(at)
	p.store(w.stopTry, uint64(try))
	p.store(w.stop, uint64(seq)+1)
}

// StopAsked returns the record at a place that was asked to stop, if any.
func (p *Page) StopAsked(at int) (seq jobs.Seq, try int, ok bool) {
	w := placeWords(at)
	word := p.load(w.stop)
	return jobs.Seq(word - 1), int(p.load(w.stopTry)), word != 0
}

// StopTold says that the record has been told, or has ended before.
func (p *Page) StopTold(at int) { p.store(placeWords(at).stop, 0) }

// Begun returns the record that was begun last at a place, and at which try, in hand or not.
func (p *Page) Begun(at int) (seq jobs.Seq, try int, ok bool) {
	w := placeWords(at)
	s := p.load(w.seq) >> 1
	return jobs.Seq(s - 1), int(p.load(w.try)), s != 0
}
