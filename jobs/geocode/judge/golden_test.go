package judge

import (
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden file anew")

// cells reads "name=text; name=text".
func cells(s string, f func(name, text string)) {
	for cell := range strings.SplitSeq(s, "; ") {
		if name, text, ok := strings.Cut(cell, "="); ok {
			f(strings.TrimSpace(name), text)
		}
	}
}

// readAsked reads a question and what is wanted of the answer: "line" reads an address on one line
// as the job does.
func readAsked(t *testing.T, s string) (geo.Query, Policy) {
	var q geo.Query
	var p Policy
	cells(s, func(name, text string) {
		switch name {
		case "line":
			m, err := address.New(map[address.Part]string{address.Whole: "a"}, []string{"a"})
			if err != nil {
				t.Fatal(err)
			}
			rd := address.NewReader(m, q.CountryCode, false).Read(func(string) string { return text })
			q.Address = rd.Address
		case "raw":
			q.Line = text
		case "no":
			q.Number = text
		case "st":
			q.Street = text
		case "ci":
			q.City = text
		case "di":
			q.District = text
		case "sta":
			q.State = text
		case "pc":
			q.Postcode = text
		case "cc":
			q.CountryCode = text
		case "box":
			q.POBox = text
		case "level":
			level, err := geo.ParseLevel(text)
			if err != nil {
				t.Fatal(err)
			}
			q.Level = level
		case "at":
			q.Reverse, q.Point = true, pointOf(t, text)
		case "within":
			q.MaxMetres = float(t, text)
		case "min":
			p.MinPrecision = precision(t, text)
		case "conf":
			p.MinConfidence = float(t, text)
		case "in":
			p.Countries = strings.Fields(text)
		case "bbox":
			w := strings.Fields(text)
			p.Box = &geo.Box{West: float(t, w[0]), South: float(t, w[1]), East: float(t, w[2]), North: float(t, w[3])}
		case "ignore":
			for word := range strings.FieldsSeq(text) {
				part, err := address.ParsePart(word)
				if err != nil {
					t.Fatal(err)
				}
				p.Ignore = append(p.Ignore, part)
			}
		default:
			t.Fatalf("there is no %q in a question", name)
		}
	})
	p.Centres = centres{}
	return q, p
}

type centres struct{}

func (centres) Centre(country string) (geo.Point, bool) {
	return geo.Point{Lat: 39.8, Lon: -98.6}, country == "US"
}

func float(t *testing.T, s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func pointOf(t *testing.T, s string) geo.Point {
	p, _, ok := address.Point(s)
	if !ok {
		t.Fatalf("%q is no point", s)
	}
	return p
}

func precision(t *testing.T, s string) geo.Precision {
	p, err := geo.ParsePrecision(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readFound reads one place. One whose precision is not said is a house; where it lies is given by
// how many there were before it, if that is not said.
func readFound(t *testing.T, s string, i int) geo.Place {
	p := geo.Place{Point: geo.Point{Lat: 50, Lon: float64(10 + i)}, Confidence: -1, Precision: geo.PrecisionRooftop, Match: geo.MatchExact, ID: strconv.Itoa(i)}
	cells(s, func(name, text string) {
		switch name {
		case "no":
			p.Number = text
		case "st":
			p.Road = text
		case "ci":
			p.City = text
		case "co":
			p.County = text
		case "sta":
			p.State = text
		case "pc":
			p.Postcode = text
		case "cc":
			p.CountryCode = text
		case "f":
			p.Formatted = text
		case "names":
			p.Names = strings.Split(text, ",")
		case "prec":
			p.Precision = precision(t, text)
		case "interpolated":
			p.Match = geo.MatchInterpolated
		case "fallback":
			p.Match = geo.MatchFallback
		case "conf":
			p.Confidence = float(t, text)
		case "pop":
			p.Population = int64(float(t, text))
		case "m":
			p.Metres = float(t, text)
		case "at":
			p.Point = pointOf(t, text)
		default:
			t.Fatalf("there is no %q in a place", name)
		}
	})
	return p
}

func told(v *Verdict) string {
	words := []string{v.Status.String(), v.Match.String()}
	if v.Place != nil {
		words = append(words, "place "+v.Place.ID)
	}
	var parts, marks, others []string
	for _, p := range v.Mismatch {
		parts = append(parts, p.String())
	}
	for _, m := range v.Marks {
		marks = append(marks, m.String())
	}
	for _, p := range v.Alternatives {
		others = append(others, p.ID)
	}
	for _, list := range [...]struct {
		name  string
		words []string
	}{{"mismatch", parts}, {"marks", marks}, {"or", others}} {
		if list.words != nil {
			words = append(words, list.name+" "+strings.Join(list.words, ","))
		}
	}
	return strings.Join(words, " | ")
}

// TestJudge holds the verdicts of testdata/judge.tsv: why the case is there, what was asked, what
// was found (with || between), and the verdict.
func TestJudge(t *testing.T) {
	text, err := os.ReadFile("testdata/judge.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cases := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
			continue
		}
		fields := strings.Split(line, "\t")
		q, policy := readAsked(t, fields[1])
		var found []geo.Place
		for i, one := range strings.Split(fields[2], " || ") {
			if one != "" {
				found = append(found, readFound(t, one, i))
			}
		}
		v := Judge(&q, found, policy)
		got := told(&v)
		fmt.Fprintf(&out, "%s\t%s\t%s\t%s\n", fields[0], fields[1], fields[2], got)
		cases++
		if !*update && (len(fields) < 4 || fields[3] != got) {
			t.Errorf("%s\n got %s\nwant %s", strings.Join(fields[:3], "\n  "), got, strings.Join(fields[3:], ""))
		}
	}
	if *update {
		if err := os.WriteFile("testdata/judge.tsv", []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if cases < 100 {
		t.Errorf("%d verdicts, at least 100 are wanted", cases)
	}
}
