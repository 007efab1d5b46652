package dsn

import (
	"brood/runner/queue"
	"context"
	"database/sql"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, text string) *queue.URL {
	t.Helper()
	u, err := queue.ParseURL(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestSQLite: a file is opened as it is there, and written to only by who may.
func TestSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?#%.db")
	made, err := sql.Open("sqlite", path[:len(path)-len("a b?#%.db")]+"x.db")
	if err != nil {
		t.Fatal(err)
	}
	for _, stmt := range []string{"CREATE TABLE t(a)", "INSERT INTO t VALUES (1)", "VACUUM INTO '" + path + "'"} {
		if _, err := made.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	u := &queue.URL{Scheme: queue.SQLite, Path: path}
	for _, access := range []Access{ReadWrite, ReadOnly} {
		db, err := Open(u, access)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.QueryRow("SELECT a FROM t").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d %v", n, err)
		}
		if _, err := db.Exec("UPDATE t SET a = 1"); (err == nil) != (access == ReadWrite) {
			t.Errorf("%d: %v", access, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, missing := range []string{"sqlite:", "sqlite:" + filepath.Join(t.TempDir(), "none.db"), "sqlite:" + t.TempDir()} {
		if _, err := Open(parse(t, missing), ReadWrite); err == nil {
			t.Errorf("%s was opened", missing)
		}
	}
}

// TestDown: nobody listens, or who listens says nothing: that is worth another try, and no password is shown.
func TestDown(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	_ = closed.Close()
	for _, text := range []string{
		"mysql://me:secret@" + nobody + "/db", "mysql://me:secret@" + silent.Addr().String() + "/db", "mysql://me:secret@/db?socket=/nowhere/my.sock",
		"postgres://me:secret@" + nobody + "/db", "postgres://me:secret@" + silent.Addr().String() + "/db?sslmode=disable", "postgres://me:secret@/db?host=/nowhere",
	} {
		db, err := Open(parse(t, text), ReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		_, err = db.ExecContext(ctx, "SELECT 1")
		cancel()
		if !Down(err) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
		_ = db.Close()
	}
	for _, err := range []error{nil, context.Canceled, errors.New("syntax")} {
		if Down(err) {
			t.Errorf("%v", err)
		}
	}
}

// TestURLs: what cannot be opened is said without the password, and what is misspelt is found.
func TestURLs(t *testing.T) {
	for _, text := range []string{
		"mysql://me:secret@h/db?tls=yes", "mysql://me:secret@h/db?tls=false&tls-ca=x", "mysql://me:secret@h/db?tls-ca=/nowhere", "mysql://me:secret@h/db?charset=",
		"postgres://me:secret@h/db?sslmode=often", "postgres://me:secret@h/db?default_query_exec_mode=x", "beanstalk://h/t",
	} {
		if _, err := Open(parse(t, text), ReadWrite); strings.HasSuffix(text, "charset=") != (err == nil) || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"mysql://h/db?sslmode=require": "sslmode", "postgres://h/db?sslmode=require&table=t": "", "postgres://h/db?sslmod=require": "sslmod", "sqlite:x?mode=rw": "mode",
	} {
		if got := Unknown(parse(t, text), "table"); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// TestMySQLAddress: with and without a port, and by version 6.
func TestMySQLAddress(t *testing.T) {
	for text, want := range map[string]string{"mysql://h/d": "h:3306", "mysql://h:1/d": "h:1", "mysql://[::1]/d": "[::1]:3306", "mysql://[::1]:2/d": "[::1]:2", "mysql:///d?socket=/s": "/s"} {
		if _, got := mysqlAddress(parse(t, text)); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
