package bundle

import (
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"slices"
	"time"
)

// book is the ledger of the run, or why it cannot be read.
type book struct {
	*Request
	h      *hasher
	reader *ledger.Reader // nil: see state
	state  readable
	sum    ledger.Summary
	cfg    *spec.Config
}

// readable says whether a ledger could be read.
type readable string

// What a ledger may be.
const (
	whole      readable = "whole"
	damaged    readable = "damaged"
	notBegun   readable = "not begun"
	otherBrood readable = "of another version"
	unreadable readable = "cannot be read"
)

// open opens the ledger. One that cannot be read is no error: a bundle is wanted then most.
func open(ctx context.Context, r *Request, h *hasher) (*book, error) {
	b := &book{Request: r, h: h, state: whole}
	var err error
	if b.reader, err = ledger.OpenReader(ctx, home.LedgerPath(r.State, r.Name)); err == nil {
		b.sum, err = b.reader.Summary(ctx)
	}
	if err == nil {
		b.cfg, err = spec.Decode(b.sum.Config)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, ledger.ErrDamaged):
		b.state = damaged
	case errors.Is(err, ledger.ErrNotBegun):
		b.state = notBegun
	case errors.Is(err, ledger.ErrVersion):
		b.state = otherBrood
	default:
		b.state = unreadable
	}
	return b, nil
}

func (b *book) close() {
	if b.reader != nil {
		_ = b.reader.Close()
	}
}

// session is one time that brood has worked on the run.
type session struct {
	Number  int64      `json:"number"`
	Started time.Time  `json:"started_at"`
	Ended   *time.Time `json:"ended_at,omitempty"` // none: it is at work, or was killed
	Version string     `json:"version"`
	Slots   int        `json:"slots"`
	EndedAs string     `json:"ended_as,omitempty"`
	Workers int        `json:"workers"`
	CPUms   int64      `json:"cpu_ms"`
	MaxRSS  int64      `json:"max_rss"`
}

// run is how the run was asked for, and how it stands.
func (b *book) run(ctx context.Context) (any, error) {
	type books struct {
		Input, OK, Failed, Skipped, Unknown uint64
		Pending                             int64
	}
	out := struct {
		Ledger    readable  `json:"ledger"`
		Run       string    `json:"run"`
		Job       string    `json:"job,omitempty"`
		State     string    `json:"state,omitempty"`
		Reason    bool      `json:"has_reason"`
		Running   bool      `json:"running"`
		Started   string    `json:"started_at,omitempty"`
		Finished  string    `json:"finished_at,omitempty"`
		InputDone bool      `json:"input_done"`
		Books     books     `json:"books"`
		Flags     []string  `json:"flags_given,omitempty"` // by name
		Config    any       `json:"config,omitempty"`
		Sessions  []session `json:"sessions,omitempty"`
	}{Ledger: b.state, Run: b.h.of("run", b.Name), Running: home.Alive(b.State, b.Name)}
	if b.state != whole {
		return out, nil
	}
	t := b.sum.Totals
	out.Job, out.State, out.Reason = b.sum.Job, b.h.word(string(b.sum.State), "running", "interrupted", "done", "aborted"), b.sum.Reason != ""
	if !plainWord(out.Job) {
		out.Job = b.h.of("job", b.sum.Job)
	}
	out.Started, out.Finished, out.InputDone = timeOf(b.sum.StartedAt), timeOf(b.sum.FinishedAt), b.sum.InputDone
	out.Books = books{t.Input, t.OK, t.Failed, t.Skipped, t.Unknown, t.Pending()}
	if out.Config = b.config(); b.KnownFlags != nil {
		out.Flags = b.KnownFlags(b.sum.Job, b.cfg.Args)
	}
	past, err := b.reader.Sessions(ctx)
	for _, s := range past {
		of := session{s.Number, s.StartedAt, nil, s.Version, s.Slots, b.h.word(string(s.EndedAs), "running", "interrupted", "done", "aborted"), s.Usage.Workers, s.Usage.CPU.Milliseconds(), s.Usage.MaxRSS}
		if !s.EndedAt.IsZero() {
			of.Ended = &s.EndedAt
		}
		if !plainWord(of.Version) {
			of.Version = b.h.of("version", of.Version)
		}
		out.Sessions = append(out.Sessions, of)
	}
	return out, err
}

