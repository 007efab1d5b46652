package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// mysqlRows streams: the driver reads a row when it is asked for it, and the server waits while nobody reads.
type mysqlRows struct {
	db    *sql.DB
	conn  *sql.Conn
	rows  *sql.Rows
	names []string
	kinds []kind
	cells []sql.RawBytes
	into  []any
	dates []dateKind
	err   error
}

// dateKind is what of a moment a column has.
type dateKind uint8

const (
	noDate dateKind = iota
	dateOnly
	dateLocal
	dateMoment
)

func askMySQL(ctx context.Context, db *sql.DB, stmt string, begun func() bool) (rows, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	r := &mysqlRows{db: db, conn: conn}
	// A consistent snapshot is one of REPEATABLE READ only, whatever the server's default is.
	for _, s := range []string{"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"} {
		if err == nil {
			_, err = conn.ExecContext(ctx, s)
		}
	}
	begun()
	if err == nil {
		//nolint:rowserrcheck // both in close
		r.rows, err = conn.QueryContext(ctx, stmt)
	}
	if err == nil {
		err = r.describe()
	}
	if err != nil {
		_ = r.close()
		return nil, mysqlAdvice(err)
	}
	return r, nil
}

func (r *mysqlRows) describe() error {
	types, err := r.rows.ColumnTypes()
	if err != nil {
		return err
	}
	r.cells, r.into = make([]sql.RawBytes, len(types)), make([]any, len(types))
	for i, t := range types {
		k, d := mysqlKind(t.DatabaseTypeName())
		r.names, r.kinds, r.dates = append(r.names, t.Name()), append(r.kinds, k), append(r.dates, d)
		r.into[i] = &r.cells[i]
	}
	return nil
}

func mysqlKind(name string) (kind, dateKind) {
	name = strings.TrimPrefix(name, "UNSIGNED ")
	switch name {
	case "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "YEAR":
		return integer, noDate
	case "FLOAT", "DOUBLE":
		return float, noDate
	case "JSON":
		return document, noDate
	case "BIT":
		return bits, noDate
	case "DATE":
		return text, dateOnly
	case "DATETIME":
		return local, dateLocal
	case "TIMESTAMP":
		return moment, dateMoment
	default:
		return text, noDate
	}
}

func (r *mysqlRows) columns() []string { return r.names }

func (r *mysqlRows) next() bool {
	if !r.rows.Next() {
		return false
	}
	r.err = r.rows.Scan(r.into...)
	return r.err == nil
}

// zeroDate is how database/sql writes the driver's value for 0000-00-00.
const zeroDate = "0001-01-01T00:00:00Z"

func (r *mysqlRows) cell(dst []byte, i int) []byte {
	s := r.cells[i]
	if s == nil || r.dates[i] != noDate && string(s) == zeroDate {
		return append(dst, "null"...)
	}
	if r.dates[i] == dateOnly && len(s) > len("2026-11-30") {
		s = s[:len("2026-11-30")]
	}
	return appendText(dst, s, r.kinds[i])
}

func (r *mysqlRows) close() error {
	err := r.err
	if r.rows != nil {
		if err == nil {
			err = r.rows.Err()
		}
		_ = r.rows.Close()
	}
	// The connection's end is the transaction's.
	_ = r.conn.Close()
	_ = r.db.Close()
	return mysqlAdvice(err)
}

// mysqlAdvice knows 1792: cannot execute statement in a READ ONLY transaction.
func mysqlAdvice(err error) error {
	var e *mysql.MySQLError
	if errors.As(err, &e) && e.Number == 1792 {
		return fmt.Errorf("%s: a query may only read", e.Message)
	}
	return err
}
