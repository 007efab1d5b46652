package ledger

import (
	"database/sql"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "make blank.db anew")

// TestBlank: blank.db is what schema.sql makes.
func TestBlank(t *testing.T) {
	made, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = made.Close() }()
	made.SetMaxOpenConns(1)
	for _, q := range []string{"PRAGMA page_size = 512", schema} {
		if _, err := made.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		c, err := made.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = c.Raw(func(c any) error {
			b, err := c.(interface{ Serialize() ([]byte, error) }).Serialize()
			return errors.Join(err, os.WriteFile("blank.db", b, 0o600))
		})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "blank.db")
	if err := os.WriteFile(path, blank, 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kept.Close() }()
	if err := Integrity(t.Context(), kept); err != nil {
		t.Error(err)
	}
	if !slices.Equal(describeSchema(t, kept), describeSchema(t, made)) {
		t.Error("blank.db is not what schema.sql makes; make it anew: go test ./runner/ledger -run TestBlank -update")
	}
	var pages, size, version int
	err = kept.QueryRowContext(t.Context(), `SELECT page_count, page_size, user_version FROM pragma_page_count, pragma_page_size, pragma_user_version`).Scan(&pages, &size, &version)
	if err != nil || size != 512 || version != 0 || pages*size != len(blank) {
		t.Errorf("%d pages of %d bytes, version %d, %d bytes: %v", pages, size, version, len(blank), err)
	}
}

// describeSchema lists all that a database is made of.
func describeSchema(t *testing.T, db *sql.DB) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT type || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_schema ORDER BY rowid`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil || len(all) < 20 {
		t.Fatal(len(all), err)
	}
	return all
}
