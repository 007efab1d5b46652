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
	t, err := g.parse(text, Encoded, true)
	if err != nil {
		return nil, err
	}
	t, _, _ = t.Cut("#") // the fragment is not sent
	switch first := t.first(); {
	case len(t.parts) == 1 && first == "":
		return &Address{all: t.as(URL)}, nil
	case first == "" && len(t.parts) > 1:
		return nil, errors.New("a column that holds the URL stands alone: --url '{url}'; parameters are added by --query")
	case !strings.Contains(first, "://"):
		return nil, errors.New("a URL begins with http:// or https://")
	}
	scheme, rest, _ := t.Cut("://")
	word, _ := scheme.Literal()
	if s := strings.ToLower(word); s != "http" && s != "https" {
		return nil, fmt.Errorf("%s:// is not spoken here, only http and https", word)
	}
	authority, behind, _ := rest.cut(func(text string) (from, to int) {
		from = strings.IndexAny(text, "/?")
		return from, from
	})
	path, query, _ := behind.Cut("?")
	if _, _, found := authority.Cut("@"); found {
		return nil, errors.New("a password does not stand in a URL: give it by -u 'user:{secret:NAME}'")
	}
	a := &Address{origin: &Template{parts: append(appendText(nil, word+"://"), authority.parts...), escape: Host}, query: query.encodeLiterals()}
	a.origin.join()
	for i, s := range path.Split("/") {
		if i > 0 { // before the first slash there is nothing
			a.segments = append(a.segments, s.encodeLiterals())
		}
	}
	if len(a.segments) == 0 {
		a.segments = []*Template{{escape: Encoded}}
	}
	return a, a.check()
}

// first is the text in front of the first placeholder.
func (t *Template) first() string {
	if len(t.parts) == 0 || t.parts[0].kind != literal {
		return ""
	}
	return t.parts[0].text
}

// join makes one text of the two that a template may begin with.
func (t *Template) join() {
	if len(t.parts) > 1 && t.parts[0].kind == literal && t.parts[1].kind == literal {
		t.parts[1].text = t.parts[0].text + t.parts[1].text
		t.parts = t.parts[1:]
	}
}

// check looks whether it is a URL at all, whatever the values are.
func (a *Address) check() error {
	const host = "1" // as a name, and as a port
	u, err := url.Parse(a.origin.shape(host))
	if err != nil || u.Hostname() == "" {
		return errors.New("the URL has no host")
	}
	for _, s := range a.segments {
		text := s.shape("x")
		if _, err := url.PathUnescape(text); err != nil {
			return fmt.Errorf("%.60q cannot stand in the path of a URL: a percent sign is written %%25", text)
		}
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
	t, err := g.Parse(text, Encoded)
	if err != nil {
		return Pair{}, err
	}
	var p Pair
	var ok bool
	if p.Name, p.Value, ok = t.Cut("="); !ok {
		return Pair{}, fmt.Errorf("%q is not given as name=value", text)
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
