package remote

import "time"

// Line is one end of what two processes say to each other: every message arrives once, and in order, whatever happens on the way to some
// of its copies. It is a state machine: who has it sends what it returns. It is not safe for several goroutines.
type Line struct {
	last uint64 // number of the last message that was sent
	kept []sent // those that the other end has not said to have, in order
	got  uint64 // it is known here of all up to this one
	// early are messages that came before one that is missing, by number.
	early map[uint64][]byte
}

// sent is a message that was sent.
type sent struct {
	number uint64
	body   []byte
	at     time.Time
}

// mostEarly is how many messages are kept that came early. What is dropped is sent again.
const mostEarly = 4096

// Send numbers a message, and keeps it until the other end has it.
func (l *Line) Send(body []byte, now time.Time) (number uint64) {
	l.last++
	l.kept = append(l.kept, sent{number: l.last, body: body, at: now})
	return l.last
}

// Got is the number up to which all messages of the other end are here.
func (l *Line) Got() uint64 { return l.got }

// Kept is how many messages the other end has not said to have.
func (l *Line) Kept() int { return len(l.kept) }

// Acked takes in up to which message the other end has all.
func (l *Line) Acked(upTo uint64) {
	n := 0
	for n < len(l.kept) && l.kept[n].number <= upTo {
		l.kept[n].body = nil
		n++
	}
	if l.kept = l.kept[n:]; len(l.kept) == 0 {
		l.kept = nil
	}
}

// Receive takes in a message, and returns those whose turn has come: none, if it was there before, or another is missing.
func (l *Line) Receive(number uint64, body []byte) [][]byte {
	switch {
	case number <= l.got:
		return nil
	case number > l.got+1:
		if l.early == nil {
			l.early = make(map[uint64][]byte)
		}
		if len(l.early) < mostEarly {
			l.early[number] = body
		}
		return nil
	}
	l.got = number
	turn := [][]byte{body}
	for {
		next, is := l.early[l.got+1]
		if !is {
			return turn
		}
		l.got++
		delete(l.early, l.got)
		turn = append(turn, next)
	}
}

// Overdue returns the messages that ought to have been received by now, and are to be sent again.
func (l *Line) Overdue(now time.Time, after time.Duration) (again [][]byte) {
	for i := range l.kept {
		s := &l.kept[i]
		if now.Sub(s.at) < after {
			break // those behind it are younger, or were sent again as well
		}
		s.at = now
		again = append(again, s.body)
	}
	return again
}
