package fill

import (
	"brood/jobs"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Address is the template of a URL.
type Address struct {
	// all is the whole URL of a column; then there is nothing else.
	all *Template
	// origin is scheme and authority; segments those of the path; query what follows ?.
	origin   *Template
	segments []*Template
	query    *Template
}

// ParseAddress reads the template of a URL. Its host may have placeholders, its scheme not; or all of
// it is one placeholder.
func (g *Grammar) ParseAddress(text string) (*Address, error) {
	text, _, _ = strings.Cut(text, "#") // the fragment is not sent
	if t, err := g.Parse(text, URL); err == nil && len(t.parts) == 1 && t.parts[0].kind != literal {
		return &Address{all: t}, nil
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		if strings.HasPrefix(text, "{") {
			return nil, errors.New("a column that holds the URL stands alone: --url '{url}'; parameters are added by --query")
		}
		return nil, errors.New("a URL begins with http:// or https://")
	}
	if s := strings.ToLower(scheme); s != "http" && s != "https" {
		return nil, fmt.Errorf("%s:// is not spoken here, only http and https", scheme)
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	path, query, _ := strings.Cut(path, "?")
	a := &Address{}
	var err error
	if strings.Contains(authority, "@") {
		return nil, errors.New("a password does not stand in a URL: give it by -u 'user:{secret:NAME}'")
	}
	if a.origin, err = g.Parse(scheme+"://"+authority, Host); err != nil {
		return nil, err
	}
	for i, s := range strings.Split(path, "/") {
		if i == 0 {
			continue // before the first slash
		}
		t, err := g.Parse(s, Encoded)
		if err != nil {
			return nil, err
		}
		a.segments = append(a.segments, t.encodeLiterals())
	}
	if len(a.segments) == 0 {
		a.segments = []*Template{{escape: Encoded}}
	}
	if a.query, err = g.Parse(query, Encoded); err != nil {
		return nil, err
	}
	a.query = a.query.encodeLiterals()
	if err := a.check(); err != nil {
		return nil, err
	}
	return a, nil
}

// check looks whether it is a URL at all.
func (a *Address) check() error {
	text, _ := a.origin.Literal()
	if text == "" {
		return nil // its host is a column's
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return errors.New("the URL has no host")
	}
	return nil
}

// encodeLiterals encodes what cannot stand in a URL: spaces, letters beyond ASCII. What is encoded
// already stays.
func (t *Template) encodeLiterals() *Template {
	for i, p := range t.parts {
		if p.kind != literal {
			continue
		}
		var b []byte
		for _, c := range []byte(p.text) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
				b = appendPercent(b, []byte{c})
			} else {
				b = append(b, c)
			}
		}
		t.parts[i].text = string(b)
	}
	return t
}

// Host is the host that the user typed, without the port; empty if it is a column's.
func (a *Address) Host() string {
	if a.all != nil {
		return ""
	}
	text, _ := a.origin.Literal()
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Templates are what it is made of.
func (a *Address) Templates() []*Template {
	if a.all != nil {
		return []*Template{a.all}
	}
	return append([]*Template{a.origin, a.query}, a.segments...)
}

// Append appends the URL of a record, with parameters behind those that it has.
func (a *Address) Append(dst []byte, rec *jobs.Record, secrets func(string) string, more []Pair) ([]byte, error) {
	begun := len(dst)
	var err error
	if a.all != nil {
		if dst, err = a.all.Append(dst, rec, secrets); err != nil {
			return dst, err
		}
		if before, _, ok := strings.Cut(string(dst[begun:]), "#"); ok {
			dst = append(dst[:begun], before...)
		}
	} else if dst, err = a.appendParts(dst, rec, secrets); err != nil {
		return dst, err
	}
	for _, p := range more {
		sign := byte('&')
		switch {
		case strings.IndexByte(string(dst[begun:]), '?') < 0:
			sign = '?'
		case dst[len(dst)-1] == '?' || dst[len(dst)-1] == '&':
			sign = 0
		}
		if sign != 0 {
			dst = append(dst, sign)
		}
		if dst, err = p.Append(dst, rec, secrets); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (a *Address) appendParts(dst []byte, rec *jobs.Record, secrets func(string) string) ([]byte, error) {
	dst, err := a.origin.Append(dst, rec, secrets)
	if err != nil {
		return dst, err
	}
	for _, s := range a.segments {
		dst = append(dst, '/')
		from := len(dst)
		if dst, err = s.Append(dst, rec, secrets); err != nil {
			return dst, err
		}
		if !s.OfRecord() {
			continue
		}
		switch string(dst[from:]) {
		case "":
			return dst, fmt.Errorf("the value of %s %w, and the URL would be another one", s.parts[0].name(), ErrEmpty)
		case ".", "..":
			return dst, fmt.Errorf("the value of %s is %s, and the URL would be another one", s.parts[0].name(), dst[from:])
		}
	}
	if literalQuery, plain := a.query.Literal(); plain && literalQuery == "" {
		return dst, nil
	}
	return a.query.Append(append(dst, '?'), rec, secrets)
}

// Pair is a parameter of a query or a form: a name and a value.
type Pair struct{ Name, Value *Template }

// ParsePair reads name=value. What is no placeholder is encoded too.
func (g *Grammar) ParsePair(text string) (Pair, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return Pair{}, fmt.Errorf("%q is not given as name=value", text)
	}
	var p Pair
	var err error
	if p.Name, err = g.Parse(name, Encoded); err != nil {
		return p, err
	}
	if p.Value, err = g.Parse(value, Encoded); err != nil {
		return p, err
	}
	p.Name.encodeAll()
	p.Value.encodeAll()
	return p, nil
}

// encodeAll encodes the literals as values are.
func (t *Template) encodeAll() {
	for i, p := range t.parts {
		if p.kind == literal {
			t.parts[i].text = Encode(p.text)
		}
	}
}

// Append appends name=value.
func (p Pair) Append(dst []byte, rec *jobs.Record, secrets func(string) string) ([]byte, error) {
	dst, err := p.Name.Append(dst, rec, secrets)
	if err != nil {
		return dst, err
	}
	return p.Value.Append(append(dst, '='), rec, secrets)
}
