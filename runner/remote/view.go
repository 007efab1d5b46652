package remote

import (
	"maps"
	"slices"
	"time"
)

// View is a machine, for people.
type View struct {
	Name     string        `json:"name"`
	State    State         `json:"state"`
	Host     string        `json:"host"`
	PID      int           `json:"pid"`
	Slots    int           `json:"slots"`
	Busy     int           `json:"busy"`
	Answered uint64        `json:"answered"`
	Load     float64       `json:"load"`
	Held     string        `json:"held,omitempty"`
	Since    time.Time     `json:"since"`
	Silent   time.Duration `json:"silent_ns"` // how long it has not been heard of
}

// Machines are those that have joined in this session, by name.
func (d *Desk) Machines() []View {
	var out []View
	for _, m := range d.all() {
		m.mu.Lock()
		v := View{
			Name: m.name, State: m.status, Host: m.joined.Host, PID: m.joined.PID, Slots: m.joined.Slots, Answered: m.answers, Load: m.latest.Load,
			Held: m.latest.Held, Since: m.since, Silent: d.now().Sub(m.heard),
		}
		hands := slices.Collect(maps.Values(m.hands))
		m.mu.Unlock()
		for _, h := range hands { // without the lock, which a hand takes that has its own
			if h.busy() {
				v.Busy++
			}
		}
		out = append(out, v)
	}
	return out
}
