package chart

import (
	"brood/jobs/geocode/geo"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// some makes rows as a run has them: around towns of Europe, most of them found well.
func some(n int) iter.Seq2[Row, error] {
	towns := []struct {
		name     string
		lat, lon float64
	}{
		{"Berlin", 52.52, 13.4},
		{"Paris", 48.86, 2.35},
		{"Madrid", 40.42, -3.7},
		{"Roma", 41.9, 12.5},
		{"Warszawa", 52.23, 21.01},
		{"København", 55.68, 12.57},
		{"Lisboa", 38.72, -9.14},
		{"Dublin", 53.35, -6.26},
		{"Wien", 48.21, 16.37},
		{"Αθήνα", 37.98, 23.73},
	}
	return func(yield func(Row, error) bool) {
		random := rand.New(rand.NewPCG(16, 8))
		for i := range n {
			town := towns[random.IntN(len(towns))]
			query := fmt.Sprintf("%d Main Street, %s", 1+random.IntN(200), town.name)
			r := Row{
				Seq: int64(i), Query: query, Formatted: query, Status: Found, Located: true, Provider: "nominatim",
				Point:     geo.Point{Lat: town.lat + random.NormFloat64(), Lon: town.lon + random.NormFloat64()*2},
				Precision: geo.PrecisionRooftop - geo.Precision(min(4, int(random.ExpFloat64()*1.3))),
				Values:    []string{fmt.Sprint("C-", 1000+i), "Some Company"},
			}
			switch {
			case i%40 == 7:
				r.Status, r.Why = LowConfidence, "differs: number, street"
			case i%50 == 9:
				r.Status, r.Located, r.Formatted = NoMatch, false, ""
			case i%200 == 11:
				r.Status, r.Located, r.Formatted, r.Why = Failed, false, "", "the server says 400: the query is too long"
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// each gives these rows.
func each(rows ...Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

var options = Options{
	Title: "customers.csv", Columns: []string{"id", "company"}, Attributions: []string{"© OpenStreetMap contributors (ODbL)"},
	Made: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC),
}

// written is a page and the rows within it.
func written(t testing.TB, rows iter.Seq2[Row, error], o Options) (page string, d pageData) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, rows, o); err != nil {
		t.Fatal(err)
	}
	page = b.String()
	_, rest, ok := strings.Cut(page, `<script type="text/plain" id="data">`)
	text, _, closed := strings.Cut(rest, "</script>")
	if !ok || !closed {
		t.Fatal("the page has no rows")
	}
	return page, unpacked(t, text)
}

// unpacked are the rows that stand in a page.
func unpacked(t testing.TB, text string) (d pageData) {
	t.Helper()
	raw, err := io.ReadAll(flate.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text))))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// pageData is what the script of a page reads.
type pageData struct {
	Counts                           counts
	Columns, Attributions, Providers []string
	Every                            int
	Left                             int64
	Made, Located, Precision, Status string
	Lat, Lon, Seq, Provider          []int64
	Query, Formatted, Why            []string
	Values                           [][]string
}

// TestData holds that the columns of a page fit together, and what is counted.
func TestData(t *testing.T) {
	_, d := written(t, some(1000), options)
	n := len(d.Seq)
	if n != 1000 || len(d.Query) != n || len(d.Formatted) != n || len(d.Why) != n || len(d.Values) != n || len(d.Located) != n || len(d.Precision) != n || len(d.Status) != n || len(d.Provider) != n {
		t.Fatalf("columns of %d rows do not fit together: %+v", n, d.Counts)
	}
	located := strings.Count(d.Located, "1")
	if len(d.Lat) != located || len(d.Lon) != located || d.Counts.Located != int64(located) || d.Counts.Rows != 1000 ||
		d.Counts.LowConfidence != 25 || d.Counts.NoMatch != 20 || d.Counts.Failed != 5 || d.Every != 1 {
		t.Errorf("%d have a point: %+v", located, d.Counts)
	}
	// The points, and which row each belongs to.
	var lat, lon int64
	at := make(map[int64][2]int64)
	for i, k := 0, 0; i < n; i++ {
		if d.Located[i] == '1' {
			lat, lon, k = lat+d.Lat[k], lon+d.Lon[k], k+1
			at[d.Seq[i]] = [2]int64{lat, lon}
		}
	}
	for r := range some(1000) {
		p, ok := at[r.Seq]
		if ok != r.Located || ok && (abs(int(p[0])-int(r.Point.Lat*perDegree)) > 1 || abs(int(p[1])-int(r.Point.Lon*perDegree)) > 1) {
			t.Fatalf("row %d is at %v, want %v", r.Seq, p, r.Point)
		}
	}
	if d.Providers[d.Provider[3]] != "nominatim" || d.Columns[1] != "company" || d.Made != "30 November 2026, 12:00" {
		t.Error(d.Providers, d.Columns, d.Made)
	}
}

func TestThin(t *testing.T) {
	o := options
	o.Most = 100
	_, d := written(t, some(1000), o)
	listed := int(d.Counts.LowConfidence + d.Counts.NoMatch + d.Counts.Failed)
	if d.Every != 16 || d.Counts.Rows != 1000 || len(d.Seq) != (1000-listed+15)/16+listed {
		t.Errorf("every %d of %d; %d on the page, %d of them listed", d.Every, d.Counts.Rows, len(d.Seq), listed)
	}
	// None of those that one looks for is left out, as long as there is room.
	bad := func(n int) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) {
			for i := range n {
				if !yield(Row{Seq: int64(i), Status: NoMatch}, nil) {
					return
				}
			}
		}
	}
	if _, d := written(t, bad(maxListed+7), o); d.Left != 7 || len(d.Seq) != maxListed || d.Counts.NoMatch != maxListed+7 {
		t.Error(d.Left, len(d.Seq), d.Counts)
	}
}

