package latin

import (
	"strings"
	"testing"
)

func TestSpell(t *testing.T) {
	for _, c := range []struct{ in, want, lost string }{
		{"Müller & Söhne GmbH", "Mueller + Soehne GmbH", ""},
		{"Mu\u0308ller", "Mueller", ""}, // decomposed
		{"ÄÖÜ ẞ straße", "AeOeUe Ss strasse", ""},
		{"Łódź, Żółć", "Lodz, Zolc", ""},
		{"Société «Générale» d’été", "Societe 'Generale' d'ete", ""},
		{"Ærø Þór Ørsted Ğüneş", "Aero Thor Orsted Guenes", ""},
		{"Γιώργος Χαρά", "Giorgos Chara", ""},
		{"Жълтица ЕООД", "Zhaltitsa EOOD", ""},
		{"Đorđe Đinđić", "Dorde Dindic", ""},
		{"漢字 Ltd.", ".. Ltd.", "漢字"},
		{"a\tb\n\u00a0 c ", "a b c", ""},
		{"info@example.com_x", "info(at)example.com-x", ""},
		{"12,50 € #7 100%", "12,50 EUR .7 100.", "#%"},
		{"ﬁne ½", "fine 1/2", ""},
		{"zero\u200bwidth\u202e", "zerowidth", ""},
		{"", "", ""},
	} {
		got, lost := Spell(c.in, EPC)
		if got != c.want || string(lost) != c.lost {
			t.Errorf("%q: %q, lost %q", c.in, got, string(lost))
		}
	}
	if got, lost := Spell("AT&T #7 – Müller", ACH); got != "AT&T #7 - Mueller" || lost != nil {
		t.Errorf("%q, %q", got, string(lost))
	}
}

// FuzzSpell holds that only allowed characters come out, singly blanked, and that what is spelt stays so.
func FuzzSpell(f *testing.F) {
	for _, s := range []string{"Müller", "漢字", "\xff\x00", "İstanbul ǅ ŉ", "a\u0301\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, allowed := range []func(byte) bool{EPC, ACH} {
			got, _ := Spell(text, allowed)
			for i := range len(got) {
				if !allowed(got[i]) {
					t.Fatalf("%q has %q", got, got[i])
				}
			}
			if strings.Contains(got, "  ") || strings.TrimSpace(got) != got {
				t.Fatalf("%q", got)
			}
			if again, lost := Spell(got, allowed); again != got || lost != nil {
				t.Fatalf("%q became %q", got, again)
			}
		}
	})
}
