package report

import (
	"brood/jobs/figures"
	"brood/runner/ledger"
	"brood/runner/logbook"
	"brood/runner/sink"
	"strconv"
	"strings"
	"time"
)

// mostSettings is how many settings are shown.
const mostSettings = 120

// what is what was run.
func (r *Run) what() figures.Section {
	e, cfg := r.entry, r.cfg
	s := figures.Section{Title: "What was run"}
	add := func(name, value string) {
		if value != "" {
			s.Facts = append(s.Facts, figures.Fact{Name: name, Value: value})
		}
	}
	add("job", e.Job)
	add("command", maskSecrets(e.Task))
	add("effect", effects[e.Effect])
	if cfg.Output == sink.Stdout {
		add("results", "to standard output, as "+cfg.OutputFormat.String())
	} else {
		add("results", cfg.Target())
	}
	var versions, hosts []string
	for i := range r.sessions {
		versions, hosts = append(versions, r.sessions[i].Version), append(hosts, r.sessions[i].Host)
	}
	add("version of brood", distinct(versions))
	add("host", distinct(hosts))
	add("begun", r.then(e.StartedAt))
	if e.FinishedAt != "" {
		add("last ended", r.then(e.FinishedAt))
	}
	s.Facts = append(s.Facts, jobSettings(cfg.Plan.Config)...)
	s.Facts = append(s.Facts, engineSettings(cfg)...)
	s.Facts = s.Facts[:min(len(s.Facts), mostSettings)]
	return s
}

// effects say what repeating a record costs.
var effects = map[string]string{
	"none":  "none: repeating a record costs nothing",
	"keyed": "keyed: the far side knows a repetition by its key",
	"once":  "once: a record must not be repeated blindly",
}

// distinct are different words, in the order in which they came.
func distinct(words []string) string {
	seen := make(map[string]bool)
	var out []string
	for _, w := range words {
		if w != "" && !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

// dataset is what it was run on.
func (r *Run) dataset() figures.Section {
	s := figures.Section{Title: "Dataset"}
	t := figures.Table{Columns: []figures.Heading{{Name: "file"}, {Name: "bytes", Number: true}, {Name: "last changed"}, {Name: "SHA-256"}}}
	samples := false
	for i := range r.inputs {
		in := &r.inputs[i]
		row := []string{in.Path, "", "", "not taken"}
		if in.Path == "-" {
			row[0] = "standard input, of which the run has a copy"
			if r.cfg.Queue != nil {
				row[0] = r.cfg.Queue.URL + ", of whose jobs the run has copies"
			}
			if q := r.cfg.Query; q != nil {
				row[0] = q.URL + ": " + q.SQL
			}
		}
		if in.Size != nil {
			row[1] = count(*in.Size)
		}
		if in.ModTime != nil {
			row[2] = r.then(*in.ModTime)
		}
		if in.Hash != nil {
			row[3] = *in.Hash
			if in.Whole == nil || !*in.Whole {
				row[3] += " (of samples)"
				samples = true
			}
		}
		if i < mostRows {
			t.Rows = append(t.Rows, row)
		} else {
			t.Left++
		}
	}
	if len(r.inputs) > 0 {
		s.Tables = []figures.Table{t}
	}
	if samples {
		s.Notes = []string{"Of files above 4 MiB, 64 pieces of 16 KiB are hashed, the first and the last among them."}
	}
	return s
}

// sittings are the sessions.
func (r *Run) sittings() figures.Section {
	t := figures.Table{Columns: []figures.Heading{
		{Name: "", Number: true},
		{Name: "from"},
		{Name: "for"},
		{Name: "ended as"},
		{Name: "version"},
		{Name: "host"},
		{Name: "places", Number: true},
		{Name: "workers", Number: true},
		{Name: "processor", Number: true},
		{Name: "largest", Number: true},
	}}
	from := max(len(r.sessions)-mostRows, 0)
	for i := from; i < len(r.sessions); i++ {
		p := &r.sessions[i]
		how, lasted := string(p.EndedAs), "–"
		switch {
		case !p.EndedAt.IsZero():
			lasted = duration(max(p.EndedAt.Sub(p.StartedAt), time.Millisecond))
		case i == len(r.sessions)-1 && r.entry.State == ledger.StateRunning:
			how, lasted = "at work", duration(r.now.Sub(p.StartedAt))
		default:
			how = "killed, or the machine went down"
		}
		row := []string{strconv.FormatInt(p.Number, 10), r.when(p.StartedAt), lasted, how, p.Version, p.Host, strconv.Itoa(p.Slots), "–", "–", "–"}
		if p.Known {
			row[7], row[8], row[9] = count(p.Usage.Workers), duration(p.Usage.CPU), size(p.Usage.MaxRSS)
		}
		t.Rows = append(t.Rows, row)
	}
	t.Left = uint64(from)
	s := figures.Section{Title: "Sessions", Tables: []figures.Table{t}}
	if r.entry.Reason != "" {
		s.Text = []string{"The last: " + r.entry.Reason}
	}
	return s
}

// said is what brood has said of it.
func (r *Run) said() figures.Section {
	s := figures.Section{Title: "What brood has said"}
	if len(r.log) == 0 {
		return s
	}
	t := figures.Table{Columns: []figures.Heading{{Name: "when"}, {Name: "what"}}}
	for i := range r.log {
		t.Rows = append(t.Rows, r.logRow(&r.log[i]))
	}
	s.Tables = []figures.Table{t}
	s.Notes = []string{"The last lines; what workers have printed (" + count(r.logged) + " lines are kept): brood log " + r.entry.Name}
	return s
}

func (r *Run) logRow(l *logbook.Line) []string { return []string{r.then(l.Time), l.Msg} }
