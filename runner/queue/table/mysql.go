package table

import (
	"brood/runner/queue"
	"brood/runner/queue/dsn"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	driver "github.com/go-sql-driver/mysql"
)

// mysql is a table of MySQL or MariaDB, whose engine is InnoDB.
//
// A claim must not lock what it does not take. A SELECT … FOR UPDATE that has to sort locks all rows of the status before
// it knows which come first, and then another worker, who skips what is locked, gets none. So either an index has the rows
// in the order of the claim, and the statement is made to use it, or the first rows are looked up without a lock and then
// locked by their key, if they still are what they were.
type mysql struct {
	plain
	index string // what has the rows in their order; empty: none
	key   string // the index of the id
}

func (d *mysql) open(u *queue.URL) (*sql.DB, error) { return dsn.Open(u, dsn.ReadWrite) }

// session: a time without a zone is the server's, as it is to who writes such times. What is too long must be refused, and not
// cut. Who waits longer for a row than this is told so, and tries again.
func (d *mysql) session() []string {
	return []string{
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
		"SET time_zone = DEFAULT, innodb_lock_wait_timeout = 2, sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_TRANS_TABLES')",
	}
}

// claiming: a transaction begins with its first statement, which saves a journey.
func (d *mysql) claiming() []string { return []string{"SET autocommit = 0"} }

// The server's error numbers: https://mariadb.com/kb/en/mariadb-error-code-reference/
const (
	errAccess       = 1044 // to a database
	errNoTable      = 1146
	errDenied       = 1142 // a statement on a table
	errColumnDenied = 1143
	errNoIndex      = 1176
	errLockWait     = 1205
	errDeadlock     = 1213
	errChanged      = 1020 // MariaDB: record has changed since last read
)

