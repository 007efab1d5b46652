package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"sync"
)

// recent is where the records stand that a slot has had answered last: what they printed may
// be read only then.
type recent struct {
	mu    sync.Mutex
	items [32]feed.Item
	n     int // added in all
}

// add notes a record that was answered.
func (r *recent) add(it *feed.Item) {
	r.mu.Lock()
	r.items[r.n%len(r.items)] = *it
	r.n++
	r.mu.Unlock()
}

// find looks for a record.
func (r *recent) find(seq jobs.Seq) (feed.Item, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range min(r.n, len(r.items)) {
		if r.items[i].Seq == seq {
			return r.items[i], true
		}
	}
	return feed.Item{}, false
}

// find looks for a record among those that the hand has been given.
func (k *talk) find(seq jobs.Seq) (feed.Item, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, list := range [][]*feed.Batch{k.queue, k.closing} {
		for _, b := range list {
			for i := range b.Items {
				if b.Items[i].Seq == seq {
					return b.Items[i], true
				}
			}
		}
	}
	return feed.Item{}, false
}

// placeOf says where a record of this slot stands, as file:line; empty: it is not one of
// those that it has, or has had last.
func (s *slot) placeOf(seq jobs.Seq) string {
	var it feed.Item
	found := false
	if k := s.talk.Load(); k != nil {
		it, found = k.find(seq)
	}
	if !found {
		if it, found = s.recent.find(seq); !found {
			return ""
		}
	}
	return s.r.placeOf(&it)
}
