package provider

import (
	"brood/jobs/geocode/geo"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const secret = "s3cr3t+key/of=mine"

// questions are what each provider is asked.
func questions() []struct {
	name string
	q    *geo.Query
} {
	parts := geo.Address{Number: "117", Street: "Invalidenstraße", City: "Berlin", State: "Berlin", Postcode: "10115", Country: "Deutschland", CountryCode: "DE"}
	french := geo.Address{Number: "59", Street: "Rue de Loos", City: "Lille", Postcode: "59000", CountryCode: "FR"}
	american := geo.Address{Number: "4600", Street: "Silver Hill Rd", City: "Washington", State: "DC", Postcode: "20233", CountryCode: "US"}
	return []struct {
		name string
		q    *geo.Query
	}{
		{"line", &geo.Query{Address: geo.Address{Line: "12 a+b/c & Great Smith St, London"}}},
		{"german", &geo.Query{Address: parts, Language: "de"}},
		{"french", &geo.Query{Address: french}},
		{"american", &geo.Query{Address: american, Limit: 1}},
		{"bounded", &geo.Query{Address: geo.Address{Line: "Main St 1"}, Countries: []string{"FR", "US"}, Box: &geo.Box{West: -5, South: 41, East: 10, North: 51}, Near: &geo.Point{Lat: 48.85, Lon: 2.35}}},
		{"near", &geo.Query{Address: geo.Address{Line: "Main St 1"}, Near: &geo.Point{Lat: 48.85, Lon: 2.35}}},
		{"city", &geo.Query{Address: geo.Address{City: "Loos", Postcode: "59120", CountryCode: "FR"}, Level: geo.LevelCity}},
		{"postcode", &geo.Query{Address: geo.Address{Postcode: "20233", CountryCode: "US"}, Level: geo.LevelPostcode}},
		{"reverse", &geo.Query{Reverse: true, Point: geo.Point{Lat: 48.858, Lon: 2.2945}, Language: "fr", MaxMetres: 500}},
	}
}

// TestRequests makes the requests of all questions, and looks for the key in none but where it belongs.
func TestRequests(t *testing.T) {
	var out strings.Builder
	for _, name := range Names() {
		p := openTest(t, name)
		fmt.Fprintf(&out, "== %s\n", name)
		for _, c := range questions() {
			req, err := p.Request(t.Context(), c.q, NewKey(secret))
			if err != nil {
				if !errors.Is(err, ErrElsewhere) {
					t.Errorf("%s %s: %v", name, c.name, err)
				}
				fmt.Fprintf(&out, "%s: %v\n", c.name, err)
				continue
			}
			showRequest(&out, c.name, req)
			identity, err := p.Identity(c.q)
			if err != nil || strings.Contains(NewKey(secret).Scrub(identity), maskedKey) {
				t.Errorf("%s %s: the identity is %q, %v", name, c.name, identity, err)
			}
			if ua := req.Header.Get("User-Agent"); ua != "brood/test (me@example.org)" {
				t.Errorf("%s: User-Agent %q", name, ua)
			}
		}
	}
	golden(t, "testdata/requests.want", out.String())
}

func showRequest(out *strings.Builder, name string, req *http.Request) {
	fmt.Fprintf(out, "%s: %s %s", name, req.Method, req.URL)
	for _, h := range []string{"X-Goog-Api-Key", "Content-Type"} {
		if v := req.Header.Get(h); v != "" {
			fmt.Fprintf(out, " %s: %s", h, v)
		}
	}
	fmt.Fprintln(out)
}

// TestOwnServer asks an own Photon in parts, and needs no key and no contact there.
func TestOwnServer(t *testing.T) {
	for name, want := range map[string]string{
		"photon":    "http://127.0.0.1:2322/structured?countrycode=DE&state=Berlin&city=Berlin&postcode=10115&street=Invalidenstra%C3%9Fe&housenumber=117&limit=5&lang=de",
		"nominatim": "http://127.0.0.1:2322/search?format=jsonv2&addressdetails=1&accept-language=de&street=117+Invalidenstra%C3%9Fe&city=Berlin&state=Berlin&country=Deutschland&postalcode=10115&limit=5&countrycodes=de",
	} {
		p, err := Open(name, Options{BaseURL: "http://127.0.0.1:2322", Own: true})
		if err != nil {
			t.Fatal(err)
		}
		req, err := p.Request(t.Context(), questions()[1].q, Key{})
		if err != nil || req.URL.String() != want {
			t.Errorf("%s: %v, %v", name, req.URL, err)
		}
		if p.Preset.PerSecond != 0 || p.CheckBulk(1e6) != nil {
			t.Errorf("%s: the rules of the public server on an own one", name)
		}
	}
}

// TestRefusals says what a provider's rules forbid, and what is no base URL.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"mapbox", Options{}, "permanent"},
		{"nominatim", Options{}, "--contact"},
		{"nominatim", Options{Contact: "a\r\nX: y"}, "User-Agent"},
		{"pelias", Options{}, "--base-url"},
		{"nothing", Options{}, "there is no provider"},
		{"photon", Options{Contact: "x", BaseURL: "ftp://host"}, "https://host/path"},
		{"photon", Options{Contact: "x", BaseURL: "https://u:p@host/?q=1"}, "https://host/path"},
		{"photon", Options{Contact: "x", BaseURL: "https://ho st"}, "base URL"},
	} {
		if _, err := Open(c.name, c.o); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "u:p@") {
			t.Errorf("%s %+v: %v", c.name, c.o, err)
		}
	}
	p := openTest(t, "nominatim")
	if err := p.CheckBulk(101); err == nil || !strings.Contains(err.Error(), "--own-server") || p.CheckBulk(100) != nil {
		t.Error(err)
	}
	for _, name := range []string{"google", "opencage", "here"} {
		if _, err := openTest(t, name).Request(t.Context(), asked(""), Key{}); err == nil || !strings.Contains(err.Error(), "--api-key-file") {
			t.Errorf("%s without a key: %v", name, err)
		}
	}
	if _, err := p.Request(t.Context(), &geo.Query{Reverse: true, Point: geo.Point{Lat: 91}}, Key{}); err == nil {
		t.Error("91 degrees north")
	}
}

