package term

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzEscape: what is escaped is text in one line in which nothing acts, and is not escaped
// twice; what needs none stays as it is; and in whatever pieces it is written, a terminal
// gets the same.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "plain ~ äöü 世界", "\x00\x07\x1b[2J\x7f", "a\nb\r\tc", "\u0080\u009b31m\u00a0", "\x9b31m \xff\xc3", "\u202e\u2066\u061c", "\u2028x\u2029", "\xed\xa0\x80", "\ufffd", `\x1b`, "\xf0\x9f", "\U000e0001\ufeff\u200b\u00ad", "\xf4\x90\x80\x80"} {
		f.Add(s, uint8(1))
	}
	f.Fuzz(func(t *testing.T, s string, cut uint8) {
		got := Escape(s)
		inert := func(r rune) bool {
			return !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r) && r != '\u2028' && r != '\u2029'
		}
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !inert(r) }) {
			t.Fatalf("%q becomes %q", s, got)
		}
		if again := Escape(got); again != got {
			t.Fatalf("%q becomes %q, and that %q", s, got, again)
		}
		if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !inert(r) }) && got != s {
			t.Fatalf("%q needs no escapes, and becomes %q", s, got)
		}
		var whole, pieces bytes.Buffer
		text := s + "end"
		for _, c := range []struct {
			to   *bytes.Buffer
			step int
		}{{&whole, len(text)}, {&pieces, 1 + int(cut)}} {
			w := &Writer{w: c.to, tty: true}
			for rest := text; rest != ""; {
				n := min(c.step, len(rest))
				if m, err := w.Write([]byte(rest[:n])); m != n || err != nil {
					t.Fatal(m, err)
				}
				rest = rest[n:]
			}
		}
		if lines := strings.NewReplacer("\n", "", "\t", "").Replace(whole.String()); whole.String() != pieces.String() || Escape(lines) != lines {
			t.Fatalf("%q is written as %q, and in pieces as %q", text, &whole, &pieces)
		}
	})
}
