package runner

import (
	"brood/runner/remote"
	"brood/runner/spec"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
)

// rollName is the file of a run's directory that has the roll.
const rollName = "berths.json"

// roll is what is kept of machines for the session after this one: who may have something in hand, and what of this process's pages
// is theirs. It is in the run's directory, and as durable as pages are: after another boot neither means anything.
type roll struct {
	Machines map[string]*entry `json:"machines"`
}

// entry is a machine.
type entry struct {
	Epoch int64 `json:"epoch"` // the session in which it joined last
	// Slots are the numbers of its slots there, and Instances those of its agent that may have something in hand.
	Slots     []int    `json:"slots"`
	Instances []uint64 `json:"instances"`
}

func readRoll(path string) (o roll, err error) {
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &o)
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return o, fmt.Errorf("read which machines work on the run: %s: %w", path, err)
	}
	if o.Machines == nil {
		o.Machines = make(map[string]*entry)
	}
	maps.DeleteFunc(o.Machines, func(_ string, e *entry) bool { return e == nil })
	return o, nil
}

func (o *roll) write(path string) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	next := path + ".new"
	if err = os.WriteFile(next, text, 0o600); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

func (o *roll) names() []string { return slices.Sorted(maps.Keys(o.Machines)) }

// join notes that an instance of a machine is at work.
func (o *roll) join(machine string, epoch int64, instance uint64, slots []*slot) {
	e := o.Machines[machine]
	if e == nil || e.Epoch != epoch {
		e = &entry{Epoch: epoch} // what it had in hand before was taken over
		o.Machines[machine] = e
	}
	for _, s := range slots {
		if !slices.Contains(e.Slots, s.number) {
			e.Slots = append(e.Slots, s.number)
		}
	}
	e.Instances = append(e.Instances, instance)
}

// settled notes that the ledger has all that an instance had in hand.
func (o *roll) settled(machine string, instance uint64) {
	if e := o.Machines[machine]; e != nil {
		e.Instances = slices.DeleteFunc(e.Instances, func(i uint64) bool { return i == instance })
	}
}

// recollection is what machines have said of the last session before this one begins.
type recollection struct {
	roll    roll
	reports map[string][]*remote.Report
	taken   map[*remote.Report]bool // those of which what was in hand is in the ledger with this session
}

// recollect is what they have said, and what is known of them.
func (f *fleet) recollect(reports map[string][]*remote.Report) *recollection {
	if f == nil {
		return nil
	}
	return &recollection{roll: f.roll, reports: reports, taken: f.taken}
}

func (c *recollection) all() (out []*remote.Report) {
	for _, list := range c.reports {
		out = append(out, list...)
	}
	return out
}

// knows reports whether a slot was a machine's, and that has reported all that it had in hand: each of its instances has, and can tell.
func (c *recollection) knows(slot int, epoch int64) bool {
	for name, e := range c.roll.Machines {
		if e.Epoch == epoch && slices.Contains(e.Slots, slot) {
			return !slices.ContainsFunc(e.Instances, func(i uint64) bool {
				return !slices.ContainsFunc(c.reports[name], func(r *remote.Report) bool { return r.Instance == i && !r.Lost })
			})
		}
	}
	return false
}

// anybodyOut reports whether there is a machine that may come back with what it has noted.
func (s *Setting) anybodyOut() bool {
	o, err := readRoll(s.Dir.File(rollName))
	return err == nil && len(o.Machines) > 0 && s.Machines != nil
}
