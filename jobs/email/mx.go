package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// exchanges looks up whether there is a mail server for a domain.
type exchanges struct {
	resolver *net.Resolver
	server   string // whom it asks; empty: those of the system

	mu     sync.Mutex
	known  map[string]exchange
	asking map[string]*question // domains that are looked up now
}

type exchange struct {
	err   error // nil: mail can be sent there
	until time.Time
}

// question is a domain that is being looked up.
type question struct {
	done chan struct{}
	err  error // once it is done
}

// noMail means that no mail can be sent to a domain.
type noMail struct{ text string }

func (e *noMail) Error() string { return e.text }

const (
	lookupTime  = 20 * time.Second
	lookupKnown = 10 * time.Minute // how long an answer counts
)

// newExchanges asks the server at an address, or those of the system.
func newExchanges(server string) *exchanges {
	e := &exchanges{resolver: net.DefaultResolver, known: make(map[string]exchange), asking: make(map[string]*question), server: server}
	if server != "" {
		e.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, server)
		}}
	}
	return e
}

// check looks a domain up. An error is a *noMail, or it could not be found out. For several
// records at a time it is looked up once.
func (e *exchanges) check(ctx context.Context, domain string) error {
	for {
		k, q, mine := e.ask(domain)
		switch {
		case k != nil:
			return k.err
		case mine:
			e.find(ctx, domain, q)
			return q.err
		}
		select {
		case <-q.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !errors.Is(q.err, context.Canceled) { // the other was stopped, and not this one
			return q.err
		}
	}
}

// ask gives what is known of a domain, or the question that is put; mine says that it is for the
// caller to put it.
func (e *exchanges) ask(domain string) (k *exchange, q *question, mine bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if k, ok := e.known[domain]; ok && time.Now().Before(k.until) {
		return &k, nil, false
	}
	if q, ok := e.asking[domain]; ok {
		return nil, q, false
	}
	q = &question{done: make(chan struct{})}
	e.asking[domain] = q
	return nil, q, true
}

// find looks a domain up, and keeps the answer, unless it could not be found out.
func (e *exchanges) find(ctx context.Context, domain string, q *question) {
	q.err = e.lookUp(ctx, domain)
	if dns := (*net.DNSError)(nil); errors.As(q.err, &dns) && e.server != "" {
		dns.Server = e.server // it names one of the system's
	}
	var no *noMail
	found := q.err == nil || errors.As(q.err, &no)
	if !found && errors.Is(ctx.Err(), context.Canceled) { // whatever the resolver makes of that
		q.err = errors.Join(q.err, ctx.Err())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if found {
		e.known[domain] = exchange{q.err, time.Now().Add(lookupKnown)}
	}
	close(q.done)
	delete(e.asking, domain)
}

// lookUp follows RFC 5321, section 5.1: without an MX record the address of the
// domain itself counts; and RFC 7505: one that is a dot says that there is no
// mail.
func (e *exchanges) lookUp(ctx context.Context, domain string) error {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	name := domain + "."
	list, err := e.resolver.LookupMX(ctx, name)
	var dns *net.DNSError
	switch {
	case len(list) == 1 && (list[0].Host == "." || list[0].Host == ""):
		return &noMail{fmt.Sprintf("%s says that it takes no mail (RFC 7505)", domain)}
	case len(list) > 0:
		return nil
	case err != nil && (!errors.As(err, &dns) || !dns.IsNotFound):
		return err
	}
	if _, err := e.resolver.LookupHost(ctx, name); err != nil {
		if errors.As(err, &dns) && dns.IsNotFound {
			return &noMail{fmt.Sprintf("there is no mail server for %s", domain)}
		}
		return err
	}
	return nil
}