func number(err error) uint16 {
	var e *driver.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

func (d *mysql) again(err error) bool {
	return slices.Contains([]uint16{errLockWait, errDeadlock, errChanged}, number(err))
}

func (d *mysql) quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
func (d *mysql) mark(int) string          { return "?" }
func (d *mysql) text(expr string) string  { return "CAST(" + expr + " AS CHAR)" }
func (d *mysql) clock() string            { return "UNIX_TIMESTAMP(NOW(6))" }

func (d *mysql) now(c *column) string {
	switch {
	case c.whole:
		return "UNIX_TIMESTAMP()"
	case !c.stamp:
		return d.clock()
	case c.fine:
		return "NOW(6)"
	default:
		return "NOW()"
	}
}

// ahead: a column of whole seconds has the next one, as MySQL would round and MariaDB cut.
func (d *mysql) ahead(c *column, micros string) string {
	switch {
	case c.whole:
		return "CEIL(" + d.clock() + " + " + micros + " / 1000000)"
	case !c.stamp:
		return d.clock() + " + " + micros + " / 1000000"
	case c.fine:
		return "NOW(6) + INTERVAL " + micros + " MICROSECOND"
	default:
		return "NOW() + INTERVAL CEIL((" + micros + " + MICROSECOND(NOW(6))) / 1000000) SECOND"
	}
}

func (d *mysql) past(c *column) string {
	if c.stamp {
		return d.quote(c.name) + " <= NOW(6)"
	}
	return d.quote(c.name) + " <= " + d.clock()
}

// cell is a column as it is read: the driver has UTC for all times, and the server writes few digits of a FLOAT.
func (d *mysql) cell(c *column) string {
	name := d.quote(c.name)
	switch {
	case c.kind == ofEpoch:
		return "UNIX_TIMESTAMP(" + name + ")"
	case c.kind == ofSingle:
		return name + " + 0e0"
	case c.kind == ofMoment:
		return "CAST(" + name + " AS CHAR)"
	case strings.HasPrefix(c.typ, "bit"):
		return "CAST(" + name + " AS UNSIGNED)"
	}
	return name
}

func (d *mysql) use(l *layout, s *shape) error {
	d.prepare(d, l, "")
	if i, ok := s.serves(l, true); ok {
		d.index = i.name
	}
	i, _ := s.unique(l.id.name)
	d.key = " FORCE INDEX (" + d.quote(i.name) + ")"
	return nil
}

// ordered is the claim by an index that has the rows in their order.
func (d *mysql) ordered(n int) (string, []any) {
	where, args := d.which(fresh, "")
	return "SELECT " + d.cells + " FROM " + d.l.table + " FORCE INDEX (" + d.quote(d.index) + ") WHERE " + where + d.turn(fresh) + " LIMIT ? FOR UPDATE SKIP LOCKED", append(args, n)
}

// spare is how many more rows are looked up than are to be taken, as others look them up, too.
const spare = 64

func (d *mysql) looked(from source, after string, n int) (string, []any) {
	where, args := d.which(from, after)
	return "SELECT " + d.text(d.quote(d.l.id.name)) + " FROM " + d.l.table + " WHERE " + where + d.turn(from) + " LIMIT ?", append(args, n+spare)
}

func (d *mysql) claim(ctx context.Context, conn *sql.Conn, from source, n int, after string) ([]claimed, error) {
	var rows []claimed
	err := within(ctx, conn, "", func() (err error) {
		if from == fresh && d.index != "" {
			query, args := d.ordered(n)
			if rows, err = d.rows(ctx, conn, query, args...); number(err) == errNoIndex { // somebody has dropped it
				rows, err = d.locked(ctx, conn, from, n, after)
			}
		} else {
			rows, err = d.locked(ctx, conn, from, n, after)
		}
		if err == nil {
			err = d.take(ctx, conn, rows)
		}
		return err
	})
	if err != nil {
		rows = nil
	}
	return rows, err
}

// locked looks rows up, and locks those that are still there.
func (d *mysql) locked(ctx context.Context, conn *sql.Conn, from source, n int, after string) ([]claimed, error) {
	query, args := d.looked(from, after, n)
	var ids []any
	err := each(ctx, conn, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		id, _ := d.l.key(text)
		ids = append(ids, id)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	var rows []claimed
	for len(rows) < n && len(ids) > 0 {
		some := ids[:min(n-len(rows), len(ids), chunk)]
		ids = ids[len(some):]
		where, args := d.which(from, after)
		more, err := d.rows(ctx, conn, "SELECT "+d.cells+" FROM "+d.l.table+d.key+" WHERE "+d.quote(d.l.id.name)+" IN ("+places(len(some))+") AND "+where+d.turn(from)+" FOR UPDATE SKIP LOCKED", append(slices.Clone(some), args...)...)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func (d *mysql) explain(ctx context.Context, conn *sql.Conn) (plan []string, denied, err error) {
	query, args := d.looked(fresh, "", 1)
	if d.index != "" {
		query, args = d.ordered(1)
	}
	err = eachText(ctx, conn, func(names []string, cells []sql.NullString) {
		var words []string
		for i, c := range cells {
			if c.Valid && names[i] != "id" && names[i] != "select_type" && names[i] != "table" {
				words = append(words, names[i]+" "+c.String)
			}
		}
		plan = append(plan, strings.Join(words, ", "))
	}, "EXPLAIN "+query, args...)
	if err == nil {
		set, args := d.becomes(change{word: d.l.word[wordNew]}, "NULL", "NULL")
		// A plan asks for the privileges of what it is the plan of.
		err = eachText(ctx, conn, func([]string, []sql.NullString) {}, "EXPLAIN UPDATE "+d.l.table+" SET "+set+" WHERE 1 = 0", args...)
	}
	switch number(err) {
	case errAccess, errDenied, errColumnDenied:
		return plan, err, nil
	}
	return plan, nil, err
}

func (d *mysql) add(s *shape, who, until *column) string {
	return adding(s, unless(who, "owner VARCHAR(200)"), unless(until, "lease_until DATETIME(6)"))
}

func (d *mysql) grant(s *shape) string {
	return "GRANT SELECT, UPDATE ON " + s.full + " TO CURRENT_USER; -- as somebody who may"
}

// eachText reads the rows of a question as text.
func eachText(ctx context.Context, conn *sql.Conn, row func(names []string, cells []sql.NullString), query string, args ...any) (err error) {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	cells, to := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range cells {
		to[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		row(names, cells)
	}
	return rows.Err()
}
