package ledger

import (
	"brood/jobs"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"
)

//go:embed deliveries.sql
var deliveryTables string

// Owed is a delivery that is final, and the answer that its queue is owed.
type Owed struct {
	Seq jobs.Seq
	// Known is by what it is told from other deliveries: its key, or its ID, which means something with the Sum of its body only.
	Known  string
	Sum    uint64
	ID     string
	Token  string
	Tries  int
	Verb   string        // see queue.Verb
	After  time.Duration // before it is delivered again
	Status jobs.Status
	Error  string
	Result []byte // a JSON object; nil: the queue takes none
	// Answered is how that went.
	Answered Reply
	At       time.Time
}

// VerbLater is the verb of what is given back.
const VerbLater = "later"

// verbOf is what the queue is told of a job about which somebody has decided: see queue.Verb.
var verbOf = map[Decision]string{DecideOK: "done", DecideFailed: "failed"}

// Reply is what came of an answer.
type Reply string

// The replies.
const (
	ReplyOwed      Reply = "owed"
	ReplyConfirmed Reply = "confirmed"
	ReplyLost      Reply = "lost"
	ReplyGone      Reply = "gone"
)

// Heard reports whether the queue has heard it: one that was lost has met nobody's job, and the queue delivers it again.
func (r Reply) Heard() bool { return r == ReplyConfirmed || r == ReplyGone }

// Replied is that an answer was given.
type Replied struct {
	Seq   jobs.Seq
	Reply Reply
}

// Day is what became of the records of a day.
type Day struct {
	Day      string `json:"day"` // 2006-01-02, local time
	Input    uint64 `json:"input"`
	OK       uint64 `json:"ok"`
	Failed   uint64 `json:"failed"`
	Skipped  uint64 `json:"skipped"`
	Unknown  uint64 `json:"unknown"`
	Released uint64 `json:"released"`
	Again    uint64 `json:"again"`
}

// KeepDeliveries makes the tables for deliveries, if they are not there. It is called when the session has begun, see the table highest.
func (l *Ledger) KeepDeliveries(ctx context.Context) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(deliveryTables)
		return nil
	})
}

// SetReplied notes what came of answers, when there are no commits any more.
func (l *Ledger) SetReplied(ctx context.Context, list []Replied) error {
	if len(list) == 0 {
		return nil
	}
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		eachAlike(list, func(reply Reply, first, last jobs.Seq) {
			exec(setAnswered, string(reply), uint64(first), uint64(last))
		})
		return nil
	})
}

// eachAlike brings together the records that follow one another and have got the same reply, as one statement costs little
// more than a row of it. List is sorted; of a record that is in it twice the later reply comes later.
func eachAlike(list []Replied, do func(reply Reply, first, last jobs.Seq)) {
	slices.SortStableFunc(list, func(a, b Replied) int { return cmp.Compare(a.Seq, b.Seq) })
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].Reply == list[from].Reply && list[to].Seq == list[to-1].Seq+1 {
			to++
		}
		do(list[from].Reply, list[from].Seq, list[to-1].Seq)
		from = to
	}
}

const (
	addOwed = `INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'owed', ?)`
	// Most jobs are done, and nothing else is to be said of them.
	addDone      = `INSERT OR REPLACE INTO deliveries VALUES ` + doneRow
	doneRow      = `(?, ?, ?, ?, ?, ?, 'done', 0, 'ok', '', NULL, 'owed', ?)`
	raiseHighest = `UPDATE highest SET known = max(known, ?)`
	// An answer that was changed by a decision since is owed still.
	setAnswered = `UPDATE deliveries SET answered = ?, result = NULL WHERE seq BETWEEN ? AND ?`
	// What was put aside is answered again, by what was decided: by the next session.
	decideOwed = `UPDATE deliveries SET verb = ?1, status = ?2, error = iif(?2 = 'ok', '', ?3), result = NULL, after_ms = 0, answered = 'owed', at = ?4 WHERE seq = ?5`
	addDay     = `INSERT INTO days VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET
		input = input + excluded.input, ok = ok + excluded.ok, failed = failed + excluded.failed, skipped = skipped + excluded.skipped,
		unknown = unknown + excluded.unknown, released = released + excluded.released, again = again + excluded.again`
	ownedColumns = `seq, known, sum, id, token, tries, verb, after_ms, status, error, result, answered, at`
)

// deliveries records what a commit says of deliveries.
func (l *Ledger) deliveries(b *batch, c *Commit) {
	l.owe(b, c.Owed)
	eachAlike(c.Replied, func(reply Reply, first, last jobs.Seq) {
		b.exec(&l.stmts.answered, string(reply), uint64(first), uint64(last))
	})
	l.bygone(b, c.Bygone)
	if d := c.Day; d != nil {
		b.exec(&l.stmts.day, d.Day, d.Input, d.OK, d.Failed, d.Skipped, d.Unknown, d.Released, d.Again)
	}
}

// doneRows is how many rows one statement has, as it costs more than a row of it does; the driver looks for the place of each
// value among all, so they may not be very many.
const doneRows = 16

