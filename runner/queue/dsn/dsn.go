// Package dsn opens the database that a queue's URL names: SQLite, MySQL or MariaDB, PostgreSQL. It promises that all who
// open one do it in the same way: times are UTC, an UPDATE counts the rows that it has matched, a password is in no error,
// nothing is logged, and who cannot be reached is said within seconds.
//
// It leaves to others what is asked of the database, and for how long they wait for that: a context bounds a statement.
//
// What may stand behind the ? of a URL, besides what its user knows of (see Knows):
//
//	sqlite    nothing
//	mysql     socket=FILE, tls=preferred|true|skip-verify|false, tls-ca=FILE, tls-cert=FILE, tls-key=FILE, charset=NAME, collation=NAME
//	postgres  what psql has: sslmode, sslrootcert, sslcert, sslkey, host (of a socket), connect_timeout, options, application_name, search_path,
//	          target_session_attrs, …, and default_query_exec_mode=exec for who is behind a PgBouncer
package dsn

import (
	"brood/runner/queue"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// Access is what may be done to the database.
type Access uint8

// The kinds of access.
const (
	ReadWrite Access = iota
	// ReadOnly: SQLite's file is not written to, and not made. The other servers are told by a transaction.
	ReadOnly
)

// Dial is for how long a server may take to accept a connection.
const Dial = 5 * time.Second

// Open prepares to connect: no connection is made before the first statement. Who closes the pool closes the connections.
func Open(u *queue.URL, access Access) (*sql.DB, error) {
	switch u.Scheme {
	case queue.SQLite:
		return openSQLite(u, access)
	case queue.MySQL:
		return openMySQL(u)
	case queue.Postgres:
		return openPostgres(u)
	default:
		return nil, fmt.Errorf("%s: it is no database; a database is sqlite:FILE, mysql:// or postgres://", u)
	}
}

// IsDatabase reports whether there is a database behind the URL.
func IsDatabase(u *queue.URL) bool {
	return u.Scheme.IsTable()
}

// Knows reports whether a parameter of a URL says how to connect: who opens one refuses what neither of them knows, as a
// misspelt sslmode is a connection that others can read.
func Knows(s queue.Scheme, param string) bool {
	switch s {
	case queue.MySQL:
		return slices.Contains(mysqlParams, param)
	case queue.Postgres:
		return slices.Contains(postgresParams, param)
	default:
		return false
	}
}

// Unknown returns a parameter of the URL that neither says how to connect nor is one of others, or "".
func Unknown(u *queue.URL, others ...string) string {
	for _, name := range sortedNames(u) {
		if !Knows(u.Scheme, name) && !slices.Contains(others, name) {
			return name
		}
	}
	return ""
}

func sortedNames(u *queue.URL) []string {
	var names []string
	for name := range u.Query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// dialer notices a peer that is gone: the first probe after 15 s of silence, and the end after five more that nobody answers.
func dialer() *net.Dialer {
	return &net.Dialer{Timeout: Dial, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 5}}
}

// Down reports whether an error says that the server cannot be reached, has gone, or takes nobody at the moment: what is
// worth another try later. That a context was cancelled is no such error; that there was no answer in time is one.
func Down(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	return networkDown(err) || mysqlDown(err) || postgresDown(err) || sqliteBusy(err)
}
