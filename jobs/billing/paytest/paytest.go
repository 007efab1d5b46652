// Package paytest is a payment server for tests, in the shape of Stripe's API v1: payment intents, charges, invoices, refunds,
// customers and payment methods, lists, and a search that lags. It is no part of brood, and imports nothing of it: its digits
// of currencies, its keys and its sums are its own, so that they can judge.
//
// It promises:
//
//   - Each movement of money is a line of its journal before anybody can see it, see [Move]: with Options.Journal it is
//     written before the answer leaves, whoever is killed. That is the oracle: who was charged, how often, how much.
//   - Answers are kept by Idempotency-Key as Stripe keeps them: the first one, errors of 500 included, given again with
//     Idempotent-Replayed; another body is 400 idempotency_error; while the first is under way 409; forgotten after
//     Options.KeyLife.
//   - What goes wrong goes wrong because a [Fault] was asked for: by chance, which follows from a seed, the key and how often it
//     came, and so is the same in every run; or by magic, where the id of a customer or a payment method, or
//     metadata[fault], has fault_ and its name in it: then the first request with a key is hit.
//   - What a payment comes to is said by the id of its method: see methods.go.
//   - A parameter that an endpoint does not know is refused.
//
// It remembers nothing when it ends, and knows any customer and method whose id has the right beginning.
package paytest

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options are how a server behaves.
type Options struct {
	// Latency is how long each answer takes; Late how long one takes that is hit by FaultLate or FaultVanish, 0 is a second.
	Latency, Late time.Duration
	// KeyLife is for how long answers are kept; 0 is 24 hours.
	KeyLife time.Duration
	// SearchLag is how old something must be to be found by search.
	SearchLag time.Duration
	// PerSecond is how many requests to one endpoint are answered in any second, AtOnce how many may be under way; those
	// beyond are answered 429. 0 is no limit.
	PerSecond, AtOnce int
	// Faults are how likely each is, from 0 to 1.
	Faults map[Fault]float64
	Seed   uint64
	// Keys are the secret keys that are known; none: any in Stripe's form.
	Keys []string
	// DisputeAfter is how long after a charge whose method says dispute it is disputed; ProcessFor how long one is
	// under way whose method says processing, 0 is for ever.
	DisputeAfter, ProcessFor time.Duration
	// Journal gets a line of JSON for each movement of money.
	Journal io.Writer
	// Now is the time; nil is time.Now.
	Now func() time.Time
}

// Server is an http.Handler. Close it when it is not used any more.
type Server struct {
	o   Options
	now func() time.Time

	mu       sync.Mutex
	working  int        // what goes on though its connection has gone
	idle     *sync.Cond // there is none of that any more
	tables   map[string]*table
	keys     map[string]*kept
	arrived  map[string]int // by key, or by address: how often it came
	lately   map[string][]time.Time
	underWay map[string]int
	moves    []Move
	requests int
	faults   map[Fault]int
	ids      int
}

// New returns a server.
func New(o Options) *Server {
	if o.KeyLife <= 0 {
		o.KeyLife = 24 * time.Hour
	}
	if o.Late <= 0 {
		o.Late = time.Second
	}
	s := &Server{
		o: o, now: o.Now, tables: make(map[string]*table), keys: make(map[string]*kept), arrived: make(map[string]int),
		lately: make(map[string][]time.Time), underWay: make(map[string]int), faults: make(map[Fault]int),
	}
	s.idle = sync.NewCond(&s.mu)
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Close waits for what is still at work though its connection has gone.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.working > 0 {
		s.idle.Wait()
	}
}

// work is one more, or less, that is.
func (s *Server) work(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.working += n; s.working == 0 {
		s.idle.Broadcast()
	}
}

// Requests is how many came.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Faulted is how often each fault has hit.
func (s *Server) Faulted() map[Fault]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[Fault]int)
	for f, n := range s.faults {
		out[f] = n
	}
	return out
}

// call is one request while it is answered.
type call struct {
	s     *Server
	r     *http.Request
	form  url.Values
	parts []string // of the path behind /v1
	live  bool
	key   string // Idempotency-Key
	fault Fault
	magic bool
	id    string // of the request
}

// within is a name within the mode of a call: what is live and what is a test know nothing of each other.
func (c *call) within(name string) string {
	if c.live {
		return "live " + name
	}
	return "test " + name
}

// answer is what is said.
type answer struct {
	status int
	body   []byte
	header map[string]string
}

// mostBody bounds what is read of a request.
const mostBody = 1 << 20