// owe adds deliveries.
func (l *Ledger) owe(b *batch, list []Owed) {
	if len(list) == 0 {
		return
	}
	known := int64(-1)
	done, n := l.args[:0], 0 // of rows that are like most others, and how many those are
	for i := range list {
		o := &list[i]
		if n, ok := numberOf(o.Known); ok {
			known = max(known, n)
		}
		if !o.plain() {
			b.exec(&l.stmts.owed, o.values()...)
			continue
		}
		done = append(done, uint64(o.Seq), o.Known, int64(o.Sum), o.ID, o.Token, o.Tries, o.At.Unix()) //nolint:gosec // 63 bits
		if n++; n == doneRows {
			b.exec(&l.stmts.doneMany, done...)
			done, n = done[:0], 0
		}
	}
	for at := range n {
		size := len(done) / n
		b.exec(&l.stmts.done, done[at*size:(at+1)*size]...)
	}
	l.args = done[:0]
	clear(l.args[:cap(l.args)]) // what they point to goes
	if known >= 0 {
		b.exec(&l.stmts.highest, known)
	}
}

// plain reports whether there is nothing to say of a job but that it is done.
func (o *Owed) plain() bool {
	return o.Verb == verbOf[DecideOK] && o.Status == jobs.StatusOK && o.Error == "" && o.Result == nil && o.After == 0
}

// values are those of a row, but for what has come of the answer.
func (o *Owed) values() []any {
	var result any
	if o.Result != nil {
		result = o.Result
	}
	return []any{uint64(o.Seq), o.Known, int64(o.Sum), o.ID, o.Token, o.Tries, o.Verb, o.After.Milliseconds(), o.Status.String(), o.Error, result, o.At.Unix()} //nolint:gosec // 63 bits
}

// numberOf reads a name that is a number, as numbers are written: two names are never the same one.
func numberOf(known string) (int64, bool) {
	const digits = 18 // fit
	if known == "" || len(known) > digits || known[0] == '0' && len(known) > 1 {
		return 0, false
	}
	n := int64(0)
	for i := range len(known) {
		c := known[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + int64(c)
	}
	return n, true
}

// Bygone is how many records were let go of.
type Bygone struct {
	// Records is how many, from the first on, and Offset where in the spool the first begins that is there.
	Records jobs.Seq
	Offset  int64
	// Failed and Skipped are how many of them are not ok.
	Failed, Skipped uint64
	// Before is until when they were settled: what happened to the run before that, by the stretch, goes with them.
	Before time.Time
	// Sum is the CRC-32C of what the spool had of those that go with a commit; of that alone.
	Sum uint32
}

// letGo are the statements that let go of the records before one: first they are counted.
var letGo = []struct{ table, sql string }{
	{"bygone", `UPDATE bygone SET records = ?1, offset = ?2, failed = failed + (SELECT count(*) FROM outcomes WHERE seq < ?1 AND status = 'failed'),
		skipped = skipped + (SELECT count(*) FROM outcomes WHERE seq < ?1 AND status = 'skipped')`},
	{"outcomes", `DELETE FROM outcomes WHERE seq < ?1`},
	{"attempts", `DELETE FROM attempts WHERE seq < ?1`},
	{"deliveries", `DELETE FROM deliveries WHERE seq < ?1`},
	{"intents", `DELETE FROM intents WHERE first_seq + count <= ?1 AND first_seq < ?1`},
	{"resolutions", `DELETE FROM resolutions WHERE seq < ?1`},
	{"deaths", `DELETE FROM deaths WHERE seq < ?1`},
	{"corrections", `DELETE FROM corrections WHERE seq < ?1`},
	{"retried", `DELETE FROM retried WHERE seq < ?1`},
}

// bygone lets go of records.
func (l *Ledger) bygone(b *batch, g *Bygone) {
	if g == nil || b.err != nil {
		return
	}
	for _, x := range letGo {
		var n int
		// Some tables are there only when they are needed.
		if b.err = b.conn.QueryRowContext(b.ctx, `SELECT count(*) FROM sqlite_master WHERE name = ?`, x.table).Scan(&n); b.err != nil {
			return
		}
		if n == 0 {
			continue
		}
		args := []any{uint64(g.Records), g.Offset}
		if x.table != "bygone" {
			args = args[:1]
		}
		if _, b.err = b.conn.ExecContext(b.ctx, x.sql, args...); b.err != nil {
			return
		}
	}
	if !g.Before.IsZero() {
		_, b.err = b.conn.ExecContext(b.ctx, `DELETE FROM course WHERE at < ?`, stamp(g.Before))
	}
}

// Bygone reads how many records were let go of.
func (r *Reader) Bygone(ctx context.Context) (g Bygone, err error) {
	if has, err := r.HasDeliveries(ctx); err != nil || !has {
		return g, err
	}
	var seq uint64
	if err := r.db.QueryRowContext(ctx, `SELECT records, offset, failed, skipped FROM bygone`).Scan(&seq, &g.Offset, &g.Failed, &g.Skipped); err != nil {
		return g, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	g.Records = jobs.Seq(seq)
	return g, nil
}
