package table

import (
	"brood/jobs"
	"brood/runner/queue"
	"brood/runner/queue/dsn"
	"context"
	"database/sql"
	"fmt"
)

// chunk is how many rows are changed in one transaction.
const chunk = 500

// Answer writes what became of rows. A row must be running, unknown or failed with the owner and the attempts of its
// delivery: what was put aside is answered again when somebody has had it tried again, or has decided about it.
// Sum is not asked for: who has these attempts has this row.
func (c *client) Answer(ctx context.Context, answers []queue.Answer) []error {
	errs := make([]error, len(answers))
	var changes []change
	var at []int
	for i, a := range answers {
		ch, err := c.asked(a)
		if err != nil {
			errs[i] = c.fail(err)
			continue
		}
		changes, at = append(changes, ch), append(at, i)
	}
	came := make([]error, len(changes))
	c.each(ctx, changes, came, c.kind.change)
	c.explainLoss(ctx, changes, came)
	for i, n := range at {
		errs[n] = came[i]
	}
	return errs
}

// asked is what an answer asks for.
func (c *client) asked(a queue.Answer) (change, error) {
	l := c.cols
	ch := change{id: a.ID, final: true}
	var err error
	if a.Job != nil {
		ch.tries = c.held(a.Job).tries
	} else if ch.tries, err = l.readToken(a.Token); err != nil {
		return ch, fmt.Errorf("job %s: %w", a.ID, err)
	}
	if _, ok := l.key(a.ID); !ok {
		return ch, queue.ErrGone
	}
	switch a.Verb {
	case queue.Done:
		ch.word = l.word[wordOK]
		if a.Status == jobs.StatusSkipped {
			ch.word = l.word[wordSkipped]
		}
	case queue.Failed:
		ch.word = l.word[wordFailed]
	case queue.Later:
		ch.word, ch.final, ch.after = l.word[wordNew], false, a.After
	case queue.Park:
		ch.word = l.word[wordUnknown]
	}
	if l.fault != nil && a.Error != "" {
		text := l.fault.fit(a.Error)
		ch.fault = &text
	}
	if l.result != nil && a.Result != nil {
		text := string(a.Result)
		if !l.result.holds(text) {
			return ch, fmt.Errorf("job %s: its result has %d characters, and column %s has room for %d: make it wider", a.ID, l.result.size(text), l.result.name, l.result.room)
		}
		ch.result = &text
	}
	return ch, nil
}

// from are the statuses a row may have that is changed.
func (ch change) from() []word {
	if ch.unbegun {
		return []word{wordRunning, wordUnknown}
	}
	return []word{wordRunning, wordUnknown, wordFailed}
}

// each does something with rows, some hundreds at a time, and says what came of each: nil, ErrLost, or an error. Where the
// database refuses some for one of them, they are done one by one, so that only that one is refused.
func (c *client) each(ctx context.Context, changes []change, errs []error, do func(context.Context, *sql.Conn, []change) ([]bool, error)) {
	for start := 0; start < len(changes); start += chunk {
		end := min(start+chunk, len(changes))
		c.some(ctx, changes[start:end], errs[start:end], do)
	}
}

func (c *client) some(ctx context.Context, changes []change, errs []error, do func(context.Context, *sql.Conn, []change) ([]bool, error)) {
	var found []bool
	err := c.tells.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
		var err error
		found, err = do(ctx, conn, changes)
		return err
	})
	if err != nil && len(changes) > 1 && !dsn.Down(err) && ctx.Err() == nil {
		for i := range changes {
			c.some(ctx, changes[i:i+1], errs[i:i+1], do)
		}
		return
	}
	for i := range changes {
		if err != nil {
			errs[i] = c.fail(err)
		} else if !found[i] {
			errs[i] = queue.ErrLost
		}
	}
}

// explainLoss looks what has become of rows that were not found as they were: one that is as it should be was answered
// before, and one that is not there has gone.
func (c *client) explainLoss(ctx context.Context, changes []change, errs []error) {
	for i, err := range errs {
		if err != queue.ErrLost { //nolint:errorlint // some's own
			continue
		}
		err = c.tells.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
			is, err := c.look(ctx, conn, changes[i])
			if err == nil {
				errs[i] = is
			}
			return err
		})
		if err != nil {
			errs[i] = c.fail(err)
		}
	}
}

func (c *client) look(ctx context.Context, conn *sql.Conn, ch change) (verdict, err error) {
	l := c.cols
	id, _ := l.key(ch.id)
	who, tries := "NULL", "0"
	if l.who != nil {
		who = c.kind.text(c.kind.quote(l.who.name))
	}
	if l.tries != nil {
		tries = "COALESCE(" + c.kind.quote(l.tries.name) + ", 0)"
	}
	var status, owner sql.NullString
	var counted int64
	err = conn.QueryRowContext(ctx, "SELECT "+c.kind.text(c.kind.quote(l.status.name))+", "+who+", "+tries+" FROM "+l.table+" WHERE "+c.kind.quote(l.id.name)+" = "+c.kind.mark(1), id).Scan(&status, &owner, &counted)
	switch {
	case err == sql.ErrNoRows:
		return queue.ErrGone, nil
	case err != nil:
		return nil, err
	}
	// What was made new again has lost its owner.
	mine := counted == ch.tries && (l.who == nil || owner.String == l.owner || !ch.final && owner.String == "")
	if mine && l.status.same(status.String, ch.word) {
		return nil, nil
	}
	return queue.ErrLost, nil
}
