// Package geotest is a geocoder for tests: a server with the manners of Nominatim, Photon, Google,
// Geocodio, the US Census and the Base Adresse Nationale, good ones and bad ones. What it knows it
// has from a geo.Finder; [Cities] is one, of a table of towns.
//
// It promises:
//
//   - Clients of these services take it for the real thing: geopy and csvgeocode are tested with it.
//   - It remembers who came when, by a clock that is never set, and with which key: see [Arrival]
//     and [Busiest]. With Options.Log that is on disk before the answer leaves, whoever is killed.
//   - What it answers wrongly it answers so because a [Fault] says so, or because its own limits
//     were passed: never by chance.
//
// Each service has a path of its own: /nominatim, /photon, /google, /geocodio, /census, /ban; what
// stands behind it is as at the real one. It is no part of brood.
package geotest

import (
	"brood/jobs/geocode/geo"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options are how a server behaves.
type Options struct {
	// Finder knows the places.
	Finder geo.Finder
	// Latency is how long each answer takes.
	Latency time.Duration
	// PerSecond is how many requests with one key are answered in any second, AtOnce how many may
	// be under way; those beyond are answered 429. 0 is no limit.
	PerSecond, AtOnce int
	// Keys are those that are known; none: any, and no key at all.
	Keys   []string
	Faults []Fault
	// Log gets a line of JSON for each arrival, before it is answered.
	Log io.Writer
}

// Arrival is one request that came.
type Arrival struct {
	N int `json:"n"` // from 1
	// At is when it came, in nanoseconds since the server began.
	At      int64  `json:"at"`
	Service string `json:"service"`
	Key     string `json:"key,omitempty"`
	// Question is what was asked for, in few words; of a batch, how many questions it has.
	Question string `json:"question"`
	Agent    string `json:"agent,omitempty"`
	// AtOnce is how many were under way, this one included.
	AtOnce int `json:"at_once"`
	// Answer is what it is answered with: "ok", "limited", or a fault.
	Answer string `json:"answer"`
}

// Server is an http.Handler.
type Server struct {
	options Options
	begun   time.Time

	mu       sync.Mutex
	arrivals []Arrival
	lately   map[string][]int64 // by key: when those of the last second came
	underWay map[string]int
	used     []int // how often each fault was
}

// New returns a server.
func New(o Options) *Server {
	return &Server{options: o, begun: time.Now(), lately: map[string][]int64{}, underWay: map[string]int{}, used: make([]int, len(o.Faults))}
}

// Arrivals are all that came so far, in their order.
func (s *Server) Arrivals() []Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.arrivals)
}

// Busiest is the most arrivals that lie within any one second, and within less than all of it: two that
// are exactly a second apart are not in one.
func Busiest(all []Arrival) int {
	most, from := 0, 0
	for i := range all {
		for all[i].At-all[from].At >= int64(time.Second) {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// ReadLog reads what Options.Log was given. A line that is cut off at its end is left out.
func ReadLog(log []byte) ([]Arrival, error) {
	var all []Arrival
	for line := range bytes.Lines(log) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var a Arrival
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, fmt.Errorf("line %d of the geocoder's log: %w", len(all)+1, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// call is one request while it is answered.
type call struct {
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	service *service
	key     string
	body    []byte
	fault   *Fault // nil: none
}

// mostBody bounds what is read of a request.
const mostBody = 32 << 20

// ServeHTTP answers as the service would whose path it is.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	service := services[name]
	if service == nil {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
	if err != nil {
		return
	}
	c := &call{server: s, w: w, r: r, service: service, key: r.URL.Query().Get(service.key), body: body}
	ask, err := service.route("/"+rest, c)
	if err != nil {
		s.arrive(c, err.Error(), "asked")
		service.refuse(c, http.StatusBadRequest, err.Error())
		return
	}
	if ask == nil {
		http.NotFound(w, r)
		return
	}
	answer := s.arrive(c, ask.question, "")
	defer s.leave(c)
	if s.options.Latency > 0 {
		select {
		case <-time.After(s.options.Latency):
		case <-r.Context().Done():
			return
		}
	}
	switch answer {
	case "limited":
		w.Header().Set("Retry-After", "1")
		service.refuse(c, http.StatusTooManyRequests, "Too Many Requests")
	case "denied":
		service.refuse(c, http.StatusForbidden, "unknown key")
	default:
		c.answer(r.Context(), ask)
	}
}

// arrive notes who came, and says how it is to be answered.
func (s *Server) arrive(c *call, question, answer string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := int64(time.Since(s.begun))
	s.underWay[c.key]++
	a := Arrival{
		N: len(s.arrivals) + 1, At: now, Service: c.service.name, Key: c.key, Question: question,
		Agent: c.r.UserAgent(), AtOnce: s.underWay[c.key], Answer: answer,
	}
	if answer != "" { // a bad request, which is answered at once
		s.underWay[c.key]--
	} else {
		a.Answer = s.judge(c, &a)
	}
	s.arrivals = append(s.arrivals, a)
	if s.options.Log != nil {
		line, err := json.Marshal(a)
		if err == nil {
			_, err = s.options.Log.Write(append(line, '\n'))
		}
		if err != nil {
			panic("geotest: the log cannot be written: " + err.Error()) // a test that goes on would prove nothing
		}
	}
	return a.Answer
}

// judge looks at the key, the limits and the faults.
func (s *Server) judge(c *call, a *Arrival) string {
	if len(s.options.Keys) > 0 && !slices.Contains(s.options.Keys, c.key) {
		return "denied"
	}
	lately := slices.DeleteFunc(s.lately[c.key], func(at int64) bool { return a.At-at >= int64(time.Second) })
	s.lately[c.key] = append(lately, a.At)
	if s.options.PerSecond > 0 && len(s.lately[c.key]) > s.options.PerSecond || s.options.AtOnce > 0 && a.AtOnce > s.options.AtOnce {
		return "limited"
	}
	for i := range s.options.Faults {
		f := &s.options.Faults[i]
		if f.hits(a, s.used[i]) {
			s.used[i]++
			c.fault = f
			return f.String()
		}
	}
	return "ok"
}

func (s *Server) leave(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underWay[c.key]--
}

// ask is what a request turned out to ask.
type ask struct {
	question string // for the log
	queries  []*geo.Query
	// render makes the body of what was found for each query.
	render func(found [][]geo.Place, fault *Fault) []byte
	kind   string // content type
}

// answer finds and answers, well or as the fault says.
func (c *call) answer(ctx context.Context, a *ask) {
	if c.fault != nil && c.fault.before(c) {
		return
	}
	found := make([][]geo.Place, len(a.queries))
	for i, q := range a.queries {
		places, err := c.server.options.Finder.Find(ctx, q)
		if err != nil {
			c.service.refuse(c, http.StatusInternalServerError, err.Error())
			return
		}
		if q.Limit > 0 && len(places) > q.Limit {
			places = places[:q.Limit]
		}
		found[i] = places
	}
	body := a.render(found, c.fault)
	c.w.Header().Set("Content-Type", a.kind)
	if c.fault != nil && c.fault.within(c, body) {
		return
	}
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = c.w.Write(body) // whoever has gone is gone
}

// mustJSON is v as JSON.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("geotest: " + err.Error()) // of texts and numbers only
	}
	return b
}
