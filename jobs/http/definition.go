// Package http is the job that makes a request of every record, of any API that speaks HTTP, and columns
// of the answer.
//
// A request is made of templates ([brood/jobs/http/fill]), each of whose values is escaped as its
// place asks for; package [brood/jobs/web] sends it and says how far it came; what the answer means is decided here: by a
// table of statuses, by what the user says of them, and by what he expects of the body.
//
// What it promises: no value of a record is ever more than a value, nothing is sent to a host that the user has not typed or
// allowed, and nothing that may not be repeated is sent twice by itself. What it leaves to others: when a request may
// leave, and how often it is tried (the engine), pages of results, sessions, and whatever takes more than one
// request for a record.
package http

import (
	"brood/jobs"
	_ "brood/jobs/quoted" // keys may be addresses
	"time"
)

// Definition describes the job.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name:  "http",
		Usage: "make a request of every record, to any API",
		Help: `The request is that of curl, with {column} where a value of the record goes. Each
value is escaped for its place: in a path, a parameter, a header, a form, JSON. In
JSON {name} without quotes is a string, and {price:json} what stands there as it is:
   --url 'https://api.example.com/users/{id}' --query lang={language}
   --json '{"name": {name}, "age": {age:json}}'
   --from-curl 'curl …' takes a whole command, as browsers and manuals have it.
Files come by -F photo=@{file}, from beneath --files-from DIR only.

A key is given by --secret NAME (of the environment) or --secret NAME=FILE, and written
{secret:NAME}, as in -H 'Authorization: Bearer {secret:NAME}' or -u 'me:{secret:NAME}'.
It is in no ledger, log or error. Redirects (-L) take none to another host.
A host that comes from a column needs --allow-host. Addresses of this machine and of
private networks are refused, unless you typed that host or say --allow-private.

The answer is the output, or with -o FILE.csv the columns http_status and body; or what
you say: --column city='.address.city' is an expression of jq (with $status and $headers),
--column tag=header:ETag a header; body, bytes, ms, url, redirects and proto are others.
--save answers/{id}.json keeps each in a file.

2xx is ok. 429, and 503 that says how long, make all wait; 408, other 5xx and broken
connections are tried again; 401, 403 and 402 stop the run; the rest of 4xx is failed.
--on 404=ok,409=skip,5xx=failed says otherwise. --expect status=200,201 and
--expect 'jq: .ok == true' decide as well.

GET, HEAD, PUT, DELETE and OPTIONS may be repeated. POST and PATCH may not: one that may
have been done, and was not answered, or with 5xx, is unknown. --idempotency-header
Idempotency-Key sends the record's key, so that the server knows it again.

There are no pages, cookies or scripts: a record is one request. All of it: docs/http.md.

Examples:
   brood run http --dry-run --url 'https://api.example.com/c/{name}' \
     testdata/cities.csv
   brood run http --dry-run --json '{"name": {name}}' \
     --url https://api.example.com/cities testdata/cities.csv`,
		Effect:      jobs.EffectOnce, // of the method: see effectOf
		KeyLifetime: 24 * time.Hour,  // Stripe, and the shortest that is common
		Retries:     3,
		Flags:       flags(),
		Plan:        plan,
		Files:       workerFiles,
		Open:        open,
		Report:      report,
		Resumable: map[string]jobs.Resumable{
			"on": {Flag: "on"}, "expect": {Flag: "expect"}, "proxy": {Flag: "proxy"}, "resolve": {Flag: "resolve"}, "cacert": {Flag: "cacert"}, "cert": {Flag: "cert"}, "cert_key": {Flag: "cert-key"},
			"max_time": {Flag: "max-time"}, "connect_timeout": {Flag: "connect-timeout"}, "max_bytes": {Flag: "max-filesize"}, "http1": {Flag: "http1.1"}, "allow_private": {Flag: "allow-private"}, "allow_hosts": {Flag: "allow-host"},
		},
	}
}

