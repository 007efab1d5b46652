package remote

import (
	"time"
)

// say says a message, and before it the answers that wait.
func (a *Agent) say(k kind, parts ...[]byte) {
	a.mu.Lock()
	all := append(a.seal(), a.number(k, parts...)...)
	a.mu.Unlock()
	for _, body := range all {
		_ = a.Says.Say(body) // what is lost is said again
	}
}

// number makes a message, in pieces if need be, and keeps it until the other end has it. The caller holds the lock.
func (a *Agent) number(k kind, parts ...[]byte) (bodies [][]byte) {
	now := a.Now()
	a.said = now
	cut(k, parts, func(k kind, parts ...[]byte) {
		body := pack(head{instance: a.Instance, number: a.line.last + 1, got: a.line.Got(), kind: k}, parts...)
		a.line.Send(body, now)
		bodies = append(bodies, body)
	})
	return bodies
}

// seal makes a message of the answers that wait, if there are any. The caller holds the lock.
func (a *Agent) seal() [][]byte {
	if len(a.out.bytes) == 0 {
		return nil
	}
	b, _ := a.out.take()
	return a.number(kindAnswers, b)
}

// answer puts answers into the bundle that is said next, and sees to it that this is said.
func (a *Agent) answer(head, frame []byte) {
	a.mu.Lock()
	var full [][]byte
	if len(a.out.bytes)+len(frame) > bundleBytes {
		full = a.seal()
	}
	a.out.bytes = appendPart(a.out.bytes, head, frame)
	if !a.out.coming {
		a.out.coming = true
		a.working.Go(a.deliver)
	}
	a.mu.Unlock()
	for _, body := range full {
		_ = a.Says.Say(body)
	}
}

// deliver says bundles until there are none.
func (a *Agent) deliver() {
	for {
		yield()
		a.mu.Lock()
		all := a.seal()
		a.out.coming = len(all) > 0
		a.mu.Unlock()
		if len(all) == 0 {
			return
		}
		for _, body := range all {
			_ = a.Says.Say(body)
		}
	}
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
