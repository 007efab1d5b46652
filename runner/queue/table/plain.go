package table

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// plain are the statements of databases whose places for values have no numbers.
type plain struct {
	d dialect
	l *layout

	fields string // what is read of a row: id, attempts, and the body's columns
	cells  string // the same of one that is to be claimed, and whose it was
	begin  string
}

func (p *plain) prepare(d interface {
	dialect
	cell(c *column) string
}, l *layout, begin string,
) {
	p.d, p.l, p.begin = d, l, begin
	read := []string{d.text(d.quote(l.id.name)), p.counted()}
	for _, c := range l.body {
		read = append(read, d.cell(c))
	}
	p.fields = strings.Join(read, ", ")
	p.cells = p.fields + ", " + p.whose()
}

// counted is a row's attempts.
func (p *plain) counted() string {
	if p.l.tries == nil {
		return "0"
	}
	return "COALESCE(" + p.d.quote(p.l.tries.name) + ", 0)"
}

// whose is who has, or had, a row.
func (p *plain) whose() string {
	if p.l.who == nil {
		return "NULL"
	}
	return p.d.text(p.d.quote(p.l.who.name))
}

// which says which rows are claimed.
func (p *plain) which(from source, after string) (where string, args []any) {
	l := p.l
	where, args = p.d.quote(l.status.name)+" = ?", []any{l.word[wordRunning]}
	switch from {
	case fresh:
		args[0] = l.word[wordNew]
		if l.runAt != nil {
			where += " AND (" + p.d.quote(l.runAt.name) + " IS NULL OR " + p.d.past(l.runAt) + ")"
		}
	case expired:
		where += " AND " + p.d.past(l.until)
	case left:
		if id, ok := l.key(after); ok && after != "" {
			where += " AND " + p.d.quote(l.id.name) + " > ?"
			args = append(args, id)
		}
	}
	return where, args
}

// turn is the order that rows are claimed in.
func (p *plain) turn(from source) string {
	by := p.d.quote(p.l.id.name)
	if from == fresh && p.l.order != nil {
		by = p.d.quote(p.l.order.name) + ", " + by
	}
	return " ORDER BY " + by
}

func (p *plain) read() string { return p.fields }

// rows reads rows that are to be claimed.
func (p *plain) rows(ctx context.Context, conn *sql.Conn, query string, args ...any) ([]claimed, error) {
	var out []claimed
	err := each(ctx, conn, func(scan func(...any) error) error {
		r := claimed{cells: make([]any, len(p.l.body))}
		var whose sql.NullString
		to := []any{&r.id, &r.tries}
		for i := range r.cells {
			to = append(to, &r.cells[i])
		}
		err := scan(append(to, &whose)...)
		r.own = whose.Valid && whose.String == p.l.owner
		out = append(out, r)
		return err
	}, query, args...)
	return out, err
}

// take makes rows that were read running, and ours.
func (p *plain) take(ctx context.Context, conn *sql.Conn, rows []claimed) error {
	l, q := p.l, p.d.quote
	set, first := q(l.status.name)+" = ?", []any{l.word[wordRunning]}
	if l.tries != nil {
		set += ", " + q(l.tries.name) + " = " + p.counted() + " + 1"
	}
	if l.who != nil {
		set += ", " + q(l.who.name) + " = ?"
		first = append(first, l.owner)
	}
	if !l.single() {
		set += ", " + q(l.until.name) + " = " + p.d.ahead(l.until, "?")
		first = append(first, l.lease.Microseconds())
	}
	for start := 0; start < len(rows); start += chunk {
		some := rows[start:min(start+chunk, len(rows))]
		args := first[:len(first):len(first)]
		for i := range some {
			id, _ := l.key(some[i].id)
			args = append(args, id)
		}
		if _, err := conn.ExecContext(ctx, "UPDATE "+l.table+" SET "+set+" WHERE "+q(l.id.name)+" IN ("+places(len(some))+")", args...); err != nil {
			return err
		}
	}
	if l.tries != nil {
		for i := range rows {
			rows[i].tries++
		}
	}
	return nil
}

// places are n places for values.
func places(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// ours is which rows are those of deliveries: whose they are, and how they stand; attempts and id come after it.
func (p *plain) ours(words ...word) (where string, args []any) {
	l := p.l
	for _, w := range words {
		args = append(args, l.word[w])
	}
	where = p.d.quote(l.status.name) + " IN (" + places(len(words)) + ")"
	if l.who != nil {
		where += " AND " + p.d.quote(l.who.name) + " = ?"
		args = append(args, l.owner)
	}
	return where, args
}

// becomes is what a change sets, of rows that differ in nothing but error and result, whose values are said by others.
func (p *plain) becomes(ch change, fault, result string) (set string, args []any) {
	l, q := p.l, p.d.quote
	set, args = q(l.status.name)+" = ?", []any{ch.word}
	if l.until != nil {
		set += ", " + q(l.until.name) + " = " + p.never(l.until)
	}
	if !ch.final {
		if l.who != nil {
			set += ", " + q(l.who.name) + " = ?"
			args = append(args, l.who.blank())
		}
		switch {
		case ch.unbegun && l.tries != nil:
			set += ", " + q(l.tries.name) + " = " + p.counted() + " - 1"
		case l.runAt != nil && !ch.unbegun && ch.after > 0:
			set += ", " + q(l.runAt.name) + " = " + p.d.ahead(l.runAt, "?")
			args = append(args, (ch.after + time.Microsecond - 1).Microseconds())
		case l.runAt != nil && !ch.unbegun:
			set += ", " + q(l.runAt.name) + " = " + p.d.now(l.runAt)
		}
	}
	if l.fault != nil && !ch.unbegun && fault != "" {
		set += ", " + q(l.fault.name) + " = " + fault
	}
	if l.result != nil && result != "" {
		set += ", " + q(l.result.name) + " = " + result
	}
	return set, args
}

// never is the time of a lease that is no more.
func (p *plain) never(c *column) string {
	if c.null {
		return "NULL"
	}
	return p.d.now(c)
}

// say is a text as a value of its column, or nothing.
func say(c *column, text *string) any {
	if text == nil {
		return c.blank()
	}
	return *text
}

// listen: nobody rings.
func (p *plain) listen(context.Context, *sql.Conn, *shape) (*bell, error) { return nil, nil } //nolint:nilnil // that is one

func (p *plain) trigger(*shape) string { return "" }

// served: the key is at the end of each index.
func (p *plain) served(l *layout, s *shape) (string, bool) {
	i, ok := s.serves(l, true)
	return i.name, ok
}

// adding is the SQL that adds columns which are not there.
func adding(s *shape, columns ...string) string {
	var add []string
	for _, c := range columns {
		if c != "" {
			add = append(add, "ALTER TABLE "+s.full+" ADD COLUMN "+c+";")
		}
	}
	return strings.Join(add, "\n")
}

// unless is a column's definition, if it is not there.
func unless(c *column, definition string) string {
	if c != nil {
		return ""
	}
	return definition
}
