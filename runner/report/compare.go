package report

import (
	"brood/jobs/figures"
	"brood/runner/reasons"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Compare says in what run b differs from run a.
func Compare(a, b *Run) *Page {
	p := &Page{
		Title:    a.entry.Name + " and " + b.entry.Name,
		Subtitle: fmt.Sprintf("Two runs beside each other: %s (%s, begun %s) and %s (%s, begun %s)", a.entry.Name, a.entry.Job, a.then(a.entry.StartedAt), b.entry.Name, b.entry.Job, b.then(b.entry.StartedAt)),
		Made:     b.now.In(b.Location), Version: b.version,
	}
	if a.entry.Job != b.entry.Job {
		p.add(figures.Section{Title: "Two kinds of work", Text: []string{fmt.Sprintf("%s is a run of %s, %s one of %s: what is alike in name need not be alike.", a.entry.Name, a.entry.Job, b.entry.Name, b.entry.Job)}})
	}
	p.add(compareTotals(a, b), compareTook(a, b), compareOutcomes(a, b), compareReasons(a, b), compareSettings(a, b))
	return p
}

// twoRuns are the columns of a table of two runs.
func twoRuns(a, b *Run, first string) []figures.Heading {
	return []figures.Heading{{Name: first}, {Name: a.entry.Name, Number: true}, {Name: b.entry.Name, Number: true}, {Name: "difference", Number: true}}
}

// difference is how much more there are in the second.
func difference(a, b uint64) string {
	switch {
	case a == b:
		return "same"
	case b > a:
		return "+" + count(b-a) + relative(float64(a), float64(b))
	}
	return "−" + count(a-b) + relative(float64(a), float64(b))
}

func relative(a, b float64) string {
	if a <= 0 {
		return ""
	}
	return fmt.Sprintf(" (%+.1f %%)", 100*(b-a)/a)
}

func compareTotals(a, b *Run) figures.Section {
	t := figures.Table{Columns: twoRuns(a, b, "")}
	row := func(name string, x, y uint64) {
		t.Rows = append(t.Rows, []string{name, count(x), count(y), difference(x, y)})
	}
	x, y := a.entry, b.entry
	row("records", x.Input, y.Input)
	row("ok", x.OK, y.OK)
	row("failed", x.Failed, y.Failed)
	row("skipped", x.Skipped, y.Skipped)
	row("unknown", x.Unknown, y.Unknown)
	row("pending", uint64(x.Pending()), uint64(y.Pending()))
	t.Rows = append(t.Rows, []string{"state", string(x.State), string(y.State), ""})
	wa, wb := a.worked(), b.worked()
	t.Rows = append(t.Rows, []string{"worked on for", duration(wa), duration(wb), strings.TrimSpace(relative(wa.Seconds(), wb.Seconds()))})
	ra, rb := float64(a.final())/max(wa.Seconds(), 1e-9), float64(b.final())/max(wb.Seconds(), 1e-9)
	t.Rows = append(t.Rows, []string{"on the average", rate(a.final(), wa), rate(b.final(), wb), strings.TrimSpace(relative(ra, rb))})
	row("sessions", uint64(len(a.sessions)), uint64(len(b.sessions)))
	var da, db uint64
	for _, d := range a.deathsBy {
		da += d.N
	}
	for _, d := range b.deathsBy {
		db += d.N
	}
	row("workers that died", da, db)
	return figures.Section{Title: "Totals", Tables: []figures.Table{t}}
}

func compareTook(a, b *Run) figures.Section {
	s := figures.Section{Title: "How long it took"}
	if a.took.Count() == 0 || b.took.Count() == 0 {
		return s
	}
	t := figures.Table{Columns: twoRuns(a, b, "so many took less than")}
	for _, p := range shares {
		x, y := a.took.At(p.of), b.took.At(p.of)
		t.Rows = append(t.Rows, []string{p.name, a.least(p.of), b.least(p.of), strings.TrimSpace(relative(x.Seconds(), y.Seconds()))})
	}
	if s.Tables = []figures.Table{t}; a.tookBy != b.tookBy {
		s.Notes = []string{"Of the one every try counts, of the other the last of each record: what is known differs."}
	}
	return s
}

func compareOutcomes(a, b *Run) figures.Section {
	x, y := make(map[string]uint64), make(map[string]uint64)
	for _, o := range a.outcomes {
		x[o.Word+": "+classWord(o.Class)] = o.N
	}
	for _, o := range b.outcomes {
		y[o.Word+": "+classWord(o.Class)] = o.N
	}
	t := figures.Table{Columns: twoRuns(a, b, "outcome")}
	for i, name := range both(x, y) {
		if i >= mostRows {
			t.Left++
			continue
		}
		t.Rows = append(t.Rows, []string{name, count(x[name]), count(y[name]), difference(x[name], y[name])})
	}
	if t.Rows == nil {
		return figures.Section{}
	}
	return figures.Section{Title: "Outcomes other than ok", Tables: []figures.Table{t}}
}

// both are the names in either, sorted.
func both[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// compareReasons says which reasons came, and which went.
func compareReasons(a, b *Run) figures.Section {
	byReason := func(groups []reasons.Group) map[string]uint64 {
		out := make(map[string]uint64)
		for i := range groups {
			out[groups[i].Status.String()+": "+groups[i].Reason] += groups[i].Records
		}
		return out
	}
	x, y := byReason(a.groups), byReason(b.groups)
	s := figures.Section{Title: "Why records failed"}
	list := func(title string, which func(name string) bool) {
		t := figures.Table{Title: title, Columns: twoRuns(a, b, "reason")}
		for _, name := range both(x, y) {
			if !which(name) {
				continue
			}
			if len(t.Rows) == mostRows {
				t.Left++
				continue
			}
			t.Rows = append(t.Rows, []string{name, count(x[name]), count(y[name]), difference(x[name], y[name])})
		}
		if t.Rows != nil {
			s.Tables = append(s.Tables, t)
		}
	}
	list("Came", func(name string) bool { return x[name] == 0 })
	list("Went", func(name string) bool { return y[name] == 0 })
	list("In both", func(name string) bool { return x[name] > 0 && y[name] > 0 })
	if s.Tables != nil && a.rest+b.rest > 0 {
		s.Notes = []string{"There are more reasons than are compared."}
	}
	return s
}

// compareSettings lists settings that differ.
func compareSettings(a, b *Run) figures.Section {
	of := func(r *Run) map[string]string {
		out := make(map[string]string)
		add := func(name, value string) { out[name] = value }
		for _, f := range slices.Concat(engineSettings(r.cfg), jobSettings(r.cfg.Plan.Config)) {
			add(f.Name, f.Value)
		}
		add("command", maskSecrets(r.entry.Task))
		add("effect", r.entry.Effect)
		add("results", r.cfg.Target())
		var versions, hosts, hashes []string
		for i := range r.sessions {
			versions, hosts = append(versions, r.sessions[i].Version), append(hosts, r.sessions[i].Host)
		}
		for i := range r.inputs {
			if r.inputs[i].Hash != nil {
				hashes = append(hashes, *r.inputs[i].Hash)
			}
		}
		add("version of brood", distinct(versions))
		add("host", distinct(hosts))
		add("dataset", strings.Join(r.entry.Dataset, ", "))
		add("SHA-256 of the dataset", strings.Join(hashes, ", "))
		return out
	}
	x, y := of(a), of(b)
	t := figures.Table{Columns: []figures.Heading{{Name: "setting"}, {Name: a.entry.Name}, {Name: b.entry.Name}}}
	for _, name := range both(x, y) {
		if x[name] != y[name] {
			t.Rows = append(t.Rows, []string{name, orNone(x[name]), orNone(y[name])})
		}
	}
	s := figures.Section{Title: "Settings that differ"}
	if t.Rows == nil {
		s.Text = []string{"None: the two were told the same, of the same dataset."}
		return s
	}
	s.Tables = []figures.Table{t}
	return s
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
