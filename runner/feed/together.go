package feed

import (
	"brood/jobs"
	"hash/maphash"
	"time"
)

// together lets records that ask the same thing of the far side wait for the first of them: it
// asks, and the others find its answer where the job keeps it. It is guarded by the feed's lock. A
// nil *together stands for a run whose records have nothing in common.
//
// The first record of a key that is read leads; those that are read until it has ended are parked
// behind it, without a place in a block and without an intent. When the job has answered it they
// leave together; if it ended without that, as its worker died or the tries are used up, the
// next of them leads. A record that waits for another try leads on.
type together struct {
	seed  maphash.Seed
	leads map[jobs.Seq]uint64 // what is open, and its key
	// behind are those that are parked, by key. A key that is open has an entry.
	behind map[uint64][]*Retry
	parked int
}

func newTogether() *together {
	return &together{seed: maphash.MakeSeed(), leads: make(map[jobs.Seq]uint64), behind: make(map[uint64][]*Retry)}
}

// Shares reports whether records are parked behind others that ask the same.
func (f *Feed) Shares() bool { return f.together != nil }

// Lead notes that a record that has to go by itself, whatever others do, is what later ones of its
// key wait for; unless there is such a one already.
func (f *Feed) Lead(seq jobs.Seq, key []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.together.lead(seq, maphash.Bytes(f.together.seed, key))
}

func (t *together) lead(seq jobs.Seq, key uint64) bool {
	if _, open := t.behind[key]; open {
		return false
	}
	t.leads[seq], t.behind[key] = key, nil
	return true
}

// Park parks a record if another of its key is open, and reports that; otherwise the record leads, and
// goes its way. Follower makes what is parked, and does not use the feed.
func (f *Feed) Park(seq jobs.Seq, key []byte, follower func() *Retry) (parked bool, err error) {
	t := f.together
	f.mu.Lock()
	defer f.mu.Unlock()
	id := maphash.Bytes(t.seed, key)
	if t.lead(seq, id) {
		return false, nil
	}
	f.open++
	f.came.more(1)
	r := follower()
	err = f.spill.keep(r)
	t.behind[id] = append(t.behind[id], r)
	t.parked++
	return true, err
}

// Ending is that a record is final.
type Ending struct {
	Seq jobs.Seq
	// Answered says that the job has answered it, whatever that was.
	Answered bool
}

// EndLeads lets go those that were parked behind records.
func (f *Feed) EndLeads(ended []Ending) {
	if f.together == nil || len(ended) == 0 {
		return
	}
	f.mu.Lock()
	some := false
	for _, e := range ended {
		some = f.endLead(e) || some
	}
	f.mu.Unlock()
	if some {
		f.poke()
		f.intents.poke()
	}
}

func (f *Feed) endLead(e Ending) (some bool) {
	t := f.together
	key, leads := t.leads[e.Seq]
	if !leads {
		return false
	}
	delete(t.leads, e.Seq)
	list := t.behind[key]
	switch {
	case len(list) == 0 || e.Answered:
		delete(t.behind, key)
	default:
		t.leads[list[0].Seq], t.behind[key] = key, list[1:]
		list = list[:1]
	}
	now := time.Now()
	for _, r := range list {
		if r.Due.Before(now) {
			r.Due = now
		}
		f.queue(r)
	}
	t.parked -= len(list)
	return len(list) > 0
}

// behindOthers is how many are parked.
func (f *Feed) behindOthers() int {
	if f.together == nil {
		return 0
	}
	return f.together.parked
}
