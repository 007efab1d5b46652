package fold_test

import (
	"brood/jobs/fold"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestString(t *testing.T) {
	for _, c := range [][2]string{
		{"", ""},
		{"  Saint-Denis,  (93) ", "saint denis 93"},
		{"MÜNCHEN", "munchen"},
		{"Straße", "strasse"},
		{"STRAẞE", "strasse"},
		{"Ærøskøbing", "aeroskobing"},
		{"Œuilly", "oeuilly"},
		{"Reyðarfjörður", "reydarfjordur"},
		{"Þingeyri", "thingeyri"},
		{"Łódź", "lodz"},
		{"Đà Nẵng", "da nang"},
		{"İstanbul", "istanbul"},
		{"Diyarbakır", "diyarbakir"},
		{"Curaçao", "curacao"},
		{"Mary's Igloo", "marys igloo"},
		{"L'Aquila", "l aquila"},
		{"O’Fallon", "o fallon"},
		{"Saint John’s", "saint johns"},
		{"L'sa", "l sa"},
		{"’s-Hertogenbosch", "s hertogenbosch"},
		{"12½ Main", "12 1 2 main"},
		{"Ｔｏｋｙｏ　１２", "tokyo 12"},
		{"ﬁeld", "field"},
		{"Αθήνας", "αθηνασ"},
		{"Йошкар-Ола", "иошкар ола"},
		{"がま", "がま"},
		{"か\u3099ま", "がま"},
		{"ｶﾞﾏ", "ガマ"},
		{"서울", "서울"},
		{norm.NFD.String("서울"), "서울"},
		{"मुंबई", "मुंबई"},
		{"القُدس", "القدس"},
		{"soft\u00adhy\u200bphen", "softhyphen"},
		{"a\xffb", "a b"},
		{"№ 5", "no 5"},
		{"--", ""},
		{"B & Q", "b q"},
	} {
		if got := fold.String(c[0]); got != c[1] {
			t.Errorf("String(%q) = %q, want %q", c[0], got, c[1])
		}
		if got := fold.String(norm.NFD.String(c[0])); got != c[1] {
			t.Errorf("decomposed, String(%q) = %q, want %q", c[0], got, c[1])
		}
	}
	if got := string(fold.Append([]byte("x "), " Ä b ")); got != "x a b" {
		t.Errorf("Append gives %q", got)
	}
}

func TestVariants(t *testing.T) {
	for name, want := range map[string]string{
		"Berlin":      "berlin",
		"Düsseldorf":  "dusseldorf duesseldorf",
		"Ålborg":      "alborg aalborg",
		"Ærøskøbing":  "aeroskobing aeroeskoebing",
		"O'Fallon":    "o_fallon ofallon",
		"Straße":      "strasse",
		"L’Ölb'or":    "l_olb_or l_oelb_or lolbor loelbor",
		"Mu\u0308hle": "muhle muehle",
	} {
		got := fold.Variants(name)
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], " ", "_")
		}
		if strings.Join(got, " ") != want {
			t.Errorf("Variants(%q) = %q, want %s", name, got, want)
		}
	}
}

func TestNear(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"berlin", "berlin", true},
		{"berlin", "berln", true},
		{"berlin", "berllin", true},
		{"berlin", "bexlin", true},
		{"berlin", "belrin", true},
		{"berlin", "ebrlin", true},
		{"berlin", "berlni", true},
		{"berlin", "berxxn", false},
		{"berlin", "belirn", false},
		{"berlin", "berlinxx", false},
		{"bonn", "born", false},
		{"rome", "rom", false},
		{"paris", "pari", false},
		{"rom", "rom", true},
		{"москва", "масква", true},
		{"москва", "омсква", true},
		{"москва", "москв", true},
		{"москва", "мaсквa", false},
		{"αβγδε", "αβγδζ", true},
		{"москв", "масква", false},
	} {
		if fold.Near(c.a, c.b) != c.want || fold.Near(c.b, c.a) != c.want {
			t.Errorf("Near(%q, %q) is not %v", c.a, c.b, c.want)
		}
	}
}

