package address

import (
	"brood/jobs/geocode/geo"
	"fmt"
	"os"
	"strings"
	"testing"
)

// told is what was read, on one line, for the golden file.
func told(rd *Reading, input string) string {
	var b strings.Builder
	b.WriteString(rd.Kind.String())
	if rd.Kind == Coordinates {
		fmt.Fprintf(&b, " %.6f %.6f", rd.Point.Lat, rd.Point.Lon)
		if rd.Swapped {
			b.WriteString(" swapped")
		}
	}
	for _, p := range partsOf(&rd.Address) {
		if p.text != "" && p.name != "line" {
			fmt.Fprintf(&b, " | %s %s", p.name, p.text)
		}
	}
	if rd.Line != "" && rd.Line != input {
		fmt.Fprintf(&b, " | line %s", rd.Line)
	}
	return b.String()
}

type namedPart struct{ name, text string }

func partsOf(a *geo.Address) []namedPart {
	return []namedPart{
		{"line", a.Line},
		{"no", a.Number},
		{"street", a.Street},
		{"unit", a.Unit},
		{"district", a.District},
		{"city", a.City},
		{"county", a.County},
		{"state", a.State},
		{"pc", a.Postcode},
		{"country", a.Country},
		{"cc", a.CountryCode},
		{"box", a.POBox},
	}
}

// readCase reads one line of the golden file: the country assumed, and an address on one line,
// or "part=text; part=text".
func readCase(home, input string) Reading {
	said, cells := map[Part]string{}, map[string]string{}
	var columns []string
	if rest, ok := strings.CutPrefix(input, "{"); ok {
		for cell := range strings.SplitSeq(strings.TrimSuffix(rest, "}"), ";; ") {
			name, text, _ := strings.Cut(cell, "=")
			p, err := ParsePart(name)
			if err != nil {
				panic(err)
			}
			said[p], cells[name] = name, text
			columns = append(columns, name)
		}
	} else {
		said[Whole], cells["address"] = "address", strings.ReplaceAll(input, `\n`, "\n")
		columns = []string{"address"}
	}
	m, err := New(said, columns)
	if err != nil {
		panic(err)
	}
	rd := NewReader(m, strings.TrimSpace(home), false).Read(func(c string) string { return cells[c] })
	rd.Line = strings.ReplaceAll(rd.Line, "\n", `\n`)
	return rd
}

// TestRead reads the addresses of testdata/read.tsv: the country that is assumed, the address, and
// what is read of it. A line whose first column begins with ! is known to be read wrongly, or
// less of it than a person would: it is held as it is, and counted.
func TestRead(t *testing.T) {
	text, err := os.ReadFile("testdata/read.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cases, wrong := 0, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
			continue
		}
		fields := strings.Split(line, "\t")
		rd := readCase(strings.TrimPrefix(fields[0], "!"), fields[1])
		got := told(&rd, fields[1])
		fmt.Fprintf(&out, "%s\t%s\t%s\n", fields[0], fields[1], got)
		cases++
		if strings.HasPrefix(fields[0], "!") {
			wrong++
		}
		if !*update && (len(fields) < 3 || fields[2] != got) {
			t.Errorf("%s %s\n got %s\nwant %s", fields[0], fields[1], got, strings.Join(fields[2:], "\t"))
		}
	}
	if *update {
		if err := os.WriteFile("testdata/read.tsv", []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d addresses, %d of them read with a known fault", cases, wrong)
	if cases < 300 || wrong*20 > cases {
		t.Errorf("%d addresses, %d with a known fault: at least 300, and at most one in twenty, are wanted", cases, wrong)
	}
}
