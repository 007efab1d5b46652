package provider

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/web"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files of what is wanted anew")

// golden compares with a file, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// open opens a provider with what each of them needs.
func openTest(t *testing.T, name string) *Provider {
	t.Helper()
	o := Options{Permanent: true, Contact: "me@example.org", Version: "test"}
	if name == "pelias" {
		o.BaseURL = "https://pelias.example.org/v1/"
	}
	p, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// asked is the question that an answer in testdata is to, by what its name says.
func asked(what string) *geo.Query {
	switch {
	case strings.HasPrefix(what, "reverse"):
		return &geo.Query{Reverse: true, Point: geo.Point{Lat: 48.858, Lon: 2.2945}}
	case what == "town":
		return &geo.Query{Address: geo.Address{City: "Berlin"}, Level: geo.LevelCity}
	}
	return &geo.Query{Address: geo.Address{Number: "12", Street: "Great Smith Street", City: "London"}}
}

// show is a place on one line.
func show(p *geo.Place) string {
	metres := ""
	if p.Metres > 0 {
		metres = fmt.Sprintf(" %.0f m", p.Metres)
	}
	return fmt.Sprintf("%s %v %v %g [%s] number=%q road=%q city=%q county=%q state=%q postcode=%q country=%q %s id=%q kind=%q%s",
		latLon(p.Point), p.Match, p.Precision, p.Confidence, p.Formatted, p.Number, p.Road, p.City, p.County, p.State, p.Postcode, p.Country, p.CountryCode, p.ID, p.Kind, metres)
}

func showTrouble(err error) string {
	var t *web.Trouble
	if !errors.As(err, &t) {
		return "no Trouble: " + err.Error()
	}
	return fmt.Sprintf("%v %s %v: %s", t.Verdict, t.Class, t.RetryAfter, t.Text)
}

// TestAnswers reads the answers of testdata.
func TestAnswers(t *testing.T) {
	files, err := filepath.Glob("testdata/answers/*.*.*.*")
	if err != nil || len(files) < 60 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".want") {
			continue
		}
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			parts := strings.Split(name, ".")
			p := openTest(t, parts[0])
			status, err := strconv.Atoi(parts[2])
			if err != nil {
				t.Fatal(err)
			}
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			places, err := p.Read(status, http.Header{}, body, asked(parts[1]))
			if err != nil {
				fmt.Fprintln(&out, showTrouble(err))
			} else if len(places) == 0 {
				fmt.Fprintln(&out, "nothing")
			}
			for i := range places {
				fmt.Fprintln(&out, show(&places[i]))
				if len(places[i].Raw) == 0 {
					t.Error("without its raw answer")
				}
			}
			golden(t, strings.TrimSuffix(file, filepath.Ext(file))+".want", out.String())
		})
	}
}

// TestRetryAfter hears both forms of it, and none where a user is blocked.
func TestRetryAfter(t *testing.T) {
	p := openTest(t, "photon")
	for value, want := range map[string]string{"7": "throttle http_429 7s", "Mon, 30 Nov 2026 10:00:30 GMT": "throttle http_429 30s"} {
		header := http.Header{"Retry-After": {value}, "Date": {"Mon, 30 Nov 2026 10:00:00 GMT"}}
		if _, err := p.Read(429, header, nil, asked("")); !strings.HasPrefix(showTrouble(err), want) {
			t.Errorf("%s: %s", value, showTrouble(err))
		}
	}
	_, err := openTest(t, "nominatim").Read(403, http.Header{"Retry-After": {"60"}}, nil, asked(""))
	if !strings.HasPrefix(showTrouble(err), "abort") {
		t.Error(showTrouble(err))
	}
}

// TestMaxMetres leaves out what is further away.
func TestMaxMetres(t *testing.T) {
	body, err := os.ReadFile("testdata/answers/nominatim.reverse.200.json")
	if err != nil {
		t.Fatal(err)
	}
	q := asked("reverse")
	for most, want := range map[float64]int{0: 1, 10: 0, 1000: 1} {
		q.MaxMetres = most
		if got, err := openTest(t, "nominatim").Read(200, nil, body, q); err != nil || len(got) != want {
			t.Errorf("%g: %d, %v", most, len(got), err)
		}
	}
}

// FuzzRead reads what a server can send: a place has a point and words that there are, and an error
// is a Trouble of one line.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/answers/*.*.*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if !strings.HasSuffix(file, ".want") {
			f.Add(body, 200)
		}
	}
	names := Names()
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		for _, name := range names {
			p := openTest(t, name)
			for _, what := range []string{"house", "reverse"} {
				places, err := p.Read(status, http.Header{}, body, asked(what))
				checkRead(t, places, err)
			}
			if b := p.Batch(); b != nil {
				qs := []*geo.Query{asked("house"), asked("house")}
				all, err := b.Read(status, http.Header{}, body, qs)
				if err == nil && len(all) != len(qs) {
					t.Errorf("%s: %d outcomes of %d", name, len(all), len(qs))
				}
				checkRead(t, nil, err)
				for _, o := range all {
					if (o.State == Found) != (len(o.Places) > 0) || (o.State == Broken) != (o.Err != nil) {
						t.Errorf("%s: %+v", name, o)
					}
					checkRead(t, o.Places, o.Err)
				}
			}
		}
	})
}

func checkRead(t *testing.T, places []geo.Place, err error) {
	t.Helper()
	var trouble *web.Trouble
	if err != nil && (!errors.As(err, &trouble) || strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 600) {
		t.Errorf("an error of another kind: %.700q", err)
	}
	for i := range places {
		if p := &places[i]; !p.Valid() || p.Precision > geo.PrecisionRooftop || p.Match == geo.MatchNone || p.Confidence > 1 {
			t.Errorf("no place: %s", show(p))
		}
	}
}
