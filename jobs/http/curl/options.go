package curl

import (
	"errors"
	"strings"
	"sync"
)

// option is what is known of one of curl's.
type option struct {
	set     func(c *Command, value string) error // nil: it changes nothing about the request
	value   bool
	ignored bool   // it may stand there, as may its --no- form
	refused string // what to do instead
}

func (o option) takesValue() bool { return o.value }

// text is an option whose value is kept.
func text(at func(c *Command) *string) option {
	return option{value: true, set: func(c *Command, v string) error { *at(c) = v; return nil }}
}

// list is one that may stand there several times.
func list(at func(c *Command) *[]string) option {
	return option{value: true, set: func(c *Command, v string) error {
		*at(c) = append(*at(c), v)
		return nil
	}}
}

func yes(at func(c *Command) *bool) option {
	return option{set: func(c *Command, _ string) error { *at(c) = true; return nil }}
}

func data(k Kind) option {
	return option{value: true, set: func(c *Command, v string) error {
		c.Data = append(c.Data, Data{k, v})
		return nil
	}}
}

func headerNamed(name string) option {
	return option{value: true, set: func(c *Command, v string) error {
		c.Headers = append(c.Headers, name+": "+v)
		return nil
	}}
}

func setHeader(c *Command, v string) error {
	if strings.HasPrefix(v, "@") {
		return errors.New("headers in a file are not read: write each with -H")
	}
	name, _, _ := strings.Cut(v, ":")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "content-length", "connection", "host", "te", "transfer-encoding", "keep-alive", "proxy-connection", "upgrade", "expect", "trailer":
		// Browsers copy what belongs to the connection that they had.
		c.Notes = append(c.Notes, "the header "+strings.TrimSpace(name)+" is left out: it follows from the request")
		return nil
	}
	c.Headers = append(c.Headers, v)
	return nil
}

func setCookie(c *Command, v string) error {
	if !strings.Contains(v, "=") {
		return errors.New("a file of cookies is not read: a record is one request, and keeps no session")
	}
	c.Headers = append(c.Headers, "Cookie: "+v)
	return nil
}

// setNoProxy takes what says that there is no proxy at all.
func setNoProxy(c *Command, v string) error {
	if v != "*" && v != "" {
		return errors.New("hosts that are asked without a proxy stand in the environment (NO_PROXY), beside the proxy; only --noproxy '*' is known")
	}
	c.NoProxy = v
	return nil
}

// setBearer is the token of --oauth2-bearer.
func setBearer(c *Command, v string) error {
	c.Headers = append(c.Headers, "Authorization: Bearer "+v)
	return nil
}

// ignored changes nothing about the request; ignoredValue has a value all the same.
var ignored, ignoredValue = option{ignored: true}, option{ignored: true, value: true}

func refused(instead string) option { return option{refused: instead} }

// Why some are refused.
const (
	noOutput  = "answers go into columns, or into files by --save"
	noInsecur = "certificates are always checked; name the server's by --cacert FILE"
	noSession = "a record is one request, and keeps no session"
	ownTries  = "brood tries again by itself: --retries and --backoff"
)

