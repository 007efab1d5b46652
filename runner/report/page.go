package report

import (
	"brood/jobs/figures"
	"brood/runner/ledger"
	"fmt"
	"time"
)

// Page puts a run into words and figures.
func (r *Run) Page() *Page {
	e := r.entry
	p := &Page{
		Title: e.Name, Subtitle: fmt.Sprintf("brood run %s, begun %s", e.Job, r.then(e.StartedAt)),
		Badge: string(e.State), BadgeTint: stateTint(e.State), Made: r.now.In(r.Location), Version: r.version,
	}
	p.Cards = r.cards()
	p.add(r.books(), r.toDo())
	p.add(r.sections...)
	if r.jobErr != nil {
		p.add(figures.Section{Title: "Of the job", Text: []string{"What the job would add is missing: " + r.jobErr.Error()}})
	}
	p.add(r.failures(), r.unknown(), r.timeline(), r.latency(), r.triesMade(), r.waited(), r.workers(), r.machines(), r.what(), r.dataset(), r.sittings(), r.said())
	return p
}

// add adds sections in which something stands.
func (p *Page) add(sections ...figures.Section) {
	for i := range sections {
		s := &sections[i]
		if len(s.Text)+len(s.Facts)+len(s.Drawings)+len(s.Bars)+len(s.Tables)+len(s.Notes)+len(s.Signatures) > 0 {
			p.Sections = append(p.Sections, *s)
		}
	}
}

func stateTint(s ledger.State) figures.Tint {
	switch s {
	case ledger.StateDone:
		return figures.TintGood
	case ledger.StateAborted:
		return figures.TintBad
	case ledger.StateRunning:
		return figures.TintOne
	case ledger.StateInterrupted:
	}
	return figures.TintMeh
}

// statuses are the ways in which records end, with their numbers.
func (r *Run) statuses() []figures.Fact {
	e := r.entry
	return []figures.Fact{
		{Name: "ok", Value: count(e.OK), Tint: tintIf(e.OK, figures.TintGood)},
		{Name: "failed", Value: count(e.Failed), Tint: tintIf(e.Failed, figures.TintBad)},
		{Name: "skipped", Value: count(e.Skipped), Tint: tintIf(e.Skipped, figures.TintMeh)},
		{Name: "unknown", Value: count(e.Unknown), Tint: tintIf(e.Unknown, figures.TintDoubt)},
		{Name: "pending", Value: count(e.Pending()), Tint: tintIf(uint64(e.Pending()), figures.TintSoft)},
	}
}

func tintIf(n uint64, t figures.Tint) figures.Tint {
	if n == 0 {
		return figures.TintSoft
	}
	return t
}

// worked is how long the run was worked on, with what a session that goes on has had so far.
func (r *Run) worked() time.Duration {
	d := r.entry.Worked
	if n := len(r.sessions); n > 0 && r.sessions[n-1].EndedAt.IsZero() {
		s := &r.sessions[n-1]
		switch {
		case r.entry.State == ledger.StateRunning:
			d += max(r.now.Sub(s.StartedAt), 0)
		case len(r.course) > 0: // it was killed; so far it is known
			last := &r.course[len(r.course)-1]
			d += max(last.At.Add(last.Lasted).Sub(s.StartedAt), 0)
		}
	}
	return d
}

func (r *Run) final() uint64 {
	e := r.entry
	return e.OK + e.Failed + e.Skipped + e.Unknown
}

func (r *Run) cards() []figures.Fact {
	cards := append([]figures.Fact{{Name: "records", Value: count(r.entry.Input)}}, r.statuses()...)
	worked := r.worked()
	cards = append(cards, figures.Fact{Name: "worked on for", Value: duration(worked)}, figures.Fact{Name: "on the average", Value: rate(r.final(), worked)})
	if r.took.Count() > 0 {
		cards = append(cards, figures.Fact{Name: "half took less than", Value: r.least(0.5)})
	}
	return cards
}

// books is the balance.
func (r *Run) books() figures.Section {
	e := r.entry
	total := e.OK + e.Failed + e.Skipped + e.Unknown + uint64(e.Pending())
	s := figures.Section{Title: "Balance"}
	tints := []figures.Tint{figures.TintGood, figures.TintBad, figures.TintMeh, figures.TintDoubt, figures.TintSoft}
	bar := figures.Bar{Name: "all records", Text: count(total)}
	keys := []figures.Key{}
	for i, n := range []uint64{e.OK, e.Failed, e.Skipped, e.Unknown, uint64(e.Pending())} {
		bar.Parts = append(bar.Parts, figures.Part{Amount: float64(n), Tint: tints[i]})
		if n > 0 {
			name := r.statuses()[i].Name
			keys = append(keys, figures.Key{Tint: tints[i], Text: fmt.Sprintf("%s %s, %s", name, count(n), share(n, total))})
		}
	}
	if total > 0 {
		s.Bars = []figures.Bars{{Bars: []figures.Bar{bar}, Keys: keys}}
	}
	verdict := "The books balance"
	if total != e.Input {
		verdict = "The books do NOT balance, which is a mistake of brood's"
	}
	s.Text = append(s.Text, fmt.Sprintf("%s: %s read = %s ok + %s failed + %s skipped + %s unknown + %s pending.",
		verdict, count(e.Input), count(e.OK), count(e.Failed), count(e.Skipped), count(e.Unknown), count(e.Pending())))
	if !r.inputDone {
		s.Text = append(s.Text, "The end of the dataset was not reached: there are more records than these.")
	}
	if e.Quarantined > 0 {
		s.Text = append(s.Text, count(e.Quarantined)+" records were given up as their workers died with them.")
	}
	for _, d := range r.decisions {
		s.Facts = append(s.Facts, figures.Fact{Name: "decided afterwards: " + d.Word, Value: count(d.N) + " times"})
	}
	if r.results != "" {
		s.Notes = append(s.Notes, r.results+". What only they would tell is missing here.")
	}
	return s
}

// toDo is what is left to do.
func (r *Run) toDo() figures.Section {
	e := r.entry
	s := figures.Section{Title: "What is left to do"}
	say := func(text string) { s.Text = append(s.Text, text) }
	switch e.State {
	case ledger.StateRunning:
		say("The run is going on; this is how it stood when the report was made. " + e.Reason)
	case ledger.StateInterrupted, ledger.StateAborted:
		why := e.Reason
		if why == "" {
			why = "it was cut off"
		}
		say(fmt.Sprintf("The run is %s: %s. Continue: brood resume %s", e.State, why, e.Name))
	case ledger.StateDone:
	}
	if e.Unclear {
		say("What was in hand at the end of the last session is not settled; the next one sees to it.")
	}
	if r.retries > 0 {
		say(count(r.retries) + " records wait for another try.")
	}
	if e.Failed > 0 {
		say(fmt.Sprintf("%s failed. Get them: brood export %s --status failed -o failed.csv. Try them again: brood retry %s", count(e.Failed), e.Name, e.Name))
	}
	if e.Unknown > 0 {
		say(fmt.Sprintf("%s are unknown, and each is decided by somebody who finds out: see Unknown below.", count(e.Unknown)))
	}
	return s
}