// timeOf is a time of the ledger, and nothing if it is none.
func timeOf(s string) string {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return ""
}

// count is how many there are of a kind.
type count struct {
	Word  string `json:"what"`
	Class string `json:"class,omitempty"`
	N     uint64 `json:"n"`
}

// counts is what became of records and tries.
func (b *book) counts(ctx context.Context) (any, error) {
	var out struct {
		Outcomes  []count           `json:"outcomes,omitempty"`
		Tries     []count           `json:"tries,omitempty"`
		Deaths    []count           `json:"deaths,omitempty"`
		Decisions []count           `json:"decisions,omitempty"`
		Rows      map[string]uint64 `json:"rows_of_tables,omitempty"`
	}
	if b.state != whole {
		return out, nil
	}
	own := b.OwnClasses != nil && b.OwnClasses(b.sum.Job)
	var failed error
	all := func(ask func(context.Context) ([]ledger.Counted, error), word func(string) string) (list []count) {
		found, err := ask(ctx)
		failed = errors.Join(failed, err)
		for _, c := range found {
			list = append(list, count{word(c.Word), b.h.class(c.Class, own), c.N})
		}
		return list
	}
	of := func(set ...string) func(string) string { return func(s string) string { return b.h.word(s, set...) } }
	out.Outcomes = all(b.reader.CountOutcomes, of("failed", "skipped", "unknown"))
	out.Tries = all(b.reader.CountTries, of("ok", "retry", "failed", "skipped", "throttle", "abort", "unknown", "crash", "timeout", "memory", "cpu", "processes", "killed", "interrupted"))
	out.Deaths = all(b.reader.CountDeaths, func(s string) string {
		if plainWord(s) {
			return s // brood's own: signal: killed, exit status 2
		}
		return b.h.of("word", s)
	})
	out.Decisions = all(b.reader.CountDecisions, of("ok", "failed", "retry", "skip"))
	rows, err := b.reader.CountRows(ctx)
	out.Rows = rows
	return out, errors.Join(failed, err)
}

// stretch is what happened in a while.
type stretch struct {
	Session   int64            `json:"session"`
	At        time.Time        `json:"at"`
	MS        int64            `json:"ms"`
	OK        uint64           `json:"ok"`
	Failed    uint64           `json:"failed"`
	Skipped   uint64           `json:"skipped"`
	Unknown   uint64           `json:"unknown"`
	Again     uint64           `json:"again"`
	Throttled uint64           `json:"throttled"`
	BusyMS    int64            `json:"busy_ms"`
	Commits   int              `json:"commits"`
	CommitMS  int64            `json:"commit_ms"`
	Waits     map[string]int64 `json:"waits_ms,omitempty"`
}

// waits are what a run may wait for.
var waits = []string{"paused", "machine", "throttle", "limit", "fewer", "retry", "input", "intent"}

// course is what happened when.
func (b *book) course(ctx context.Context) (any, error) {
	out := []stretch{}
	if b.state != whole {
		return out, nil
	}
	_, err := b.reader.Course(ctx, func(number int64, s *ledger.Stretch) {
		of := stretch{
			number, s.At, s.Lasted.Milliseconds(), s.OK, s.Failed, s.Skipped, s.Unknown, s.Again, s.Throttled,
			s.Busy.Milliseconds(), s.Commits, s.Committing.Milliseconds(), nil,
		}
		for what, d := range s.Waits {
			if slices.Contains(waits, string(what)) {
				if of.Waits == nil {
					of.Waits = make(map[string]int64)
				}
				of.Waits[string(what)] = d.Milliseconds()
			}
		}
		out = append(out, of)
	})
	return out, err
}
