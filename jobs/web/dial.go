package web

import (
	"brood/jobs/quickconn"
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
)

// dialer makes connections, to whom it may.
type dialer struct {
	free, guarded net.Dialer
	allowAll      bool
	typed         map[string]bool     // hosts
	proxies       map[string]bool     // host:port
	resolve       map[string][]string // host:port → addresses with port
}

func newDialer(o *Options, typed, proxies map[string]bool) (*dialer, error) {
	d := &dialer{allowAll: o.AllowPrivate, typed: typed, proxies: proxies, resolve: make(map[string][]string)}
	d.free = net.Dialer{Timeout: o.Connect, Resolver: o.Resolver}
	d.guarded = d.free
	d.guarded.Control = func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return &closedError{address, "no address"}
		}
		if what, yes := Closed(ap.Addr()); yes {
			return &closedError{ap.Addr().String(), what}
		}
		return nil
	}
	for _, given := range o.Resolve {
		from, to, err := ParseResolve(given)
		if err != nil {
			return nil, err
		}
		d.resolve[from] = to
	}
	return d, nil
}

// ParseResolve reads one --resolve of curl: host:port:address[,address]…, and gives the host with its
// port, as it is compared, and the addresses with theirs.
func ParseResolve(given string) (from string, to []string, err error) {
	host, rest, ok1 := strings.Cut(given, ":")
	if strings.HasPrefix(given, "[") { // an address of IPv6
		if i := strings.IndexByte(given, ']'); i > 0 {
			host = given[:i+1]
			_, rest, ok1 = strings.Cut(given[i+1:], ":")
		}
	}
	if host == "*" || strings.HasPrefix(host, "+") || strings.HasPrefix(host, "-") {
		return "", nil, fmt.Errorf("%q: of curl's hosts * and those with a sign in front are not known here: write the host", given)
	}
	port, addresses, ok2 := strings.Cut(rest, ":")
	if !ok1 || !ok2 || host == "" || port == "" || strings.Trim(port, "0123456789") != "" {
		return "", nil, fmt.Errorf("%q is not as in curl: host:port:address", given)
	}
	for a := range strings.SplitSeq(addresses, ",") {
		a = strings.TrimSuffix(strings.TrimPrefix(a, "["), "]")
		addr, err := netip.ParseAddr(a)
		if err != nil {
			return "", nil, fmt.Errorf("%q: %q is not an address", given, a)
		}
		to = append(to, net.JoinHostPort(addr.String(), port))
	}
	return net.JoinHostPort(Host(host), port), to, nil
}

// resolves reports whether the user gave the address of a URL's host himself.
func (d *dialer) resolves(u *url.URL) bool {
	port := u.Port()
	if port == "" {
		port = proxyPorts[u.Scheme]
	}
	return d.resolve[net.JoinHostPort(Host(u.Hostname()), port)] != nil
}

// dial connects to an address, or to one of those that were given in its place.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	known := net.JoinHostPort(Host(host), port)
	if instead := d.resolve[known]; instead != nil {
		var conn net.Conn
		for _, a := range instead {
			if conn, err = d.free.DialContext(ctx, network, a); err == nil {
				return counting(conn), nil
			}
		}
		return nil, err
	}
	by := &d.guarded
	if d.allowAll || d.proxies[known] || d.typed[Host(host)] {
		by = &d.free
	}
	conn, err := by.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return counting(conn), nil
}

// conn is a connection that counts what was written, so that one knows whether a request
// has left at all. What is being written counts: a write that does not end until nobody waits for
// it any more has left in part.
type conn struct {
	net.Conn
	written atomic.Int64
}

func counting(c net.Conn) *conn { return &conn{Conn: quickconn.New(c)} }

func (c *conn) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n - len(p)))
	return n, err
}
