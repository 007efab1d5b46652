package report

import (
	"brood/jobs/figures"
	"strconv"
)

// machines are the other machines that have worked for the run.
func (r *Run) machines() figures.Section {
	if len(r.members) == 0 {
		return figures.Section{}
	}
	t := figures.Table{Columns: []figures.Heading{
		{Name: "machine"}, {Name: "host"}, {Name: "places", Number: true}, {Name: "joined", Number: true}, {Name: "answered", Number: true},
	}}
	for i := range r.members {
		m := &r.members[i]
		if len(t.Rows) == mostRows {
			t.Left = uint64(len(r.members) - mostRows) //nolint:gosec // it is not negative
			break
		}
		t.Rows = append(t.Rows, []string{m.Name, m.Host, strconv.Itoa(m.Slots), strconv.Itoa(m.Joined), count(m.Answered)})
	}
	return figures.Section{Title: "Machines", Tables: []figures.Table{t}}
}
