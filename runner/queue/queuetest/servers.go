package queuetest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// StartBeanstalkd starts beanstalkd. With log its jobs are in a binlog that is synced at each write (-b, -f 0), and
// there again after a Restart; without it they are not, and the IDs begin at 1 again.
func StartBeanstalkd(t testing.TB, log bool, args ...string) *Server {
	t.Helper()
	Need(t, "beanstalkd")
	return start(t, kind{
		program: "beanstalkd",
		args: func(s *Server) []string {
			all := []string{"-l", "127.0.0.1", "-p", port(s.Addr)}
			if log {
				all = append(all, "-b", s.Dir, "-f", "0")
			}
			return append(all, args...)
		},
		ready: answers("stats\r\n", "OK "),
	})
}

// StartGearmand starts gearmand. With keep its background jobs are in a SQLite database.
func StartGearmand(t testing.TB, keep bool, args ...string) *Server {
	t.Helper()
	Need(t, "gearmand")
	return start(t, kind{
		program: "gearmand",
		args: func(s *Server) []string {
			all := []string{"--listen=127.0.0.1", "--port=" + port(s.Addr), "--log-file=stderr"}
			if keep {
				all = append(all, "--queue-type=libsqlite3", "--libsqlite3-db="+filepath.Join(s.Dir, "gearman.db"))
			}
			if os.Getuid() == 0 {
				all = append(all, "--user=root")
			}
			return append(all, args...)
		},
		ready: answers("version\r\n", "OK "),
	})
}

// StartRedis starts Redis with an append-only file that is synced at each write.
func StartRedis(t testing.TB, args ...string) *Server {
	t.Helper()
	Need(t, "redis-server")
	return start(t, kind{
		program: "redis-server",
		args: func(s *Server) []string {
			return append([]string{"--port", port(s.Addr), "--bind", "127.0.0.1", "--dir", s.Dir, "--appendonly", "yes", "--appendfsync", "always", "--save", ""}, args...)
		},
		ready: answers("PING\r\n", "+PONG"), // -LOADING while it reads its file
	})
}

// StartMariaDB starts MariaDB with an empty database "test". Its log is synced at each commit, as by default.
func StartMariaDB(t testing.TB, args ...string) *Server {
	t.Helper()
	Need(t, "mariadbd", "mariadb-install-db")
	const log = "--innodb-log-file-size=10M" // and not 96M
	var account []string
	if os.Getuid() == 0 {
		account = []string{"--user=root"}
	}
	s := start(t, kind{
		program: "mariadbd",
		prepare: func(s *Server) error {
			if err := run("", s.Dir, "mariadb-install-db", append([]string{"--no-defaults", "--datadir=" + s.Dir, "--auth-root-authentication-method=normal", "--skip-name-resolve", "--skip-test-db", "--innodb-flush-method=nosync", log}, account...)...); err != nil {
				return err
			}
			return os.MkdirAll(filepath.Join(s.Dir, "test"), 0o700)
		},
		args: func(s *Server) []string {
			all := append([]string{"--no-defaults", "--datadir=" + s.Dir, "--bind-address=127.0.0.1", "--port=" + port(s.Addr), "--socket=" + filepath.Join(s.Dir, "s"), "--pid-file=" + filepath.Join(s.Dir, "pid")}, account...)
			all = append(all, "--skip-name-resolve", "--performance-schema=OFF", log, "--innodb-buffer-pool-size=32M", "--character-set-server=utf8mb4")
			return append(all, args...)
		},
		ready: greets,
	})
	s.User = "root"
	return s
}

// StartPostgres starts PostgreSQL with its database "postgres", which anybody may enter as the user "postgres". It
// refuses to run as root, and then runs as the account that Debian's package makes for it.
func StartPostgres(t testing.TB, args ...string) *Server {
	t.Helper()
	Need(t, "initdb", "postgres")
	const account = "postgres"
	s := start(t, kind{
		program: "postgres",
		account: account,
		prepare: func(s *Server) error {
			return run(account, s.Dir, "initdb", "-D", s.Dir, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
		},
		args: func(s *Server) []string {
			return append([]string{"-D", s.Dir, "-p", port(s.Addr), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + s.Dir, "-c", "logging_collector=off"}, args...)
		},
		ready: admits,
	})
	s.User = "postgres"
	return s
}

// answers sends a line and wants an answer that begins as said.
func answers(send, want string) func(net.Conn) error {
	return func(c net.Conn) error {
		if _, err := io.WriteString(c, send); err != nil {
			return err
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err == nil && !strings.HasPrefix(line, want) {
			err = fmt.Errorf("it answers %q", line)
		}
		return err
	}
}

// greets wants the greeting of MySQL's protocol, version 10, in the first packet.
func greets(c net.Conn) error {
	var head [5]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return err
	}
	if head[4] != 10 {
		return fmt.Errorf("it greets with %d", head[4])
	}
	return nil
}

// admits asks to be let in, as PostgreSQL's protocol 3.0 has it; while it starts, or recovers, the answer is an error.
func admits(c net.Conn) error {
	body := "\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00"
	if _, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)); err != nil { //nolint:gosec // a constant
		return err
	}
	var kind [1]byte
	if _, err := io.ReadFull(c, kind[:]); err != nil {
		return err
	}
	if kind[0] != 'R' {
		return fmt.Errorf("it answers %q", kind[0])
	}
	return nil
}
