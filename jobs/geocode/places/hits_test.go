package places

import (
	"brood/jobs/geocode/geo"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

var update = flag.Bool("update", false, "write the golden files")

// world is an index of 60,000 addresses, and those that are asked for.
var world = sync.OnceValues(func() (*Index, []truth) { return made(60_000, 17) })

// made makes an index of n addresses of which every step-th is asked for.
func made(n, step int) (*Index, []truth) {
	dir, err := os.MkdirTemp("", "places-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	files, truths, _ := generate(quiet{}, dir, n, step)
	i := Import{Files: files}
	path := filepath.Join(dir, "world.places")
	if _, err := i.Write(context.Background(), path); err != nil {
		panic(err)
	}
	x, err := Open(path)
	if err != nil {
		panic(err)
	}
	return x, truths
}

// quiet stands in for a test where something is made for several.
type quiet struct{}

func (quiet) Helper()           {}
func (quiet) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// queryOf asks for an address.
func queryOf(a *truth) *geo.Query {
	return &geo.Query{Address: geo.Address{Number: a.number, Street: a.street, City: a.city, State: a.region, Postcode: a.postcode, CountryCode: a.country}}
}

func withoutAccents(s string) string {
	out, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		panic(err)
	}
	return out
}

var shorter = strings.NewReplacer("Street", "St", "Avenue", "Ave", "Road", "Rd", "Drive", "Dr", "Lane", "Ln", "Court", "Ct", "Boulevard", "Blvd", "straße", "str.", "STREET", "ST", "ROAD", "RD",
	"AVENUE", "AV", "Rue ", "R. ", "Chemin", "Ch.", "Allée", "All.", "Place", "Pl.", "Viale", "V.le", "Piazza", "P.za", "Corso", "C.so", "Calle", "C/", "Avenida", "Avda.", "Plaza", "Pl.", "straat", "str.", "ul. ", "ulica ")

// slip puts one letter of the longest word wrong: another one, one too many, one too few, or two
// the other way round.
func slip(r *rand.Rand, s string) string {
	words := strings.Split(s, " ")
	longest := 0
	for i, w := range words {
		if len([]rune(w)) > len([]rune(words[longest])) {
			longest = i
		}
	}
	w := []rune(words[longest])
	if len(w) < 5 {
		return s
	}
	at := 1 + r.IntN(len(w)-2)
	letter := rune('a' + r.IntN(26))
	switch r.IntN(4) {
	case 0:
		w[at] = letter
	case 1:
		w = append(w[:at], append([]rune{letter}, w[at:]...)...)
	case 2:
		w = append(w[:at], w[at+1:]...)
	default:
		w[at], w[at-1] = w[at-1], w[at]
	}
	words[longest] = string(w)
	return strings.Join(words, " ")
}

// alterations are ways in which people write an address otherwise than the data has it.
var alterations = []struct {
	name  string
	alter func(r *rand.Rand, a truth) *geo.Query
}{
	{"as it is", func(_ *rand.Rand, a truth) *geo.Query { return queryOf(&a) }},
	{"capitals", func(_ *rand.Rand, a truth) *geo.Query {
		a.street, a.city, a.number = strings.ToUpper(a.street), strings.ToUpper(a.city), strings.ToUpper(a.number)
		return queryOf(&a)
	}},
	{"no accents", func(_ *rand.Rand, a truth) *geo.Query {
		a.street, a.city = withoutAccents(a.street), withoutAccents(a.city)
		return queryOf(&a)
	}},
	{"abbreviated", func(_ *rand.Rand, a truth) *geo.Query { a.street = shorter.Replace(a.street); return queryOf(&a) }},
	{"slip in the street", func(r *rand.Rand, a truth) *geo.Query { a.street = slip(r, a.street); return queryOf(&a) }},
	{"slip in the town", func(r *rand.Rand, a truth) *geo.Query { a.city = slip(r, a.city); return queryOf(&a) }},
	{"slip in the street, no postcode", func(r *rand.Rand, a truth) *geo.Query {
		a.street, a.postcode = slip(r, a.street), ""
		return queryOf(&a)
	}},
	{"slip in street and town, no postcode", func(r *rand.Rand, a truth) *geo.Query {
		a.street, a.city, a.postcode = slip(r, a.street), slip(r, a.city), ""
		return queryOf(&a)
	}},
	{"no postcode", func(_ *rand.Rand, a truth) *geo.Query { a.postcode = ""; return queryOf(&a) }},
	{"no town", func(_ *rand.Rand, a truth) *geo.Query { a.city = ""; return queryOf(&a) }},
	{"neither town nor postcode", func(_ *rand.Rand, a truth) *geo.Query { a.city, a.postcode = "", ""; return queryOf(&a) }},
	{"slip in the street, neither town nor postcode", func(r *rand.Rand, a truth) *geo.Query {
		a.street, a.city, a.postcode = slip(r, a.street), "", ""
		return queryOf(&a)
	}},
	{"another postcode", func(_ *rand.Rand, a truth) *geo.Query { a.postcode = "99998"; return queryOf(&a) }},
	{"no country", func(_ *rand.Rand, a truth) *geo.Query { a.country = ""; return queryOf(&a) }},
	{"a unit", func(_ *rand.Rand, a truth) *geo.Query { q := queryOf(&a); q.Unit = "Apt 7"; return q }},
	{"words in another order", func(_ *rand.Rand, a truth) *geo.Query {
		w := strings.Fields(a.street)
		a.street = strings.Join(append(w[1:], w[0]), " ")
		return queryOf(&a)
	}},
	{"one line", func(_ *rand.Rand, a truth) *geo.Query {
		return lineQuery(&a, a.number+" "+a.street+", "+a.postcode+" "+a.city)
	}},
	{"one line, no commas", func(_ *rand.Rand, a truth) *geo.Query {
		return lineQuery(&a, a.street+" "+a.number+" "+a.postcode+" "+a.city)
	}},
	{"one line, no postcode", func(_ *rand.Rand, a truth) *geo.Query {
		return lineQuery(&a, a.number+" "+a.street+", "+a.city)
	}},
	{"one line, town first, a unit, a slip", func(r *rand.Rand, a truth) *geo.Query {
		return lineQuery(&a, a.postcode+" "+a.city+", "+slip(r, a.street)+" "+a.number+", Apt 4")
	}},
	{"a number that is not there", func(_ *rand.Rand, a truth) *geo.Query { a.number = "99999"; return queryOf(&a) }},
}

func lineQuery(a *truth, line string) *geo.Query {
	return &geo.Query{Address: geo.Address{Line: line, CountryCode: a.country}}
}

// rates are how often a house was found: at its place or not, by how it was found.
type rates struct{ asked, house, between, street, wrong, none int }

func (r rates) String() string {
	p := func(n int) string { return fmt.Sprintf("%5.1f %%", 100*float64(n)/float64(r.asked)) }
	return fmt.Sprintf("the house %s, between two %s, the street %s, elsewhere %s, nothing %s", p(r.house), p(r.between), p(r.street), p(r.wrong), p(r.none))
}

// count judges one answer. What is farther than that is elsewhere; a street as a whole may be long.
func (r *rates) count(a *truth, got []geo.Place) {
	const here, inStreet = 40, 1200
	r.asked++
	if len(got) == 0 {
		r.none++
		return
	}
	p := &got[0]
	metres := p.Point.Metres(geo.Point{Lat: a.lat, Lon: a.lon})
	switch {
	case p.Match == geo.MatchExact && metres <= here:
		r.house++
	case p.Match == geo.MatchInterpolated && metres <= 3*here:
		r.between++
	case p.Match == geo.MatchFallback && metres <= inStreet:
		r.street++
	default:
		r.wrong++
	}
}

// TestHits holds how often an address is found that is written in another way, as figures that
// are looked at when they change: -update writes them.
func TestHits(t *testing.T) {
	x, truths := world()
	var b strings.Builder
	fmt.Fprintf(&b, "# Of %d addresses, by how they are asked for. go test ./jobs/geocode/places -update writes this.\n", len(truths))
	for _, c := range alterations {
		r := rand.New(rand.NewPCG(7, 7))
		var got rates
		for i := range truths {
			q := c.alter(r, truths[i])
			found, err := x.Find(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			before := got
			got.count(&truths[i], found)
			if testing.Verbose() && i%10 == 0 && (got.wrong > before.wrong || got.none > before.none) && c.name != "neither town nor postcode" {
				what := "nothing"
				if len(found) > 0 {
					what = fmt.Sprintf("%s %.2f %.0f m", found[0].Formatted, found[0].Confidence, found[0].Point.Metres(geo.Point{Lat: truths[i].lat, Lon: truths[i].lon}))
				}
				t.Logf("%s: %+v for %s: %s", c.name, q.Address, truths[i].number+" "+truths[i].street, what)
			}
		}
		fmt.Fprintf(&b, "%-46s %s\n", c.name, got)
	}
	golden(t, "testdata/hits.golden", b.String())
}

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
		t.Errorf("%s says\n%s\nand it is\n%s", path, want, got)
	}
}
