package email

import (
	netmail "net/mail"
	"strconv"
	"testing"
)

// What nobody sees, and what ends a line to somebody, is in no address: of a dataset, of a report, or on a list.
func TestHidden(t *testing.T) {
	for _, c := range []rune{'\u2028', '\u2029', '\u0085', '\u202e', '\u00a0', '\u3000', '\u200b', '\x07', '\x7f', '\t', '\n'} {
		a := "a" + string(c) + "b@example.com"
		if oneAddress(a) || readsAs(a) {
			t.Errorf("%s is taken for an address of a list", strconv.QuoteToASCII(a))
		}
		if to, err := asciiDomain(a); err == nil {
			t.Errorf("%s is written to as %q", strconv.QuoteToASCII(a), to)
		}
	}
	for _, a := range []string{"a.b+c@example.com", "zo\u00eb@example.com", "\u0646\u200c\u0647@example.com", "\u6f22@example.com"} {
		if to, err := asciiDomain(a); err != nil || to != a {
			t.Errorf("%q: %q, %v", a, to, err)
		}
	}
	if !oneAddress("zo\u00eb@example.com") || oneAddress("a b@example.com") {
		t.Error("oneAddress")
	}
}

// TestPlain: what is taken for a plain address is what net/mail reads and writes as it stands.
func TestPlain(t *testing.T) {
	plain := 0
	letters := []string{"a", "Z", "9", ".", "-", "_", "+", "=", "@", "a@b", "x@Y.example", "\"", " ", "<", ">", "(", ",", "ü", "'", "%", "/", "[", "]", "\\", "\x00", "é.example"}
	for n := range 40_000 {
		var s string
		for k := n; k > 0; k /= len(letters) {
			s += letters[k%len(letters)]
		}
		if n%2 == 1 {
			s += ".b@d.example"
		}
		got, err := parseAddress(s)
		want, wantErr := netmail.ParseAddress(s)
		if (err == nil) != (wantErr == nil) || err == nil && *got != *want {
			t.Fatalf("%q: %v %v, and net/mail says %v %v", s, got, err, want, wantErr)
		}
		if as := (&netmail.Address{Address: s}).String(); path(s) != as {
			t.Fatalf("%q is written as %s, and net/mail writes %s", s, path(s), as)
		}
		if isPlain(s) {
			plain++
		}
	}
	if plain < 500 {
		t.Errorf("%d were plain", plain)
	}
}
