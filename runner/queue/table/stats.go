package table

import (
	"brood/runner/queue"
	"context"
	"database/sql"
)

// Stats counts rows by their statuses. Ready are also those whose lease is over. It reads all rows, or all of an index.
func (c *client) Stats(ctx context.Context) (queue.Stats, error) {
	l, q := c.cols, c.kind.quote
	later, over := "0", "0"
	if l.runAt != nil {
		later = "CASE WHEN " + q(l.status.name) + " = " + c.kind.mark(1) + " AND NOT (" + c.kind.past(l.runAt) + ") THEN 1 ELSE 0 END"
	}
	args := []any{l.word[wordNew]}
	if l.runAt == nil {
		args = nil
	}
	if !l.single() {
		args = append(args, l.word[wordRunning])
		over = "CASE WHEN " + q(l.status.name) + " = " + c.kind.mark(len(args)) + " AND " + c.kind.past(l.until) + " THEN 1 ELSE 0 END"
	}
	out := queue.Stats{Takers: -1}
	err := c.tells.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
		out = queue.Stats{Takers: -1}
		return each(ctx, conn, func(scan func(...any) error) error {
			var status sql.NullString
			var isLater, isOver bool
			var n int64
			if err := scan(&status, &isLater, &isOver, &n); err != nil || !status.Valid {
				return err
			}
			l.count(&out, status.String, isLater, isOver, n)
			return nil
		}, "SELECT s, l, o, COUNT(*) FROM (SELECT "+c.kind.text(q(l.status.name))+" AS s, "+later+" AS l, "+over+" AS o FROM "+l.table+") AS r GROUP BY s, l, o", args...)
	})
	return out, c.fail(err)
}

// count adds rows to what they count as. Where two statuses have one word, it is the first's.
func (l *layout) count(s *queue.Stats, status string, later, over bool, n int64) {
	is := func(w word) bool { return l.status.same(status, l.word[w]) }
	switch {
	case is(wordNew) && later:
		s.Delayed += n
	case is(wordNew), is(wordRunning) && over:
		s.Ready += n
	case is(wordRunning):
		s.InHand += n
	case is(wordOK), is(wordSkipped):
		s.Done += n
	case is(wordFailed):
		s.Failed += n
	case is(wordUnknown):
		s.Parked += n
	}
}