// ServeHTTP answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{s: s, r: r, key: r.Header.Get("Idempotency-Key")}
	s.arrive(c)
	if c.fault == FaultReset {
		reset(w)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
	if err != nil {
		return
	}
	c.form = r.URL.Query()
	if r.Method == http.MethodPost {
		if c.form, err = url.ParseQuery(string(body)); err != nil {
			s.write(w, c, failure(http.StatusBadRequest, "invalid_request_error", "", "the body is no form"))
			return
		}
	}
	if s.magic(c); c.fault == FaultReset {
		reset(w)
		return
	}
	if a := s.refuse(c); a != nil {
		s.write(w, c, a)
		return
	}
	where := s.enter(c)
	if where == "" {
		a := failure(http.StatusTooManyRequests, "invalid_request_error", "rate_limit", "Too many requests hit the API too quickly. We recommend an exponential backoff of your requests.")
		a.header = map[string]string{"Stripe-Rate-Limited-Reason": "endpoint-rate"}
		s.write(w, c, a)
		return
	}
	if c.fault == FaultVanish && r.Method == http.MethodPost {
		s.work(1)
		go func() {
			defer s.work(-1)
			s.do(c)
			s.leave(where)
		}()
		reset(w)
		return
	}
	a := s.do(c)
	s.leave(where)
	s.write(w, c, a)
}

// arrive counts a request, and says by chance what goes wrong.
func (s *Server) arrive(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	c.id = "req_" + strconv.Itoa(s.requests)
	name := c.key
	if name == "" {
		name = c.r.URL.RequestURI()
	}
	s.arrived[name]++
	c.fault = s.o.chance(name, s.arrived[name])
	c.magic = s.arrived[name] == 1
	s.hit(c.fault)
}

func (s *Server) hit(f Fault) {
	if f != FaultNone {
		s.faults[f]++
	}
}

// magic looks for a fault in what was asked for.
func (s *Server) magic(c *call) {
	if !c.magic || c.r.Method != http.MethodPost {
		return
	}
	for _, name := range []string{"payment_method", "source", "customer", "metadata[fault]"} {
		if f := faultIn(c.form.Get(name)); f != FaultNone {
			c.fault = f
			s.mu.Lock()
			s.hit(f)
			s.mu.Unlock()
			return
		}
	}
}

// refuse looks at the key and at the address.
func (s *Server) refuse(c *call) *answer {
	secret, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if user, _, basic := c.r.BasicAuth(); basic {
		secret, ok = user, true
	}
	if !ok || secret == "" {
		return failure(http.StatusUnauthorized, "invalid_request_error", "", "You did not provide an API key.")
	}
	kind, rest, _ := strings.Cut(secret, "_")
	mode, rest, _ := strings.Cut(rest, "_")
	known := len(s.o.Keys) == 0
	for _, k := range s.o.Keys {
		known = known || k == secret
	}
	if !known || rest == "" || kind != "sk" && kind != "rk" || mode != "test" && mode != "live" {
		return failure(http.StatusUnauthorized, "invalid_request_error", "", "Invalid API Key provided: "+kind+"_****")
	}
	c.live = mode == "live"
	if kind == "rk" && strings.Contains(rest, "readonly") && c.r.Method != http.MethodGet {
		return failure(http.StatusForbidden, "invalid_request_error", "more_permissions_required", "The provided key does not have the required permissions for this endpoint.")
	}
	path, ok := strings.CutPrefix(c.r.URL.Path, "/v1/")
	if !ok {
		return failure(http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL.")
	}
	c.parts = strings.Split(path, "/")
	return nil
}

// enter keeps the limits of an endpoint; empty: one is passed.
func (s *Server) enter(c *call) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	where := c.within(c.parts[0])
	if s.o.PerSecond > 0 {
		now := s.now()
		old := s.lately[where]
		for len(old) > 0 && now.Sub(old[0]) >= time.Second {
			old = old[1:]
		}
		s.lately[where] = append(old, now)
		if len(old) >= s.o.PerSecond {
			return ""
		}
	}
	if s.o.AtOnce > 0 && s.underWay[where] >= s.o.AtOnce {
		return ""
	}
	s.underWay[where]++
	return where
}

func (s *Server) leave(where string) {
	s.mu.Lock()
	s.underWay[where]--
	s.mu.Unlock()
}

// write sends an answer, as the fault has it.
func (s *Server) write(w http.ResponseWriter, c *call, a *answer) {
	if a == nil || c.fault == FaultDrop {
		reset(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Request-Id", c.id)
	if v := c.r.Header.Get("Stripe-Version"); v != "" {
		h.Set("Stripe-Version", v)
	}
	if c.key != "" {
		h.Set("Idempotency-Key", c.key)
	}
	for name, value := range a.header {
		h.Set(name, value)
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if c.fault == FaultHalf {
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		reset(w)
		return
	}
	_, _ = w.Write(a.body)
}
