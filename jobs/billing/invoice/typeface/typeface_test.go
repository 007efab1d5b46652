package typeface

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func embedded(t testing.TB) *Font {
	t.Helper()
	f, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestMissing tells what the font draws, what it has not, and what it has and would draw wrong.
func TestMissing(t *testing.T) {
	f := embedded(t)
	for _, c := range []struct{ text, missing string }{
		{"Zażółć gęślą jaźń, ŝøß €£¥₽₺ Ελλάδα Київ Հայ საქ ế", ""},
		{"漢字 and 漢", "字漢"},
		{"שלום", "ולםש"},
		{"محمد", "حدم"},
		{"e\u0301", "\u0301"},
		{"😀", "😀"},
		{"a\u202eb", "\u202e"},
		{"\n", "\n"},
	} {
		if got := string(f.Missing(c.text)); got != c.missing {
			t.Errorf("%q: %q is missing, want %q", c.text, got, c.missing)
		}
	}
}

func TestShape(t *testing.T) {
	s := embedded(t).Shape()
	if s.Ascent < 700 || s.Descent > -100 || s.CapHeight < 600 || s.CapHeight > 800 || s.Box[0] >= 0 || s.Box[2] < 1000 {
		t.Errorf("%+v", s)
	}
	if w := embedded(t).Width('i'); w >= embedded(t).Width('m') || w < 100 {
		t.Errorf("i is %d wide", w)
	}
}

// TestCut reads a cut font again: the same widths and outlines, and nothing else.
func TestCut(t *testing.T) {
	f := embedded(t)
	text := "Aé€łąЖΩ 0123"
	b, err := f.Cut([]rune(text))
	if err != nil {
		t.Fatal(err)
	}
	g, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if missing := g.Missing(text); len(missing) > 0 {
		t.Errorf("%q is missing", missing)
	}
	if g.Has('B') {
		t.Error("it has a glyph that was not asked for")
	}
	for _, r := range text {
		if g.Width(r) != f.Width(r) {
			t.Errorf("%c is %d wide, and was %d", r, g.Width(r), f.Width(r))
		}
		before, _ := f.outline(int(f.glyphs[r]))
		after, err := g.outline(int(g.glyphs[r]))
		if err != nil || len(before) > 0 && !bytes.Equal(before[:10], after[:10]) {
			t.Errorf("%c has another outline: %v", r, err)
		}
	}
	runes := []rune(text + text)
	slices.Reverse(runes)
	if again, _ := f.Cut(runes); !bytes.Equal(again, b) {
		t.Error("the same characters make another font")
	}
	if _, err := f.Cut([]rune("漢")); err == nil || !strings.Contains(err.Error(), "U+6F22") {
		t.Errorf("a character that is missing: %v", err)
	}
	if checksum(b) != 0xb1b0afba {
		t.Errorf("the checksum is %08x", checksum(b))
	}
}

// TestRefused names what cannot be embedded.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ font, why string }{
		{"", "no font"},
		{"OTTO00000000", "TrueType outlines"},
		{"\x00\x01\x00\x00\x00\x00000000", "no table"},
		{"\x00\x01\x00\x00\x00\x09000000", "within its directory"},
	} {
		if _, err := Parse([]byte(c.font)); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%q: %v", c.font, err)
		}
	}
}

// FuzzParse reads fonts with any bytes: what is read can be cut, or says why not, and what was cut can be read.
func FuzzParse(f *testing.F) {
	font := embedded(f)
	small, err := font.Cut([]rune("Aé1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Add(small[:300])
	f.Fuzz(func(t *testing.T, b []byte) {
		font, err := Parse(b)
		if err != nil {
			return
		}
		var runes []rune
		for r := range font.glyphs {
			if font.Has(r) && len(runes) < 64 {
				runes = append(runes, r)
			}
		}
		font.Shape()
		out, err := font.Cut(runes)
		if err != nil {
			return
		}
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("what was cut cannot be read: %v", err)
		}
		if missing := again.Missing(string(runes)); len(missing) > 0 {
			t.Fatalf("%q went missing", missing)
		}
	})
}
