package http

import (
	"brood/jobs"
	"brood/jobs/http/fill"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/textproto"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// compiled is a configuration made ready: every template read, every expression compiled. It does not
// change.
type compiled struct {
	*config
	grammar fill.Grammar
	address *fill.Address
	query   []fill.Pair
	headers []header
	absent  []string // headers that the user took away
	host    string   // of a Host header
	text    *fill.Template
	pairs   []fill.Pair
	parts   []part
	user    *fill.Template
	save    *saving
	rules   rules
	expects []expectation
	queries []*query // one per column; nil where none is needed
	hosts   []string // patterns
	// wantsJSON says that the body is read as JSON.
	wantsJSON bool
	// ofRecord says that a host comes from a record.
	ofRecord bool
}

// header is one of the request.
type header struct {
	name  string
	value *fill.Template
}

// compile reads all templates. Its errors are for the user.
func (c *config) compile(s *jobs.Shape) (*compiled, error) {
	x := &compiled{config: c, grammar: fill.Grammar{Shape: s, Secrets: c.Secrets}}
	for _, f := range []struct {
		flag string
		read func() error
	}{
		{"--url", x.readAddress}, {"--query", x.readQuery}, {"--header", x.readHeaders}, {"the body", x.readBody}, {"-u", x.readUser}, {"--save", x.readSave}, {"--on", x.readRules}, {"--expect", x.readExpectations}, {"--column", x.readColumns},
	} {
		if err := f.read(); err != nil {
			return nil, fmt.Errorf("%s: %w", f.flag, err)
		}
	}
	return x, nil
}

func (x *compiled) readAddress() (err error) {
	if x.address, err = x.grammar.ParseAddress(x.URL); err != nil {
		return err
	}
	x.ofRecord = x.address.Host() == ""
	for _, h := range x.AllowHosts {
		pattern := strings.ToLower(strings.TrimSpace(h))
		if strings.ContainsAny(strings.TrimPrefix(pattern, "*."), "*?/:@") || pattern == "" || pattern == "*." {
			return fmt.Errorf("--allow-host %q: give a host, or *.example.com for all beneath one", h)
		}
		x.hosts = append(x.hosts, pattern)
	}
	if x.ofRecord && len(x.hosts) == 0 {
		return errors.New("the host comes from the records: say which may be asked, with --allow-host api.example.com or '*.example.com'")
	}
	return nil
}

func (x *compiled) readQuery() error {
	for _, q := range x.Query {
		p, err := x.grammar.ParsePair(q)
		if err != nil {
			return err
		}
		x.query = append(x.query, p)
	}
	return nil
}

// framing are the headers that belong to the connection, and follow from the request.
var framing = []string{"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Upgrade", "Expect"}

func (x *compiled) readHeaders() error {
	for _, h := range x.Headers {
		name, value, ok := strings.Cut(h, ":")
		empty := false
		if !ok {
			if name, empty = strings.CutSuffix(h, ";"); !empty {
				return fmt.Errorf("%.60q is not given as 'Name: value'", h)
			}
		}
		name = strings.TrimSpace(name)
		if strings.Contains(name, "{") {
			return fmt.Errorf("%q: the name of a header cannot come from a record", name)
		}
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("%q is no name of a header", name)
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if name == "Expect" && !empty && strings.TrimSpace(value) == "" {
			continue // curl would wait for 100 Continue without it; here nobody does
		}
		if slices.Contains(framing, name) {
			return fmt.Errorf("%s follows from the request, and cannot be given", name)
		}
		t, err := x.grammar.Parse(strings.TrimSpace(value), fill.Header)
		if err != nil {
			return err
		}
		text, plain := t.Literal()
		switch {
		case plain && !httpguts.ValidHeaderFieldValue(text):
			return fmt.Errorf("the value of %s has a control character", name)
		case name == "Host" && !plain:
			return errors.New("the header Host cannot come from a record: write it into --url")
		case name == "Host":
			x.host = text
		case plain && text == "" && !empty:
			x.absent = append(x.absent, name)
		default:
			x.headers = append(x.headers, header{name, t})
		}
	}
	if x.Idempotency == "" {
		return nil
	}
	if !httpguts.ValidHeaderFieldName(x.Idempotency) || slices.Contains(framing, textproto.CanonicalMIMEHeaderKey(x.Idempotency)) {
		return fmt.Errorf("--idempotency-header %q is no name of a header", x.Idempotency)
	}
	if x.has(x.Idempotency) {
		return fmt.Errorf("%s is given as well as --idempotency-header", x.Idempotency)
	}
	return nil
}

// has reports whether the user has given a header, or taken it away.
func (x *compiled) has(name string) bool {
	name = textproto.CanonicalMIMEHeaderKey(name)
	return slices.ContainsFunc(x.headers, func(h header) bool { return h.name == name }) || slices.Contains(x.absent, name)
}

func (x *compiled) readUser() (err error) {
	if x.User == "" {
		return nil
	}
	if !strings.Contains(x.User, ":") {
		return errors.New("nobody is asked for a password: give it as 'user:{secret:NAME}'")
	}
	if x.has("Authorization") || x.OAuth2 != nil {
		return errors.New("there are two ways to say who asks: -u, and another one")
	}
	x.user, err = x.grammar.Parse(x.User, fill.Plain)
	return err
}

func (x *compiled) readRules() (err error) {
	x.rules, err = parseRules(x.On)
	return err
}

func (x *compiled) readExpectations() error {
	for _, given := range x.Expect {
		e, err := parseExpectation(given)
		if err != nil {
			return err
		}
		x.wantsJSON = x.wantsJSON || e.code != nil
		x.expects = append(x.expects, e)
	}
	return nil
}

func (x *compiled) readColumns() error {
	for _, c := range x.Columns {
		if c.From != fromJQ {
			x.queries = append(x.queries, nil)
			continue
		}
		q, err := compile(c.Of)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		x.queries, x.wantsJSON = append(x.queries, q), true
	}
	return nil
}

// parseColumn reads name=EXPRESSION, or name=header:NAME and the like.
func parseColumn(given string) (column, error) {
	name, of, ok := strings.Cut(given, "=")
	name, of = strings.TrimSpace(name), strings.TrimSpace(of)
	if !ok || name == "" || of == "" {
		return column{}, fmt.Errorf("--column %q is not given as NAME=EXPRESSION, as in city='.address.city'", given)
	}
	if name == statusColumn || strings.HasPrefix(name, "_") {
		return column{}, fmt.Errorf("--column %s: that name is taken", name)
	}
	switch from, rest, _ := strings.Cut(of, ":"); source(from) {
	case fromHeader:
		if rest = strings.TrimSpace(rest); !httpguts.ValidHeaderFieldName(rest) {
			return column{}, fmt.Errorf("--column %s: %q is no name of a header", name, rest)
		}
		return column{name, fromHeader, nethttp.CanonicalHeaderKey(rest)}, nil
	case fromJQ:
		return column{name, fromJQ, strings.TrimSpace(rest)}, nil
	case fromBody, fromBytes, fromMS, fromURL, fromRedirects, fromProto:
		if rest == "" && from == of {
			return column{Name: name, From: source(from)}, nil
		}
	}
	return column{name, fromJQ, of}, nil
}

// templates are all that a request is made of.
func (x *compiled) templates() []*fill.Template {
	out := x.address.Templates()
	for _, p := range slices.Concat(x.query, x.pairs) {
		out = append(out, p.Name, p.Value)
	}
	for _, h := range x.headers {
		out = append(out, h.value)
	}
	for _, p := range x.parts {
		out = append(out, p.templates()...)
	}
	for _, t := range []*fill.Template{x.text, x.user} {
		if t != nil {
			out = append(out, t)
		}
	}
	if x.save != nil {
		out = append(out, x.save.names...)
	}
	return out
}
