package http

import (
	"brood/jobs"
	"maps"
	nethttp "net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// preview is the request of a record as a command of curl, with stars for secrets.
func (x *compiled) preview(rec *jobs.Record) string {
	const stars = "***"
	req, err := x.request(rec, "KEY", func(string) string { return stars })
	if err != nil {
		return "# " + err.Error()
	}
	var b strings.Builder
	b.WriteString("curl")
	if x.Body.Kind == bodyNone || req.Method != nethttp.MethodPost {
		if req.Method != nethttp.MethodGet {
			b.WriteString(" -X " + quoteWord(req.Method))
		}
	}
	address := req.URL.String()
	b.WriteString(" " + quoteWord(strings.ReplaceAll(address, "%2A%2A%2A", stars)))
	for _, name := range slices.Sorted(maps.Keys(req.Header)) {
		for _, v := range req.Header[name] {
			plain := slices.ContainsFunc(x.headers, func(h header) bool {
				_, literal := h.value.Literal()
				return h.name == name && literal && isKey(name)
			})
			if plain || name == "Authorization" && (x.user != nil || x.OAuth2 != nil) {
				v = stars
			}
			if name == "Content-Type" && x.Body.Kind == bodyInPart {
				continue // its boundary is another one each time
			}
			b.WriteString(" -H " + quoteWord(name+": "+v))
		}
	}
	if x.OAuth2 != nil {
		b.WriteString(" -H 'Authorization: Bearer ***'")
	}
	switch {
	case x.Body.Kind == bodyInPart:
		for i := range x.parts {
			b.WriteString(" -F " + quoteWord(x.parts[i].shown(rec)))
		}
	case x.Body.Kind == bodyNone:
	case !utf8.Valid(req.body):
		b.WriteString(" --data-binary @-")
	default:
		b.WriteString(" --data-raw " + quoteWord(string(req.body)))
	}
	return b.String()
}

// shown is a part as -F has it.
func (p *part) shown(rec *jobs.Record) string {
	secrets := func(string) string { return "***" }
	name, _ := p.name.Append(nil, rec, secrets)
	if p.value != nil {
		v, _ := p.value.Append(nil, rec, secrets)
		return string(name) + "=" + string(v)
	}
	if p.typed != "" {
		return string(name) + "=@" + p.typed
	}
	path, _ := join(p.names, rec, secrets)
	return string(name) + "=@" + path
}

// quoteWord quotes a text for a shell.
func quoteWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,+@") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
