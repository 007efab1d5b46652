package table

import (
	"brood/runner/queue"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Check says what the table has and lacks, and how its claims go. It only reads.
func (c *client) Check(ctx context.Context) ([]queue.Finding, error) {
	found := c.parts()
	var seconds float64
	var asked time.Time
	var took time.Duration
	var plan []string
	var denied error
	var stuck int64
	err := c.tells.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
		asked = c.now()
		if err := conn.QueryRowContext(ctx, "SELECT "+c.kind.clock()).Scan(&seconds); err != nil {
			return err
		}
		took = c.now().Sub(asked)
		var err error
		if plan, denied, err = c.kind.explain(ctx, conn); err != nil || denied != nil {
			return err
		}
		stuck, err = c.stuck(ctx, conn)
		return err
	})
	if err != nil {
		return nil, c.fail(err)
	}
	if denied != nil {
		found = append(found, queue.Finding{Level: queue.Missing, Text: "a privilege is missing: " + denied.Error(), Do: c.kind.grant(c.shape)})
	}
	found = append(found, c.plan(plan)...)
	found = append(found, c.clocks(seconds, asked.Add(took/2), took))
	if stuck > 0 {
		found = append(found, queue.Finding{Level: queue.Note, Text: fmt.Sprintf("%d rows are %s and have no lease: nobody takes them", stuck, wordText(c.cols.word[wordRunning]))})
	}
	for _, n := range c.shape.notes {
		found = append(found, queue.Finding{Level: queue.Note, Text: n})
	}
	return append(found, c.ringing()...), nil
}

// parts are the columns and words.
func (c *client) parts() []queue.Finding {
	l := c.cols
	server := c.shape.server
	if c.shape.engine != "" {
		server += ", " + c.shape.engine
	}
	found := []queue.Finding{{Text: server}}
	var has []string
	for _, p := range l.parts() {
		if *p.at != nil {
			has = append(has, p.name+" is "+(*p.at).name+" ("+(*p.at).typ+")")
		}
	}
	found = append(found, queue.Finding{Text: "columns: " + strings.Join(has, ", ")}, queue.Finding{Text: "a job has: " + strings.Join(names(l.body), ", ")})
	if l.single() {
		found = append(found, queue.Finding{
			Level: queue.Note, Text: "nothing says who has a job, and for how long: only one brood may work on this table, and what is running when it begins is in doubt",
			Do: c.kind.add(c.shape, l.who, l.until),
		})
	}
	for _, gap := range []struct {
		at         *column
		name, lack string
	}{
		{l.runAt, "run_at", "no job can wait in it"},
		{l.tries, "attempts", "tries are not counted beyond a session, and deliveries to one run look the same"},
		{l.fault, "error", "why a job failed stands in brood's ledger only"},
		{l.result, "result", "results stand in brood's ledger only"},
	} {
		if gap.at == nil {
			found = append(found, queue.Finding{Level: queue.Note, Text: "it has no " + gap.name + ": " + gap.lack})
		}
	}
	for _, i := range instead {
		if then, lacks := l.lacking[i.of]; lacks {
			found = append(found, queue.Finding{Level: queue.Note, Text: fmt.Sprintf("it has no word for %s: such rows become %s", i.of, wordText(l.word[then]))})
		}
	}
	return found
}

// plan says how the next rows are found, and which index is missing.
func (c *client) plan(plan []string) []queue.Finding {
	var found []queue.Finding
	if len(plan) > 0 {
		found = append(found, queue.Finding{Text: "plan of a claim: " + strings.Join(plan, "\n"), Do: ""})
	}
	if name, ok := c.kind.served(c.cols, c.shape); ok {
		return append(found, queue.Finding{Text: "index " + name + " has the rows in the order that they are taken in"})
	}
	l, q := c.cols, c.kind.quote
	by := []string{q(l.status.name)}
	if l.order != nil {
		by = append(by, q(l.order.name))
	}
	by = append(by, q(l.id.name))
	return append(found, queue.Finding{
		Level: queue.Slow, Text: "no index has the rows in the order that they are taken in: each claim reads all that are new",
		Do: "CREATE INDEX " + q(c.shape.name+"_queue") + " ON " + c.shape.full + " (" + strings.Join(by, ", ") + ");",
	})
}

// clocks compares the database's clock with this machine's. Nothing goes by the latter, but who reads both should know.
func (c *client) clocks(seconds float64, here time.Time, took time.Duration) queue.Finding {
	there := time.UnixMicro(int64(seconds * 1e6))
	differ := there.Sub(here).Round(time.Millisecond)
	f := queue.Finding{Text: "transactions are READ COMMITTED; leases and delays go by the database's clock, which is this machine's to within a second"}
	if differ.Abs() > time.Second+took {
		f.Level = queue.Note
		f.Text = fmt.Sprintf("leases and delays go by the database's clock, which differs from this machine's by %s", differ)
	}
	return f
}

// stuck are rows that are running without a lease: of somebody who knows no leases.
func (c *client) stuck(ctx context.Context, conn *sql.Conn) (n int64, err error) {
	l := c.cols
	if l.single() || !l.until.null {
		return 0, nil
	}
	err = conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+l.table+" WHERE "+c.kind.quote(l.status.name)+" = "+c.kind.mark(1)+" AND "+c.kind.quote(l.until.name)+" IS NULL", l.word[wordRunning]).Scan(&n)
	return n, err
}

// ringing says whether somebody rings when a job arrives.
func (c *client) ringing() []queue.Finding {
	if c.traits.Notifies {
		return []queue.Finding{{Text: "a trigger says when a job arrives"}}
	}
	f := queue.Finding{Text: fmt.Sprintf("it is looked for jobs every %s", c.spec.Poll)}
	if f.Do = c.kind.trigger(c.shape); f.Do != "" {
		f.Level, f.Text = queue.Note, f.Text+", as no trigger says when one arrives"
	}
	return []queue.Finding{f}
}
