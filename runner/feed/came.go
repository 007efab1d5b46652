package feed

import "context"

// came counts the records that have reached the feed, to tell slots how many of them there is
// anything to do for. It is guarded by the feed's lock.
type came struct {
	n    uint64
	news chan struct{} // closed when there are more, or will be none; nil: nobody waits
}

// more counts n more records, or none if there will be none.
func (c *came) more(n int) {
	c.n += uint64(n)
	if c.news != nil {
		close(c.news)
		c.news = nil
	}
}

// Came waits until so many records have reached the feed, and returns false if there never
// will be so many, or ctx ends.
func (f *Feed) Came(ctx context.Context, n int) bool {
	for ctx.Err() == nil {
		f.mu.Lock()
		enough, ended := f.came.n >= uint64(n), f.ended
		if f.came.news == nil && !enough && !ended {
			f.came.news = make(chan struct{})
		}
		news := f.came.news
		f.mu.Unlock()
		if enough || ended {
			return enough
		}
		select {
		case <-ctx.Done():
		case <-news:
		}
	}
	return false
}

// Free reports whether nothing but their intents keeps records from leaving to so many slots.
func (f *Feed) Free(slots int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.paused && f.throttledUntil.IsZero() && f.gate.shut == "" && f.gate.limit() >= slots && f.gate.places.Limit() == 0 &&
		f.adapting == nil && f.breaker == nil && f.jobserver == nil && !f.pacing.Timed() && !f.pacing.keyed
}
