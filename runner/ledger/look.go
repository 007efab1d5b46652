package ledger

import (
	"brood/jobs"
	"context"
	"database/sql"
	"slices"
	"time"
)

// What is asked of a ledger to look back at a run.

// PastSession is one time that brood has worked on a run.
type PastSession struct {
	Number    int64
	StartedAt time.Time
	EndedAt   time.Time // zero: it is at work, or was killed
	Version   string
	Host      string
	Slots     int
	EndedAs   State // empty: see EndedAt
	Usage     Usage
	Known     bool // the usage is
}

// Sessions reads all sessions of a run.
func (r *Reader) Sessions(ctx context.Context) ([]PastSession, error) {
	q := `SELECT session, started_at, ended_at, version, host, slots, ended_as, workers, cpu_ms, max_rss FROM sessions ORDER BY session`
	return query(ctx, r, q, func(rows *sql.Rows) (s PastSession, err error) {
		var began string
		var ended, as sql.NullString
		var workers, cpu, rss sql.NullInt64
		if err = rows.Scan(&s.Number, &began, &ended, &s.Version, &s.Host, &s.Slots, &as, &workers, &cpu, &rss); err == nil {
			s.StartedAt, err = time.Parse(timeFormat, began)
		}
		if err == nil && ended.Valid {
			s.EndedAt, err = time.Parse(timeFormat, ended.String)
		}
		s.EndedAs, s.Known = State(as.String), workers.Valid
		s.Usage = Usage{Workers: int(workers.Int64), CPU: millis(cpu.Int64), MaxRSS: rss.Int64}
		return s, err
	})
}

// Counted is how many there are of a kind.
type Counted struct {
	Word  string // a status, a verdict, or how a worker ended
	Class jobs.Class
	N     uint64
}

func (r *Reader) counted(ctx context.Context, q string) ([]Counted, error) {
	return query(ctx, r, q, func(rows *sql.Rows) (c Counted, err error) {
		var class string
		err = rows.Scan(&c.Word, &class, &c.N)
		c.Class = jobs.Class(class)
		return c, err
	})
}

// CountOutcomes counts the records that ended otherwise than ok, by status and class, the most first.
func (r *Reader) CountOutcomes(ctx context.Context) ([]Counted, error) {
	return r.counted(ctx, `SELECT status, class, count(*) AS n FROM outcomes GROUP BY 1, 2 ORDER BY n DESC, 1, 2`)
}

// CountTries counts the tries that are kept, by verdict and class, the most first: those that did not succeed, and
// those that followed them.
func (r *Reader) CountTries(ctx context.Context) ([]Counted, error) {
	return r.counted(ctx, `SELECT verdict, class, count(*) AS n FROM attempts GROUP BY 1, 2 ORDER BY n DESC, 1, 2`)
}

// CountDeaths counts the workers that died when they should not have, by how, the most first.
func (r *Reader) CountDeaths(ctx context.Context) ([]Counted, error) {
	return r.counted(ctx, `SELECT how, '', count(*) AS n FROM deaths GROUP BY 1 ORDER BY n DESC, 1`)
}

// CountDecisions counts what was decided about records, by decision, the most first.
func (r *Reader) CountDecisions(ctx context.Context) ([]Counted, error) {
	return r.counted(ctx, `SELECT decision, '', count(*) AS n FROM resolutions GROUP BY 1 ORDER BY n DESC, 1`)
}

// Deaths reads the first deaths of workers, up to so many.
func (r *Reader) Deaths(ctx context.Context, most int) ([]Death, error) {
	return query(ctx, r, `SELECT at, slot, pid, how, seq, cpu_ms, max_rss, said FROM deaths ORDER BY id LIMIT ?`, func(rows *sql.Rows) (d Death, err error) {
		var at string
		var seq sql.NullInt64
		var cpu int64
		if err = rows.Scan(&at, &d.Slot, &d.PID, &d.How, &seq, &cpu, &d.MaxRSS, &d.Said); err == nil {
			d.At, err = time.Parse(timeFormat, at)
		}
		if d.CPU = millis(cpu); seq.Valid {
			s := jobs.Seq(seq.Int64)
			d.Seq = &s
		}
		return d, err
	}, most)
}

// FirstOf reads the first records that have ended in a way other than ok, up to so many.
func (r *Reader) FirstOf(ctx context.Context, status jobs.Status, most int) ([]Outcome, error) {
	q := `SELECT seq, class, error, attempts, crashes, file, line, offset, finished_at FROM outcomes WHERE status = ? ORDER BY seq LIMIT ?`
	return query(ctx, r, q, func(rows *sql.Rows) (o Outcome, err error) {
		var seq uint64
		var class, at string
		if err = rows.Scan(&seq, &class, &o.Error, &o.Attempts, &o.Crashes, &o.Place.File, &o.Place.Line, &o.Place.Offset, &at); err == nil {
			o.At, err = time.Parse(timeFormat, at)
		}
		o.Seq, o.Class, o.Status = jobs.Seq(seq), jobs.Class(class), status
		return o, err
	}, status.String(), most)
}

// CountRows counts the rows of the tables there are.
func (r *Reader) CountRows(ctx context.Context) (map[string]uint64, error) {
	names, err := query(ctx, r, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`, func(rows *sql.Rows) (name string, err error) {
		return name, rows.Scan(&name)
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]uint64)
	for _, name := range names {
		if !slices.Contains(tables, name) {
			continue
		}
		n, err := query(ctx, r, `SELECT count(*) FROM `+name, func(rows *sql.Rows) (n uint64, err error) { return n, rows.Scan(&n) })
		if err != nil {
			return nil, err
		}
		out[name] = n[0]
	}
	return out, nil
}

// tables are the tables of the schema, and of what is added to it.
var tables = []string{
	"run", "sessions", "owner", "inputs", "outputs", "progress", "intents", "notes", "chunks", "outcomes", "attempts", "retries", "held", "resolutions", "quota", "freed", "amendments", "deaths",
	"course", "deliveries", "bygone", "days", "retried", "corrections", "forgotten", "forgetting",
}
