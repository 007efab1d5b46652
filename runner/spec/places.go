package spec

import (
	"brood/jobs"
	"brood/worker/wire"
	"fmt"
)

// MaxPerWorker is the most records that a worker may be told to have in hand at a time.
const MaxPerWorker = wire.MaxPlaces

// Places is how many records a worker can have in hand at a time: what --per-worker says, or,
// where repeating a record costs nothing, the window of a job that hands its records to a program.
// Fitted says that nobody has asked for it, so that a worker has several only where they are quick.
func (c *Config) Places() (n int, fitted bool) {
	switch {
	case c.PerWorker > 0:
		return c.PerWorker, false
	case c.Plan.Window > 0 && c.Effect == jobs.EffectNone:
		return c.Plan.Window, true
	}
	return 1, false
}

// CountsWorkers reports whether -j counts workers, whose programs have a window each, and not
// records in hand.
func (c *Config) CountsWorkers() bool { return c.Plan.Window > 0 }

// Workers is how many workers it takes for so many records at a time, as -j counts them.
func (c *Config) Workers(n int) int {
	places, _ := c.Places()
	if c.CountsWorkers() {
		return n
	}
	return (n + places - 1) / places
}

// OwnWorkers is how many workers this machine has, where the run is to work on so many records at a time here.
func (c *Config) OwnWorkers() int {
	if c.Machines != nil && c.Machines.Away {
		return 0
	}
	return c.Workers(c.Slots)
}

// Crew says in words what -j n comes to.
func (c *Config) Crew(n int) string {
	switch w := c.Workers(n); w {
	case n:
		return fmt.Sprintf("%d workers", n)
	case 1:
		return fmt.Sprintf("%d records, in one worker,", n)
	default:
		return fmt.Sprintf("%d records, in %d workers,", n, w)
	}
}
