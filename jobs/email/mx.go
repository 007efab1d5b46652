package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// exchanges looks up whether there is a mail server for a domain.
type exchanges struct {
	resolver *net.Resolver
	server   string // whom it asks; empty: those of the system
	known    map[string]exchange
}

type exchange struct {
	err   error // nil: mail can be sent there
	until time.Time
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
	e := &exchanges{resolver: net.DefaultResolver, known: make(map[string]exchange), server: server}
	if server != "" {
		e.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, server)
		}}
	}
	return e
}

// check looks a domain up. An error is a *noMail, or it could not be found out.
func (e *exchanges) check(ctx context.Context, domain string) error {
	now := time.Now()
	if k, ok := e.known[domain]; ok && now.Before(k.until) {
		return k.err
	}
	err := e.lookUp(ctx, domain)
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) && e.server != "" {
		dns.Server = e.server // it names one of the system's
	}
	var no *noMail
	if err == nil || errors.As(err, &no) {
		e.known[domain] = exchange{err, now.Add(lookupKnown)}
	}
	return err
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
