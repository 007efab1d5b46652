package paytest_test

import (
	"brood/jobs/billing/paytest"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// till asks a server as anybody would, without brood.
type till struct {
	t      *testing.T
	server *paytest.Server
	url    string
	ahead  atomic.Int64
}

func open(t *testing.T, o paytest.Options) *till {
	t.Helper()
	c := &till{t: t}
	o.Now = func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }
	c.server = paytest.New(o)
	h := httptest.NewServer(c.server)
	c.url = h.URL
	t.Cleanup(func() { c.server.Close(); h.Close() })
	return c
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
	err    error
}

func (r *reply) code() string {
	e, _ := r.body["error"].(map[string]any)
	return fmt.Sprint(e["type"], "/", e["code"])
}

// ask posts a form with a key, or gets where there is none. Form is name=value&…
func (c *till) ask(path, key, form string) *reply {
	method, address, body := http.MethodGet, c.url+path+"?"+form, io.Reader(http.NoBody)
	if key != "" {
		method, address, body = http.MethodPost, c.url+path, strings.NewReader(form)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.SetBasicAuth("sk_test_x", "")
	if key != "" {
		req.Header["idempotency-key"] = []string{key} // package net/http asks again by itself where it has capitals
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &reply{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	r := &reply{status: resp.StatusCode, header: resp.Header, raw: string(raw), err: err}
	_ = json.Unmarshal(raw, &r.body)
	return r
}

func pay(amount int, currency, method string) string {
	return url.Values{"amount": {fmt.Sprint(amount)}, "currency": {currency}, "customer": {"cus_1"}, "payment_method": {method}, "confirm": {"true"}, "off_session": {"true"}, "metadata[invoice_id]": {"R-1"}}.Encode()
}

// TestKeys: what is kept by a key, and for how long.
func TestKeys(t *testing.T) {
	c := open(t, paytest.Options{KeyLife: time.Hour})
	first := c.ask("/v1/payment_intents", "k1", pay(100, "eur", "pm_1"))
	again := c.ask("/v1/payment_intents", "k1", pay(100, "eur", "pm_1"))
	if first.status != 200 || again.raw != first.raw || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" || again.header.Get("Original-Request") != first.header.Get("Request-Id") {
		t.Errorf("%+v %+v", first, again)
	}
	if r := c.ask("/v1/payment_intents", "k1", pay(101, "eur", "pm_1")); r.status != 400 || r.code() != "idempotency_error/<nil>" {
		t.Errorf("another body: %+v", r)
	}
	if r := c.ask("/v1/charges", "k1", pay(100, "eur", "pm_1")); r.status != 400 || r.code() != "idempotency_error/<nil>" {
		t.Errorf("another endpoint: %+v", r)
	}
	declined := pay(100, "eur", "pm_insufficient_funds")
	for range 2 {
		if r := c.ask("/v1/payment_intents", "k2", declined); r.status != 402 || r.code() != "card_error/card_declined" {
			t.Errorf("%+v", r)
		}
	}
	// What was refused before it was begun is not kept.
	if r := c.ask("/v1/payment_intents", "k3", "amount=1&colour=red"); r.status != 400 || r.code() != "invalid_request_error/parameter_unknown" {
		t.Errorf("%+v", r)
	}
	if r := c.ask("/v1/payment_intents", "k3", pay(100, "eur", "pm_1")); r.status != 200 {
		t.Errorf("%+v", r)
	}
	if r := c.ask("/v1/payment_intents", strings.Repeat("k", 256), pay(100, "eur", "pm_1")); r.status != 400 {
		t.Errorf("%+v", r)
	}
	c.ahead.Store(int64(time.Hour))
	if r := c.ask("/v1/payment_intents", "k1", pay(100, "eur", "pm_1")); r.status != 200 || r.header.Get("Idempotent-Replayed") != "" || r.body["id"] == first.body["id"] {
		t.Errorf("after its life: %+v", r)
	}
	if p := paytest.ByInvoice(c.server.Moves())["R-1"]; p.Charges != 3 || p.Charged != 300 {
		t.Errorf("%+v", p)
	}
}

// TestFaults: what is done, what is answered, and what the same key gets after it.
func TestFaults(t *testing.T) {
	for _, f := range []struct {
		fault  paytest.Fault
		status int // of the first answer; 0: there is none
		moved  int // by the first request
		second int
		replay bool
	}{
		{paytest.FaultReset, 0, 0, 200, false},
		{paytest.FaultDrop, 0, 1, 200, true},
		{paytest.FaultHalf, 0, 1, 200, true},
		{paytest.FaultLate, 200, 1, 200, true},
		{paytest.FaultErrorDone, 500, 1, 500, true},
		{paytest.FaultErrorUndone, 500, 0, 500, true},
		{paytest.FaultErrorBegun, 500, 0, 500, true},
		{paytest.FaultBusy, 503, 0, 200, false},
		{paytest.FaultLimit, 429, 0, 200, false},
		{paytest.FaultLock, 429, 0, 200, false},
	} {
		c := open(t, paytest.Options{Late: time.Millisecond})
		form := pay(100, "eur", "pm_fault_"+string(f.fault))
		first := c.ask("/v1/payment_intents", "k", form)
		if (first.err != nil) != (f.status == 0) || f.status != 0 && first.status != f.status || len(c.server.Moves()) != f.moved {
			t.Errorf("%s: %+v, %d moves", f.fault, first, len(c.server.Moves()))
		}
		if second := c.ask("/v1/payment_intents", "k", form); second.status != f.second || (second.header.Get("Idempotent-Replayed") == "true") != f.replay {
			t.Errorf("%s, again: %+v", f.fault, second)
		}
		if c.server.Faulted()[f.fault] != 1 {
			t.Errorf("%s: %v", f.fault, c.server.Faulted())
		}
		want := 1
		if f.second == 500 {
			want = f.moved
		}
		if n := len(c.server.Moves()); n != want {
			t.Errorf("%s: %d moves", f.fault, n)
		}
	}
}

// TestVanish: the connection is gone at once, the key is in use, and then it is done.
func TestVanish(t *testing.T) {
	c := open(t, paytest.Options{Late: 300 * time.Millisecond})
	form := pay(100, "eur", "pm_fault_vanish")
	if r := c.ask("/v1/payment_intents", "k", form); r.err == nil {
		t.Errorf("%+v", r)
	}
	if r := c.ask("/v1/payment_intents", "k", form); r.status != 409 || r.code() != "idempotency_error/idempotency_key_in_use" {
		t.Errorf("%+v", r)
	}
	c.server.Close()
	if r := c.ask("/v1/payment_intents", "k", form); r.status != 200 || r.header.Get("Idempotent-Replayed") != "true" || len(c.server.Moves()) != 1 {
		t.Errorf("%+v", r)
	}
}

// TestChance: what goes wrong follows from the seed, in any order, and as often as was asked for.
func TestChance(t *testing.T) {
	count := func(seed uint64, backwards bool) map[string]int {
		c := open(t, paytest.Options{Seed: seed, Faults: map[paytest.Fault]float64{paytest.FaultErrorUndone: 0.2, paytest.FaultLimit: 0.1}})
		out := map[string]int{}
		for i := range 400 {
			if backwards {
				i = 399 - i
			}
			out[fmt.Sprint("k", i)] = c.ask("/v1/payment_intents", fmt.Sprint("k", i), pay(100, "eur", "pm_1")).status
		}
		return out
	}
	a, b, other := count(1, false), count(1, true), count(2, false)
	if !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, other) {
		t.Error("the same seed gives another result, or another the same")
	}
	n := map[int]int{}
	for _, status := range a {
		n[status]++
	}
	if n[500] < 50 || n[500] > 110 || n[429] < 20 || n[429] > 65 {
		t.Error(n)
	}
	if f, err := paytest.ParseFaults("drop=0.02, errordone=1"); err != nil || f[paytest.FaultDrop] != 0.02 || f[paytest.FaultErrorDone] != 1 {
		t.Error(f, err)
	}
	for _, text := range []string{"drop", "drop=2", "hail=0.1", "drop=x"} {
		if _, err := paytest.ParseFaults(text); err == nil {
			t.Error(text)
		}
	}
}

// TestWho: who may ask for what.
func TestWho(t *testing.T) {
	s := paytest.New(paytest.Options{Keys: []string{"sk_test_a", "sk_live_a", "rk_test_readonly"}})
	for _, c := range []struct {
		key, method string
		status      int
	}{{"sk_test_a", "POST", 200}, {"sk_test_b", "POST", 401}, {"", "POST", 401}, {"pk_test_a", "POST", 401}, {"rk_test_readonly", "POST", 403}, {"rk_test_readonly", "GET", 200}, {"sk_live_a", "GET", 200}} {
		r := httptest.NewRequest(c.method, "/v1/payment_intents", strings.NewReader(pay(100, "eur", "pm_1")))
		if c.method == "GET" {
			r = httptest.NewRequest(c.method, "/v1/payment_intents", http.NoBody)
		}
		if c.key != "" {
			r.Header.Set("Authorization", "Bearer "+c.key)
		}
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != c.status || strings.Contains(w.Body.String(), "test_b") {
			t.Errorf("%s %s: %d %s", c.key, c.method, w.Code, w.Body)
		}
		if n := strings.Count(w.Body.String(), `"id"`); c.key == "sk_live_a" && n != 0 {
			t.Error("what was made in test mode is seen in live mode")
		}
	}
}

// TestCurrencies: Stripe's own units.
func TestCurrencies(t *testing.T) {
	c := open(t, paytest.Options{})
	for form, status := range map[string]int{
		pay(1, "jpy", "pm_1"): 200, pay(1230, "kwd", "pm_1"): 200, pay(1234, "kwd", "pm_1"): 400, pay(100, "isk", "pm_1"): 200, pay(150, "isk", "pm_1"): 400,
		pay(150, "ugx", "pm_1"): 400, pay(0, "eur", "pm_1"): 400, pay(5, "EUR", "pm_1"): 400, pay(5, "xxx", "pm_1"): 400,
	} {
		if r := c.ask("/v1/payment_intents", form, form); r.status != status {
			t.Errorf("%s: %s", form, r.raw)
		}
	}
}

// TestSearchLags: a search finds later what a list has at once.
func TestSearchLags(t *testing.T) {
	c := open(t, paytest.Options{SearchLag: time.Hour})
	c.ask("/v1/payment_intents", "k", pay(100, "eur", "pm_1"))
	found := func(path, query string) int {
		data, _ := c.ask(path, "", query).body["data"].([]any)
		return len(data)
	}
	const search = "/v1/payment_intents/search"
	query := url.Values{"query": {`metadata["invoice_id"]:"R-1"`}}.Encode()
	if n, m := found(search, query), found("/v1/payment_intents", "customer=cus_1"); n != 0 || m != 1 {
		t.Errorf("%d by search, %d by list", n, m)
	}
	c.ahead.Store(int64(time.Hour))
	if n := found(search, query); n != 1 {
		t.Errorf("%d by search", n)
	}
}

// TestLimits: those beyond are turned away.
func TestLimits(t *testing.T) {
	c := open(t, paytest.Options{PerSecond: 3})
	n := map[int]int{}
	for i := range 10 {
		n[c.ask("/v1/payment_intents", fmt.Sprint(i), pay(100, "eur", "pm_1")).status]++
	}
	if n[200] < 3 || n[429] == 0 || n[200]+n[429] != 10 {
		t.Error(n)
	}
	crowded := open(t, paytest.Options{AtOnce: 2, Latency: 50 * time.Millisecond})
	var all sync.WaitGroup
	var refused atomic.Int32
	for i := range 8 {
		all.Go(func() {
			if crowded.ask("/v1/charges", fmt.Sprint(i), "amount=1&currency=eur&source=tok_1").status == 429 {
				refused.Add(1)
			}
		})
	}
	if all.Wait(); refused.Load() == 0 {
		t.Error("all were let in")
	}
}

// TestJournal: what is written is what is remembered; a line that is cut off is left out.
func TestJournal(t *testing.T) {
	var journal bytes.Buffer
	c := open(t, paytest.Options{Journal: &journal})
	id := c.ask("/v1/payment_intents", "k", pay(100, "eur", "pm_1")).body["id"].(string)
	c.ask("/v1/payment_intents", "k2", pay(100, "eur", "pm_lost_card"))
	for i, amount := range []string{"60", "41", "40", "1"} {
		r := c.ask("/v1/refunds", fmt.Sprint("r", i), "payment_intent="+id+"&metadata[invoice_id]=R-1&amount="+amount)
		if want := map[string]int{"60": 200, "41": 400, "40": 200, "1": 400}[amount]; r.status != want {
			t.Errorf("%s: %s", amount, r.raw)
		}
	}
	all, err := paytest.ReadJournal(journal.Bytes())
	if err != nil || !reflect.DeepEqual(all, c.server.Moves()) || len(all) != 3 {
		t.Errorf("%v %v", all, err)
	}
	if p := paytest.ByInvoice(all)["R-1"]; p != (paytest.Paid{Charges: 1, Refunds: 2, Charged: 100, Back: 100, Currency: "eur"}) {
		t.Errorf("%+v", p)
	}
	if cut, err := paytest.ReadJournal(journal.Bytes()[:journal.Len()-5]); err != nil || len(cut) != 2 {
		t.Errorf("%v %v", cut, err)
	}
}

// TestPending: an item without an invoice is taken up by the next invoice of the customer that asks for such.
func TestPending(t *testing.T) {
	c := open(t, paytest.Options{})
	c.ask("/v1/invoiceitems", "a", "customer=cus_1&amount=70&currency=eur")
	for i, behavior := range []string{"exclude", "include"} {
		r := c.ask("/v1/invoices", behavior, "customer=cus_1&currency=eur&pending_invoice_items_behavior="+behavior)
		if r.body["total"] != float64(70*i) {
			t.Errorf("%s: %s", behavior, r.raw)
		}
	}
}
