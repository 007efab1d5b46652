package jobs

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

func recordOf(values ...string) *Record {
	r := &Record{Shape: &Shape{Kind: Fields}}
	for i, v := range values {
		r.Shape.Columns = append(r.Shape.Columns, string(rune('a'+i)))
		r.Values = append(r.Values, []byte(v))
	}
	return r
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ rules, a, b string }{
		{"trim", " x\t", "x"},
		{"lower", "GRÜSSE", "grüsse"},
		{"nfc", "e\u0301", "\u00e9"},
		{"email", " Ann@Example.COM ", "ann@example.com"},
		{"email", "ann@BÜCHER.example.", "ann@xn--bcher-kva.example"},
		{"email", "e\u0301va@x.org", "\u00e9va@x.org"},
		{"email", "no address", "NO ADDRESS"},
		{"trim,lower", " A ", "a"},
		{"a=trim+lower", " A ", "a"},
	} {
		norm, err := ParseNormalize(c.rules, []string{"a"})
		if err != nil {
			t.Fatal(err)
		}
		k := KeySpec{Scope: "s", Columns: []string{"a"}, Normalize: norm}
		if a, b := k.Text(recordOf(c.a)), k.Text(recordOf(c.b)); a != b || k.Of(recordOf(c.a)) != k.Of(recordOf(c.b)) {
			t.Errorf("%s: %q is %q, and %q is %q", c.rules, c.a, a, c.b, b)
		}
		plain := KeySpec{Scope: "s", Columns: []string{"a"}}
		if plain.Of(recordOf(c.a)) == plain.Of(recordOf(c.b)) {
			t.Errorf("%q and %q are one even without %s", c.a, c.b, c.rules)
		}
	}
	for _, bad := range []string{"upper", "b=trim", "a=", ","} {
		if _, err := ParseNormalize(bad, []string{"a"}); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// TestKeyText checks that the text of a key is a row of CSV that holds its
// values, so that no two keys look the same.
func TestKeyText(t *testing.T) {
	k := KeySpec{Columns: []string{"a", "b"}}
	for _, values := range [][]string{{"x", "y"}, {"x,y", ""}, {`"`, "\n"}, {"", "x"}} {
		text := k.Text(recordOf(values...))
		row, err := csv.NewReader(strings.NewReader(text)).Read()
		if err != nil || !slices.Equal(row, values) {
			t.Errorf("%q gives %q, read as %q: %v", values, text, row, err)
		}
	}
	one, _ := k.Sum(recordOf("ab", "c"))
	two, _ := k.Sum(recordOf("a", "bc"))
	if one == two {
		t.Error("values run into each other")
	}
	if same, err := k.SumOf([]string{"ab", "c"}); err != nil || same != one {
		t.Errorf("SumOf gives %x, %v, want %x", same, err, one)
	}
	if _, ok := k.Sum(recordOf("", "")); ok {
		t.Error("two empty columns are a key")
	}
}
