package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/judge"
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
)

// Classes of rows that nobody is asked for.
const (
	classNothing jobs.Class = "no_address" // the row has none
	classKept    jobs.Class = "kept"       // the row has its answer already
)

// runner is the job in a worker. All that it has is shared by its forks.
type runner struct {
	*shared
	text bool
	root bool // it closes what is shared
	w    written
	q    asked // of the row in hand
}

type shared struct {
	asker *asker
	chain *chain
	tools *tools
}

func open(ctx context.Context, s jobs.Setup) (jobs.Runner, error) {
	var c config
	if err := json.Unmarshal(s.Config, &c); err != nil {
		return nil, fmt.Errorf("geocode: read configuration: %w", err)
	}
	// Rows leave garbage and little else: to collect it half as often takes some megabytes, and a
	// twentieth of the time is won.
	debug.SetGCPercent(200)
	a, err := newAsker(&c, s.Shape)
	if err != nil {
		return nil, err
	}
	t, err := openTools(&c, s.State, s.Dir)
	if err != nil {
		return nil, err
	}
	chain, err := t.chain(ctx)
	if err != nil {
		_ = t.close()
		return nil, err
	}
	r := &runner{shared: &shared{asker: a, chain: chain, tools: t}, text: s.Text, root: true}
	if b := t.batch(); b != nil {
		return newStream(r, b), nil
	}
	return r, nil
}

// Do finds the place of one row.
func (r *runner) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	q := &r.q
	*q = r.asker.read(rec)
	if q.answered() {
		r.end(q, nil, res)
		return nil
	}
	f, trouble := r.chain.ask(ctx, &q.Query, nil)
	if trouble != nil {
		trouble.Into(res)
		r.failed(res)
		return nil
	}
	r.end(q, f, res)
	return nil
}

// end writes what a row has come to.
func (r *runner) end(q *asked, f *found, res *jobs.Result) {
	switch {
	case q.kept:
		res.Verdict = jobs.VerdictOK // the columns stay as they are
	case q.kind == address.Nothing:
		f = &found{}
		f.Status = judge.NoMatch
		res.Fail(jobs.VerdictSkipped, classNothing, "the row has %s", q.lacks())
	case q.answered():
		f = q.itself()
	}
	r.write(f, res)
}

func (q *asked) lacks() string {
	if q.Reverse {
		return "no point"
	}
	return "no address"
}

// failed gives the columns of a row of which nobody could tell.
func (r *runner) failed(res *jobs.Result) {
	f := &found{}
	f.Status = judge.Failed
	r.write(f, res)
}

func (r *runner) write(f *found, res *jobs.Result) {
	if f == nil {
		return
	}
	f.write(&r.w)
	if r.text {
		res.Text = r.w.object(res.Text)
	} else {
		res.Values = r.w.values(res.Values)
	}
}

// object is the answer as JSON on one line: the job's own text.
func (w *written) object(dst []byte) []byte {
	values := w.values(nil)
	dst = append(dst, '{')
	for i, v := range values {
		if len(v) == 0 {
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(jobs.AppendJSONString(dst, []byte(columnNames[i])), ':')
		if isJSON(i) {
			dst = append(dst, v...)
		} else {
			dst = jobs.AppendJSONString(dst, v)
		}
	}
	return append(dst, '}', '\n')
}

// Quiet: only who asks the network has something to complain of, a cache that cannot be written.
func (r *runner) Quiet() bool { return !r.tools.c.asksNetwork() }

// Fork is the same runner: all of it may be used at the same time.
func (r *runner) Fork() (jobs.Runner, error) { return &runner{shared: r.shared, text: r.text}, nil }

// Close closes what all share, with the first of them, which is closed last.
func (r *runner) Close() error {
	if !r.root {
		return nil
	}
	return r.tools.close()
}
