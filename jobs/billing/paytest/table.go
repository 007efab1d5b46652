package paytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// entry is an object of one kind.
type entry struct {
	id, customer string
	live         bool
	made         time.Time
	at           int // in its table
	metadata     map[string]string
	of           string // the payment intent or charge of a refund
	v            any    // *intent, *charged, *invoice, *item, *refund
}

// table are the objects of one kind, in the order in which they were made.
type table struct {
	all        []*entry
	byID       map[string]*entry
	byCustomer map[string][]*entry
}

// table gives a table; the server's lock is held, as in all that follows.
func (s *Server) table(name string) *table {
	t := s.tables[name]
	if t == nil {
		t = &table{byID: make(map[string]*entry), byCustomer: make(map[string][]*entry)}
		s.tables[name] = t
	}
	return t
}

func (s *Server) add(kind string, e *entry) {
	t := s.table(kind)
	e.at = len(t.all)
	t.all = append(t.all, e)
	t.byID[e.id] = e
	t.byCustomer[e.customer] = append(t.byCustomer[e.customer], e)
}

// newID makes an id that no other object has, in this process or, but for one in 2^32, in another one.
func (s *Server) newID(prefix string) string {
	s.ids++
	return fmt.Sprintf("%s_%010dpay%08x", prefix, s.ids, uint32(s.o.Seed)^0x5f3759df) //nolint:gosec // its low half will do
}

// find gives an object, or what is answered in its place.
func (s *Server) find(c *call, kind, id string) (*entry, *answer) {
	e := s.table(kind).byID[id]
	if e == nil || e.live != c.live {
		return nil, failure(http.StatusNotFound, "invalid_request_error", "resource_missing", "No such "+strings.TrimSuffix(kind, "s")+": '"+id+"'")
	}
	return e, nil
}

// list answers with a page of a table, the newest first.
func (s *Server) list(c *call, kind string) *answer {
	if a := c.known("limit", "starting_after", "customer", "created", "payment_intent", "charge", "expand"); a != nil {
		return a
	}
	t := s.table(kind)
	from := t.all
	if customer := c.form.Get("customer"); customer != "" {
		from = t.byCustomer[customer]
	}
	limit := 10
	if l := c.form.Get("limit"); l != "" {
		n, err := strconv.Atoi(l)
		if err != nil || n < 1 || n > 100 {
			return failure(http.StatusBadRequest, "invalid_request_error", "parameter_invalid_integer", "limit must be from 1 to 100")
		}
		limit = n
	}
	if after := c.form.Get("starting_after"); after != "" {
		e, a := s.find(c, kind, after)
		if a != nil {
			return failure(http.StatusBadRequest, "invalid_request_error", "resource_missing", "No such object: "+after)
		}
		i, _ := slices.BinarySearchFunc(from, e.at, func(a *entry, at int) int { return a.at - at })
		from = from[:min(i, len(from))]
	}
	low, high, err := span(c.form)
	if err != nil {
		return failure(http.StatusBadRequest, "invalid_request_error", "", err.Error())
	}
	var data []any
	more := false
	for _, e := range slices.Backward(from) {
		second := e.made.Unix()
		of := c.form.Get("payment_intent") + c.form.Get("charge")
		if e.live != c.live || second < low || second > high || of != "" && !s.belongs(e, of) {
			continue
		}
		if len(data) == limit {
			more = true
			break
		}
		data = append(data, s.view(c, e, "data."))
	}
	return success(page(c, "list", data, more))
}

// belongs reports whether an entry is of a payment intent or charge.
func (s *Server) belongs(e *entry, of string) bool {
	if e.of == of {
		return true
	}
	pi := s.table("payment_intents").byID[of]
	return pi != nil && pi.v.(*intent).charge == e.of && e.of != ""
}

// span reads created[gte] and its like.
func span(f url.Values) (low, high int64, err error) {
	low, high = 0, 1<<62
	for name, values := range f {
		op, ok := strings.CutPrefix(name, "created[")
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("%s is no time", name)
		}
		switch strings.TrimSuffix(op, "]") {
		case "gte":
			low = n
		case "gt":
			low = n + 1
		case "lte":
			high = n
		case "lt":
			high = n - 1
		}
	}
	return low, high, nil
}

// search answers as an index does that lags. It knows metadata["name"]:"value" alone.
func (s *Server) search(c *call, kind string) *answer {
	q := c.form.Get("query")
	name, value, ok := strings.Cut(strings.NewReplacer(`'`, `"`).Replace(q), `"]:"`)
	name, isMeta := strings.CutPrefix(name, `metadata["`)
	if !ok || !isMeta {
		return failure(http.StatusBadRequest, "invalid_request_error", "", "the query is not understood")
	}
	value = strings.TrimSuffix(value, `"`)
	var data []any
	for _, e := range slices.Backward(s.table(kind).all) {
		if e.live == c.live && s.now().Sub(e.made) >= s.o.SearchLag && e.metadata[name] == value {
			data = append(data, s.view(c, e, "data."))
		}
	}
	return success(page(c, "search_result", data, false))
}

func page(c *call, object string, data []any, more bool) map[string]any {
	if data == nil {
		data = []any{}
	}
	return map[string]any{"object": object, "url": c.r.URL.Path, "has_more": more, "data": data}
}

// expands reports whether a member was asked to be whole.
func (c *call) expands(path string) bool {
	for name, values := range c.form {
		if strings.HasPrefix(name, "expand[") && slices.ContainsFunc(values, func(v string) bool { return v == path || strings.HasPrefix(v, path+".") }) {
			return true
		}
	}
	return false
}

// known refuses parameters other than these. That is not kept under a key, as nothing was begun.
func (c *call) known(names ...string) *answer {
	for name := range c.form {
		plain, _, _ := strings.Cut(name, "[")
		if !slices.Contains(names, plain) {
			a := failure(http.StatusBadRequest, "invalid_request_error", "parameter_unknown", "Received unknown parameter: "+name)
			a.header = map[string]string{"unkept": "1"}
			return a
		}
	}
	return nil
}

// metadata are the members of metadata[…].
func (c *call) metadata() map[string]string {
	out := make(map[string]string)
	for name, values := range c.form {
		if inner, ok := strings.CutPrefix(name, "metadata["); ok && values[0] != "" {
			out[strings.TrimSuffix(inner, "]")] = values[0]
		}
	}
	return out
}

func success(v any) *answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return &answer{status: http.StatusOK, body: body}
}

// apiError is an error as Stripe words it.
type apiError struct {
	Type        string `json:"type"`
	Code        string `json:"code,omitempty"`
	DeclineCode string `json:"decline_code,omitempty"`
	Advice      string `json:"advice_code,omitempty"`
	Network     string `json:"network_advice_code,omitempty"`
	Issuer      string `json:"network_decline_code,omitempty"`
	Message     string `json:"message"`
	Charge      string `json:"charge,omitempty"`
	Intent      any    `json:"payment_intent,omitempty"`
}

func failure(status int, kind, code, message string) *answer {
	return refusal(status, &apiError{Type: kind, Code: code, Message: message})
}

func refusal(status int, e *apiError) *answer {
	a := success(map[string]any{"error": e})
	a.status = status
	return a
}
