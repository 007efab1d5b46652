package control

import (
	"brood/runner/pace"
	"brood/runner/spec"
	"bufio"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// obedient is a run that keeps what it was told.
type obedient struct {
	target
	rates []*pace.Rate
	slots []int
}

func (r *obedient) SetRate(rate *pace.Rate) {
	r.rates = append(r.rates, rate)
	r.target.SetRate(rate)
}

func (r *obedient) Scale(n int) error {
	r.slots = append(r.slots, n)
	return r.target.Scale(n)
}

// FuzzOrders: whatever is asked, it is one order that a run can obey, or none; who only
// asks changes nothing, and what is refused is not done.
func FuzzOrders(f *testing.F) {
	for _, s := range []string{
		"GET /status", "GET /workers", "POST /pause", "POST /continue", "POST /drain", "POST /stop", "POST /scale?jobs=8", "POST /scale?jobs=0", "POST /scale?jobs=10001", "POST /scale?jobs=8&jobs=-1", "POST /scale?jobs=+8;x", "POST /rate?rate=50/s",
		"POST /rate?rate=0", "POST /rate?rate=1e308/s", "POST /rate?rate=1e-323/day", "POST /rate?rate=NaN", "POST /rate?rate=Inf/s", "POST /rate?rate=0x1p9/h", "POST /rate", "GET /stop", "HEAD /pause", "POST //stop", "POST /../stop", "POST /stop/", "OPTIONS *", "POST /status", "POST http://x/stop", "CONNECT x:1", "POST /%73top",
	} {
		f.Add(s+" HTTP/1.1\r\nHost: brood\r\n\r\n", "")
		f.Add(s+" HTTP/1.0\r\nContent-Length: 9\r\n\r\n", "jobs=9&rate=9/s")
	}
	f.Fuzz(func(t *testing.T, head, body string) {
		q, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + body)))
		if err != nil {
			return
		}
		r, w := &obedient{}, httptest.NewRecorder()
		Handler(r).ServeHTTP(w, q)
		told := r.all()
		ok := w.Code/100 == 2
		refused := len(r.slots) == 1 && r.slots[0] == 13
		if len(told) > 1 || len(told) == 1 && (q.Method != http.MethodPost || !ok && !refused) {
			t.Fatalf("%s %s is answered %d, and told the run %q", q.Method, q.URL, w.Code, told)
		}
		for _, n := range r.slots {
			if n < 1 || n > spec.MaxSlots {
				t.Fatalf("%s: %d slots", q.URL, n)
			}
		}
		for _, rate := range r.rates {
			if rate != nil && (!(rate.N > 0) || math.IsInf(rate.N, 0) || rate.Per <= 0) {
				t.Fatalf("%s: %+v", q.URL, rate)
			}
			if rate == nil {
				continue
			}
			if back, err := pace.ParseRate(rate.String()); err != nil || back != *rate {
				t.Fatalf("%s: %s is read back as %s, %v", q.URL, rate, back, err)
			}
		}
		if q.Method == http.MethodGet && ok && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s: %q", q.URL, w.Body)
		}
	})
}
