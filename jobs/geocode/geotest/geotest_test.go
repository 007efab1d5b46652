package geotest_test

import (
	"brood/jobs"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/geotest"
	"brood/jobs/geocode/provider"
	"brood/jobs/web"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// towns are those of the repository.
var towns = sync.OnceValues(func() (*geotest.Cities, error) {
	f, err := os.Open("../../../testdata/cities.csv")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return geotest.ReadCities(f)
})

func finder(t *testing.T) *geotest.Cities {
	t.Helper()
	c, err := towns()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve starts a server with these faults.
func serve(t *testing.T, o geotest.Options, faults ...string) (*geotest.Server, string) {
	t.Helper()
	o.Finder = finder(t)
	for _, s := range faults {
		f, err := geotest.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, f)
	}
	s := geotest.New(o)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, h.URL
}

// client asks a server as the job does.
type client struct {
	*provider.Provider
	web *web.Client
}

func newClient(t *testing.T, name, base string) *client {
	t.Helper()
	p, err := provider.Open(name, provider.Options{BaseURL: base, Own: true, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := web.New(web.Options{Typed: []string{"127.0.0.1"}, Proxy: web.NoProxy, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &client{p, c}
}

func (c *client) ask(ctx context.Context, q *geo.Query) ([]geo.Place, error) {
	req, err := c.Request(ctx, q, provider.NewKey("abc"))
	if err != nil {
		return nil, err
	}
	a, err := c.web.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	return c.Read(a.Status, a.Header, a.Body, q)
}

func base(name string) string {
	return map[string]string{"nominatim": "/nominatim", "photon": "/photon", "google": "/google", "geocodio": "/geocodio", "census": "/census", "ban": "/ban"}[name]
}

// TestProviders finds by the requests of package provider what the table has.
func TestProviders(t *testing.T) {
	server, url := serve(t, geotest.Options{})
	for _, name := range []string{"nominatim", "photon", "google", "geocodio", "census", "ban"} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, name, url+base(name))
			for _, q := range []*geo.Query{
				{Address: geo.Address{Number: "12", Street: "Main Street", City: "Chicago"}},
				{Address: geo.Address{Line: "12 Main Street, Chicago"}},
				{Address: geo.Address{City: "Chicago"}, Level: geo.LevelCity},
				{Address: geo.Address{Number: "12", Street: "Main Street", City: "Nowhere at all"}},
			} {
				want, err := finder(t).Find(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				got, err := c.ask(t.Context(), q)
				if errors.Is(err, provider.ErrElsewhere) && name == "census" && q.Level == geo.LevelCity {
					continue
				}
				if err != nil || len(got) != len(want) {
					t.Errorf("%+v: %d places, want %d; %v", q.Address, len(got), len(want), err)
					continue
				}
				for i := range got {
					same(t, &got[i], &want[i])
				}
			}
		})
	}
	all := server.Arrivals()
	if len(all) != 23 || all[0].Question != "12 Main Street, Chicago" || all[0].Service != "nominatim" || all[22].Key != "" {
		t.Errorf("%d arrivals: %+v", len(all), all[0])
	}
	if all[8].Service != "google" || all[8].Key != "abc" || all[8].Agent != "brood/test" {
		t.Errorf("%+v", all[8])
	}
}

func same(t *testing.T, got, want *geo.Place) {
	t.Helper()
	if math.Abs(got.Lat-want.Lat) > 1e-6 || math.Abs(got.Lon-want.Lon) > 1e-6 || got.Precision != want.Precision || !strings.EqualFold(got.City, want.City) ||
		got.Number != want.Number || !strings.EqualFold(got.Road, want.Road) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestReverse finds the town at a point, and nothing at sea.
func TestReverse(t *testing.T) {
	_, url := serve(t, geotest.Options{})
	for _, name := range []string{"nominatim", "photon", "google", "geocodio", "ban"} {
		c := newClient(t, name, url+base(name))
		got, err := c.ask(t.Context(), &geo.Query{Reverse: true, Point: geo.Point{Lat: 52.5, Lon: 13.4}})
		if err != nil || len(got) != 1 || got[0].City != "Berlin" || got[0].Metres > 10_000 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if got, err = c.ask(t.Context(), &geo.Query{Reverse: true, Point: geo.Point{Lat: 0, Lon: -30}}); err != nil || len(got) != 0 {
			t.Errorf("%s at sea: %+v, %v", name, got, err)
		}
	}
}

// TestFaults asks for each of them, and looks at what the client makes of it.
func TestFaults(t *testing.T) {
	q := &geo.Query{Address: geo.Address{Line: "12 Main Street, Chicago"}}
	for fault, want := range map[string]string{
		"429": "throttle http_429 0s", "429:7": "throttle http_429 7s", "503:3": "throttle http_503 3s", "503": "retry http_503 0s",
		"403": "abort auth 0s", "500": "retry http_500 0s", "400": "failed http_400 0s", "half": "retry answer 0s", "cut": "retry cut 0s",
		"reset": "retry cut 0s", "html": "retry answer 0s", "slow:20ms": "ok", "nothing": "nothing", "429@2": "ok", "500@about:berlin": "ok",
	} {
		_, url := serve(t, geotest.Options{}, fault)
		got, err := newClient(t, "nominatim", url+"/nominatim").ask(t.Context(), q)
		if s := outcome(got, err); s != want {
			t.Errorf("%s: %s, want %s (%v)", fault, s, want, err)
		}
	}
	_, url := serve(t, geotest.Options{}, "429:date30")
	_, err := newClient(t, "photon", url+"/photon").ask(t.Context(), q)
	var trouble *web.Trouble
	if !errors.As(err, &trouble) || trouble.Verdict != jobs.VerdictThrottle || trouble.RetryAfter < 25*time.Second || trouble.RetryAfter > 31*time.Second {
		t.Errorf("a date: %+v", err)
	}
	_, url = serve(t, geotest.Options{}, "word:OVER_QUERY_LIMIT@1", "word:REQUEST_DENIED@2")
	c := newClient(t, "google", url+"/google")
	for _, want := range []string{"throttle rate 2s", "abort auth 0s", "ok"} {
		if got, err := c.ask(t.Context(), q); outcome(got, err) != want {
			t.Errorf("%s, want %s", outcome(got, err), want)
		}
	}
}

func outcome(got []geo.Place, err error) string {
	var trouble *web.Trouble
	switch {
	case errors.As(err, &trouble):
		return fmt.Sprintf("%v %s %v", trouble.Verdict, trouble.Class, trouble.RetryAfter)
	case err != nil:
		return err.Error()
	case len(got) == 0:
		return "nothing"
	}
	return "ok"
}

// TestLimits answers no more than its limits, and knows its keys.
func TestLimits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	server, url := serve(t, geotest.Options{PerSecond: 3, Keys: []string{"abc"}, Log: log})
	c := newClient(t, "geocodio", url+"/geocodio")
	q := &geo.Query{Address: geo.Address{City: "Chicago"}, Level: geo.LevelCity}
	var limited int
	for range 5 {
		if _, err := c.ask(t.Context(), q); outcome(nil, err) == "throttle http_429 1s" {
			limited++
		} else if err != nil {
			t.Error(err)
		}
	}
	all := server.Arrivals()
	if most := geotest.Busiest(all); most > 3 && limited == 0 || most > 5 {
		t.Errorf("%d in a second, and %d limited", most, limited)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := geotest.ReadLog(append(written, `{"n":6,"at"`...))
	if err != nil || len(again) != len(all) || again[4] != all[4] {
		t.Errorf("the log: %+v, %v", again, err)
	}
	if _, err := newClient(t, "nominatim", url+"/nominatim").ask(t.Context(), q); outcome(nil, err) != "abort auth 0s" {
		t.Error("without a key:", err)
	}
}

func TestBusiest(t *testing.T) {
	var all []geotest.Arrival
	for _, ms := range []int64{0, 400, 999, 1000, 1399, 1400, 5000} {
		all = append(all, geotest.Arrival{At: ms * int64(time.Millisecond)})
	}
	if got := geotest.Busiest(all); got != 4 { // 400 to 1399
		t.Error(got)
	}
	if got := geotest.Busiest(nil); got != 0 {
		t.Error(got)
	}
}

// TestBatches asks many at once, and is told when the answers do not fit.
func TestBatches(t *testing.T) {
	qs := []*geo.Query{
		{Address: geo.Address{Number: "12", Street: "Main Street", City: "Chicago", State: "IL", Postcode: "60601"}},
		{Address: geo.Address{Number: "9", Street: "Rue de Loos", City: "Nowhere at all"}},
		{Address: geo.Address{Number: "1", Street: "Main \"A\", Street", City: "Berlin"}},
	}
	for _, name := range []string{"census", "geocodio", "ban"} {
		for fault, want := range map[string]string{"429@9": "found nothing found", "short": "retry batch", "double": "retry batch", "stranger": "retry batch", "503:4": "throttle http_503"} {
			server, url := serve(t, geotest.Options{}, fault)
			c := newClient(t, name, url+base(name))
			b := c.Batch()
			req, err := b.Request(t.Context(), qs, provider.NewKey("abc"))
			if err != nil {
				t.Fatal(err)
			}
			a, err := c.web.Do(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			all, err := b.Read(a.Status, a.Header, a.Body, qs)
			var got []string
			for _, o := range all {
				got = append(got, o.State.String())
			}
			s := strings.Join(got, " ")
			var trouble *web.Trouble
			if errors.As(err, &trouble) {
				s = trouble.Verdict.String() + " " + string(trouble.Class)
			}
			if s != want {
				t.Errorf("%s %s: %s, %v; want %s", name, fault, s, err, want)
			}
			if got := server.Arrivals(); len(got) != 1 || got[0].Question != "batch of 3" {
				t.Errorf("%+v", got)
			}
		}
	}
}

// TestBadFaults refuses what is none.
func TestBadFaults(t *testing.T) {
	for _, s := range []string{"", "42", "slow", "slow:x", "429:x", "reset@0", "reset@x", "reset@every:0", "reset@often:2", "status", "nonsense"} {
		if f, err := geotest.ParseFault(s); err == nil {
			t.Errorf("%q: %+v", s, f)
		}
	}
}

// TestBadRequests are refused in the words of the service, and remembered.
func TestBadRequests(t *testing.T) {
	server, url := serve(t, geotest.Options{})
	c := newClient(t, "ban", url+"/ban")
	for path, want := range map[string]int{
		"/nominatim/search": 400, "/nominatim/reverse?lat=x": 400, "/photon/api": 400, "/photon/api?q=x&lang=it": 400, "/google/maps/api/geocode/json": 200,
		"/census/locations/onelineaddress?address=x": 400, "/ban/search?q=ab": 400, "/nothing/here": 404, "/ban/other": 404,
	} {
		req := httptest.NewRequest(http.MethodGet, url+path, nil)
		req.RequestURI = ""
		a, err := c.web.Do(t.Context(), req)
		if err != nil || a.Status != want {
			t.Errorf("%s: %+v, %v", path, a, err)
		}
	}
	if n := len(server.Arrivals()); n != 7 {
		t.Errorf("%d arrivals", n)
	}
}
