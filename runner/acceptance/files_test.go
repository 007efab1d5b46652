package acceptance

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func writeLines(t *testing.T, path string, n int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		fmt.Fprintf(w, "record number %d of the set\n", i)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range all[1:] {
		row := make(map[string]string)
		for i, name := range all[0] {
			row[name] = r[i]
		}
		out = append(out, row)
	}
	return out
}

// same compares two files without holding them in memory.
func same(t *testing.T, a, b string) {
	t.Helper()
	fa, err := os.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fa.Close() }()
	fb, err := os.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fb.Close() }()
	sa, sb := bufio.NewScanner(fa), bufio.NewScanner(fb)
	for n := 1; ; n++ {
		moreA, moreB := sa.Scan(), sb.Scan()
		if moreA != moreB || !bytes.Equal(sa.Bytes(), sb.Bytes()) {
			t.Fatalf("line %d: %q and %q", n, sa.Text(), sb.Text())
		}
		if !moreA {
			return
		}
	}
}

func firstDifference(a, b []byte) string {
	la, lb := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(la), len(lb)) {
		if !bytes.Equal(la[i], lb[i]) {
			return fmt.Sprintf("line %d:\n  want %s\n  got  %s", i+1, la[i], lb[i])
		}
	}
	return fmt.Sprintf("%d lines and %d lines", len(la), len(lb))
}

func queryRun(t *testing.T, state, run, query string, dst ...any) {
	t.Helper()
	if err := queryRunErr(state, run, query, dst...); err != nil {
		t.Fatal(err)
	}
}

func queryRunErr(state, run, query string, dst ...any) error {
	path := filepath.Join(state, "runs", run, "ledger.db")
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return db.QueryRowContext(context.Background(), query).Scan(dst...)
}
