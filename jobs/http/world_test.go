package http

import (
	"brood/jobs"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// options are flags as a user has given them.
type options struct {
	given map[string]any
	text  bool
}

func (o options) value(name string) any {
	if v, ok := o.given[name]; ok {
		return v
	}
	for _, f := range flags() {
		if f.Name == name {
			return f.Default
		}
	}
	return nil
}

func (o options) String(name string) string     { s, _ := o.value(name).(string); return s }
func (o options) Bool(name string) bool         { b, _ := o.value(name).(bool); return b }
func (o options) Int(name string) int           { n, _ := o.value(name).(int); return n }
func (o options) Float64(string) float64        { return 0 }
func (o options) IsSet(name string) bool        { _, ok := o.given[name]; return ok }
func (o options) StateDir() string              { return "" }
func (o options) Command() []string             { return nil }
func (o options) Text() bool                    { return o.text }
func (o options) StringSlice(n string) []string { s, _ := o.value(n).([]string); return s }
func (o options) Duration(name string) time.Duration {
	d, _ := o.value(name).(time.Duration)
	return d
}

// flagsOf makes options of flags and values, one after the other; a flag that is given twice is a list.
func flagsOf(words ...string) options {
	o := options{given: make(map[string]any)}
	for i := 0; i+1 < len(words); i += 2 {
		name := words[i]
		switch d := (options{}).value(name).(type) {
		case []string, nil:
			_ = d
			list, _ := o.given[name].([]string)
			o.given[name] = append(list, words[i+1])
			if name == "effect" {
				o.given[name] = words[i+1]
			}
		case bool:
			o.given[name] = words[i+1] == "true"
		case int:
			o.given[name] = len(words[i+1])
		case time.Duration:
			o.given[name], _ = time.ParseDuration(words[i+1])
		default:
			o.given[name] = words[i+1]
		}
	}
	return o
}

var shape = &jobs.Shape{Kind: jobs.Fields, Columns: []string{"id", "name"}}

func record(seq int, id, name string) *jobs.Record {
	return &jobs.Record{Seq: jobs.Seq(seq), Attempt: 1, Shape: shape, Values: [][]byte{[]byte(id), []byte(name)}} //nolint:gosec // it is small
}

// begin plans the job and opens it as a worker does.
func begin(t *testing.T, o options) *runner {
	t.Helper()
	p, err := plan(o, shape)
	if err != nil {
		t.Fatal(err)
	}
	r, err := open(t.Context(), jobs.Setup{Config: p.Config, Shape: shape, Text: o.text, MaxOutput: 1 << 20, MaxDepth: 1000, Key: jobs.KeySpec{Scope: "s", Columns: []string{"id"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r.(*runner)
}

// do makes the request of a record.
func (r *runner) do(t *testing.T, rec *jobs.Record) *jobs.Result {
	t.Helper()
	res := &jobs.Result{}
	if err := r.Do(t.Context(), rec, res); err != nil {
		t.Fatal(err)
	}
	return res
}

// arrived is a request that a server got.
type arrived struct {
	method, uri, body string
	header            nethttp.Header
	host              string
}

// server answers as a function says, and keeps what it was asked.
type server struct {
	*httptest.Server
	mu  sync.Mutex
	all []arrived
}

func serve(t *testing.T, answer nethttp.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.all = append(s.all, arrived{r.Method, r.RequestURI, string(body), r.Header, r.Host})
		s.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// last is the last request.
func (s *server) last(t *testing.T) arrived {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == 0 {
		t.Fatal("nothing arrived")
	}
	return s.all[len(s.all)-1]
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

func ok(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, `{"ok":true}`) }
