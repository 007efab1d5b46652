package http

import (
	"brood/jobs"
	"time"
)

// config is what the ledger keeps: the request as it was asked for, with the text of files that its body
// comes from, so that a resume sends what the run began with. Paths are absolute. Of secrets it has the names.
type config struct {
	Method  string   `json:"method"`
	URL     string   `json:"url"`
	Query   []string `json:"query,omitempty"`   // name=value
	Headers []string `json:"headers,omitempty"` // Name: value
	Body    body     `json:"body,omitzero"`
	User    string   `json:"user,omitempty"` // user:password, a template
	OAuth2  *oauth   `json:"oauth2,omitempty"`
	// Idempotency is the header that carries the record's key; empty: none does.
	Idempotency string `json:"idempotency,omitempty"`
	// Once says that a request must not be sent twice.
	Once bool `json:"once,omitempty"`

	Secrets      []string `json:"secrets,omitempty"` // names of variables
	AllowHosts   []string `json:"allow_hosts,omitempty"`
	AllowPrivate bool     `json:"allow_private,omitempty"`
	FilesFrom    string   `json:"files_from,omitempty"` // a directory

	Columns []column `json:"columns,omitempty"`
	Save    string   `json:"save,omitempty"`
	Expect  []string `json:"expect,omitempty"`
	On      []string `json:"on,omitempty"`

	MaxTime   time.Duration `json:"max_time"`
	Connect   time.Duration `json:"connect_timeout"`
	MaxBytes  int           `json:"max_bytes"`
	Redirects int           `json:"redirects,omitempty"`
	Proxy     string        `json:"proxy,omitempty"`
	CACert    string        `json:"cacert,omitempty"`
	Cert      string        `json:"cert,omitempty"`
	CertKey   string        `json:"cert_key,omitempty"`
	Resolve   []string      `json:"resolve,omitempty"`
	HTTP1     bool          `json:"http1,omitempty"`
}

// bodyKind is how the body of a request is made.
type bodyKind string

// The kinds.
const (
	bodyNone   bodyKind = ""
	bodyPairs  bodyKind = "pairs"     // Pairs, with & between, percent-encoded
	bodyForm   bodyKind = "form"      // Text, a form already: values are percent-encoded
	bodyJSON   bodyKind = "json"      // Text
	bodyXML    bodyKind = "xml"       // Text
	bodyPlain  bodyKind = "plain"     // Text
	bodyInPart bodyKind = "multipart" // Parts
)

// body is the template of a body.
type body struct {
	Kind  bodyKind `json:"kind,omitempty"`
	Text  string   `json:"text,omitempty"`
	Parts []piece  `json:"parts,omitempty"`
}

// piece is one of a body of several parts: RFC 7578.
type piece struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	// File is the path of a file: one that the user typed, or, where it has placeholders, one beneath
	// the directory of --files-from.
	File     string `json:"file,omitempty"`
	Filename string `json:"filename,omitempty"`
	Type     string `json:"type,omitempty"`
}

// oauth is how a token is got: RFC 6749, section 4.4.
type oauth struct {
	TokenURL string   `json:"token_url"`
	ClientID string   `json:"client_id"`
	Secret   string   `json:"secret"` // the name of one
	Scopes   []string `json:"scopes,omitempty"`
}

// source says where the value of a column comes from.
type source string

// The sources, as they are written in front of what they need.
const (
	fromJQ        source = "jq"
	fromHeader    source = "header"
	fromBody      source = "body"
	fromBytes     source = "bytes"
	fromMS        source = "ms"
	fromURL       source = "url"
	fromRedirects source = "redirects"
	fromProto     source = "proto"
)

// column is one that the job adds.
type column struct {
	Name string `json:"name"`
	From source `json:"from"`
	Of   string `json:"of,omitempty"` // the expression, or the name of the header
}

// statusColumn is there always.
const statusColumn = "http_status"

// bodyColumn has the body where no columns are asked for.
const bodyColumn = "body"

// resultColumns are what the job adds to the results.
func (c *config) resultColumns() []jobs.Column {
	out := []jobs.Column{{Name: statusColumn}}
	for _, col := range c.Columns {
		out = append(out, jobs.Column{Name: col.Name})
	}
	if len(c.Columns) == 0 {
		out = append(out, jobs.Column{Name: bodyColumn})
	}
	return out
}
