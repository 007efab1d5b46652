package table

import (
	"context"
	"database/sql"
	"time"
)

// alike is what rows have in common that one statement changes.
type alike struct {
	word           any
	final, unbegun bool
	after          time.Duration
	tries          int64
}

// change changes rows in one transaction, those that are alike by one statement.
func (d *mysql) change(ctx context.Context, conn *sql.Conn, changes []change) ([]bool, error) {
	return d.grouped(ctx, conn, changes, func(c change) alike {
		return alike{c.word, c.final, c.unbegun, c.after, c.tries}
	}, func(some []change) (string, []any, string, []any) {
		set, args := d.values(some)
		ours, mine := d.ours(some[0].from()...)
		is, as := d.became(some[0])
		return "UPDATE " + d.l.table + d.key + " SET " + set + " WHERE " + ours, append(args, mine...), is, as
	})
}

func (d *mysql) renew(ctx context.Context, conn *sql.Conn, held []change) ([]bool, error) {
	return d.grouped(ctx, conn, held, func(c change) alike { return alike{tries: c.tries} }, func([]change) (string, []any, string, []any) {
		ours, mine := d.ours(wordRunning)
		args := append([]any{d.l.lease.Microseconds()}, mine...)
		return "UPDATE " + d.l.table + d.key + " SET " + d.quote(d.l.until.name) + " = " + d.ahead(d.l.until, "?") + " WHERE " + ours, args, ours, mine
	})
}

// grouped does one statement for rows that are alike, and says which of them it has found. The statement lacks its last
// conditions, attempts and id; is, with its values, says how a row is that was found: it is asked for when some were not.
func (d *mysql) grouped(ctx context.Context, conn *sql.Conn, changes []change, same func(change) alike, say func([]change) (query string, args []any, is string, as []any)) ([]bool, error) {
	found := make([]bool, len(changes))
	groups, order := map[alike][]int{}, []alike(nil)
	for i, c := range changes {
		a := same(c)
		if groups[a] == nil {
			order = append(order, a)
		}
		groups[a] = append(groups[a], i)
	}
	err := within(ctx, conn, "START TRANSACTION", func() error {
		for _, a := range order {
			var some []change
			var ids []any
			for _, i := range groups[a] {
				id, _ := d.l.key(changes[i].id)
				some, ids = append(some, changes[i]), append(ids, id)
			}
			query, args, is, as := say(some)
			row := " AND " + d.counted() + " = ? AND " + d.quote(d.l.id.name) + " IN (" + places(len(ids)) + ")"
			did, err := conn.ExecContext(ctx, query+row, append(append(args, a.tries), ids...)...)
			if err != nil {
				return err
			}
			n, err := did.RowsAffected() // those that it has found: clientFoundRows
			if err != nil {
				return err
			}
			there := map[string]bool{}
			if n < int64(len(some)) {
				tries := a.tries
				if a.unbegun {
					tries--
				}
				if there, err = d.there(ctx, conn, is+row, append(append(as, tries), ids...)); err != nil {
					return err
				}
			}
			for _, i := range groups[a] {
				found[i] = n == int64(len(some)) || there[changes[i].id]
			}
		}
		return nil
	})
	return found, err
}

// there are the ids of rows of which something holds.
func (d *mysql) there(ctx context.Context, conn *sql.Conn, where string, args []any) (map[string]bool, error) {
	out := map[string]bool{}
	return out, each(ctx, conn, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		out[id] = true
		return err
	}, "SELECT "+d.text(d.quote(d.l.id.name))+" FROM "+d.l.table+d.key+" WHERE "+where, args...)
}

// became is how a row is after a change.
func (d *mysql) became(c change) (where string, args []any) {
	l := d.l
	where, args = d.quote(l.status.name)+" = ?", []any{c.word}
	if l.who != nil && c.final {
		return where + " AND " + d.quote(l.who.name) + " = ?", append(args, l.owner)
	}
	if l.who != nil {
		where += " AND COALESCE(" + d.quote(l.who.name) + ", '') = ''"
	}
	return where, args
}

// values are what is set for rows that are alike: what differs by row is said by id.
func (d *mysql) values(some []change) (set string, args []any) {
	l := d.l
	fault, faults := "", []any(nil)
	if l.fault != nil && !some[0].unbegun {
		fault, faults = d.byID(some, l.fault, func(c change) (any, bool) { return say(l.fault, c.fault), true })
	}
	result, results := "", []any(nil)
	if l.result != nil {
		result, results = d.byID(some, l.result, func(c change) (any, bool) { return say(l.result, c.result), c.result != nil })
	}
	set, args = d.becomes(some[0], fault, result)
	return set, append(append(args, faults...), results...)
}

// byID is an expression for the values of a column: one value if all rows have the same, and empty if none has any.
func (d *mysql) byID(some []change, c *column, of func(change) (any, bool)) (expr string, args []any) {
	first, has := of(some[0])
	all := true
	for _, s := range some[1:] {
		v, h := of(s)
		all = all && h == has && v == first
	}
	if all && !has {
		return "", nil
	}
	if all {
		return "?", []any{first}
	}
	expr = "CASE " + d.quote(d.l.id.name)
	for _, s := range some {
		if v, has := of(s); has {
			id, _ := d.l.key(s.id)
			expr += " WHEN ? THEN ?"
			args = append(args, id, v)
		}
	}
	return expr + " ELSE " + d.quote(c.name) + " END", args
}
