// Package redis is the clients of Redis streams with a consumer group, and of lists: queue.Clients over github.com/gomodule/redigo.
// They need Redis 6.2, one server and no cluster: an answer touches several keys.
//
// What the one of streams keeps:
//
//   - An entry is pending for one consumer, who is the owner of the spec, and stays so for as long as its idle time is below the
//     lease; to renew sets that to 0 (XCLAIM … JUSTID). One that was idle for longer is taken over: somebody was given it, of whom
//     nothing was heard, which is a Doubt. Its count of deliveries says how often it was tried.
//   - XACK counts whoever sends it. So every answer is a script, that looks first whether the entry is still pending for the consumer
//     who answers, and does all of it at once: done is XACK and XDEL; what has failed is added to STREAM:failed before that, and what is
//     unknown to STREAM:unknown, each with its fields and brood_id and brood_error.
//   - What is given back becomes idle beyond all leases, under a consumer of its own (backConsumer), so that it raises no doubt. A
//     stream has no delays.
//   - A wait is ended by CLIENT UNBLOCK and not by the connection's end, so that nothing is lost on the way.
//
// An entry with the one field body, data or payload is a job with that body; of others the fields are, as a JSON object.
// An entry is deleted when it is answered, also for other groups of the stream: check says so.
//
// What the one of lists keeps, as a list knows neither who has a job nor since when:
//
//   - A job is moved from LIST to LIST:brood:OWNER (LMOVE), and is nobody else's until this owner has answered it, however long that
//     takes: a run that died must be resumed. LIST:brood:owners has the names of all owners.
//   - An answer takes one value away that is the job's (LREM): done, to LIST:failed, to LIST:unknown, or back to LIST. Of two that are
//     equal it does not matter which. An earlier session's job is found by the SHA-1 in its ID.
//   - What was moved and never got here, as the connection or the session ended between, is in the owner's list and in nobody's hands:
//     the first Take, and one after an error, has it.
package redis

import (
	"brood/runner/queue"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// backConsumer is who has what was given back.
const backConsumer = "brood:given-back"

const (
	dialWait     = 5 * time.Second
	answerWait   = 10 * time.Second
	defaultLease = time.Minute
)

// client is a queue.Client of a stream.
type client struct {
	*server
	spec            queue.Spec
	stream, group   string
	consumer        string
	lease           time.Duration
	lookedForOthers time.Time // when entries were last taken over; zero: at once; guarded by mu
}

// errClosed is what is said after Close.
var errClosed = errors.New("the client is closed")

// Open connects to the server of a queue's URL, redis://[USER:PASSWORD@]HOST[:6379][/DB]?stream=NAME[&group=brood][&tls=true|skip-verify][&tls-ca=FILE],
// or with list=NAME[&pop=right|left] instead of the stream.
func Open(ctx context.Context, s queue.Spec) (queue.Client, error) {
	u := s.URL
	srv := &server{addr: u.Host, busy: map[*conn]struct{}{}}
	if u.Host == "" {
		return nil, fmt.Errorf("%s: it names no host; it is redis://HOST[:6379]/DB?stream=NAME", u)
	}
	if _, _, err := net.SplitHostPort(srv.addr); err != nil {
		srv.addr = net.JoinHostPort(strings.Trim(srv.addr, "[]"), "6379")
	}
	c, err := srv.clientOf(s)
	if err == nil {
		err = srv.dialOptions(u)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	if err := srv.with(ctx, func(k *conn) error { _, err := k.do("PING"); return err }); err != nil {
		_ = srv.Close()
		return nil, err
	}
	return c, nil
}

// clientOf is the client of the stream or the list that a URL names.
func (c *server) clientOf(s queue.Spec) (queue.Client, error) {
	q := s.URL.Query
	stream, name := q.Get("stream"), q.Get("list")
	knows := []string{"tls", "tls-ca", "stream", "group"}
	if name != "" {
		knows = []string{"tls", "tls-ca", "list", "pop"}
	}
	for param := range q {
		if !slices.Contains(knows, param) {
			return nil, fmt.Errorf("%s means nothing here", param)
		}
	}
	owner := cmp.Or(s.Owner, "brood")
	switch {
	case name != "":
		pop := cmp.Or(q.Get("pop"), "right")
		if pop != "right" && pop != "left" {
			return nil, fmt.Errorf("pop=%s is not known; jobs are taken from the right, or the left", pop)
		}
		return newList(c, s.URL.String(), name, owner, pop), nil
	case stream == "":
		return nil, errors.New("it names no stream; it is redis://HOST[:6379]/DB?stream=NAME, or ?list=NAME")
	}
	lease := s.Lease
	if lease <= 0 {
		lease = defaultLease
	}
	return &client{server: c, spec: s, stream: stream, group: cmp.Or(q.Get("group"), "brood"), consumer: owner, lease: lease}, nil
}

// dialOptions reads the URL's user, password, database and what it says of TLS.
func (c *server) dialOptions(u *queue.URL) error {
	c.options = []redis.DialOption{
		redis.DialConnectTimeout(dialWait), redis.DialReadTimeout(answerWait), redis.DialWriteTimeout(answerWait), redis.DialKeepAlive(15 * time.Second),
		redis.DialUsername(u.User), redis.DialPassword(u.Password),
	}
	if u.Path != "" {
		db, err := strconv.ParseUint(u.Path, 10, 31)
		if err != nil {
			return fmt.Errorf("%q is no number of a database", u.Path)
		}
		c.options = append(c.options, redis.DialDatabase(int(db)))
	}
	mode, file := u.Query.Get("tls"), u.Query.Get("tls-ca")
	switch mode {
	case "", "false":
		if file != "" {
			return errors.New("tls-ca is for tls=true")
		}
		return nil
	case "true", "skip-verify":
	default:
		return fmt.Errorf("tls=%s is not known; it is true, skip-verify or false", mode)
	}
	host, _, err := net.SplitHostPort(c.addr)
	if err != nil {
		return err
	}
	cfg := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: mode == "skip-verify"} //nolint:gosec // as the URL says
	if file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("tls-ca: %w", err)
		}
		if cfg.RootCAs = x509.NewCertPool(); !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("tls-ca: %s has no certificate", file)
		}
	}
	c.options = append(c.options, redis.DialUseTLS(true), redis.DialTLSConfig(cfg))
	return nil
}

// Traits are the same for all servers.
func (c *client) Traits() queue.Traits {
	return queue.Traits{Doubts: true, Notifies: true, Claim: c.spec.URL.String()}
}
