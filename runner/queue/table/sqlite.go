package table

import (
	"brood/runner/queue"
	"brood/runner/queue/dsn"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// sqlite is a table in a file. Whoever writes has the whole file for that time, so nothing needs to be locked or skipped.
type sqlite struct {
	plain
	path string
}

func (d *sqlite) open(u *queue.URL) (*sql.DB, error) {
	db, err := dsn.Open(u, dsn.ReadWrite)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

func (d *sqlite) session() []string  { return nil }
func (d *sqlite) claiming() []string { return nil }

// again: another process has written for longer than the driver waits.
func (d *sqlite) again(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && (e.Code()&0xff == codes.SQLITE_BUSY || e.Code()&0xff == codes.SQLITE_LOCKED)
}

func (d *sqlite) quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func (d *sqlite) mark(int) string          { return "?" }
func (d *sqlite) text(expr string) string  { return "CAST(" + expr + " AS TEXT)" }
func (d *sqlite) clock() string            { return "unixepoch('now', 'subsec')" }

// now: a column that is no number has a text such as SQLite's own functions write, in UTC.
func (d *sqlite) now(c *column) string {
	switch {
	case c.whole:
		return "unixepoch('now')"
	case c.kind == ofNumber:
		return d.clock()
	default:
		return "strftime('%Y-%m-%d %H:%M:%f', 'now')"
	}
}

func (d *sqlite) ahead(c *column, micros string) string {
	switch {
	case c.whole:
		return "CAST(" + d.clock() + " + " + micros + " / 1e6 + 0.999 AS INTEGER)"
	case c.kind == ofNumber:
		return d.clock() + " + " + micros + " / 1e6"
	default:
		return "strftime('%Y-%m-%d %H:%M:%f', 'now', (" + micros + " / 1e6) || ' seconds')"
	}
}

// past: each value says by itself what it is.
func (d *sqlite) past(c *column) string {
	name := d.quote(c.name)
	return "CASE WHEN typeof(" + name + ") IN ('integer', 'real') THEN " + name + " ELSE unixepoch(" + name + ", 'subsec') END <= " + d.clock()
}

// cell is a column as it is read: a name by itself has the driver guess at times and truth.
func (d *sqlite) cell(c *column) string { return "+" + d.quote(c.name) }

func (d *sqlite) use(l *layout, _ *shape) error {
	d.prepare(d, l, "BEGIN IMMEDIATE")
	return nil
}

func (d *sqlite) describe(ctx context.Context, conn *sql.Conn, name string) (*shape, error) {
	s := &shape{name: name, full: d.quote(name)}
	var version string
	if err := conn.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return nil, err
	}
	s.server = "SQLite " + version
	if err := conn.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&d.path); err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(d.path); err == nil {
		d.path = real
	}
	s.place = "sqlite:" + d.path + "?table=" + strings.ToLower(name)
	var what string
	switch err := conn.QueryRowContext(ctx, "SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')", name).Scan(&what); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, noTable(ctx, conn, name, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT 10")
	case err != nil:
		return nil, err
	case what == "view":
		return nil, fmt.Errorf("%s is a view; jobs need a table", name)
	}
	if err := d.columns(ctx, conn, s); err != nil {
		return nil, err
	}
	return s, d.keys(ctx, conn, s)
}

func (d *sqlite) columns(ctx context.Context, conn *sql.Conn, s *shape) error {
	var key []string
	err := each(ctx, conn, func(scan func(...any) error) error {
		c := &column{}
		var must, hidden, part int
		var fallback sql.NullString
		if err := scan(&c.name, &c.typ, &must, &fallback, &part, &hidden); err != nil {
			return err
		}
		c.kind, c.whole, c.stamp = sqliteKind(c.typ)
		c.fine, c.null, c.rigid = true, must == 0, hidden > 1
		c.wanted = must == 1 && !fallback.Valid && part == 0
		if part > 0 {
			key = append(key, c.name)
		}
		if hidden != 1 { // 1 is a virtual table's own
			s.columns = append(s.columns, c)
		}
		return nil
	}, "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?)", s.name)
	if err != nil {
		return err
	}
	if len(key) == 1 { // SQLite lets a key be null that is not an INTEGER; nobody means that
		s.column(key[0]).null = false
	}
	if len(key) > 0 {
		s.indexes = append(s.indexes, index{name: "the primary key", columns: key, unique: true, primary: true})
	}
	return nil
}

// sqliteKind is what is likely in a column of a type: SQLite holds nobody to it (https://sqlite.org/datatype3.html).
func sqliteKind(typ string) (k kind, whole, stamp bool) {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(strings.ToUpper(typ), w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("INT"):
		return ofNumber, true, false
	case has("DATETIME", "TIMESTAMP"):
		return ofInstant, false, true
	case has("BOOL"):
		return ofBool, false, false
	case has("JSON"):
		return ofJSON, false, false
	case has("CHAR", "CLOB", "TEXT"):
		return ofText, false, true
	case has("REAL", "FLOA", "DOUBLE", "NUM", "DEC"):
		return ofNumber, false, false
	case has("BLOB"):
		return ofBytes, false, false
	case typ == "" || has("ANY"):
		return ofAny, false, true
	default:
		return ofText, false, true
	}
}

