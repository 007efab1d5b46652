package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// sqliteRows steps from row to row. One SELECT is one snapshot, however long it takes (sqlite.org/isolation.html).
type sqliteRows struct {
	db     *sql.DB
	rows   *sql.Rows
	names  []string
	dates  []bool // DATE, without a time
	values []any
	into   []any
	err    error
}

func askSQLite(ctx context.Context, db *sql.DB, stmt string, begun func() bool) (rows, error) {
	begun() // the first row may take its time; the file is there, or is not
	r := &sqliteRows{db: db}
	var err error
	//nolint:rowserrcheck // both in close
	r.rows, err = db.QueryContext(ctx, stmt)
	var types []*sql.ColumnType
	if err == nil {
		types, err = r.rows.ColumnTypes()
	}
	if err != nil {
		_ = r.close()
		return nil, sqliteAdvice(err)
	}
	r.values, r.into = make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		r.names, r.dates = append(r.names, t.Name()), append(r.dates, t.DatabaseTypeName() == "DATE")
		r.into[i] = &r.values[i]
	}
	return r, nil
}

func (r *sqliteRows) columns() []string { return r.names }

func (r *sqliteRows) next() bool {
	if !r.rows.Next() {
		return false
	}
	r.err = r.rows.Scan(r.into...)
	return r.err == nil
}

func (r *sqliteRows) cell(dst []byte, i int) []byte {
	switch v := r.values[i].(type) {
	case nil:
		return append(dst, "null"...)
	case int64:
		return appendInt(dst, v)
	case float64:
		return appendFloat(dst, v)
	case string:
		return appendBytes(dst, []byte(v))
	case []byte:
		return appendBytes(dst, v)
	case time.Time: // what the driver makes of text in a column of DATE, DATETIME and TIMESTAMP
		if h, m, s := v.Clock(); r.dates[i] && h+m+s+v.Nanosecond() == 0 {
			return append(v.AppendFormat(append(dst, '"'), time.DateOnly), '"')
		}
		return append(v.UTC().AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
	default:
		return appendString(dst, fmt.Append(nil, v))
	}
}

func (r *sqliteRows) close() error {
	err := r.err
	if r.rows != nil {
		if err == nil {
			err = r.rows.Err()
		}
		_ = r.rows.Close()
	}
	_ = r.db.Close()
	return sqliteAdvice(err)
}

func sqliteAdvice(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_READONLY:
		return fmt.Errorf("%w: a query may only read", err)
	case lib.SQLITE_BUSY:
		return fmt.Errorf("%w: another program writes to the file; try again when it has ended", err)
	}
	return err
}
