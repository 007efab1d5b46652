package table

import (
	"brood/runner/queue"
	"brood/runner/queue/dsn"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres is a table of PostgreSQL. Each thing is one statement, whose text does not depend on how many rows there are, so that
// the server has its plan: values come as arrays.
type postgres struct {
	l     *layout
	cells string
	texts map[source]string // claims
	cfg   *pgx.ConnConfig
}

// open: a time without a zone is to be the server's own, as it is to who writes such times; dsn's sessions have UTC.
func (d *postgres) open(u *queue.URL) (db *sql.DB, err error) {
	if d.cfg, err = dsn.Postgres(u); err != nil {
		return nil, err
	}
	delete(d.cfg.RuntimeParams, "timezone")
	return stdlib.OpenDB(*d.cfg), nil
}

// session: who waits longer for a row than this is told so, and tries again.
func (d *postgres) session() []string {
	return []string{"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; SET lock_timeout = '2s'"}
}

func (d *postgres) claiming() []string { return nil }

// Of the server's error codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeDenied        = "42501"
)

func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func (d *postgres) again(err error) bool {
	return slices.Contains([]string{codeSerialization, codeDeadlock, codeLockTimeout}, code(err))
}

func (d *postgres) quote(name string) string { return pgx.Identifier{name}.Sanitize() }
func (d *postgres) mark(n int) string        { return "$" + strconv.Itoa(n) }
func (d *postgres) text(expr string) string  { return "(" + expr + ")::text" }
func (d *postgres) clock() string            { return "extract(epoch FROM now())" }

func (d *postgres) now(c *column) string {
	switch {
	case c.whole:
		return "floor(" + d.clock() + ")::" + c.typ
	case !c.stamp:
		return d.clock() + "::" + c.typ
	case c.zone:
		return "now()"
	default:
		return "localtimestamp"
	}
}

func (d *postgres) ahead(c *column, micros string) string {
	switch {
	case c.whole:
		return "ceil(" + d.clock() + " + " + micros + "::bigint / 1e6)::" + c.typ
	case !c.stamp:
		return "(" + d.clock() + " + " + micros + "::bigint / 1e6)::" + c.typ
	default:
		return d.now(c) + " + " + micros + "::bigint * interval '1 microsecond'"
	}
}

func (d *postgres) past(c *column) string {
	if c.stamp {
		return d.quote(c.name) + " <= " + d.now(c)
	}
	return d.quote(c.name) + " <= " + d.clock()
}

// cell is a column as it is read, all as text: what a driver makes of numbers and times is not always what is there.
func (d *postgres) cell(c *column) string {
	name := d.quote(c.name)
	switch {
	case c.kind == ofBytes:
		return name
	case c.zone:
		return "(" + name + " AT TIME ZONE 'UTC')::text"
	case c.nested:
		return "to_json(" + name + ")::text"
	}
	return name + "::text"
}

func (d *postgres) use(l *layout, _ *shape) error {
	d.l = l
	read := []string{d.text(d.quote(l.id.name)), d.counted()}
	for _, c := range l.body {
		read = append(read, d.cell(c))
	}
	d.cells = strings.Join(read, ", ")
	d.texts = map[source]string{}
	for _, from := range []source{fresh, expired, left} {
		if from == expired && l.single() {
			continue
		}
		d.texts[from] = d.claimText(from)
	}
	return nil
}

func (d *postgres) read() string { return d.cells }

// counted is a row's attempts.
func (d *postgres) counted() string {
	if d.l.tries == nil {
		return "0::bigint"
	}
	return "COALESCE(" + d.quote(d.l.tries.name) + ", 0)::bigint"
}

// claimText is a claim: $1 the status it is of, $2 how many, $3 the status it becomes, and then what claimArgs has.
func (d *postgres) claimText(from source) string {
	l, q := d.l, d.quote
	where, by, set := q(l.status.name)+" = $1", q(l.id.name), q(l.status.name)+" = $3"
	n := 3
	next := func() string { n++; return d.mark(n) }
	if from == fresh && l.order != nil {
		by = q(l.order.name) + ", " + by
	}
	if l.tries != nil {
		set += ", " + q(l.tries.name) + " = COALESCE(j." + q(l.tries.name) + ", 0) + 1"
	}
	if l.who != nil {
		set += ", " + q(l.who.name) + " = " + next()
	}
	if !l.single() {
		set += ", " + q(l.until.name) + " = " + d.ahead(l.until, next())
	}
	switch {
	case from == fresh && l.runAt != nil:
		where += " AND (" + q(l.runAt.name) + " IS NULL OR " + d.past(l.runAt) + ")"
	case from == expired:
		where += " AND " + d.past(l.until)
	case from == left:
		mark := next() // null at first
		where += " AND (" + mark + "::text IS NULL OR " + q(l.id.name) + " > " + mark + "::text::" + l.id.typ + ")"
	}
	whose := "NULL::text"
	if l.who != nil {
		whose = d.text(q(l.who.name))
	}
	return "WITH c AS (SELECT " + q(l.id.name) + " AS brood_id, " + whose + " AS brood_whose FROM " + l.table + " WHERE " + where + " ORDER BY " + by + " LIMIT $2 FOR UPDATE SKIP LOCKED)," +
		" u AS (UPDATE " + l.table + " AS j SET " + set + " FROM c WHERE j." + q(l.id.name) + " = c.brood_id RETURNING j.*, c.brood_whose)" +
		" SELECT " + d.cells + ", brood_whose FROM u ORDER BY " + by
}