func TestRowsThatEnd(t *testing.T) {
	broken := errors.New("the file cannot be read")
	var b bytes.Buffer
	if err := Write(&b, func(yield func(Row, error) bool) { yield(Row{}, broken) }, options); !errors.Is(err, broken) || b.Len() > 0 {
		t.Errorf("%v, and %d bytes of a page", err, b.Len())
	}
	if _, d := written(t, each(), Options{}); d.Counts.Rows != 0 || d.Lat == nil || d.Query == nil {
		t.Errorf("of no rows: %+v", d)
	}
}

// hostile are texts that would be markup, or the end of what they stand in.
var hostile = []string{
	`</script><script>window.hostile = 1</script>`, `<img src=x onerror="window.hostile = 2">`, `"><b class=hostile>`, `{{script}}`, `-->`, `]]>`,
	`';window.hostile=3;//`, "\u2028\u2029\x00\x1b[31m", "\xff\xfe", "javascript:window.hostile=4", `<a href="http://127.0.0.1:9/x">`, `<style>*{display:none}</style>`,
}

// TestHostile holds that what stands in a row, or in a title, is nowhere markup.
func TestHostile(t *testing.T) {
	clean, _ := written(t, some(3), options)
	tags := regexp.MustCompile(`<[a-zA-Z/!][^>]*`)
	for _, h := range hostile {
		o := Options{Title: h, Columns: []string{h}, Attributions: []string{h}}
		page, d := written(t, each(Row{Query: h, Formatted: h, Why: h, Provider: h, Values: []string{h}, Located: true, Status: Status(h)}), o)
		if a, b := len(tags.FindAllString(page, -1)), len(tags.FindAllString(clean, -1)); a != b {
			t.Errorf("with %q the page has %d tags, want %d", h, a, b)
		}
		if want := strings.TrimSpace(strings.ToValidUTF8(h, "\uFFFD")); d.Query[0] != want || d.Values[0][0] != want {
			t.Errorf("%q became %q", h, d.Query[0])
		}
	}
}