func flags() []jobs.Flag {
	return []jobs.Flag{
		{Name: "url", Usage: "ask for `URL`, a template", Default: ""},
		{Name: "from-curl", Usage: "make the request of `COMMAND`, 'curl …'; other flags add to it", Default: ""},
		{Name: "request", Aliases: []string{"X"}, Usage: "the `METHOD`; without it POST where there is a body, and GET", Default: ""},
		{Name: "query", Usage: "one more parameter, `NAME=VALUE`, a template; more than once", Default: []string(nil)},
		{Name: "header", Aliases: []string{"H"}, Usage: "one more header, `'NAME: VALUE'`, a template; 'NAME:' takes one away; more than once", Default: []string(nil)},
		{Name: "json", Usage: "send `JSON`, a template, or @FILE with one", Default: []string(nil)},
		{Name: "data", Aliases: []string{"d"}, Usage: "send `a={a}&b=1`, a form, or what -H 'Content-Type: …' says, or @FILE; several with & between", Default: []string(nil)},
		{Name: "data-raw", Usage: "the same, where @ means nothing", Default: []string(nil)},
		{Name: "data-binary", Usage: "the same; line breaks of @FILE stay", Default: []string(nil)},
		{Name: "data-urlencode", Usage: "one more field of a form, `NAME=VALUE`; all of it is encoded", Default: []string(nil)},
		{Name: "form", Aliases: []string{"F"}, Usage: "one more part of a body of several, `NAME=VALUE` or NAME=@FILE[;type=…][;filename=…]", Default: []string(nil)},
		{Name: "body-file", Usage: "send what is in `FILE`, a template: .json, .xml, or what -H 'Content-Type: …' says", Default: ""},
		{Name: "files-from", Usage: "files that a record names lie beneath `DIR`", Default: ""},
		{Name: "get", Aliases: []string{"G"}, Usage: "make parameters of -d", Default: false},
		{Name: "head", Aliases: []string{"I"}, Usage: "ask for the head of the answer only", Default: false},
		{Name: "basic", Aliases: []string{"u"}, Usage: "say who asks by `USER:PASSWORD`, a template", Default: ""},
		{Name: "user-agent", Aliases: []string{"A"}, Usage: "call yourself `NAME`", Default: ""},
		{Name: "referer", Aliases: []string{"e"}, Usage: "say that a link of `URL` led here", Default: ""},
		{Name: "oauth2-token-url", Usage: "get a token from `URL` (OAuth 2, client credentials) and send it", Default: ""},
		{Name: "oauth2-client-id", Usage: "as the client `ID`", Default: ""},
		{Name: "oauth2-secret", Usage: "whose secret is that of --secret `NAME`", Default: ""},
		{Name: "oauth2-scope", Usage: "for `SCOPES`, with spaces between", Default: ""},
		{Name: "idempotency-header", Usage: "send the record's key as header `NAME`: the server takes a request with it once", Default: ""},
		{Name: "allow-host", Usage: "records may name `HOST`, or with *.example.com any beneath it; more than once", Default: []string(nil)},
		{Name: "allow-private", Usage: "records and redirects may lead to this machine, and into private networks", Default: false},
		{Name: "location", Aliases: []string{"L"}, Usage: "follow redirects", Default: false},
		{Name: "max-redirs", Usage: "with -L, up to `N`", Default: 10},
		{Name: "max-time", Aliases: []string{"m"}, Usage: "an answer must be there within `TIME`", Default: time.Minute},
		{Name: "connect-timeout", Usage: "a connection must be there within `TIME`", Default: 10 * time.Second},
		{Name: "max-filesize", Usage: "an answer is no larger than `SIZE`, unpacked", Default: "16MiB"},
		{Name: "proxy", Aliases: []string{"x"}, Usage: "go by the proxy at `URL`; none is none; otherwise as the environment says", Default: ""},
		{Name: "resolve", Usage: "as curl has it, `HOST:PORT:ADDRESS` in place of the DNS; more than once", Default: []string(nil)},
		{Name: "cacert", Usage: "trust the certificates in `FILE` (PEM) and no others", Default: ""},
		{Name: "cert", Aliases: []string{"E"}, Usage: "show the client's certificate in `FILE` (PEM)", Default: ""},
		{Name: "cert-key", Usage: "whose key is in `FILE`, if not in that of --cert", Default: ""},
		{Name: "http1.1", Usage: "do not speak HTTP/2", Default: false},
		{Name: "column", Usage: "one more column, `NAME=EXPRESSION` of jq, or NAME=header:ETag, or NAME=bytes and the like", Default: []string(nil)},
		{Name: "save", Usage: "keep the body of each answer in `DIR/{id}.json`", Default: ""},
		{Name: "expect", Usage: "a record is ok only if `'status=200,201'` or 'jq: EXPRESSION' holds; more than once", Default: []string(nil)},
		{Name: "on", Usage: "what answers mean, `404=ok,409=skip,5xx=retry,slow=failed`", Default: []string(nil)},
	}
}