// edits are the texts that one edit of s makes, with letters of alphabet.
func edits(s, alphabet string) []string {
	var out []string
	r := []rune(s)
	for i := range len(r) + 1 {
		for _, c := range alphabet {
			out = append(out, string(slices.Insert(slices.Clone(r), i, c)))
			if i < len(r) {
				out = append(out, string(append(append(slices.Clone(r[:i]), c), r[i+1:]...)))
			}
		}
		if i < len(r) {
			out = append(out, string(slices.Delete(slices.Clone(r), i, i+1)))
		}
		if i+1 < len(r) {
			swapped := slices.Clone(r)
			swapped[i], swapped[i+1] = r[i+1], r[i]
			out = append(out, string(swapped))
		}
	}
	return out
}

// TestNearIsOneEdit compares with what edits make: all of those are near, and of what two edits
// make only what one makes too.
func TestNearIsOneEdit(t *testing.T) {
	for _, word := range []string{"abbac", "aябaя"} {
		one := edits(word, "abяю")
		for _, e := range one {
			if want := utf8.RuneCountInString(e) >= 5; fold.Near(word, e) != want {
				t.Errorf("Near(%q, %q) is not %v", word, e, want)
			}
			for _, two := range edits(e, "aю") {
				want := two == word || slices.Contains(one, two) && utf8.RuneCountInString(two) >= 5
				if fold.Near(word, two) != want {
					t.Fatalf("Near(%q, %q) is not %v", word, two, want)
				}
			}
		}
	}
}

var text string

// TestNothingAllocated: what is asked a million times a second must not feed the collector.
func TestNothingAllocated(t *testing.T) {
	room := make([]byte, 0, 64)
	for _, s := range []string{"123 North Main St., Springfield", "Österreichische Straße", "Москва", "mary's"} {
		if n := testing.AllocsPerRun(100, func() { room = fold.Append(room[:0], s) }); n != 0 {
			t.Errorf("Append(%q): %v allocations", s, n)
		}
	}
	if n := testing.AllocsPerRun(100, func() { text = fold.String("Österreichische Straße") }); n != 1 {
		t.Errorf("%v allocations of one text", n)
	}
	if n := testing.AllocsPerRun(100, func() { fold.String("berlin mitte"); fold.Near("berlin", "belrin") }); n != 0 {
		t.Errorf("%v allocations of a folded name", n)
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"Straße 12½", "O'Fallon's", "か\u3099", "Đà\xff Nẵng", "ﷺ", "Ω'S", "\u0300a", "ǅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := fold.String(s)
		if !utf8.ValidString(got) || strings.HasPrefix(got, " ") || strings.HasSuffix(got, " ") || strings.Contains(got, "  ") {
			t.Errorf("String(%q) = %q", s, got)
		}
		if again := fold.String(got); again != got {
			t.Errorf("String(%q) = %q, and of that %q", s, got, again)
		}
		if withRoom := string(fold.Append([]byte("x"), s)); withRoom != "x"+got {
			t.Errorf("Append behind another text gives %q, want x%s", withRoom, got)
		}
		if forms := fold.Variants(s); forms[0] != got {
			t.Errorf("the first variant of %q is %q, not %q", s, forms[0], got)
		}
	})
}

func FuzzNear(f *testing.F) {
	f.Add("berlin", "belrin")
	f.Add("москва", "мосва")
	f.Add("a\xd0bcde", "a\xd1bcde")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, ""), strings.ToValidUTF8(b, "") // as what is folded is
		if fold.Near(a, b) != fold.Near(b, a) {
			t.Errorf("Near(%q, %q) is not Near the other way", a, b)
		}
		if d := utf8.RuneCountInString(a) - utf8.RuneCountInString(b); fold.Near(a, b) && (d > 1 || d < -1) {
			t.Errorf("Near(%q, %q), of which one has %d letters more", a, b, d)
		}
	})
}

func BenchmarkAppendASCII(b *testing.B) {
	room := make([]byte, 0, 64)
	for b.Loop() {
		room = fold.Append(room[:0], "123 North Main St., Springfield")
	}
}

func BenchmarkAppendAccents(b *testing.B) {
	room := make([]byte, 0, 64)
	for b.Loop() {
		room = fold.Append(room[:0], "Österreichische Straße 12, München")
	}
}

func BenchmarkNear(b *testing.B) {
	for b.Loop() {
		fold.Near("springfield", "sprignfield")
	}
}

func BenchmarkStreet(b *testing.B) {
	for b.Loop() {
		fold.Street("1745 North Main Street Southeast", "US")
	}
}
