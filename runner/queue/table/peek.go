package table

import (
	"brood/runner/queue"
	"context"
	"database/sql"
)

// Peek reads the rows that would be taken next, and leaves them as they are.
func (c *client) Peek(ctx context.Context, n int) ([]*queue.Job, error) {
	l, q := c.cols, c.kind.quote
	where, by := q(l.status.name)+" = "+c.kind.mark(1), q(l.id.name)
	if l.runAt != nil {
		where += " AND (" + q(l.runAt.name) + " IS NULL OR " + c.kind.past(l.runAt) + ")"
	}
	if l.order != nil {
		by = q(l.order.name) + ", " + by
	}
	var out []*queue.Job
	err := c.tells.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
		out = nil
		return each(ctx, conn, func(scan func(...any) error) error {
			r := claimed{cells: make([]any, len(l.body))}
			to := []any{&r.id, &r.tries}
			for i := range r.cells {
				to = append(to, &r.cells[i])
			}
			err := scan(to...)
			out = append(out, &queue.Job{ID: r.id, Body: appendRow(nil, l.body, r.cells)})
			return err
		}, "SELECT "+c.kind.read()+" FROM "+l.table+" WHERE "+where+" ORDER BY "+by+" LIMIT "+c.kind.mark(2), l.word[wordNew], n)
	})
	return out, c.fail(err)
}
