package email

import (
	"brood/jobs"
	"brood/jobs/figures"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// mostDomains is how many domains are told apart while a report is made, and shownDomains how many are shown.
const (
	mostDomains  = 20_000
	shownDomains = 40
)

// delivered counts the messages to a domain by what came of them.
type delivered struct {
	ok    uint64
	all   uint64
	class map[string]uint64 // of those that are not ok
}

// tell tells what became of the mail, by domain and by what servers have replied.
func tell(f *jobs.Finished) ([]figures.Section, error) {
	var c config
	if err := json.Unmarshal(f.Config, &c); err != nil {
		return nil, fmt.Errorf("read the configuration of the run: %w", err)
	}
	s := figures.Section{Title: "Mail"}
	switch {
	case c.Maildir != "":
		s.Facts = append(s.Facts, figures.Fact{Name: "put into the Maildir", Value: c.Maildir})
	case c.Sendmail != "":
		s.Facts = append(s.Facts, figures.Fact{Name: "handed to", Value: c.Sendmail})
	case c.Server != nil:
		s.Facts = append(s.Facts, figures.Fact{Name: "handed to the server", Value: c.Server.Address})
	}
	if f.Rows == nil {
		s.Text = []string{"What became of the messages is told by the results, and there are none to read."}
		return []figures.Section{s}, nil
	}
	m := mailed{status: make(map[string]uint64), class: make(map[string]uint64), reply: make(map[string]uint64), domain: make(map[string]*delivered)}
	if err := m.read(f, &c); err != nil {
		return nil, err
	}
	s.Bars = m.bars()
	if t := m.domains(); t.Rows != nil {
		s.Tables = append(s.Tables, t)
	}
	if t := m.replies(); t.Rows != nil {
		s.Tables = append(s.Tables, t)
	}
	return []figures.Section{s}, nil
}

// mailed counts the records of a run.
type mailed struct {
	status, class, reply map[string]uint64
	domain               map[string]*delivered
	others               delivered
}

func (m *mailed) read(f *jobs.Finished, c *config) error {
	var cols *columns
	for rec, err := range f.Rows() {
		if err != nil {
			return err
		}
		if cols == nil {
			x := columnsIn(rec.Shape, c.Address, &c.List)
			cols = &x
		}
		text := func(name string) string {
			v, _ := rec.Lookup(name)
			return string(v)
		}
		m.status[cmp.Or(text("email_status"), "(none)")]++
		ok := text("_status") == jobs.StatusOK.String()
		class := cmp.Or(text("_class"), "(none)")
		if code := text("smtp_code"); code != "" {
			if len(m.reply) < mostDomains {
				m.reply[strings.TrimSpace(code+" "+text("enhanced_code"))]++
			}
		}
		domain := strings.ToLower(string(jobs.MailDomain(cols.addressOf(rec))))
		d := m.domain[domain]
		switch {
		case d == nil && len(m.domain) >= mostDomains:
			d = &m.others
		case d == nil:
			d = &delivered{}
			m.domain[domain] = d
		}
		d.all++
		if ok {
			d.ok++
			continue
		}
		m.class[class]++
		if d.class == nil {
			d.class = make(map[string]uint64)
		}
		d.class[class]++
	}
	return nil
}

func (m *mailed) bars() (out []figures.Bars) {
	add := func(title string, of map[string]uint64, tint func(string) figures.Tint) {
		b := figures.Bars{Title: title}
		for i, word := range most(of) {
			if i == shownDomains {
				b.Left = uint64(len(of) - i)
				break
			}
			b.Bars = append(b.Bars, figures.Bar{Name: word, Text: comma(of[word]), Parts: []figures.Part{{Amount: float64(of[word]), Tint: tint(word)}}})
		}
		if b.Bars != nil {
			out = append(out, b)
		}
	}
	add("What became of it", m.status, statusTint)
	add("By class, where it did not get there", m.class, func(string) figures.Tint { return figures.TintBad })
	return out
}

// statusTint is the colour of a word of the column email_status.
func statusTint(word string) figures.Tint {
	switch word {
	case statusSent:
		return figures.TintGood
	case statusUnknown:
		return figures.TintDoubt
	case statusSuppressed, statusDuplicate, statusDeferred, "(none)":
		return figures.TintMeh
	}
	return figures.TintBad
}

// most are the words of which there are most first.
func most(of map[string]uint64) []string {
	return slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b)) })
}

// domains are the domains that got most, with what went wrong there.
func (m *mailed) domains() figures.Table {
	t := figures.Table{Title: "By domain", Columns: []figures.Heading{
		{Name: "domain"}, {Name: "records", Number: true}, {Name: "ok", Number: true}, {Name: "not ok", Number: true}, {Name: "of these"},
	}}
	row := func(name string, d *delivered) []string {
		var why []string
		for _, c := range most(d.class) {
			why = append(why, c+" "+comma(d.class[c]))
		}
		return []string{name, comma(d.all), comma(d.ok), comma(d.all - d.ok), strings.Join(why, ", ")}
	}
	names := slices.SortedFunc(maps.Keys(m.domain), func(a, b string) int {
		return cmp.Or(cmp.Compare(m.domain[b].all, m.domain[a].all), cmp.Compare(a, b))
	})
	rest := m.others
	rest.class = maps.Clone(rest.class)
	for i, name := range names {
		d := m.domain[name]
		if i < shownDomains {
			t.Rows = append(t.Rows, row(cmp.Or(name, "(no address)"), d))
			continue
		}
		rest.all, rest.ok = rest.all+d.all, rest.ok+d.ok
		if rest.class == nil {
			rest.class = make(map[string]uint64)
		}
		for c, n := range d.class {
			rest.class[c] += n
		}
	}
	if rest.all > 0 {
		t.Total = row("other domains", &rest)
	}
	return t
}

// replies are the codes of servers, those that came most first.
func (m *mailed) replies() figures.Table {
	t := figures.Table{Title: "By reply of the server", Columns: []figures.Heading{{Name: "code"}, {Name: "records", Number: true}}}
	for i, code := range most(m.reply) {
		if i == shownDomains {
			t.Left = uint64(len(m.reply) - i)
			break
		}
		t.Rows = append(t.Rows, []string{code, comma(m.reply[code])})
	}
	return t
}

func comma(n uint64) string { return humanize.Comma(int64(n)) } //nolint:gosec // of rows
