package book

import "time"

// calmTime is how long the book lets updates gather where they come one by one and often: taking each
// from the channel as it comes would wake this goroutine, and a thread for it, for every record.
const calmTime = time.Millisecond

// calm makes the book rest between updates that come faster than that.
type calm struct{ last time.Time }

// rest rests after an update, if no other waits and the one before it has only just come.
func (c *calm) rest(none bool) {
	if !none {
		return
	}
	now := time.Now()
	if now.Sub(c.last) < calmTime {
		time.Sleep(calmTime)
		now = now.Add(calmTime)
	}
	c.last = now
}

// alarm is a timer that is set anew only when its time has changed.
type alarm struct {
	*time.Timer
	at   time.Time // zero: it is not set
	idle bool      // it was set by within
}

func newAlarm() *alarm {
	a := &alarm{Timer: time.NewTimer(time.Hour)}
	a.Stop()
	return a
}

// set makes it ring at a time, or not at all.
func (a *alarm) set(at time.Time) {
	if at.Equal(a.at) {
		return
	}
	a.idle = false
	if a.at = at; at.IsZero() {
		a.Stop()
		return
	}
	a.Reset(time.Until(at))
}

// within makes it ring after a time, of which it is told again and again.
func (a *alarm) within(d time.Duration) {
	if !a.idle || a.at.IsZero() {
		a.set(time.Now().Add(d))
		a.idle = true
	}
}

// rang notes that it has.
func (a *alarm) rang() { a.at = time.Time{} }
