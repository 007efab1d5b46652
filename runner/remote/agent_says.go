package remote

import (
	"time"
)

// Say says a message.
func (a *Agent) say(k kind, parts ...[]byte) {
	a.mu.Lock()
	now := a.Now()
	a.said = now
	body := pack(head{instance: a.Instance, number: a.line.last + 1, got: a.line.Got(), kind: k}, parts...)
	a.line.Send(body, now)
	a.mu.Unlock()
	_ = a.Says.Say(body)
}

// Report says what an earlier instance has left. It is to be called before anything else.
func (a *Agent) Report(r *Report) {
	part := Report{ID: r.ID, Epoch: r.Epoch, Instance: r.Instance, Lost: r.Lost}
	size := 0
	for i := range r.Notes {
		if n := len(r.Notes[i].Payload); len(part.Notes) > 0 && (len(part.Notes) == reportNotes || size+n > reportBytes) {
			part.More = true
			a.say(kindReport, encode(part))
			part.Notes, part.More, size = nil, false, 0
		}
		size += len(r.Notes[i].Payload)
		part.Notes = append(part.Notes, r.Notes[i])
	}
	a.say(kindReport, encode(part))
}

// Leaving asks to be let go when what is in hand is done.
func (a *Agent) Leaving() { a.say(kindLeaving) }

// Up says everything again that the coordinator may not have heard.
func (a *Agent) Up() { a.again(0) }

func (a *Agent) again(after time.Duration) {
	a.mu.Lock()
	all := a.line.Overdue(a.Now(), after)
	a.mu.Unlock()
	for _, body := range all {
		if a.Says.Say(body) != nil {
			return // it will be said again
		}
	}
}