func FuzzRow(f *testing.F) {
	for _, h := range hostile {
		f.Add(h, h, 1.0, 2.0, uint8(5))
	}
	f.Add(strings.Repeat("ü", maxText), "", -90.0, 180.0, uint8(200))
	f.Fuzz(func(t *testing.T, a, b string, lat, lon float64, p uint8) {
		row := Row{Query: a, Formatted: b, Why: a, Provider: b, Values: []string{a, b}, Status: Status(b), Located: true, Point: geo.Point{Lat: lat, Lon: lon}, Precision: geo.Precision(p)}
		page, d := written(t, each(row), Options{Title: a, Columns: []string{b}})
		if strings.Count(page, "<script") != 3 || strings.Count(page, "</script>") != 3 {
			t.Errorf("%q is markup", a)
		}
		for _, s := range append(d.Values[0], d.Query[0], d.Formatted[0], d.Why[0]) {
			if len(s) > maxText+len("…")+2*utf8.UTFMax || !utf8.ValidString(s) {
				t.Errorf("%q is on the page", s)
			}
		}
		if ok := row.Point.Valid(); (d.Located == "1") != ok || len(d.Lat) != int(d.Counts.Located) || ok != (d.Counts.Located == 1) {
			t.Errorf("%v: %+v", row.Point, d)
		}
	})
}

func TestColumns(t *testing.T) {
	columns := []string{"id", "street", "town", "geo_lat", "geo_lon", "geo_formatted", "geo_precision", "geo_status", "geo_provider", "geo_mismatch", "_seq", "_status", "_error"}
	r := Reader{Prefix: "geo_", Query: []string{"street", "town"}}
	if r.Columns = r.Others(columns); len(r.Columns) != 3 {
		t.Error(r.Columns)
	}
	for name, c := range map[string]struct {
		cells string
		want  Row
	}{
		"found": {
			"7|1 Main St|Town|52.5|13.4|1 Main Street, Town|rooftop|ok|photon||4|ok|",
			Row{Seq: 4, Query: "1 Main St, Town", Formatted: "1 Main Street, Town", Point: geo.Point{Lat: 52.5, Lon: 13.4}, Located: true, Precision: geo.PrecisionRooftop, Status: Found, Provider: "photon"},
		},
		"another": {
			"7|1 Main St||52.5|13.4|Town|city|low_confidence|photon|street,number|4|ok|",
			Row{Seq: 4, Query: "1 Main St", Formatted: "Town", Point: geo.Point{Lat: 52.5, Lon: 13.4}, Located: true, Precision: geo.PrecisionCity, Status: LowConfidence, Provider: "photon", Why: "differs: street,number"},
		},
		"none":         {"7|||||||no_match|||4|ok|", Row{Seq: 4, Status: NoMatch}},
		"failed":       {"7||||||||||4|failed|too long", Row{Seq: 4, Status: Failed, Why: "too long"}},
		"there before": {"7|||52.5|13.4|||||||skipped|", Row{Seq: -1, Point: geo.Point{Lat: 52.5, Lon: 13.4}, Located: true, Status: Found}},
		"no point":     {"7|||x|13.4||||||4|ok|", Row{Seq: 4, Point: geo.Point{Lon: 13.4}, Status: NoMatch}},
		"no place":     {"7|||95|13.4||||||4|ok|", Row{Seq: 4, Point: geo.Point{Lat: 95, Lon: 13.4}, Status: NoMatch}},
	} {
		cells := make(map[string]string)
		for i, v := range strings.Split(c.cells, "|") {
			cells[columns[i]] = v
		}
		got := r.Row(func(column string) string { return cells[column] })
		if len(got.Values) != 3 || got.Values[0] != "7" {
			t.Errorf("%s: its other columns are %q", name, got.Values)
		}
		got.Values = nil
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c.want) {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, c.want)
		}
	}
}

// BenchmarkWrite tells how large a page is, and what it takes to write it.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var size counter
			for b.Loop() {
				size = 0
				if err := Write(&size, some(n), options); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size)/1e6, "MB/page")
		})
	}
}

// counter counts bytes.
type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
