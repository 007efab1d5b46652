package house

import (
	"errors"
	"slices"
	"testing"
)

// TestParse reads what is written in many ways, and writes it in one.
func TestParse(t *testing.T) {
	for s, want := range map[string]string{
		"12": "12", "0012": "12", " 12 ": "12", "12a": "12a", "12 A": "12a", "221B": "221b", "12 bis": "12 bis", "12BIS": "12 bis", "12.bis": "12 bis",
		"104 Apt 3": "104", "104 #5": "104", "12a Unit B": "12a", "12 a Whg. 3": "12a",
		"12-14": "12-14", "12 – 14": "12-14", "12+14": "12-14", "12, 14": "12-14", "12-14a": "12-14a", "12a-c": "12 a-c",
		"12/3": "12/3", "12 / 3": "12/3", "37-12": "37-12", "37-02": "37-02", "37-2": "37-02", "12 1/2": "12 1/2", "12½": "12 1/2", "N12W345": "N12W345", "n12 w345": "N12W345",
		"#12": "12", "No. 12": "12", "Nr. 7": "7", "č.p. 7": "7", "12-": "12", "100000": "100000", "12 rear": "12 rear", "5 quater": "5 quater",
		"": "", "0": "", "S/N": "", "-": "", "0000": "",
	} {
		n, err := Parse(s)
		if err != nil || n.String() != want {
			t.Errorf("%q: %q %+v, %v; want %q", s, n, n, err, want)
		}
		if again, err := Parse(n.String()); err != nil || again != n {
			t.Errorf("%q is written %q and read as %+v, %v", s, n, again, err)
		}
	}
	for s, want := range map[string]error{
		"Main Street": ErrWords, "12 Rue de Loos": ErrWords, "177 N Oak St": ErrWords, "Haus": ErrWords, "99999999": ErrUnknown, "?": ErrUnknown, "12\xff": ErrUnknown,
		"123456789012345678901234567890": ErrUnknown, "0a": ErrUnknown, "12345678901 b": ErrUnknown,
	} {
		if n, err := Parse(s); !errors.Is(err, want) {
			t.Errorf("%q: %+v, %v; want %v", s, n, err, want)
		}
	}
}

// TestSpans tells the numbers of one building from those of Queens.
func TestSpans(t *testing.T) {
	for _, c := range []struct {
		number string
		m      uint32
		want   bool
	}{
		{"12-16", 14, true},
		{"12-16", 13, false},
		{"12-16", 16, true},
		{"12-16", 18, false},
		{"12-15", 13, true},
		{"12", 12, true},
		{"12", 13, false},
		{"37-12", 37, true},
		{"37-12", 20, false},
		{"37-99", 51, false},
		{"12a", 12, true},
	} {
		n, err := Parse(c.number)
		if err != nil || n.Spans(c.m) != c.want {
			t.Errorf("%s spans %d: %v, %v", c.number, c.m, !c.want, err)
		}
	}
}

func TestOrder(t *testing.T) {
	want := []string{"2", "12", "12a", "12 bis", "12-14", "12-16", "13", "37-02", "37-12", "101"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int {
		x, err := Parse(a)
		y, err2 := Parse(b)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return Compare(x, y)
	})
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// FuzzParse: what is read is written in a form that is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"12", "12 bis", "37-02", "12-14", "N12W345", "12/3", "½", "12 1/2", "-", "İ1", "!0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			if n != (Number{}) || !errors.Is(err, ErrWords) && !errors.Is(err, ErrUnknown) {
				t.Fatalf("%q: %+v, %v", s, n, err)
			}
			return
		}
		if n.Main == 0 && n.Suffix != "" || n.Main > largest || len(n.Suffix) > 4*longest {
			t.Fatalf("%q: %+v", s, n)
		}
		if again, err := Parse(n.String()); err == nil && Compare(again, n) != 0 && again.Main != n.Main {
			t.Fatalf("%q is written %q and read as %+v", s, n, again)
		}
	})
}
