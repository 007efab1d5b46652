package ledger

import (
	"brood/jobs"
	"context"
	"database/sql"
	_ "embed"
	"fmt"
)

// againTables are there from when they are needed: a small run has a small ledger. What has
// them has SchemaVersion.
//
//go:embed again.sql
var againTables string

var again = againTables + fmt.Sprintf("PRAGMA user_version = %d;", SchemaVersion)

// hasAgain reports whether the ledger has the tables of again.sql.
func (r *Reader) hasAgain(ctx context.Context) bool {
	return checkVersion(ctx, r.db, SchemaVersion) == nil
}

// TriedBefore reads how many tries records had had when they were last seen to be tried
// again, of those that are or have been.
func (r *Reader) TriedBefore(ctx context.Context) (map[jobs.Seq]int, error) {
	out := make(map[jobs.Seq]int)
	if !r.hasAgain(ctx) {
		return out, nil
	}
	_, err := query(ctx, r, `SELECT seq, tries FROM retried`, func(rows *sql.Rows) (none struct{}, err error) {
		var seq uint64
		var tries int
		err = rows.Scan(&seq, &tries)
		out[jobs.Seq(seq)] = tries
		return none, err
	})
	return out, err
}

// Corrections reads what stands in place of records of the dataset.
func (r *Reader) Corrections(ctx context.Context) (map[jobs.Seq][]byte, error) {
	out := make(map[jobs.Seq][]byte)
	if !r.hasAgain(ctx) {
		return out, nil
	}
	_, err := query(ctx, r, `SELECT seq, row FROM corrections ORDER BY id`, func(rows *sql.Rows) (none struct{}, err error) {
		var seq uint64
		var row []byte
		err = rows.Scan(&seq, &row)
		out[jobs.Seq(seq)] = row
		return none, err
	})
	return out, err
}

// correctionEvents reads when a record was put right, and by whom.
func (r *Reader) correctionEvents(ctx context.Context, seq jobs.Seq) ([]Event, error) {
	if !r.hasAgain(ctx) {
		return nil, nil
	}
	return query(ctx, r, `SELECT at, by, was, row FROM corrections WHERE seq = ? ORDER BY id`, func(rows *sql.Rows) (e Event, err error) {
		var was, row []byte
		e.What = "corrected"
		err = rows.Scan(&e.At, &e.By, &was, &row)
		e.Was, e.Row = string(was), string(row)
		return e, err
	}, uint64(seq))
}

// SetInput notes that a file of the dataset is taken as it is now.
func (l *Ledger) SetInput(ctx context.Context, file int, in Input) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(`UPDATE inputs SET size = ?, mtime = ?, hash = ?, whole = ? WHERE file = ?`, in.Size, in.ModTime, in.Hash, in.Whole, file)
		return nil
	})
}