// TestPresets holds that each provider has rules, a source for them, and somebody to name.
func TestPresets(t *testing.T) {
	for _, e := range presets() {
		p := e.preset
		if p.Source == "" || p.Attribution == "" || p.Stores == "" || (p.Stores == StoresFor) != (p.Keep > 0) || p.NeedsKey && p.KeyVariable == "" {
			t.Errorf("%s: %+v", e.name, p)
		}
		if p.Price.Known && p.Price.PerThousand > 0 && p.Price.AsOf == "" {
			t.Errorf("%s: a price of no day", e.name)
		}
		if p.PerDay > 0 && p.Zone == "" {
			t.Errorf("%s: a quota of no zone", e.name)
		}
	}
	if got := (Price{PerThousand: 5_000_000}).Cost(1); got != 5000 {
		t.Errorf("one request of Google: %d", got)
	}
	for _, z := range []Zone{ZoneUTC, ZonePacific, ZoneEastern, ""} {
		if z.Location() == nil {
			t.Errorf("%s: no zone", z)
		}
	}
}

// TestISO looks at the table of codes: each is there once.
func TestISO(t *testing.T) {
	two, three := map[string]bool{}, map[string]bool{}
	for i := 0; i < len(isoCodes); i += isoStep {
		a, b := isoCodes[i:i+2], isoCodes[i+2:i+5]
		if two[a] || three[b] || isoCodes[i+5] != ' ' || strings.ToUpper(a+b) != a+b {
			t.Errorf("%s %s", a, b)
		}
		two[a], three[b] = true, true
		if alpha3(a) != b || alpha2(strings.ToLower(b)) != a {
			t.Errorf("%s %s: %s, %s", a, b, alpha3(a), alpha2(b))
		}
	}
	if len(two) != 250 { // 249 and Kosovo
		t.Errorf("%d codes", len(two))
	}
	if alpha3("") != "" || alpha3("ZZ") != "" || alpha2("X") != "" {
		t.Error("codes of nowhere")
	}
}

// TestSameBodyAgain reads the body of a request twice, as a client that is redirected does.
func TestSameBodyAgain(t *testing.T) {
	b := openTest(t, "geocodio").Batch()
	req, err := b.Request(t.Context(), []*geo.Query{asked("house")}, NewKey(secret))
	if err != nil {
		t.Fatal(err)
	}
	one, _ := io.ReadAll(req.Body)
	again, err := req.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	if two, _ := io.ReadAll(again); string(one) != string(two) || len(one) == 0 {
		t.Errorf("%s\n%s", one, two)
	}
}
