package email

import (
	"brood/jobs"
	"fmt"
	"os"
	"sync"
)

// shared is what the runners of one worker have in common: templates and lists, and what is
// learnt in the course of a run. What of it changes has a lock of its own, so that several records may
// be in hand at a time. Nothing is sent, or read from another machine, while one is held.
type shared struct {
	*composer
	setup      jobs.Setup
	suppressed *suppressions
	exchanges  *exchanges // nil: not asked
	bounced    bounced
	doubts     doubts
	cleaned    cleaned
}

// mostInHand is how many records a worker can have in hand, each with a connection of its own:
// more of them than servers let in from one address.
const mostInHand = 64

func openRunner(c *composer, s jobs.Setup) (*runner, error) {
	all := &shared{composer: c, setup: s, bounced: bounced{path: c.Bounced}}
	var err error
	if all.suppressed, err = openSuppressions(c.Suppress); err != nil {
		return nil, fmt.Errorf("--suppress: %w", err)
	}
	c.allowed = func(address string) bool { return !all.suppressed.has(address, complain) }
	if c.CheckMX {
		all.exchanges = newExchanges(c.Resolver)
	}
	r := &runner{shared: all}
	r.transport, err = c.openTransport()
	return r, err
}

// complain tells of what goes wrong besides a record.
func complain(err error) { fmt.Fprintln(os.Stderr, err) }

// Fork is another runner, which makes a connection of its own.
func (r *runner) Fork() (jobs.Runner, error) {
	return &runner{shared: r.shared, transport: r.transport.fork()}, nil
}

// Close ends the connection.
func (r *runner) Close() error { return r.transport.close() }

// bounced is the list of --bounced.
type bounced struct {
	path string // empty: there is none
	mu   sync.Mutex
	last string // the last address that was put on it
}

// note puts an address on the list, durably. Who gets a copy of every message is there once.
func (b *bounced) note(address string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if address == b.last {
		return nil
	}
	if err := noteBounce(b.path, address); err != nil {
		return err
	}
	b.last = address
	return nil
}
