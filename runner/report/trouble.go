package report

import (
	"brood/jobs"
	"brood/jobs/figures"
	"brood/runner/dataset"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"fmt"
	"strconv"
)

// classWord is a class, where there is none in words.
func classWord(c jobs.Class) string {
	if c == "" {
		return "(none)"
	}
	return string(c)
}

// failures says how records ended otherwise than ok, and why.
func (r *Run) failures() figures.Section {
	s := figures.Section{Title: "What did not go well"}
	if len(r.outcomes) == 0 {
		return s
	}
	var bars figures.Bars
	bars.Title = "By class"
	tints := map[string]figures.Tint{"failed": figures.TintBad, "skipped": figures.TintMeh, "unknown": figures.TintDoubt}
	for i, o := range r.outcomes {
		if i == mostBars {
			bars.Left = uint64(len(r.outcomes) - i)
			break
		}
		bars.Bars = append(bars.Bars, figures.Bar{
			Name: o.Word + ": " + classWord(o.Class), Text: count(o.N) + ", " + share(o.N, r.entry.Input),
			Parts: []figures.Part{{Amount: float64(o.N), Tint: tints[o.Word]}},
		})
	}
	s.Bars = []figures.Bars{bars}
	if r.reasonErr != nil {
		s.Notes = append(s.Notes, "Why records failed could not be sorted: "+r.reasonErr.Error())
	}
	if len(r.groups) > 0 {
		s.Tables = []figures.Table{r.reasonTable()}
		s.Notes = append(s.Notes, "Errors that differ only by values of the record are one reason. A record and all its tries: brood history "+r.entry.Name+" RECORD")
	}
	return s
}

// mostBars is how many bars are shown.
const mostBars = 20

func (r *Run) reasonTable() figures.Table {
	t := figures.Table{Title: "By reason, in the order of the dataset", Columns: []figures.Heading{
		{Name: "records", Number: true}, {Name: "status"}, {Name: "class"}, {Name: "reason"}, {Name: "for example"},
	}}
	left := r.rest
	for i := range r.groups {
		g := &r.groups[i]
		if i >= mostRows {
			left += g.Records
			continue
		}
		t.Rows = append(t.Rows, []string{count(g.Records), g.Status.String(), classWord(g.Class), g.Reason, reasons.Where(g.First, g.Place)})
	}
	if left > 0 {
		t.Total = []string{count(left), "", "", "other reasons: brood failures " + r.entry.Name, ""}
	}
	return t
}

// unknown lists what nobody knows, with what to do about it.
func (r *Run) unknown() figures.Section {
	n := r.entry.Unknown
	s := figures.Section{Title: "Unknown"}
	if n == 0 {
		return s
	}
	name := r.entry.Name
	s.Text = []string{
		"Of these records nobody can tell whether they were done: brood, its worker or the connection went away at the wrong moment. For each, find out at the far side, then say so; until then it stays as it is, and is not done again.",
		fmt.Sprintf("It was done: brood resolve %s --as ok --seq RECORD --reason TEXT. It was not: --as retry, or --as failed. All of them at once: --all-unknown.", name),
	}
	if r.entry.Effect == jobs.EffectKeyed.String() {
		s.Text = append(s.Text, "The job sends a key by which the far side knows a repetition; while that remembers it, to try again does no harm: brood retry "+name+" --status unknown")
	}
	t := figures.Table{Columns: []figures.Heading{{Name: "record", Number: true}, {Name: "where"}, {Name: "class"}, {Name: "why"}, {Name: "since"}}}
	for i := range r.unknowns {
		o := &r.unknowns[i]
		place := intake.Place(&r.cfg.Dataset, dataset.Position{File: o.Place.File, Line: o.Place.Line})
		t.Rows = append(t.Rows, []string{strconv.FormatUint(uint64(o.Seq), 10), place, classWord(o.Class), reasons.Text(o.Class, o.Error), r.when(o.At)})
	}
	t.Left = n - min(n, uint64(len(t.Rows)))
	s.Tables = []figures.Table{t}
	s.Notes = []string{fmt.Sprintf("All of them, to look up: brood export %s --status unknown -o unknown.csv", name)}
	return s
}

