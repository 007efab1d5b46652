package remote

import (
	"fmt"
)

// Ask answers what an agent asks.
func (d *Desk) Ask(name string, body []byte) []byte {
	q, err := decode[Question](body)
	switch {
	case err != nil:
		return encode(Welcome{Refused: "the question makes no sense: " + err.Error()})
	case q.Part != nil:
		return d.part(name, q.Part)
	case q.Files:
		w, _ := d.withFiles(name, Welcome{Run: d.welcome.Run, RunID: d.welcome.RunID})
		return d.long.shorten(encode(w))
	case q.Epoch:
		return encode(Welcome{Run: d.welcome.Run, RunID: d.welcome.RunID, Epoch: d.welcome.Epoch})
	case q.Join != nil:
		// Before it is let in, and without the lock: a file that has changed is read again.
		files, refused := d.withFiles(name, Welcome{})
		if refused {
			return encode(files)
		}
		w, next := d.join(name, q.Join)
		if w.Refused == "" && !w.Wait {
			w.Files = files.Files
		}
		if next != nil {
			d.joined(next)
		}
		return d.long.shorten(encode(w))
	}
	return encode(Welcome{Refused: "nothing was asked"})
}

// withFiles tells a machine of the files, as they are now.
func (d *Desk) withFiles(name string, w Welcome) (_ Welcome, refused bool) {
	if d.shelf == nil {
		return w, false
	}
	files, err := d.shelf.Files()
	if err != nil {
		d.logf("machine %s cannot be let in: %v", name, err)
		w.Refused = err.Error()
		return w, true
	}
	w.Files = files
	return w, false
}

// part answers with a part of a file, or with nothing.
func (d *Desk) part(name string, p *Part) []byte {
	if b := d.long.part(p); b != nil {
		return b
	}
	if d.shelf == nil {
		d.logf("machine %s asks for a part of a file, and this run has none", name)
		return nil
	}
	b, err := d.shelf.Part(p)
	if err != nil {
		d.logf("machine %s asks for a part of a file: %v", name, err)
		return nil
	}
	return b
}

// secretive reports whether what a machine is told is for nobody else.
func (d *Desk) secretive() bool {
	return len(d.welcome.Secrets) > 0 || d.shelf != nil && d.shelf.secretive()
}

// join lets a machine in, or says why not. Nil: there was nobody to let in.
func (d *Desk) join(name string, j *Join) (Welcome, *machine) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.welcome
	refuse := func(format string, args ...any) (Welcome, *machine) {
		return Welcome{Refused: fmt.Sprintf(format, args...), Run: w.Run, RunID: w.RunID}, nil
	}
	switch {
	case j.Build != d.build:
		return refuse("it is another build of brood than the coordinator's: install the same file on both")
	case j.Instance == 0 || j.Slots < 1 || j.Slots > mostSlots:
		return refuse("%d slots: between 1 and %d can be had", j.Slots, mostSlots)
	case j.Clear && d.secretive():
		return refuse("it is to be told secrets, and others may read along: join by an address that begins with tls://")
	case d.closed != nil:
		return Welcome{Refused: d.closed.Why, Over: true, Done: d.closed.Done, Run: w.Run, RunID: w.RunID}, nil
	case d.post == nil || d.follows:
		return Welcome{Wait: true}, nil
	}
	m := d.machines[name]
	if m != nil && m.instance() == j.Instance {
		return w, nil // it has not heard the answer
	}
	if m != nil && !m.mayBeReplaced(d.now()) {
		return Welcome{Wait: true, Run: w.Run, RunID: w.RunID}, nil
	}
	next := newMachine(d, name, j)
	if m != nil {
		next.before = m.takeBefore()
		next.answers = m.answered()
	}
	d.machines[name] = next
	d.room()
	return w, next
}

// joined goes on with a machine that was let in.
func (d *Desk) joined(next *machine) {
	for _, b := range next.before {
		b.tellLeft()
	}
	if next.owed() == 0 {
		next.reported()
	}
	d.wake()
}

// room fits the bound of the stream to how many slots there are. The caller holds the lock.
func (d *Desk) room() {
	n := 0
	for _, m := range d.machines {
		n += 2 * m.joined.Slots
	}
	d.post.SetRoom(n + ahead)
}
