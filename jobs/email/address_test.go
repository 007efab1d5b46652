package email

import (
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