// options are all that are known. They are made when a command is read: most workers read none.
var options = sync.OnceValue(func() map[string]option {
	return map[string]option{
		"request": text(func(c *Command) *string { return &c.Method }),
		"url":     {value: true, set: (*Command).url},
		"header":  {value: true, set: setHeader},
		"data":    data(Plain), "data-ascii": data(Plain), "data-raw": data(Raw), "data-binary": data(Binary), "data-urlencode": data(URLEncode),
		"json": list(func(c *Command) *[]string { return &c.JSON }), "form": list(func(c *Command) *[]string { return &c.Form }),
		"form-string": list(func(c *Command) *[]string { return &c.Strings }), "url-query": list(func(c *Command) *[]string { return &c.Query }),
		"user": text(func(c *Command) *string { return &c.User }), "basic": ignored, "oauth2-bearer": {value: true, set: setBearer},
		"user-agent": headerNamed("User-Agent"), "referer": headerNamed("Referer"), "cookie": {value: true, set: setCookie},
		"get": yes(func(c *Command) *bool { return &c.Get }), "head": yes(func(c *Command) *bool { return &c.Head }),
		"location": yes(func(c *Command) *bool { return &c.Follow }), "http1.1": yes(func(c *Command) *bool { return &c.HTTP1 }),
		"cacert": text(func(c *Command) *string { return &c.CACert }), "cert": text(func(c *Command) *string { return &c.Cert }), "key": text(func(c *Command) *string { return &c.Key }),
		"proxy": text(func(c *Command) *string { return &c.Proxy }), "noproxy": {value: true, set: setNoProxy},
		"resolve":  list(func(c *Command) *[]string { return &c.Resolve }),
		"max-time": text(func(c *Command) *string { return &c.MaxTime }), "connect-timeout": text(func(c *Command) *string { return &c.Connect }),
		"max-redirs": text(func(c *Command) *string { return &c.MaxRedirs }), "max-filesize": text(func(c *Command) *string { return &c.MaxFileSize }),

		"compressed": ignored, "silent": ignored, "show-error": ignored, "verbose": ignored, "include": ignored, "show-headers": ignored, "fail": ignored, "fail-with-body": ignored, "fail-early": ignored,
		"globoff": ignored, "http2": ignored, "progress-bar": ignored, "progress-meter": ignored, "no-progress-meter": ignored, "no-buffer": ignored, "buffer": ignored, "keepalive": ignored, "tcp-nodelay": ignored,
		"tlsv1": ignored, "tlsv1.2": ignored, "tlsv1.3": ignored, "ssl": ignored, "ssl-reqd": ignored, "ipv4": ignored, "ipv6": ignored, "alpn": ignored, "path-as-is": ignored, "trace-time": ignored, "styled-output": ignored,
		"write-out": ignoredValue, "stderr": ignoredValue, "keepalive-time": ignoredValue, "trace": ignoredValue, "trace-ascii": ignoredValue, "tls-max": ignoredValue,
		"disable": ignored, "sessionid": ignored,

		"output": refused(noOutput), "remote-name": refused(noOutput), "remote-header-name": refused(noOutput), "output-dir": refused(noOutput), "remote-name-all": refused(noOutput), "create-dirs": refused(noOutput),
		"insecure": refused(noInsecur), "proxy-insecure": refused(noInsecur),
		"cookie-jar": refused(noSession), "junk-session-cookies": refused(noSession), "next": refused("a record is one request"), "parallel": refused("-j N works on N records at a time"),
		"retry": refused(ownTries), "retry-delay": refused(ownTries), "retry-max-time": refused(ownTries), "retry-all-errors": refused(ownTries), "retry-connrefused": refused(ownTries),
		"limit-rate": refused("--rate bounds how many requests are made"), "rate": refused("--rate of brood does that"), "location-trusted": refused("secrets are never sent to another host; -L follows without them"),
		"digest": refused("only basic authentication is known"), "ntlm": refused("only basic authentication is known"), "negotiate": refused("only basic authentication is known"), "anyauth": refused("only basic authentication is known"),
		"aws-sigv4": refused("requests are not signed for AWS"), "netrc": refused("give the password by -u 'user:{secret:NAME}'"), "config": refused("files with options are not read"),
		"upload-file": refused("a body comes from --body-file or -F"), "unix-socket": refused("only TCP is spoken"), "range": refused("write -H 'Range: bytes=0-99'"),
		"http0.9": refused("HTTP/1.1 and HTTP/2 are spoken"), "http1.0": refused("HTTP/1.1 and HTTP/2 are spoken"), "http3": refused("HTTP/1.1 and HTTP/2 are spoken"), "http2-prior-knowledge": refused("HTTP/2 is spoken over TLS"),
	}
})

// shorts are the letters, with what they stand for.
var shorts = sync.OnceValue(func() map[byte]string {
	return map[byte]string{
		'X': "request", 'H': "header", 'd': "data", 'F': "form", 'u': "user", 'A': "user-agent", 'e': "referer", 'b': "cookie", 'G': "get", 'I': "head", 'L': "location", 'E': "cert", 'x': "proxy", 'm': "max-time",
		's': "silent", 'S': "show-error", 'v': "verbose", 'i': "include", 'f': "fail", 'g': "globoff", '#': "progress-bar", 'N': "no-buffer", 'w': "write-out", '4': "ipv4", '6': "ipv6", '1': "tlsv1", 'q': "disable",
		'o': "output", 'O': "remote-name", 'J': "remote-header-name", 'k': "insecure", 'c': "cookie-jar", 'j': "junk-session-cookies", ':': "next", 'Z': "parallel", 'n': "netrc", 'K': "config", 'T': "upload-file", 'r': "range", '0': "http1.0",
	}
})
