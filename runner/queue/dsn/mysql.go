package dsn

import (
	"brood/runner/queue"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"

	"github.com/go-sql-driver/mysql"
)

var mysqlParams = []string{"socket", "tls", "tls-ca", "tls-cert", "tls-key", "charset", "collation"}

// mysqlSockets are where Debian's servers, and those that were built with their own defaults, listen.
var mysqlSockets = []string{"/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/tmp/mysql.sock"}

func openMySQL(u *queue.URL) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = u.User, u.Password, u.Path
	if cfg.User == "" { // as mysql does
		if me, err := user.Current(); err == nil {
			cfg.User = me.Username
		}
	}
	cfg.Net, cfg.Addr = mysqlAddress(u)
	if err := mysqlTLS(cfg, u); err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	cfg.Timeout, cfg.DialFunc = Dial, dialer().DialContext
	cfg.Logger = &mysql.NopLogger{}
	cfg.ParseTime = true       // with Loc, which is UTC
	cfg.ClientFoundRows = true // an UPDATE that changes nothing of a row that is there has found it
	cfg.InterpolateParams = true
	cfg.Params = map[string]string{"time_zone": "'+00:00'"}
	cfg.Collation = u.Query.Get("collation")
	if charset := u.Query.Get("charset"); charset != "" {
		if err := cfg.Apply(mysql.Charset(charset, cfg.Collation)); err != nil {
			return nil, fmt.Errorf("%s: %w", u, err)
		}
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	return sql.OpenDB(connector), nil
}

// mysqlAddress is where the server listens: at its socket, if that was named, or if no host was and there is one.
func mysqlAddress(u *queue.URL) (network, address string) {
	if socket := u.Query.Get("socket"); socket != "" {
		return "unix", socket
	}
	if u.Host == "" {
		for _, path := range mysqlSockets {
			if st, err := os.Stat(path); err == nil && st.Mode()&os.ModeSocket != 0 {
				return "unix", path
			}
		}
		return "tcp", "127.0.0.1:3306"
	}
	if _, _, err := net.SplitHostPort(u.Host); err == nil {
		return "tcp", u.Host
	}
	return "tcp", net.JoinHostPort(trimBrackets(u.Host), "3306")
}

func trimBrackets(host string) string {
	if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		return host[1 : n-1]
	}
	return host
}

// mysqlTLS says whether others on the way may read along. Without a word in the URL it is as with mysql itself: encrypted
// where the server can, which is no proof of who it is; not on this machine.
func mysqlTLS(cfg *mysql.Config, u *queue.URL) error {
	mode, q := u.Query.Get("tls"), u.Query
	files := q.Get("tls-ca") != "" || q.Get("tls-cert") != "" || q.Get("tls-key") != ""
	switch mode {
	case "":
		if !files && isLocal(cfg) {
			return nil
		}
		mode = "preferred"
		if files {
			mode = "true"
		}
	case "true", "preferred", "skip-verify":
	case "false":
		if files {
			return errors.New("tls=false, and files for TLS: say one of them")
		}
		return nil
	default:
		return fmt.Errorf("tls=%s is not known; it is true, preferred, skip-verify or false", mode)
	}
	if !files {
		cfg.TLSConfig = mode
		return nil
	}
	host, _, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		host = "localhost" // by a socket
	}
	own := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: mode != "true"}
	if own.RootCAs, err = authorities(q.Get("tls-ca")); err != nil {
		return err
	}
	if cert, key := q.Get("tls-cert"), q.Get("tls-key"); cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return fmt.Errorf("tls-cert and tls-key: %w", err)
		}
		own.Certificates = []tls.Certificate{pair}
	}
	cfg.TLS, cfg.AllowFallbackToPlaintext = own, mode == "preferred"
	return nil
}

// authorities are those whose word about a server counts; nil: the system's.
func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // nil is a pool here
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tls-ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("tls-ca: %s has no certificate", path)
	}
	return pool, nil
}

func isLocal(cfg *mysql.Config) bool {
	if cfg.Net == "unix" {
		return true
	}
	host, _, err := net.SplitHostPort(cfg.Addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// mysqlDown knows the server's own words for having no room, or going: too many connections (1040, 1203, 1226), shutdown
// (1053), a connection that was killed (1317 is a query's, 1927 a connection's), and MariaDB's 4031 for one that was idle.
func mysqlDown(err error) bool {
	if errors.Is(err, mysql.ErrInvalidConn) {
		return true
	}
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Number {
	case 1040, 1203, 1226, 1053, 1077, 1079, 1927, 4031:
		return true
	}
	return false
}
