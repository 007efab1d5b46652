package table

import (
	"brood/runner/queue"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// until waits until something holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("never: ", what)
		}
	}
}

// testNoIndex: without an index in the order of a claim, MariaDB locks all rows that it sorts, and a second worker gets none.
// Ours get theirs while another's claim is not at its end.
func testNoIndex(t *testing.T, p *place) {
	name := p.table(t, strings.Split(p.full, ", KEY")[0])
	p.do(t, "INSERT INTO "+name+" (id) VALUES (1), (2), (3), (4), (5), (6)")
	hand, err := p.db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hand.Rollback() }()
	locked := func(query string) (n int) {
		rows, err := hand.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			n++
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// By their keys, as ours.
	if n := locked("SELECT id FROM " + name + " FORCE INDEX (PRIMARY) WHERE id IN (1, 2) FOR UPDATE SKIP LOCKED"); n != 2 {
		t.Fatal(n)
	}
	c := open(t, p.spec(t, name, "me"))
	got, err := c.Take(t.Context(), 2, time.Second)
	if err != nil || ids(got) != "3 4" {
		t.Errorf("beside another's claim: %s %v", ids(got), err)
	}
	// The trap: who sorts has locked what is left.
	if n := locked("SELECT id FROM " + name + " WHERE status = 'new' ORDER BY `order`, id LIMIT 1 FOR UPDATE SKIP LOCKED"); n != 1 {
		t.Fatal(n)
	}
	if got := ids(take(t, c, 2)); got != "" {
		t.Logf("this server locks less than it did: %s", got)
	}
	if text := findings(t, c, queue.Slow); !strings.Contains(text, "(`status`, `order`, `id`)") {
		t.Error(text)
	}
}

