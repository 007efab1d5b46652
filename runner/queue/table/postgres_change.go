package table

import (
	"context"
	"database/sql"
	"time"
)

// manner is how rows change that one statement changes.
type manner uint8

const (
	finals  manner = iota // to a status of their own, with error and result
	laters                // to new, after a time
	unbegun               // to new, as if they had not been taken
	renewed               // to a lease as long as it was
)

func (d *postgres) change(ctx context.Context, conn *sql.Conn, changes []change) ([]bool, error) {
	found := make([]bool, len(changes))
	var of [renewed][]int
	for i, c := range changes {
		m := laters
		switch {
		case c.final:
			m = finals
		case c.unbegun:
			m = unbegun
		}
		of[m] = append(of[m], i)
	}
	for m, at := range of {
		if len(at) == 0 {
			continue
		}
		if err := d.write(ctx, conn, manner(m), changes, at, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (d *postgres) renew(ctx context.Context, conn *sql.Conn, held []change) ([]bool, error) {
	found, all := make([]bool, len(held)), make([]int, len(held))
	for i := range all {
		all[i] = i
	}
	return found, d.write(ctx, conn, renewed, held, all, found)
}

// write changes the rows at some places of a list, and marks those that were found.
func (d *postgres) write(ctx context.Context, conn *sql.Conn, m manner, changes []change, at []int, found []bool) error {
	return each(ctx, conn, func(scan func(...any) error) error {
		var n int
		err := scan(&n)
		if err == nil && n >= 0 && n < len(at) {
			found[at[n]] = true
		}
		return err
	}, d.changeText(m), d.changeArgs(m, changes, at)...)
}

// changeText changes rows of which there are arrays: $1 their numbers, $2 ids, $3 attempts, $4 the status they become, $5 errors,
// $6 results, $7 times in microseconds; $8 and $9 are the statuses they may have, $10 is the owner, $11
// another status, or a lease.
func (d *postgres) changeText(m manner) string {
	l, q := d.l, d.quote
	set := q(l.status.name) + " = v.word::" + l.status.typ
	put := func(c *column, expr string) {
		if c != nil {
			set += ", " + q(c.name) + " = " + expr
		}
	}
	if m == renewed {
		put(l.until, d.ahead(l.until, d.mark(11)))
	} else if l.until != nil {
		never := "NULL"
		if !l.until.null {
			never = d.now(l.until)
		}
		put(l.until, never)
	}
	if m == laters || m == unbegun {
		if l.who != nil && l.who.null {
			put(l.who, "NULL")
		}
		if l.who != nil && !l.who.null {
			put(l.who, "''")
		}
	}
	if m == unbegun && l.tries != nil {
		put(l.tries, "COALESCE(j."+q(l.tries.name)+", 0) - 1")
	}
	if m == laters && l.runAt != nil {
		put(l.runAt, "CASE WHEN v.after <= 0 THEN "+d.now(l.runAt)+" ELSE "+d.ahead(l.runAt, "v.after")+" END")
	}
	if l.fault != nil && (m == finals || m == laters) {
		text := "v.fault"
		if !l.fault.null {
			text = "COALESCE(v.fault, '')"
		}
		put(l.fault, text+"::"+l.fault.typ)
	}
	if l.result != nil && (m == finals || m == laters) {
		put(l.result, "COALESCE(v.result::"+l.result.typ+", j."+q(l.result.name)+")")
	}
	statuses := "$8, $9"
	if m == finals || m == laters {
		statuses += ", $11"
	}
	where := "j." + q(l.id.name) + " = v.id::" + l.id.typ + " AND " + d.countedOf("j.") + " = v.tries AND j." + q(l.status.name) + " IN (" + statuses + ")"
	if l.who != nil {
		where += " AND j." + q(l.who.name) + " = $10"
	} else {
		where += " AND $10::text IS NOT NULL" // each statement has the same values
	}
	return "UPDATE " + l.table + " AS j SET " + set +
		" FROM unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[]) AS v(n, id, tries, word, fault, result, after)" +
		" WHERE " + where + " RETURNING v.n"
}

func (d *postgres) countedOf(table string) string {
	if d.l.tries == nil {
		return "0"
	}
	return "COALESCE(" + table + d.quote(d.l.tries.name) + ", 0)"
}

func (d *postgres) changeArgs(m manner, changes []change, at []int) []any {
	l := d.l
	n, ids, tries, after := []int32{}, []string{}, []int64{}, []int64{}
	words, faults, results := []string{}, []*string{}, []*string{}
	for i, k := range at {
		c := changes[k]
		n, ids, tries = append(n, int32(i)), append(ids, c.id), append(tries, c.tries) //nolint:gosec // some hundreds
		words, faults, results = append(words, wordText(c.word)), append(faults, c.fault), append(results, c.result)
		after = append(after, (c.after + time.Microsecond - 1).Microseconds())
	}
	args := []any{n, ids, tries, words, faults, results, after, l.word[wordRunning], l.word[wordUnknown], l.owner}
	switch m {
	case renewed:
		for i := range words {
			words[i] = wordText(l.word[wordRunning])
		}
		args[8] = l.word[wordRunning]
		args = append(args, l.lease.Microseconds())
	case finals, laters:
		args = append(args, l.word[wordFailed])
	case unbegun:
	}
	return args
}
