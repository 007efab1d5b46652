package query

import (
	"brood/runner/queue"
	"strings"
	"testing"
)

var databases = []queue.Scheme{queue.SQLite, queue.MySQL, queue.Postgres}

// TestStatement: a query is one statement, whatever is quoted in it.
func TestStatement(t *testing.T) {
	for _, sql := range []string{
		"SELECT 1", "select 1;", " ( SELECT 1 ) ; ;", "/* a; b */ SELECT ';', \"into;\" -- ; more\n;", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES (1)", "TABLE t", "SELECT 'it''s; INTO'", "SELECT intoo FROM x",
	} {
		for _, s := range databases {
			got, err := statement(sql, s)
			if err != nil || strings.HasSuffix(got, ";") || !strings.Contains(sql, got) {
				t.Errorf("%s: %q: %q %v", s, sql, got, err)
			}
		}
	}
	for _, sql := range []string{
		"", ";", "-- only", "DELETE FROM t", "EXPLAIN SELECT 1", "SELECT 1; SELECT 2", "SELECT 1 INTO t", "SELECT 'x", "SELECT /* x", "SELECT \"x", "PRAGMA x", "'SELECT' 1",
	} {
		for _, s := range databases {
			if got, err := statement(sql, s); err == nil {
				t.Errorf("%s: %q: %q", s, sql, got)
			}
		}
	}
	for sql, only := range map[string]queue.Scheme{
		"SELECT $a$ ; INTO $b$ $a$":       queue.Postgres,
		"SELECT E'\\'; INTO', $$;$$":      queue.Postgres,
		"SELECT 1 /* /* */ ; INTO x */":   queue.Postgres,
		"SELECT '\\'; INTO' ":             queue.MySQL,
		"SELECT 1 # ; INTO x":             queue.MySQL,
		"SELECT [; INTO]":                 queue.SQLite,
		"SELECT 1 /* /* */ -- */; INTO x": "",
	} {
		for _, s := range databases {
			if _, err := statement(sql, s); (err == nil) != (s == only || only == "" && s != queue.Postgres) {
				t.Errorf("%s: %q: %v", s, sql, err)
			}
		}
	}
}

// FuzzStatement: what is one query is none any more with another statement behind it, and the check of it finds the same.
func FuzzStatement(f *testing.F) {
	for _, sql := range []string{"SELECT 1;", "SELECT $a$;$a$", "SELECT '\\';'", "WITH [a;b] AS (SELECT 1) SELECT /*;*/ 1 -- x", "(SELECT `a` # x\n)"} {
		for i := range databases {
			f.Add(sql, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, sql string, which uint8) {
		s := databases[int(which)%len(databases)]
		got, err := statement(sql, s)
		if err != nil {
			return
		}
		if again, err := statement(got, s); err != nil || again != got {
			t.Fatalf("%q, and then %q %v", got, again, err)
		}
		if more, err := statement(got+"\n;DELETE FROM t", s); err == nil {
			t.Fatalf("%q is one statement", more)
		}
	})
}