// testDeadlock: an answer that is given up for another's sake is tried again.
func testDeadlock(t *testing.T, p *place) {
	name := p.table(t, p.full)
	var values []string
	for i := range 100 {
		values = append(values, fmt.Sprintf("(%d)", i+1))
	}
	p.do(t, "INSERT INTO "+name+" (id) VALUES "+strings.Join(values, ", "))
	c := open(t, p.spec(t, name, "me"))
	got := take(t, c, 2)
	other, err := p.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	// Who has changed less is given up.
	if _, err := other.Exec("UPDATE " + name + " SET name = 'x' WHERE id > 1"); err != nil {
		t.Fatal(err)
	}
	var errs []error
	var wg sync.WaitGroup
	wg.Go(func() {
		errs = c.Answer(t.Context(), []queue.Answer{{ID: "1", Job: got[0]}, {ID: "2", Job: got[1]}})
	})
	before := p.row(t, "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'INNODB_DEADLOCKS'")
	until(t, "the answer waits", func() bool {
		return p.row(t, "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'") == "1"
	})
	if _, err := other.Exec("UPDATE " + name + " SET name = 'x' WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	if after := p.row(t, "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'INNODB_DEADLOCKS'"); after == before {
		t.Error("there was no deadlock")
	}
	if err := other.Commit(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if is := p.row(t, "SELECT COUNT(*) FROM "+name+" WHERE status = 'ok'"); is != "2" {
		t.Error(is)
	}
}

// TestAgain: what is tried again, a bounded number of times, and what is not.
func TestAgain(t *testing.T) {
	p := sqlitePlace(t)
	for _, c := range []struct {
		d     dialect
		err   error
		times int
	}{
		{&mysql{}, &mysqldriver.MySQLError{Number: 1213}, attempts},
		{&mysql{}, &mysqldriver.MySQLError{Number: 1205}, attempts},
		{&mysql{}, &mysqldriver.MySQLError{Number: 1366}, 1},
		{&postgres{}, &pgconn.PgError{Code: "40P01"}, attempts},
		{&postgres{}, &pgconn.PgError{Code: "40001"}, attempts},
		{&postgres{}, &pgconn.PgError{Code: "23505"}, 1},
		{&sqlite{}, errors.New("no"), 1},
	} {
		l := &line{db: p.db, again: c.d.again}
		n := 0
		err := l.do(t.Context(), func(context.Context, *sql.Conn) error { n++; return c.err })
		if n != c.times || !errors.Is(err, c.err) {
			t.Errorf("%v: %d times, %v", c.err, n, err)
		}
		if err := l.close(); err != nil {
			t.Error(err)
		}
	}
}

// testEngine: what cannot lock rows is refused.
func testEngine(t *testing.T, p *place) {
	name := p.table(t, "id INT PRIMARY KEY, status VARCHAR(9)")
	p.do(t, "ALTER TABLE "+name+" ENGINE = MyISAM")
	if _, err := Open(t.Context(), p.spec(t, name, "me")); err == nil || !strings.Contains(err.Error(), "ENGINE = InnoDB") {
		t.Error(err)
	}
	// A right that is missing.
	for _, do := range []string{"CREATE DATABASE shut", "CREATE TABLE shut.jobs (" + p.full + ")", "CREATE USER reader IDENTIFIED BY ''", "GRANT SELECT ON shut.* TO reader"} { // to "test" everybody may write
		p.do(t, do)
	}
	s := p.spec(t, "shut.jobs", "me")
	reader := *s.URL
	reader.User = "reader"
	reader.Path = "shut"
	s.URL = &reader
	if text := findings(t, open(t, s), queue.Missing); !strings.Contains(text, "denied") || !strings.Contains(text, "GRANT") {
		t.Errorf("%q", text)
	}
	for version, want := range map[string]bool{"10.5.23-MariaDB": false, "10.6.0-MariaDB": true, "5.5.5-10.11.4-MariaDB-1": true, "8.0.0": false, "8.0.36-28": true, "5.7.44": false, "": false, "9": false} {
		if _, trouble := mysqlVersion(version); (trouble == nil) != want {
			t.Errorf("%s: %v", version, trouble)
		}
	}
}

// testEnum: the words must be those that the column has.
func testEnum(t *testing.T, p *place) {
	typ := "ENUM('new', 'running', 'ok', 'failed')"
	if strings.HasPrefix(p.url, "postgres") {
		p.do(t, "CREATE TYPE state AS "+typ)
		typ = "state"
	}
	name := p.table(t, "id INT PRIMARY KEY, status "+typ+" NOT NULL DEFAULT 'new'")
	p.do(t, "INSERT INTO "+name+" (id) VALUES (1), (2), (3)")
	c := open(t, p.spec(t, name, "me"))
	got := take(t, c, 3)
	for i, v := range []queue.Verb{queue.Done, queue.Later, queue.Park} {
		if err := tell(t, c, got[i], queue.Answer{Verb: v}); err != nil {
			t.Error(err)
		}
	}
	if is := p.row(t, "SELECT id, status FROM "+name+" ORDER BY id"); is != "1 ok; 2 new; 3 failed" {
		t.Error(is)
	}
	if notes := findings(t, c, queue.Note); !strings.Contains(notes, "no word for unknown: such rows become failed") {
		t.Error(notes)
	}
	s := p.spec(t, name, "me")
	s.Words = map[string]string{"ok": "done"}
	if _, err := Open(t.Context(), s); err == nil || !strings.Contains(err.Error(), `no word "done", it has new, running, ok, failed`) {
		t.Error(err)
	}
}

// testBell: with a trigger, which Check has the SQL of, a job that arrives is taken at once; also after the server was gone.
func testBell(t *testing.T, p *place) {
	name := p.table(t, p.full)
	spec := p.spec(t, name, "me")
	spec.Poll = time.Hour
	c := open(t, spec)
	if c.Traits().Notifies {
		t.Error("nobody rings")
	}
	found, err := c.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if strings.HasPrefix(f.Do, "CREATE FUNCTION") {
			p.do(t, f.Do)
		}
	}
	c = open(t, spec)
	if !c.Traits().Notifies {
		t.Fatal("somebody rings")
	}
	arrives := func(id string) {
		t.Helper()
		var got []*queue.Job
		var err error
		var wg sync.WaitGroup
		wg.Go(func() { got, err = c.Take(t.Context(), 1, time.Minute) })
		p.do(t, "INSERT INTO "+name+" (id) VALUES ("+id+")")
		wg.Wait()
		if err != nil || ids(got) != id {
			t.Fatalf("%s %v", ids(got), err)
		}
	}
	arrives("1")
	if p.row(t, "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") == "0" {
		t.Error("nobody listens")
	}
	p.do(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
	until(t, "somebody listens again", func() bool {
		return p.row(t, "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") == "1"
	})
	arrives("2")
	// A right that is missing.
	p.do(t, "CREATE ROLE reader LOGIN; GRANT SELECT ON "+name+" TO reader")
	reader := *spec.URL
	reader.User = "reader"
	spec.URL = &reader
	if text := findings(t, open(t, spec), queue.Missing); !strings.Contains(text, "permission denied") || !strings.Contains(text, "GRANT") {
		t.Errorf("%q", text)
	}
}
