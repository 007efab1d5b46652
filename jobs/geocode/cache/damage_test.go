package cache

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filled makes a cache with answers, closes it, and moves all into the database.
func filled(t testing.TB, path string, n int) {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		q := fmt.Sprint("q", i)
		put(t, c, Key{Query: q}, &Answer{Outcome: Found, Raw: rawOf(q), At: noon})
	}
	if _, _, err := c.Prune(context.Background(), Filter{Provider: "none"}, noon); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, end := range fileEnds { // all of it is in the database, now that nobody has it open
		if err := removeIfThere(path + end); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamage harms a cache in several ways: it is put aside, told once, and another is begun,
// which works.
func TestDamage(t *testing.T) {
	statement := func(q string) func(string) error {
		return func(path string) error {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				return err
			}
			_, err = db.Exec(q)
			return errors.Join(err, db.Close())
		}
	}
	for name, harm := range map[string]func(path string) error{
		"no database":     func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("no", 5000)), 0o600) },
		"cut off":         func(path string) error { return os.Truncate(path, 4096*3) },
		"another program": statement("PRAGMA application_id = 5"),
		"no tables":       statement("DROP TABLE answers"),
		"other columns":   statement("DROP TABLE answers; CREATE TABLE answers (id, key)"),
		"zeros": func(path string) error {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			for i := int64(1); i < 40; i++ {
				_, _ = f.WriteAt(make([]byte, 4096), 4096*i)
			}
			return f.Close()
		},
		"an answer":  statement("UPDATE answers SET form = 'zstd', answer = x'00'"),
		"an outcome": statement("UPDATE answers SET outcome = 'perhaps'"),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), FileName)
			filled(t, path, 500)
			if err := harm(path); err != nil {
				t.Fatal(err)
			}
			c, said := open(t, path)
			other, _ := open(t, path) // has it open as well
			k := Key{Query: "q250"}
			_, _, _ = other.Get(context.Background(), Key{Query: "q1"}, noon)
			if a := get(t, c, k, noon); a != nil && string(a.Raw) != string(rawOf("q250")) {
				t.Errorf("found %+v", a)
			}
			put(t, c, k, &Answer{Outcome: Found, Raw: []byte("new"), At: noon})
			put(t, other, Key{Query: "by the other"}, &Answer{Outcome: Found, Raw: []byte("new"), At: noon})
			for _, from := range []*Cache{c, other} {
				for _, q := range []string{"q250", "by the other"} {
					// The other may go on with the damaged one until it runs into it.
					if a := get(t, from, Key{Query: q}, noon); from == c && (a == nil || string(a.Raw) != "new") && q == "q250" {
						t.Errorf("%s: %+v", q, a)
					}
				}
			}
			if _, err := os.Stat(path + damagedEnd); err != nil {
				t.Error("it was not put aside:", err)
			}
			if len(*said) > 1 {
				t.Error(*said)
			}
		})
	}
}

// TestFull holds that a full disk takes nothing but the keeping of answers.
func TestFull(t *testing.T) {
	c, said := open(t, filepath.Join(t.TempDir(), FileName))
	put(t, c, Key{Query: "first"}, &Answer{Outcome: Found, Raw: []byte("first"), At: noon})
	// SQLite says the same of a disk that is full.
	if _, err := c.db.writing.conn.ExecContext(context.Background(), "PRAGMA max_page_count = 20"); err != nil {
		t.Fatal(err)
	}
	unkept := int64(0)
	for i := range 300 {
		q := fmt.Sprint("more", i)
		err := c.Put(context.Background(), Key{Query: q}, &Answer{Outcome: Found, Raw: []byte(strings.Repeat("x", 400)), At: noon})
		switch {
		case errors.Is(err, ErrNotKept):
			unkept++
		case err != nil:
			t.Fatal(err)
		case unkept == 0 && get(t, c, Key{Query: q}, noon) == nil:
			t.Errorf("%s was kept and is not there", q)
		}
	}
	if unkept == 0 || c.Unkept() != unkept || len(*said) != 1 || !strings.Contains((*said)[0], "full") {
		t.Error(unkept, c.Unkept(), *said)
	}
	if get(t, c, Key{Query: "first"}, noon) == nil {
		t.Error("what was kept before is gone")
	}
}

// TestUnusable holds that a cache that cannot be opened is told once, and is no trouble beyond
// that.
func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	filled(t, path, 1)
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.Exec("PRAGMA user_version = 99")
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	c, said := open(t, path)
	for range 5 {
		if err := c.Put(context.Background(), Key{}, &Answer{Outcome: Found, At: noon}); !errors.Is(err, ErrNotKept) || !errors.Is(err, ErrVersion) {
			t.Error(err)
		}
		if _, _, err := c.Get(context.Background(), Key{}, noon); !errors.Is(err, ErrVersion) {
			t.Error(err)
		}
	}
	if c.Unkept() != 5 || len(*said) != 1 {
		t.Error(c.Unkept(), *said)
	}
	if _, err := os.Stat(path + damagedEnd); err == nil {
		t.Error("the cache of a newer brood is no damage")
	}
}

// FuzzRow holds that what stands in a row is an answer or damage, and never more than an
// answer may have.
func FuzzRow(f *testing.F) {
	for _, a := range []*Answer{{Outcome: Found, Raw: []byte("{}"), At: noon}, {Outcome: Nothing, Raw: rawOf("a long one of many words"), At: noon, Expires: noon}} {
		r, err := newRow(Key{}, a)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(r.outcome), string(r.form), r.answer)
	}
	f.Fuzz(func(t *testing.T, o, how string, b []byte) {
		r := row{outcome: Outcome(o), form: form(how), answer: b}
		a, err := r.decode()
		if (err == nil) == (a == nil) || err != nil && !errors.Is(err, errDamage) {
			t.Fatal(a, err)
		}
		if err != nil {
			return
		}
		if len(a.Raw) > maxAnswer {
			t.Fatalf("an answer of %d bytes", len(a.Raw))
		}
		again, err := newRow(Key{}, a)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := again.decode(); err != nil || string(b.Raw) != string(a.Raw) || b.Outcome != a.Outcome {
			t.Fatalf("%+v became %+v; %v", a, b, err)
		}
	})
}
