// Package beanstalk is the client of beanstalkd: a queue.Client over its own protocol, version 1.12 and before
// (doc/protocol.txt of beanstalkd). A module is not used, as none sends several commands before it reads their answers,
// which is what makes thousands of jobs a second.
//
// What it keeps, as beanstalkd is:
//
//   - A job belongs to the connection that has reserved it, for its time to run (TTR) from then or from the last touch.
//     When the connection ends, it is ready again at once.
//   - A connection that waits for jobs reads nothing until it has one, a touch neither; so one that holds jobs never
//     waits: it is asked for more without waiting, and another, without jobs, waits. A wait is given up by closing the
//     connection for writing; the server then answers TIMED_OUT.
//   - release and bury set the priority, so a job is asked for its own (stats-job) before.
//   - A job whose connection or lease has gone is found by its ID, and known by the sum of its body, as a server that
//     was started anew without its binlog begins with 1 again. Two jobs with the same ID and body are one.
//   - reserve-job takes what is put aside, too, and kick-job puts it back. The latter is for people: nothing here does it, and how often
//     somebody has is a job's Token, so that one that comes by itself is told from one that was put back.
//
// What a server has forgotten nobody can say: version 1.12 writes into its binlog what is put, deleted, buried, kicked or
// released with a delay, but neither who reserves a job nor a release without a delay; so after its restart there is no
// Doubt about jobs that were reserved then, and their Tries may be fewer. It also may forget to look whether a TTR is over
// until the connection of that job speaks or ends (beanstalkd#262); others then wait for it. Nothing here decides about a
// job; that is left to who asks.
package beanstalk

import (
	"brood/runner/queue"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// client is a queue.Client. Its mutex mu is for what it knows of its connections, and is never held while one is used.
type client struct {
	spec  queue.Spec
	addr  string
	tubes []string // at least one; jobs are put into the first

	// regains is held by who answers jobs, and by who takes jobs again by their IDs that were lost: reserve-job also takes what was
	// just put aside, which would come again when the lease of that is over.
	regains sync.Mutex

	mu     sync.Mutex
	conns  []*conn
	closed bool
	// maxJob is the longest body that the server takes, once it was asked.
	maxJob int
}

// held is what a job's Hold is: where it is reserved. Its fields are guarded by client.mu.
type held struct {
	id   string
	sum  uint64 // of its body
	conn *conn  // nil: answered, or lost
	// known is whether pri and ttr were asked.
	known bool
	pri   uint32
	ttr   time.Duration
}

// errClosed is what is said after Close.
var errClosed = errors.New("the client is closed")

// Open connects to the server of a queue's URL, beanstalk://HOST[:11300]/TUBE[,TUBE…].
func Open(ctx context.Context, s queue.Spec) (queue.Client, error) {
	u := s.URL
	switch {
	case u.Host == "":
		return nil, fmt.Errorf("%s: it names no host; it is beanstalk://HOST[:11300]/TUBE", u)
	case u.User != "" || u.Password != "":
		return nil, fmt.Errorf("%s: beanstalkd has no users and no passwords", u)
	}
	for name := range u.Query {
		return nil, fmt.Errorf("%s: %s means nothing here", u, name)
	}
	tubes, err := tubesOf(u.Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	c := &client{spec: s, addr: u.Host, tubes: tubes}
	if _, _, err := net.SplitHostPort(c.addr); err != nil {
		c.addr = net.JoinHostPort(strings.Trim(c.addr, "[]"), "11300")
	}
	k, err := c.use(ctx)
	if err != nil {
		return nil, err
	}
	c.release(k)
	return c, nil
}

// tubesOf reads the names of tubes, as the protocol has them: at most 200 bytes of those below, and no hyphen first.
func tubesOf(path string) ([]string, error) {
	if path == "" {
		return []string{"default"}, nil
	}
	names := strings.Split(path, ",")
	for i, name := range names {
		if name == "" || len(name) > 200 || name[0] == '-' || strings.IndexFunc(name, notInNames) >= 0 {
			return nil, fmt.Errorf("%q is no name of a tube: letters, digits and -+/;.$_() are, 200 at most, and no hyphen first", name)
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("the tube %s is named twice", name)
		}
	}
	return names, nil
}

func notInNames(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("-+/;.$_()", r)
}

// Traits are the same for all servers.
func (c *client) Traits() queue.Traits {
	return queue.Traits{Delays: true, Doubts: c.spec.Doubts, Counts: c.spec.Doubts, Notifies: true, Claim: c.spec.URL.String()}
}

// Close ends all connections, and with them the reservations.
func (c *client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, k := range c.conns {
		k.gone = true
		_ = k.net.Close()
	}
	c.conns = nil
	return nil
}
