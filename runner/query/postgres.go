package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresRows streams: the server sends rows as fast as they are read, and no faster, as the connection is full then.
type postgresRows struct {
	db     *sql.DB
	conn   *sql.Conn
	pg     *pgconn.PgConn
	life   context.Context
	names  []string
	kinds  []kind
	forms  []int16
	reader *pgconn.ResultReader // nil: not asked yet
	values [][]byte
}

func askPostgres(ctx context.Context, db *sql.DB, stmt string, begun func() bool) (rows, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	r := &postgresRows{db: db, conn: conn, life: ctx}
	err = conn.Raw(func(driver any) error {
		r.pg = driver.(*stdlib.Conn).Conn().PgConn()
		// The driver's own transaction would say so in another way, and what must hold for it stands here.
		if _, err := r.pg.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").ReadAll(); err != nil {
			return err
		}
		desc, err := r.pg.Prepare(ctx, "", stmt, nil)
		if err != nil {
			return err
		}
		if len(desc.ParamOIDs) > 0 {
			return errors.New("the statement has a parameter, such as $1, and nobody has a value for it")
		}
		for _, f := range desc.Fields {
			k, form := postgresKind(f.DataTypeOID)
			r.names, r.kinds, r.forms = append(r.names, f.Name), append(r.kinds, k), append(r.forms, form)
		}
		return nil
	})
	begun()
	if err != nil {
		r.end()
		return nil, postgresAdvice(err)
	}
	return r, nil
}

// postgresKind says how values of a type are sent, and become JSON.
func postgresKind(oid uint32) (kind, int16) {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		return integer, 0
	case pgtype.Float4OID, pgtype.Float8OID:
		return float, 0
	case pgtype.BoolOID:
		return truth, 0
	case pgtype.TimestamptzOID:
		return moment, 0
	case pgtype.TimestampOID:
		return local, 0
	case pgtype.JSONOID, pgtype.JSONBOID:
		return document, 0
	case pgtype.ByteaOID:
		return text, 1 // as bytes, not as the digits that a setting chooses
	default:
		return text, 0
	}
}

func (r *postgresRows) columns() []string { return r.names }

func (r *postgresRows) next() bool {
	if r.reader == nil {
		r.reader = r.pg.ExecPrepared(r.life, "", nil, nil, r.forms)
	}
	if !r.reader.NextRow() {
		return false
	}
	r.values = r.reader.Values()
	return true
}

func (r *postgresRows) cell(dst []byte, i int) []byte {
	if r.values[i] == nil {
		return append(dst, "null"...)
	}
	return appendText(dst, r.values[i], r.kinds[i])
}

func (r *postgresRows) close() error {
	var err error
	if r.reader != nil {
		_, err = r.reader.Close()
	}
	r.end()
	return postgresAdvice(err)
}

// end closes the connection, which ends the transaction. Nothing was written, so nothing of that matters.
func (r *postgresRows) end() {
	if r.pg != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.life), time.Second)
		_ = r.pg.Close(ctx)
		cancel()
	}
	_ = r.conn.Close()
	_ = r.db.Close()
}

// postgresAdvice knows SQLSTATE 25006 (read_only_sql_transaction), and where a mistake in the statement is.
func postgresAdvice(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	if e.Code == "25006" {
		return fmt.Errorf("%s: a query may only read", e.Message)
	}
	if e.Position > 0 {
		err = fmt.Errorf("%w, at character %d", err, e.Position)
	}
	if e.Hint != "" {
		err = fmt.Errorf("%w. %s", err, e.Hint)
	}
	return err
}
