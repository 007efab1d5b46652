package http

import (
	"brood/jobs/http/fill"
	"fmt"
	"slices"
	"strings"
)

// keyed are headers that hold a key, and words in the names of others that do.
var (
	keyHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie"}
	keyWords   = []string{"key", "token", "secret", "password", "auth", "signature"}
)

// isKey reports whether a header, or a parameter, holds one by its name.
func isKey(name string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc(keyHeaders, func(h string) bool { return strings.EqualFold(h, name) }) ||
		slices.ContainsFunc(keyWords, func(w string) bool { return strings.Contains(lower, w) })
}

// leastKey is how many letters a key has at least: fewer are a word for something else, sort_key=name.
const leastKey = 8

// isKeyParameter reports whether a parameter of a URL holds a key by the end of its name: api_key, accessToken, X-Amz-Signature;
// keyword and author do not.
func isKeyParameter(name string) bool {
	lower := strings.ToLower(name)
	return lower == "auth" || lower == "appid" || lower == "sig" ||
		slices.ContainsFunc([]string{"key", "token", "secret", "password", "signature"}, func(w string) bool { return strings.HasSuffix(lower, w) })
}

// parameters are those of --query and of the URL, as they were given.
func (x *compiled) parameters() []string {
	_, query, _ := strings.Cut(x.URL, "?")
	query, _, _ = strings.Cut(query, "#")
	return slices.Concat(x.Query, strings.Split(query, "&"))
}

// plainKeys are the headers, parameters and -u, whose values stand in the command line though they are keys.
func (x *compiled) plainKeys() (names, values []string) {
	look := func(name string, t *fill.Template) {
		if text, literal := t.Literal(); literal && text != "" {
			names = append(names, name)
			values = append(values, text)
			for _, word := range strings.Fields(text) {
				if len(word) >= leastKey {
					values = append(values, word)
				}
			}
		}
	}
	for _, h := range x.headers {
		if isKey(h.name) {
			look(h.name, h.value)
		}
	}
	for _, pair := range x.parameters() {
		if name, value, _ := strings.Cut(pair, "="); isKeyParameter(name) && len(value) >= leastKey && !strings.Contains(value, "{") {
			names, values = append(names, name), append(values, value)
		}
	}
	if x.user != nil {
		if text, literal := x.user.Literal(); literal {
			_, password, _ := strings.Cut(text, ":")
			if password == "" {
				password = strings.TrimSuffix(text, ":")
			}
			names, values = append(names, "-u"), append(values, password)
		}
	}
	return names, values
}

// given are the keys of the command line, so that no error has them.
func (x *compiled) given() []string {
	_, values := x.plainKeys()
	return values
}

// warnings say what may surprise.
func (x *compiled) warnings() (out []string) {
	if names, _ := x.plainKeys(); len(names) > 0 {
		out = append(out, fmt.Sprintf("the value of %s stands in the command line, and so in the ledger of the run: --secret NAME and {secret:NAME} keep it out", strings.Join(names, ", ")))
	}
	if !x.ofRecord && strings.HasPrefix(strings.ToLower(x.URL), "http://") && (x.user != nil || x.OAuth2 != nil || slices.ContainsFunc(x.headers, func(h header) bool { return isKey(h.name) })) && !isNear(x.address.Host()) {
		out = append(out, "what says who asks goes over the network unencrypted: the URL begins with http://")
	}
	return out
}

// isNear reports whether a host is this machine.
func isNear(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"
}

// typed are the hosts that the user typed: of the URL, of the token's, and those that --allow-host names one by one.
func (x *compiled) typed() (out []string) {
	if h := x.address.Host(); h != "" {
		out = append(out, h)
	}
	if x.OAuth2 != nil {
		_, rest, _ := strings.Cut(x.OAuth2.TokenURL, "://")
		rest = rest[:strings.IndexAny(rest+"/", "/?#")]
		if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') {
			rest = rest[:i]
		}
		out = append(out, rest)
	}
	for _, h := range x.hosts {
		if !strings.HasPrefix(h, "*.") {
			out = append(out, h)
		}
	}
	return out
}
