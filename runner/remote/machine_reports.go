package remote

import (
	"brood/jobs"
	"slices"
)

// takeBefore hands over which instances have not been replaced, with this one.
func (m *machine) takeBefore() []*machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.before
	m.before = nil
	return append(all, m)
}

// report takes in a part of what an earlier instance has left.
func (m *machine) report(r *Report) {
	m.mu.Lock()
	if m.partial != nil && m.partial.ID == r.ID {
		m.partial.Notes = append(m.partial.Notes, r.Notes...)
		m.partial.Lost = m.partial.Lost || r.Lost
	} else {
		m.partial = r
	}
	if r.More {
		m.mu.Unlock()
		return
	}
	whole := m.partial
	m.partial, whole.More = nil, false
	m.awaited--
	for _, b := range m.before {
		if b.instance() == whole.Instance {
			whole.of = b
			m.reports = append(m.reports, whole)
		}
	}
	last := m.awaited <= 0
	m.mu.Unlock()
	m.d.mu.Lock()
	events := m.d.events
	if events == nil {
		m.d.reports = append(m.d.reports, kept{m.name, whole})
	}
	m.d.mu.Unlock()
	if last {
		m.reported()
	}
	if events != nil {
		events.Report(m.name, whole)
	}
}

// reported is called when all reports are here: the hands of the instances before end by what they say.
func (m *machine) reported() {
	m.mu.Lock()
	before, reports := m.before, m.reports
	m.before, m.reports = nil, nil
	m.mu.Unlock()
	for _, b := range before {
		i := slices.IndexFunc(reports, func(r *Report) bool { return r.of == b })
		if i < 0 || reports[i].Lost || m.d.effect == jobs.EffectNone { // with none, nothing is noted
			b.replaced(nil)
		} else {
			b.replaced(append([]Note{}, reports[i].Notes...))
		}
	}
	m.d.wake()
	m.open()
}

// open lets its slots begin, if the run is ready for them.
func (m *machine) open() {
	m.d.mu.Lock()
	events := m.d.events
	m.d.mu.Unlock()
	m.mu.Lock()
	if events == nil || m.isOpen || m.awaited > 0 || m.status != Present || len(m.before) > 0 {
		m.mu.Unlock()
		return
	}
	m.isOpen = true
	m.mu.Unlock()
	m.d.logf("machine %s is at work: %d slots on %s", m.name, m.joined.Slots, m.joined.Host)
	events.Joined(m.name, m.instance(), m.joined.Slots)
}

// tellLeft tells the run that its slots end.
func (m *machine) tellLeft() {
	m.mu.Lock()
	was := m.isOpen
	m.isOpen = false
	m.mu.Unlock()
	m.d.mu.Lock()
	events := m.d.events
	m.d.mu.Unlock()
	if was && events != nil {
		events.Left(m.name)
	}
}

// replaced ends its hands by what the next instance has found of it; nil: it cannot tell.
func (m *machine) replaced(found []Note) {
	m.mu.Lock()
	m.status = Silent
	hands := m.takeHands()
	m.mu.Unlock()
	for _, h := range hands {
		if found == nil {
			h.lost("its agent began anew and cannot tell what became of it", nil)
		} else {
			h.lost("its agent died", found)
		}
	}
}