// triesMade says how often records were tried, and what slowed the run down.
func (r *Run) triesMade() figures.Section {
	s := figures.Section{Title: "Retries and throttling"}
	var again, throttled uint64
	for i := range r.course {
		again += r.course[i].Again
		throttled += r.course[i].Throttled
	}
	if len(r.course) > 0 {
		s.Facts = []figures.Fact{
			{Name: "tries followed by another", Value: count(again)},
			{Name: "of these, as the far side asked to go slower", Value: count(throttled)},
		}
	}
	if len(r.tries) > 0 {
		t := figures.Table{Title: "Tries that are kept", Columns: []figures.Heading{{Name: "tries", Number: true}, {Name: "verdict"}, {Name: "class"}}}
		for i, c := range r.tries {
			if i == mostRows {
				t.Left = uint64(len(r.tries) - i)
				break
			}
			t.Rows = append(t.Rows, []string{count(c.N), c.Word, classWord(c.Class)})
		}
		s.Tables = []figures.Table{t}
		s.Notes = []string{"Of a record that ended ok at its first try none is kept. To be asked to go slower costs no try."}
	}
	if again == 0 && len(r.tries) == 0 {
		return figures.Section{}
	}
	return s
}

// workers says what they have used, and how they died.
func (r *Run) workers() figures.Section {
	s := figures.Section{Title: "Workers"}
	var use ledger.Usage
	var known bool
	slots := 0
	for i := range r.sessions {
		u := &r.sessions[i]
		slots = max(slots, u.Slots)
		if u.Known {
			known = true
			use.Workers += u.Usage.Workers
			use.CPU += u.Usage.CPU
			use.MaxRSS = max(use.MaxRSS, u.Usage.MaxRSS)
		}
	}
	s.Facts = []figures.Fact{{Name: "at most at a time", Value: count(slots)}}
	if known {
		s.Facts = append(s.Facts, figures.Fact{Name: "processes in all", Value: count(use.Workers)},
			figures.Fact{Name: "their processor time", Value: duration(use.CPU)}, figures.Fact{Name: "memory of the largest", Value: size(use.MaxRSS)})
	} else {
		s.Notes = append(s.Notes, "What they have used is known when a session has ended.")
	}
	var died uint64
	for _, d := range r.deathsBy {
		died += d.N
	}
	s.Facts = append(s.Facts, figures.Fact{Name: "died when they should not have", Value: count(died), Tint: tintIf(died, figures.TintBad)})
	if died == 0 {
		return s
	}
	by := figures.Table{Title: "How they died", Columns: []figures.Heading{{Name: "workers", Number: true}, {Name: "how"}}}
	for i, d := range r.deathsBy {
		if i == mostRows {
			by.Left = uint64(len(r.deathsBy) - i)
			break
		}
		by.Rows = append(by.Rows, []string{count(d.N), d.Word})
	}
	each := figures.Table{Title: "Each of them", Columns: []figures.Heading{
		{Name: "when"}, {Name: "slot", Number: true}, {Name: "how"}, {Name: "record", Number: true}, {Name: "memory", Number: true}, {Name: "its last words"},
	}}
	for i := range r.deaths {
		d := &r.deaths[i]
		seq := "none"
		if d.Seq != nil {
			seq = strconv.FormatUint(uint64(*d.Seq), 10)
		}
		each.Rows = append(each.Rows, []string{r.when(d.At), strconv.Itoa(d.Slot), d.How, seq, size(d.MaxRSS), d.Said})
	}
	each.Left = died - min(died, uint64(len(each.Rows)))
	s.Tables = []figures.Table{by, each}
	return s
}
