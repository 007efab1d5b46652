package dsn

import (
	"brood/runner/queue"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresParams are libpq's words, and pgx's for how statements are sent.
var postgresParams = []string{
	"host", "port", "passfile", "connect_timeout", "sslmode", "sslkey", "sslcert", "sslcertmode", "sslrootcert", "sslnegotiation", "sslsni", "krbspn", "krbsrvname", "service", "servicefile",
	"target_session_attrs", "channel_binding", "require_auth", "options", "application_name", "search_path", "client_encoding",
	"default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity",
}

func openPostgres(u *queue.URL) (*sql.DB, error) {
	cfg, err := Postgres(u)
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDB(*cfg), nil
}

// Postgres is how to connect to a URL's database, for who wants some of it otherwise. The time zone of its sessions is UTC.
func Postgres(u *queue.URL) (*pgx.ConnConfig, error) {
	// The password is no part of what is parsed, which errors repeat. One in ~/.pgpass or PGPASSWORD counts if the URL has none.
	bare := url.URL{Scheme: "postgres", Host: u.Host, Path: "/" + u.Path}
	if u.User != "" {
		bare.User = url.User(u.User)
	}
	q := url.Values{}
	for name, values := range u.Query {
		if slices.Contains(postgresParams, name) {
			q[name] = values
		}
	}
	bare.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // as libpq, pgx has no + for a blank
	cfg, err := pgx.ParseConfig(bare.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	if u.Password != "" {
		cfg.Password = u.Password
	}
	// These three a PgBouncer takes too.
	cfg.RuntimeParams["timezone"], cfg.RuntimeParams["datestyle"] = "UTC", "ISO, YMD"
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "brood"
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 2 * Dial // with TLS and the login
	}
	cfg.DialFunc = dialer().DialContext
	return cfg, nil
}

// postgresDown knows SQLSTATE's classes 08 (connection), 53 (no room: 53300 is too many connections), and of 57 those of
// a server that goes (57P01 to 57P03) or has gone to sleep (57P05).
func postgresDown(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return len(e.Code) == 5 && (e.Code[:2] == "08" || e.Code == "53300" || e.Code >= "57P01" && e.Code <= "57P03" || e.Code == "57P05")
	}
	var c *pgconn.ConnectError
	return errors.As(err, &c) // and what the server has said of it is a PgError
}

// networkDown is what all drivers have for a connection that cannot be made, or has ended.
func networkDown(err error) bool {
	var n net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ENOENT) && isDial(err) ||
		errors.As(err, &n) && !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// isDial: a socket that is not there is a server that is not.
func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
