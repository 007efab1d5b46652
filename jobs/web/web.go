// Package web is the HTTP client of jobs: what asks a server for each record, many times a second,
// with somebody's keys, at addresses that may come from a row.
//
// What it promises:
//
//   - One pool of connections for a worker: a Client is safe for any number of goroutines.
//   - An address that is not one of the open internet is refused when it is dialed, so after its
//     name was looked up, and again after each redirect: unless the user typed that host, or
//     allows it. See guard.go.
//   - A redirect to another host, port or scheme takes nothing along that may be secret, and is
//     not followed where it would take a body.
//   - A body is read as a whole, and never beyond a limit, which counts what comes out of gzip,
//     br or zstd.
//   - Nothing is sent twice that may have had an effect: what package net/http sends again by itself
//     is bounded to what is safe (GET, HEAD, OPTIONS; with Options.Once nothing) and to what was not written at all.
//   - Who gets an error, a *Trouble, knows how far it came: whether anything was connected, written or
//     answered. What a status means is said by one table, Judge.
//   - No error has a path, a query or a header in it, nor one of the secrets that it was told.
//
// What it leaves to others: when a request may leave (rates, quotas), whether it is tried again,
// and what the body means.
package web

import (
	"brood/jobs"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options are what a Client is made with. The zero value is a careful client of the open
// internet, by the proxy of the environment.
type Options struct {
	// Timeout bounds one exchange, from the dial to the last byte of the body; 0 is a minute.
	Timeout time.Duration
	// Connect bounds the lookup, the dial and the handshake; 0 is ten seconds.
	Connect time.Duration
	// Idle is how long a connection is kept that nobody uses; 0 is 30 seconds. A server that ends
	// one at the moment when a request is written on it leaves its effect unknown, so who may send
	// nothing twice keeps them less long than servers do.
	Idle time.Duration
	// Proxy is the URL of one: http, https, socks5 or socks5h; "" is what the environment says,
	// NoProxy none.
	Proxy string
	// CAFile has the certificates in PEM that servers are checked by, in place of the system's.
	CAFile string
	// CertFile and KeyFile are the client's own; KeyFile may be empty if both are in one.
	CertFile, KeyFile string
	// Resolve are addresses in place of the DNS, as curl has them: host:port:address[,address].
	// They count as typed by the user.
	Resolve []string
	// HTTP1 leaves HTTP/2 out, which is spoken otherwise where the server offers it over TLS.
	HTTP1 bool
	// MaxBytes bounds a body after it is decoded; 0 is 16 MiB.
	MaxBytes int
	// Redirects is how many are followed; 0 is none: the answer is the redirect.
	Redirects int
	// Allow says whether a redirect may be followed to a URL; nil: to any that the guard lets through. Its
	// error is told.
	Allow func(*url.URL) error
	// Once says that no request may be sent twice, whatever its method.
	Once bool
	// UserAgent is sent where the request has none.
	UserAgent string
	// AllowPrivate lets any address be dialed.
	AllowPrivate bool
	// Typed are the hosts, without a port, that the user typed himself: they may be private, or
	// a machine on his desk.
	Typed []string
	// Secrets are values that no error may hold.
	Secrets []string
	// Resolver looks names up; nil is the system's.
	Resolver *net.Resolver
}

// NoProxy as Options.Proxy is to connect directly, whatever the environment says.
const NoProxy = "none"

// Limits where the options give none.
const (
	defaultTimeout  = time.Minute
	defaultConnect  = 10 * time.Second
	defaultIdle     = 30 * time.Second
	defaultMaxBytes = 16 << 20
	// mostHeaderBytes bounds the head of an answer.
	mostHeaderBytes = 1 << 20
	// idlePerHost is how many connections to a host are kept: as many as a worker can have records in hand.
	idlePerHost = 1024
)

// Client sends requests. All its methods may be called at the same time.
type Client struct {
	o         Options
	transport *http.Transport
	mask      *jobs.Mask
	typed     map[string]bool
	dialer    *dialer
}

// New makes a client. It reads the files of the options, and connects to nobody.
func New(o Options) (*Client, error) {
	setDefault(&o.Timeout, defaultTimeout)
	setDefault(&o.Connect, defaultConnect)
	setDefault(&o.Idle, defaultIdle)
	setDefault(&o.MaxBytes, defaultMaxBytes)
	c := &Client{o: o, mask: jobs.NewMask(o.Secrets), typed: make(map[string]bool)}
	for _, host := range o.Typed {
		c.typed[Host(host)] = true
	}
	proxy, proxies, err := proxyOf(o.Proxy)
	if err != nil {
		return nil, err
	}
	if c.dialer, err = newDialer(&c.o, c.typed, proxies); err != nil {
		return nil, err
	}
	tlsConfig, err := tlsOf(&o)
	if err != nil {
		return nil, err
	}
	c.transport = &http.Transport{
		Proxy:                  proxy,
		DialContext:            c.dialer.dial,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    o.Connect,
		DisableCompression:     true, // see decode.go: it has the limit, and knows more
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        o.Idle,
		MaxResponseHeaderBytes: mostHeaderBytes,
		Protocols:              new(http.Protocols),
	}
	c.transport.Protocols.SetHTTP1(true)
	c.transport.Protocols.SetHTTP2(!o.HTTP1)
	return c, nil
}

func setDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Close ends the connections that nobody uses.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Mask takes the secrets of the options out of a text; it may be nil.
func (c *Client) Mask() *jobs.Mask { return c.mask }

// RoundTripper is the client for a library that wants one, without redirects and decoding. Its
// errors are those of package net/http: they must not be shown without care.
func (c *Client) RoundTripper() http.RoundTripper {
	return roundTripper{c}
}

type roundTripper struct{ c *Client }

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if t := r.c.refused(req.URL); t != nil {
		return nil, t
	}
	return r.c.transport.RoundTrip(req)
}

// proxyOf is how the proxy of a request is found, and the addresses that are dialed for that.
func proxyOf(given string) (func(*http.Request) (*url.URL, error), map[string]bool, error) {
	switch given {
	case NoProxy:
		return nil, nil, nil
	case "":
		return http.ProxyFromEnvironment, environmentProxies(), nil
	}
	if !strings.Contains(given, "://") {
		given = "http://" + given // as curl has it
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" {
		return nil, nil, fmt.Errorf("the proxy is not given as a URL, such as http://proxy.example:3128")
	}
	if _, ok := proxyPorts[u.Scheme]; !ok {
		return nil, nil, fmt.Errorf("a proxy of the kind %q is not known; there are http, https, socks5 and socks5h", u.Scheme)
	}
	return http.ProxyURL(u), map[string]bool{proxyAddress(u): true}, nil
}

var proxyPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

func proxyAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = proxyPorts[u.Scheme]
	}
	return net.JoinHostPort(Host(u.Hostname()), port)
}
