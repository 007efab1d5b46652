// Package redis is the client of Redis streams with a consumer group: a queue.Client over github.com/gomodule/redigo. It needs
// Redis 6.2, one server and no cluster: an answer touches several keys.
//
// What it keeps:
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
// An entry is deleted when it is answered, also for other groups of the stream: check says so. Lists are not spoken: they know
// neither who has a job nor which of two equal ones is answered.
package redis

import (
	"brood/runner/queue"
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
	"sync"
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

// client is a queue.Client. Its mutex is never held while a connection is used.
type client struct {
	spec            queue.Spec
	addr            string
	stream, group   string
	consumer        string
	lease           time.Duration
	options         []redis.DialOption
	mu              sync.Mutex
	idle            []*conn
	busy            map[*conn]struct{}
	closed          bool
	lookedForOthers time.Time // when entries were last taken over; zero: at once
}

// errClosed is what is said after Close.
var errClosed = errors.New("the client is closed")

// Open connects to the server of a queue's URL, redis://[USER:PASSWORD@]HOST[:6379][/DB]?stream=NAME[&group=brood][&tls=true|skip-verify][&tls-ca=FILE].
func Open(ctx context.Context, s queue.Spec) (queue.Client, error) {
	u := s.URL
	c := &client{spec: s, addr: u.Host, stream: u.Query.Get("stream"), group: u.Query.Get("group"), consumer: s.Owner, lease: s.Lease, busy: map[*conn]struct{}{}}
	switch {
	case u.Host == "":
		return nil, fmt.Errorf("%s: it names no host; it is redis://HOST[:6379]/DB?stream=NAME", u)
	case u.Query.Has("list"):
		return nil, fmt.Errorf("%s: brood works on streams (?stream=NAME): a list knows neither who has a job nor which of two equal ones is answered", u)
	case c.stream == "":
		return nil, fmt.Errorf("%s: it names no stream; it is redis://HOST[:6379]/DB?stream=NAME", u)
	}
	for name := range u.Query {
		if !slices.Contains([]string{"stream", "group", "tls", "tls-ca"}, name) {
			return nil, fmt.Errorf("%s: %s means nothing here", u, name)
		}
	}
	if c.group == "" {
		c.group = "brood"
	}
	if c.consumer == "" {
		c.consumer = "brood"
	}
	if c.lease <= 0 {
		c.lease = defaultLease
	}
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		c.addr = net.JoinHostPort(strings.Trim(c.addr, "[]"), "6379")
	}
	if err := c.dialOptions(); err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	k, err := c.use(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := k.do("PING"); err != nil {
		c.release(k, err)
		return nil, c.fault(err)
	}
	c.release(k, nil)
	return c, nil
}

// dialOptions reads the URL's user, password, database and what it says of TLS.
func (c *client) dialOptions() error {
	u := c.spec.URL
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

// Close ends all connections. What is pending comes again when its lease is over.
func (c *client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, k := range c.idle {
		_ = k.net.Close()
	}
	for k := range c.busy {
		_ = k.net.Close()
	}
	c.idle = nil
	return nil
}
