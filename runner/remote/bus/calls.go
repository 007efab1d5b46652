package bus

import "sync"

// calls counts what is being done on behalf of one end, so that its Close returns after the last of it.
type calls struct {
	mu     sync.Mutex
	over   bool
	active sync.WaitGroup
}

// begin says whether something may begin; then done ends it.
func (c *calls) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return false
	}
	c.active.Add(1)
	return true
}

// do does something, unless the end is closed.
func (c *calls) do(f func()) {
	if c.begin() {
		defer c.active.Done()
		f()
	}
}

// run does something in a goroutine of its own.
func (c *calls) run(f func()) {
	if c.begin() {
		go func() {
			defer c.active.Done()
			f()
		}()
	}
}

// close lets nothing begin any more, and says whether it was open.
func (c *calls) close() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := !c.over
	c.over = true
	return was
}

func (c *calls) wait() { c.active.Wait() }
