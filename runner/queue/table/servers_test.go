package table

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
)

func mariaPlace(t testing.TB, s *queuetest.Server) *place {
	t.Helper()
	if err := mysqldriver.SetLogger(&mysqldriver.NopLogger{}); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", s.User+"@tcp("+s.Addr+")/test?clientFoundRows=true")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Exec("ALTER DATABASE test CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	return &place{
		kinds: mariaKinds,
		url:   "mysql://" + s.User + "@" + s.Addr + "/test", db: db,
		full: "id BIGINT AUTO_INCREMENT PRIMARY KEY, status VARCHAR(10) NOT NULL DEFAULT 'new', run_at DATETIME(6), attempts INT NOT NULL DEFAULT 0, owner VARCHAR(100), lease_until DATETIME(6), error VARCHAR(200), result TEXT, `order` INT NOT NULL DEFAULT 0, name LONGTEXT, KEY (status, `order`, id)",
		old:  "lease_until = NOW(6) - INTERVAL 1 HOUR", due: "run_at = NOW(6) - INTERVAL 1 HOUR",
	}
}

func postgresPlace(t testing.TB, s *queuetest.Server) *place {
	t.Helper()
	url := "postgres://" + s.User + "@" + s.Addr + "/postgres?sslmode=disable"
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &place{
		kinds: postgresKinds,
		url:   url, db: db,
		full: `id bigserial PRIMARY KEY, status varchar(10) NOT NULL DEFAULT 'new', run_at timestamptz, attempts int NOT NULL DEFAULT 0, owner text, lease_until timestamptz, error text, result text, "order" int NOT NULL DEFAULT 0, name text`,
		old:  "lease_until = now() - interval '1 hour'", due: "run_at = now() - interval '1 hour'",
	}
}

// TestMariaDB, and the others: what is ours, and then what each client must keep. The servers are not in UTC.
func TestMariaDB(t *testing.T) {
	t.Parallel()
	s := queuetest.StartMariaDB(t, "--default-time-zone=+05:00")
	p := mariaPlace(t, s)
	everywhere(t, p)
	t.Run("no index", func(t *testing.T) { testNoIndex(t, p) })
	t.Run("deadlock", func(t *testing.T) { testDeadlock(t, p) })
	t.Run("engine", func(t *testing.T) { testEngine(t, p) })
	t.Run("enum", func(t *testing.T) { testEnum(t, p) })
	t.Run("suite", func(t *testing.T) { suite(t, p, s) })
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	s := queuetest.StartPostgres(t, "-c", "timezone=Asia/Karachi", "-c", "synchronous_commit=on")
	p := postgresPlace(t, s)
	everywhere(t, p)
	t.Run("enum", func(t *testing.T) { testEnum(t, p) })
	t.Run("bell", func(t *testing.T) { testBell(t, p) })
	t.Run("suite", func(t *testing.T) { suite(t, p, s) })
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	p := sqlitePlace(t)
	everywhere(t, p)
	t.Run("suite", func(t *testing.T) { suite(t, p, nil) })
}

func suite(t *testing.T, p *place, server *queuetest.Server) {
	var tables atomic.Int64
	queuetest.Run(t, queuetest.Setup{
		Open:   Open,
		Server: server,
		Lease:  3 * time.Second,
		Column: "name",
		Text:   true,
		Spec: func(t *testing.T) queue.Spec {
			name := fmt.Sprintf("suite_%d", tables.Add(1))
			p.do(t, "CREATE TABLE "+name+" ("+p.full+")")
			s := p.spec(t, name, "")
			s.Lease = time.Second
			return s
		},
	})
}

// TestUnreachable: where nobody listens is said at once, and that it may be another time.
func TestUnreachable(t *testing.T) {
	for _, text := range []string{"mysql://me:secret@127.0.0.1:1/x?table=t", "postgres://me:secret@127.0.0.1:1/x?table=t"} {
		u, err := queue.ParseURL(text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Open(context.Background(), queue.Spec{URL: u, Owner: "me", Lease: time.Minute, Poll: time.Second})
		if err == nil {
			_ = c.Close()
		}
		if !isDown(err) {
			t.Errorf("%s: %v", u, err)
		}
	}
}
