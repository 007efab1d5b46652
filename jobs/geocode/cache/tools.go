package cache

import (
	"brood/jobs"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
)

// noun is what the tools are about.
var noun = &jobs.Noun{
	Name: "cache", Usage: "look at the answers of geocoding that are kept, or remove some",
	Help: `brood run geocode keeps what providers have answered, as far as their terms allow it, so
that no run of yours asks, and pays, for the same again. What is kept is in
cache/geocode.db in the state directory, for you alone.

Examples:
   brood cache show
   brood cache prune --older-than 90d`,
}

// Tools are brood cache show and brood cache prune.
func Tools() []jobs.Tool {
	asJSON := jobs.Flag{Name: "json", Usage: "print a JSON object a line", Default: false}
	return []jobs.Tool{
		{
			Of: noun, Name: "show", Arguments: "[WORD ...]", State: true,
			Usage: "say what is kept of each provider, or which answers to questions with a WORD in them",
			Help: `Of each provider: how many answers there are, to how many questions there was no such
place, how many have expired and will be removed, how many bytes they take, and from
when they are. With words the questions that have all of them, the newest first; with
--json also what the provider has answered.

Examples:
   brood cache show
   brood cache show --provider nominatim "main street" --json`,
			Flags: []jobs.Flag{{Name: "provider", Usage: "only of the provider `NAME`", Default: ""}, asJSON},
			Run:   show,
		},
		{
			Of: noun, Name: "prune", State: true,
			Usage: "remove answers, so that they are asked for again",
			Help: `What is said together must hold together: --provider google --older-than 7d. What may
not be kept any longer by the provider's terms goes by itself when the cache is used
next; --expired does it now. Runs may be working meanwhile.

Examples:
   brood cache prune --older-than 90d
   brood cache prune --provider photon
   brood cache prune --all`,
			Flags: []jobs.Flag{
				{Name: "older-than", Aliases: []string{"older"}, Usage: "answers that were given more than `TIME` ago, such as 30d, 2w or 12h", Default: ""},
				{Name: "provider", Usage: "answers of the provider `NAME`", Default: ""},
				{Name: "expired", Usage: "answers that do not count any more", Default: false},
				{Name: "all", Usage: "all there are", Default: false},
				asJSON,
			},
			Run: prune,
		},
	}
}

// shared opens the cache that runs share, for a tool.
func shared(o jobs.Options, stderr io.Writer) *Cache {
	c := at(Path(o.StateDir()))
	c.Warn = func(s string) { _, _ = fmt.Fprintln(stderr, "brood: "+s) }
	return c
}

func show(o jobs.Options, args []string, stdout, stderr io.Writer) (err error) {
	c := shared(o, stderr)
	defer func() { err = errors.Join(err, c.Close()) }()
	if len(args) > 0 {
		return showQuestions(c, o, args, stdout)
	}
	all, err := c.Show(context.Background(), time.Now())
	if err != nil {
		return err
	}
	w := newTable(o.Bool("json"), stdout, "PROVIDER\tANSWERS\tNOT FOUND\tEXPIRED\tSIZE\tOLDEST\tNEWEST\tAT")
	shown := 0
	for i := range all {
		t := &all[i]
		if p := o.String("provider"); p != "" && t.Provider != p {
			continue
		}
		shown++
		w.row(tallyJSON{t.Provider, t.BaseURL, t.Answers, t.Nothing, t.Expired, t.Bytes, t.Oldest, t.Newest},
			printable(t.Provider), humanize.Comma(t.Answers), humanize.Comma(t.Nothing), humanize.Comma(t.Expired),
			humanize.IBytes(uint64(max(t.Bytes, 0))), day(t.Oldest), day(t.Newest), printable(t.BaseURL))
	}
	if shown == 0 && !o.Bool("json") {
		_, err = fmt.Fprintln(stdout, "no answers are kept")
		return err
	}
	return w.flush()
}

// tallyJSON is what --json prints of a provider. Names and meaning are a promise.
type tallyJSON struct {
	Provider string    `json:"provider"`
	BaseURL  string    `json:"base_url"`
	Answers  int64     `json:"answers"`
	Nothing  int64     `json:"not_found"`
	Expired  int64     `json:"expired"`
	Bytes    int64     `json:"bytes"`
	Oldest   time.Time `json:"oldest"`
	Newest   time.Time `json:"newest"`
}

