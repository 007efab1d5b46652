package query

import (
	"brood/runner/dataset"
	"brood/runner/intake"
	"brood/runner/queue"
	"brood/runner/queue/dsn"
	"brood/runner/queue/queuetest"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var _ intake.Producer = (*Producer)(nil)

func parse(t testing.TB, text string) *queue.URL {
	t.Helper()
	u, err := queue.ParseURL(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// run sends statements.
func run(t testing.TB, u *queue.URL, statements ...string) {
	t.Helper()
	if u.Scheme == queue.SQLite {
		f, err := os.OpenFile(u.Path, os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
	db, err := dsn.Open(u, dsn.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func newSpool(t testing.TB, path string) *dataset.Spool {
	t.Helper()
	s, err := dataset.NewSpool(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill asks and copies, as a session does, and returns what the spool then has.
func fill(t testing.TB, u *queue.URL, stmt, path string) (string, error) {
	t.Helper()
	p, err := Open(context.Background(), u, stmt)
	if err != nil {
		return "", err
	}
	spool := newSpool(t, path)
	defer func() { _ = spool.Close() }()
	err = spool.Finish(context.Background(), p.Fill(context.Background(), spool))
	if err == nil && !spool.Whole() {
		t.Error("the spool is not whole")
	}
	if err != nil {
		return "", err
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(got), nil
}

// kinds is what a database has of values, as SQL, and what must come out.
type kinds struct {
	url      *queue.URL
	make     []string
	want     string
	series   string // of %d rows with columns n and pad
	writes   []string
	mistakes map[string]string // by what the error must have
}

func onSQLite(t *testing.T) kinds {
	return kinds{
		url: parse(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db")),
		make: []string{
			"PRAGMA journal_mode=WAL",
			"CREATE TABLE v(i INTEGER, r REAL, s TEXT, b BLOB, n TEXT, d DATE, at TIMESTAMP, x DATETIME)",
			"INSERT INTO v VALUES (9007199254740993, 0.1, 'a\"\n\u00fc', x'ff00', NULL, '2026-11-30', '2026-11-30 15:04:05.25', '2026-11-30T15:04:05+02:00'), (-7, 1e300, '', x'6869', 'null', 'soon', '', NULL)",
		},
		want: `{"i":"9007199254740993","r":0.1,"s":"a\"\nü","b":"/wA=","n":null,"d":"2026-11-30","at":"2026-11-30T15:04:05.25Z","x":"2026-11-30T13:04:05Z"}
{"i":-7,"r":1e+300,"s":"","b":"hi","n":"null","d":"soon","at":"","x":null}
`,
		series:   "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < %d) SELECT n, printf('%%0100d', n) AS pad FROM s",
		writes:   []string{"WITH x AS (SELECT 1) DELETE FROM v", "WITH x AS (SELECT 1) UPDATE v SET i = 0 RETURNING i"},
		mistakes: map[string]string{"SELECT * FROM none": "none", "SELECT 1 AS a, 2 AS a": `both called "a"`, "SELECT i FROM v; DELETE FROM v": "semicolon", "PRAGMA journal_mode": `"PRAGMA" is no query`},
	}
}

func onMariaDB(t *testing.T) kinds {
	s := queuetest.StartMariaDB(t)
	return kinds{
		url: parse(t, "mysql://"+s.User+"@"+s.Addr+"/test"),
		make: []string{
			"CREATE TABLE v(i BIGINT UNSIGNED, j INT, r DOUBLE, f FLOAT, m DECIMAL(10,2), s TEXT, b VARBINARY(9), bit1 BIT(1), n INT, d DATE, x DATETIME(2), at TIMESTAMP NULL, t TIME, y YEAR, e ENUM('p','q')) CHARSET utf8mb4",
			"SET sql_mode = ''",
			"INSERT INTO v VALUES (18446744073709551615, -7, 0.1, 1e6, 12.30, 'a\"\n\u00fc', x'ff00', b'1', NULL, '2026-11-30', '2026-11-30 15:04:05.25', '2026-11-30 15:04:05', '-100:00:01', 2026, 'q'), (5, 0, -1e300, 0.5, 0, '', 'hi', b'0', 1, '1000-01-01', '2026-01-01', NULL, '00:00:00', 0, 'p')",
			"CREATE FUNCTION writes() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM v; RETURN 1; END",
		},
		want: `{"i":"18446744073709551615","j":-7,"r":0.1,"f":1e+06,"m":"12.30","s":"a\"\nü","b":"/wA=","bit1":1,"n":null,"d":"2026-11-30","x":"2026-11-30T15:04:05.25","at":"2026-11-30T15:04:05Z","t":"-100:00:01","y":2026,"e":"q"}
{"i":5,"j":0,"r":-1e+300,"f":0.5,"m":"0.00","s":"","b":"hi","bit1":0,"n":1,"d":"1000-01-01","x":"2026-01-01T00:00:00","at":null,"t":"00:00:00","y":0,"e":"p"}
`,
		series:   "SELECT seq AS n, LPAD(seq, 100, '0') AS pad FROM seq_1_to_%d",
		writes:   []string{"SELECT writes()", "SELECT j FROM v INTO OUTFILE 'x'", "SELECT j /*! INTO OUTFILE 'x' */ FROM v"},
		mistakes: map[string]string{"SELECT * FROM none": "none", "SELECT 1 AS a, 2 AS a": `both called "a"`, "SELECT 1; SELECT 2": "semicolon", "SELECT 1 AS ''": "has no name"},
	}
}

func onPostgres(t *testing.T) kinds {
	s := queuetest.StartPostgres(t)
	return kinds{
		url: parse(t, "postgres://"+s.User+"@"+s.Addr+"/postgres?sslmode=disable"),
		make: []string{
			"CREATE DOMAIN money2 AS numeric(10,2)",
			"CREATE TABLE v(i bigint, j int, r double precision, m money2, s text, b bytea, n int, o boolean, d date, x timestamp, at timestamptz, k json, kb jsonb, a int[], u uuid)",
			"INSERT INTO v VALUES (9007199254740993, -7, 0.1, 12.30, E'a\"\n\u00fc', '\\xff00', NULL, true, '2026-11-30', '2026-11-30 15:04:05.25', '2026-11-30 15:04:05.25+02', E'{\"a\": 1.50,\n \"b\":[1]}', '{\"n\": 9007199254740993}', '{1,NULL}', '00000000-0000-0000-0000-000000000001')",
			"INSERT INTO v VALUES (5, 0, 'NaN', 'NaN', '', 'hi', 1, false, 'infinity', '-infinity', '0044-03-15 12:00:00+00 BC', 'null', '\"x\"', '{}', NULL)",
		},
		want: `{"i":"9007199254740993","j":-7,"r":0.1,"m":"12.30","s":"a\"\nü","b":"/wA=","n":null,"o":true,"d":"2026-11-30","x":"2026-11-30T15:04:05.25","at":"2026-11-30T13:04:05.25Z","k":{"a":1.50,"b":[1]},"kb":{"n":9007199254740993},"a":"{1,NULL}","u":"00000000-0000-0000-0000-000000000001"}
{"i":5,"j":0,"r":"NaN","m":"NaN","s":"","b":"hi","n":1,"o":false,"d":"infinity","x":"-infinity","at":"0044-03-15 12:00:00+00 BC","k":null,"kb":"x","a":"{}","u":null}
`,
		series:   "SELECT n, lpad(n::text, 100, '0') AS pad FROM (SELECT generate_series(1, %d) AS n) AS s",
		writes:   []string{"WITH x AS (DELETE FROM v RETURNING i) SELECT * FROM x", "SELECT i FROM v FOR UPDATE", "SELECT i INTO w FROM v"},
		mistakes: map[string]string{"SELECT * FROM none": "at character 15", "SELECT 1, 2": `both called "?column?"`, "SELECT 1; SELECT 2": "semicolon", "SELECT $1::int": "has a parameter", "SELECT": "has no columns"},
	}
}

func TestSQLite(t *testing.T)   { t.Parallel(); check(t, onSQLite(t)) }
func TestMariaDB(t *testing.T)  { t.Parallel(); check(t, onMariaDB(t)) }
func TestPostgres(t *testing.T) { t.Parallel(); check(t, onPostgres(t)) }

func check(t *testing.T, k kinds) {
	run(t, k.url, k.make...)
	t.Run("values", func(t *testing.T) {
		got, err := fill(t, k.url, "SELECT * FROM v;", filepath.Join(t.TempDir(), "spool"))
		if err != nil || got != k.want {
			t.Errorf("%v\n%s\nnot\n%s", err, got, k.want)
		}
	})
	t.Run("refused", func(t *testing.T) {
		for _, stmt := range k.writes {
			if _, err := fill(t, k.url, stmt, filepath.Join(t.TempDir(), "spool")); err == nil || !strings.Contains(err.Error(), "--query: ") || !strings.Contains(err.Error(), "may only read") && !strings.Contains(err.Error(), "read-only") && !strings.Contains(err.Error(), "/*!") {
				t.Errorf("%s: %v", stmt, err)
			}
		}
		if got, err := fill(t, k.url, "SELECT * FROM v", filepath.Join(t.TempDir(), "spool")); err != nil || got != k.want {
			t.Errorf("something was written: %v\n%s", err, got)
		}
		for stmt, want := range k.mistakes {
			if _, err := fill(t, k.url, stmt, filepath.Join(t.TempDir(), "spool")); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--query: ") {
				t.Errorf("%s: %v", stmt, err)
			}
		}
	})
	t.Run("snapshot", func(t *testing.T) { checkSnapshot(t, k) })
	t.Run("again", func(t *testing.T) { checkAgain(t, k) })
	t.Run("memory", func(t *testing.T) { checkMemory(t, k) })
	t.Run("stopped", func(t *testing.T) { checkStopped(t, k) })
}

// checkSnapshot writes between two rows that are read.
func checkSnapshot(t *testing.T, k kinds) {
	run(t, k.url, "CREATE TABLE w(n INTEGER)", "INSERT INTO w VALUES (1), (2)")
	p, err := Open(context.Background(), k.url, "SELECT n FROM w ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Columns(); len(got) != 1 || got[0] != "n" {
		t.Errorf("columns %v", got)
	}
	run(t, k.url, "UPDATE w SET n = n + 10")
	path := filepath.Join(t.TempDir(), "spool")
	spool := newSpool(t, path)
	defer func() { _ = spool.Close() }()
	if err := p.Fill(context.Background(), spool); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path + ".part"); err != nil || string(got) != "{\"n\":1}\n{\"n\":2}\n" {
		t.Errorf("%v\n%s", err, got)
	}
}

// checkAgain: after a session that was cut off the result is compared, and what has changed is refused.
func checkAgain(t *testing.T, k kinds) {
	stmt := fmt.Sprintf(k.series, 5000)
	path := filepath.Join(t.TempDir(), "spool")
	whole, err := fill(t, k.url, stmt, path)
	if err != nil {
		t.Fatal(err)
	}
	cut := func(to int) {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".part", []byte(whole)[:to], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []int{0, 7, len(whole) / 2, len(whole)} {
		cut(to)
		if got, err := fill(t, k.url, stmt, path); err != nil || got != whole {
			t.Errorf("cut at %d: %v, %d bytes", to, err, len(got))
		}
	}
	for _, changed := range []string{fmt.Sprintf(k.series, 100), fmt.Sprintf("SELECT n + 1 AS n, pad FROM (%s) AS q", stmt)} {
		cut(len(whole) / 2)
		if _, err := fill(t, k.url, changed, path); !errors.Is(err, dataset.ErrChanged) || !strings.Contains(err.Error(), "--query: ") || strings.Contains(err.Error(), "standard input") {
			t.Errorf("%v", err)
		}
		if got, err := os.ReadFile(path + ".part"); err != nil || string(got) != whole[:len(whole)/2] {
			t.Errorf("two snapshots are in one spool: %v", err)
		}
	}
}

// checkMemory: a result of many times the bound passes through.
func checkMemory(t *testing.T, k kinds) {
	rows := 50_000
	if os.Getenv("BROOD_CHAOS") != "" {
		rows = 1_000_000
	}
	p, err := Open(context.Background(), k.url, fmt.Sprintf(k.series, rows))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	l, buf := &lines{p: p}, make([]byte, 256<<10)
	var bytes, peak uint64
	for next := uint64(0); ; {
		n, err := l.Read(buf)
		if bytes += uint64(n); err != nil { //nolint:gosec // a length
			break
		}
		if bytes >= next { // what is live, and not what waits to be collected
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			peak, next = max(peak, m.HeapAlloc), next+uint64(rows)*15 //nolint:gosec // a length
		}
	}
	t.Logf("%d rows, %d bytes, at most %d bytes live", rows, bytes, peak)
	if p.failed != nil || bytes < uint64(rows)*110 || peak > 4<<20+bytes/8 { //nolint:gosec // a length
		t.Errorf("%v, %d bytes, %d bytes live", p.failed, bytes, peak)
	}
}

// checkStopped: who is stopped while rows come leaves soon, without an error of its own, and leaves a part that can be gone on from.
func checkStopped(t *testing.T, k kinds) {
	p, err := Open(context.Background(), k.url, fmt.Sprintf(k.series, 2_000_000_000))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "spool")
	spool := newSpool(t, path)
	defer func() { _ = spool.Close() }()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- spool.Finish(ctx, p.Fill(ctx, spool)) }()
	for spool.Size() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-ended; err != nil || spool.Whole() {
		t.Errorf("%v, whole %v", err, spool.Whole())
	}
}

// TestOpen: what cannot be asked is said at once.
func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	run(t, &queue.URL{Scheme: queue.SQLite, Path: path}, "CREATE TABLE t(a)")
	for text, want := range map[string]string{
		"sqlite:" + path + "?table=t": "table= is not known", "sqlite:" + path + "x": "no such file", "mysql://me:secret@127.0.0.1:1/x": "refused", "beanstalk://h/t": "no database",
	} {
		p, err := Open(context.Background(), parse(t, text), "SELECT a FROM t")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v %v", text, p, err)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ended, parse(t, "sqlite:"+path), "SELECT a FROM t"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	p, err := Open(context.Background(), parse(t, "sqlite:"+path), "SELECT a FROM t")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
}