func (d *sqlite) keys(ctx context.Context, conn *sql.Conn, s *shape) error {
	return each(ctx, conn, func(scan func(...any) error) error {
		var name, part string
		var unique, partial bool
		if err := scan(&name, &unique, &partial, &part); err != nil {
			return err
		}
		if n := len(s.indexes); n == 0 || s.indexes[n-1].name != name {
			i := index{name: name, unique: unique}
			if partial {
				i.where = "some"
			}
			s.indexes = append(s.indexes, i)
		}
		i := &s.indexes[len(s.indexes)-1]
		i.columns = append(i.columns, part)
		return nil
	}, "SELECT l.name, l.\"unique\", l.partial, COALESCE(i.name, '') FROM pragma_index_list(?) l, pragma_index_info(l.name) i ORDER BY l.seq, i.seqno", s.name)
}

func (d *sqlite) explain(ctx context.Context, conn *sql.Conn) (plan []string, denied error, err error) {
	query, args := d.pick(fresh, "", 1)
	err = each(ctx, conn, func(scan func(...any) error) error {
		var id, parent, none int
		var text string
		err := scan(&id, &parent, &none, &text)
		plan = append(plan, text)
		return err
	}, "EXPLAIN QUERY PLAN "+query, args...)
	for _, path := range []string{d.path, filepath.Dir(d.path)} {
		if e := unix.Access(path, unix.W_OK); e != nil && denied == nil {
			denied = &os.PathError{Op: "write to", Path: path, Err: e}
		}
	}
	return plan, denied, err
}

// pick are the rows that are to be claimed.
func (d *sqlite) pick(from source, after string, n int) (string, []any) {
	where, args := d.which(from, after)
	return "SELECT " + d.cells + " FROM " + d.l.table + " WHERE " + where + d.turn(from) + " LIMIT ?", append(args, n)
}

func (d *sqlite) claim(ctx context.Context, conn *sql.Conn, from source, n int, after string) ([]claimed, error) {
	// Who only looks need not keep others from writing.
	query, args := d.pick(from, after, 1)
	if rows, err := d.rows(ctx, conn, query, args...); err != nil || len(rows) == 0 {
		return nil, err
	}
	query, args = d.pick(from, after, n)
	var rows []claimed
	err := within(ctx, conn, d.begin, func() (err error) {
		if rows, err = d.rows(ctx, conn, query, args...); err == nil {
			err = d.take(ctx, conn, rows)
		}
		return err
	})
	if err != nil {
		rows = nil
	}
	return rows, err
}

// change changes row by row: a statement costs no journey here.
func (d *sqlite) change(ctx context.Context, conn *sql.Conn, changes []change) ([]bool, error) {
	l := d.l
	found := make([]bool, len(changes))
	err := within(ctx, conn, d.begin, func() error {
		for i, ch := range changes {
			ours, mine := d.ours(ch.from()...)
			result := ""
			if ch.result != nil {
				result = "?"
			}
			set, args := d.becomes(ch, "?", result)
			if l.fault != nil && !ch.unbegun {
				args = append(args, say(l.fault, ch.fault))
			}
			if l.result != nil && ch.result != nil {
				args = append(args, *ch.result)
			}
			var err error
			if found[i], err = d.one(ctx, conn, set, ours, append(args, mine...), ch); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

func (d *sqlite) renew(ctx context.Context, conn *sql.Conn, held []change) ([]bool, error) {
	ours, mine := d.ours(wordRunning)
	set := d.quote(d.l.until.name) + " = " + d.ahead(d.l.until, "?")
	found := make([]bool, len(held))
	err := within(ctx, conn, d.begin, func() error {
		for i, ch := range held {
			var err error
			if found[i], err = d.one(ctx, conn, set, ours, append([]any{d.l.lease.Microseconds()}, mine...), ch); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// one changes a row of a delivery, if it is there.
func (d *sqlite) one(ctx context.Context, conn *sql.Conn, set, ours string, args []any, ch change) (bool, error) {
	id, _ := d.l.key(ch.id)
	did, err := conn.ExecContext(ctx, "UPDATE "+d.l.table+" SET "+set+" WHERE "+ours+" AND "+d.counted()+" = ? AND "+d.quote(d.l.id.name)+" = ?", append(args, ch.tries, id)...)
	if err != nil {
		return false, err
	}
	n, err := did.RowsAffected()
	return n > 0, err
}

func (d *sqlite) add(s *shape, who, until *column) string {
	return adding(s, unless(who, "owner TEXT"), unless(until, "lease_until TEXT"))
}

func (d *sqlite) grant(*shape) string { return "" }

// noTable says that there is no table, and which there are.
func noTable(ctx context.Context, conn *sql.Conn, name, list string, args ...any) error {
	var has []string
	err := each(ctx, conn, func(scan func(...any) error) error {
		var n string
		err := scan(&n)
		has = append(has, n)
		return err
	}, list, args...)
	if err != nil {
		return err
	}
	if len(has) == 0 {
		return fmt.Errorf("there is no table %s, nor any other", name)
	}
	return fmt.Errorf("there is no table %s; there are %s", name, strings.Join(has, ", "))
}

// each reads the rows of a question.
func each(ctx context.Context, conn *sql.Conn, row func(scan func(...any) error) error, query string, args ...any) (err error) {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