// questionJSON is what --json prints of a question. Names and meaning are a promise.
type questionJSON struct {
	Provider string     `json:"provider"`
	BaseURL  string     `json:"base_url"`
	Query    string     `json:"query"`
	Outcome  Outcome    `json:"outcome"`
	At       time.Time  `json:"at"`
	Expires  *time.Time `json:"expires,omitempty"`
	Answer   string     `json:"answer"`
}

func showQuestions(c *Cache, o jobs.Options, words []string, stdout io.Writer) error {
	w := newTable(o.Bool("json"), stdout, "PROVIDER\tOUTCOME\tGIVEN\tEXPIRES\tQUESTION")
	err := c.List(context.Background(), time.Now(), o.String("provider"), words, func(e *Entry) error {
		q := questionJSON{Provider: e.Provider, BaseURL: e.BaseURL, Query: e.Query, Outcome: e.Answer.Outcome, At: e.Answer.At, Answer: string(e.Answer.Raw)}
		expires := "never"
		if !e.Answer.Expires.IsZero() {
			q.Expires, expires = &e.Answer.Expires, day(e.Answer.Expires)
		}
		w.row(q, printable(e.Provider), string(e.Answer.Outcome), day(e.Answer.At), expires, printable(e.Query))
		return w.err
	})
	return errors.Join(err, w.flush())
}

func prune(o jobs.Options, args []string, stdout, stderr io.Writer) (err error) {
	if len(args) > 0 {
		return errors.New("brood cache prune takes no words; say --provider, --older-than, --expired or --all")
	}
	now := time.Now()
	f := Filter{Provider: o.String("provider"), Expired: o.Bool("expired"), All: o.Bool("all")}
	if s := o.String("older-than"); s != "" {
		age, err := parseAge(s)
		if err != nil {
			return err
		}
		f.Before = now.Add(-age)
	}
	if f.All && (f.Provider != "" || f.Expired || !f.Before.IsZero()) {
		return errors.New("--all is everything; leave it out, or the other flags")
	}
	c := shared(o, stderr)
	defer func() { err = errors.Join(err, c.Close()) }()
	n, freed, err := c.Prune(context.Background(), f, now)
	if errors.Is(err, ErrNoFilter) {
		return errors.New("say what to remove: --older-than TIME, --provider NAME, --expired or --all")
	}
	if err != nil {
		return err
	}
	if o.Bool("json") {
		return json.NewEncoder(stdout).Encode(struct {
			Removed int64 `json:"removed"`
			Freed   int64 `json:"freed_bytes"`
		}{n, freed})
	}
	_, err = fmt.Fprintf(stdout, "removed %s answers, %s of the disk\n", humanize.Comma(n), humanize.IBytes(uint64(max(freed, 0))))
	return err
}

// parseAge reads a time such as 30d, 2w or 12h.
func parseAge(s string) (time.Duration, error) {
	unit := time.Duration(1)
	text := s
	for end, hours := range map[string]time.Duration{"d": 24, "w": 7 * 24} {
		if n, ok := strings.CutSuffix(s, end); ok {
			text, unit = n+"h", hours
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > (1<<63-1)/unit {
		return 0, fmt.Errorf("--older-than %s: give a time such as 12h, 30d or 2w", s)
	}
	return d * unit, nil
}

// table prints rows for people, or as JSON, one a line.
type table struct {
	tabs *tabwriter.Writer // nil: as JSON
	out  io.Writer
	err  error
}

func newTable(asJSON bool, out io.Writer, header string) *table {
	t := &table{out: out}
	if !asJSON {
		t.tabs = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, t.err = fmt.Fprintln(t.tabs, header)
	}
	return t
}

func (t *table) row(whole any, cells ...string) {
	switch {
	case t.err != nil:
	case t.tabs == nil:
		t.err = json.NewEncoder(t.out).Encode(whole)
	default:
		_, t.err = fmt.Fprintln(t.tabs, strings.Join(cells, "\t"))
	}
}

func (t *table) flush() error {
	if t.tabs != nil && t.err == nil {
		t.err = t.tabs.Flush()
	}
	return t.err
}

// printable is a text of somebody else on one line, without what a terminal obeys.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func day(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