func (d *postgres) claimArgs(from source, n int, after string) []any {
	l := d.l
	args := []any{l.word[wordRunning], n, l.word[wordRunning]}
	if from == fresh {
		args[0] = l.word[wordNew]
	}
	if l.who != nil {
		args = append(args, l.owner)
	}
	if !l.single() {
		args = append(args, l.lease.Microseconds())
	}
	if from == left && after == "" {
		args = append(args, nil)
	} else if from == left {
		args = append(args, after)
	}
	return args
}

func (d *postgres) claim(ctx context.Context, conn *sql.Conn, from source, n int, after string) ([]claimed, error) {
	var out []claimed
	err := each(ctx, conn, func(scan func(...any) error) error {
		r := claimed{cells: make([]any, len(d.l.body))}
		to := []any{&r.id, &r.tries}
		for i := range r.cells {
			to = append(to, &r.cells[i])
		}
		var whose sql.NullString // before
		err := scan(append(to, &whose)...)
		r.own = whose.Valid && whose.String == d.l.owner
		out = append(out, r)
		return err
	}, d.texts[from], d.claimArgs(from, n, after)...)
	if err != nil {
		out = nil
	}
	return out, err
}

func (d *postgres) explain(ctx context.Context, conn *sql.Conn) (plan []string, denied, err error) {
	err = eachText(ctx, conn, func(_ []string, cells []sql.NullString) {
		plan = append(plan, cells[0].String)
	}, "EXPLAIN "+d.texts[fresh], d.claimArgs(fresh, 1, "")...)
	if err == nil {
		// A plan asks for the privileges of what it is the plan of.
		err = eachText(ctx, conn, func([]string, []sql.NullString) {}, "EXPLAIN "+d.changeText(finals), d.changeArgs(finals, nil, nil)...)
	}
	if code(err) == codeDenied {
		return plan, err, nil
	}
	return plan, nil, err
}

func (d *postgres) add(s *shape, who, until *column) string {
	return adding(s, unless(who, "owner text"), unless(until, "lease_until timestamptz"))
}

func (d *postgres) grant(s *shape) string {
	return "GRANT SELECT, UPDATE ON " + s.full + " TO " + d.quote(d.cfg.User) + ";"
}

// served: also by an index of the rows of one status only.
func (d *postgres) served(l *layout, s *shape) (string, bool) {
	if i, ok := s.serves(l, false); ok {
		return i.name, true
	}
	want := []string{l.id.name}
	if l.order != nil {
		want = []string{l.order.name, l.id.name}
	}
	for _, i := range s.indexes {
		if strings.Contains(i.where, l.status.name) && begins(i.columns, want) {
			return i.name, true
		}
	}
	return "", false
}

func (d *postgres) insert(ctx context.Context, conn *sql.Conn, columns []*column, fixed map[*column]string, rows [][]*string) error {
	var into, values, lists []string
	var args []any
	for i, c := range columns {
		into, values, lists = append(into, d.quote(c.name)), append(values, fmt.Sprintf("v.c%d::%s", i, c.typ)), append(lists, d.mark(i+1)+"::text[]")
		list := make([]*string, len(rows))
		for r, row := range rows {
			list[r] = row[i]
		}
		args = append(args, list)
	}
	var names []string
	for i := range columns {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	for c, expr := range fixed {
		into, values = append(into, d.quote(c.name)), append(values, expr)
	}
	_, err := conn.ExecContext(ctx, "INSERT INTO "+d.l.table+" ("+strings.Join(into, ", ")+") SELECT "+strings.Join(values, ", ")+" FROM unnest("+strings.Join(lists, ", ")+") AS v("+strings.Join(names, ", ")+")", args...)
	return err
}
