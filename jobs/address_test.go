package jobs

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// TestCleanAddress: what clings to an address is taken off, and nothing is guessed.
func TestCleanAddress(t *testing.T) {
	for given, want := range map[string]string{
		"ann@example.com":                              "ann@example.com",
		"\u200bann\u200b@exam\u00adple.com\ufeff":      "ann@example.com",
		"\u202aann@example.com\u202c":                  "ann@example.com",
		"\u00a0ann@example.com\u00a0\u3000":            "ann@example.com",
		"mailto:ann@example.com":                       "ann@example.com",
		"MAILTO:ann%2Bnews@example.com?subject=Hi%20x": "ann+news@example.com",
		"<mailto:ann@example.com>":                     "ann@example.com",
		`"ann@example.com"`:                            "ann@example.com",
		`'ann@example.com'`:                            "ann@example.com",
		"“ann@example.com”":                            "ann@example.com",
		"„ann@example.com“":                            "ann@example.com",
		"<ann@example.com>":                            "ann@example.com",
		"<ann@example.com>,":                           "ann@example.com",
		"ann@example.com.;, ":                          "ann@example.com",
		"ann@example.com>":                             "ann@example.com",
		"ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ":                              "ann@example.com",
		"ann﹫example.com":                              "ann@example.com",
		"Ann \u200b<mailto:ann@example.com>;":          "Ann <ann@example.com>",
		`"Doe, Ann" <ann@example.com>`:                 `"Doe, Ann" <ann@example.com>`,
		`"ann"@example.com`:                            `"ann"@example.com`,
		`"Ann" <"ann"@example.com>`:                    `"Ann" <"ann"@example.com>`,
		"o'brien@example.com":                          "o'brien@example.com",
		"'ann@example.com":                             "'ann@example.com", // a local part may begin so
		"ann@example,com":                              "ann@example,com",
		"ann@@example.com":                             "ann@@example.com",
		"ann example.com":                              "ann example.com",
		"ann @example.com":                             "ann @example.com",
		"ann@example.com, bob@example.com":             "ann@example.com, bob@example.com",
		"ann@نامه\u200cای.example":                     "ann@نامه\u200cای.example",
		"\xffann@example.com":                          "\xffann@example.com",
		"ann@example.com (work)":                       "ann@example.com (work)",
		"":                                             "",
		"<>":                                           "",
		"'":                                            "'",
		",;.":                                          "",
	} {
		if got := CleanAddress([]byte(given)); string(got) != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
	// A list of an older run has an address in this form: it must stay.
	for given, want := range map[string]string{
		"Ann@Example.COM": "ann@example.com", "Ann <ANN@example.com>": "ann@example.com", "zoë@BÜCHER.example": "zoë@xn--bcher-kva.example",
		`"ann"@example.com`: "ann@example.com", "ann@example.com (work)": "ann@example.com", "o'brien@example.com": "o'brien@example.com",
		"a_b@my_host.Example.com": "a_b@my_host.example.com", "@example.com": "@example.com",
	} {
		if got := NormalAddress([]byte(given)); string(got) != want {
			t.Errorf("the normal form of %q is %q, want %q", given, got, want)
		}
	}
}

// TestASCIIDomain: an underscore is no reason to refuse a domain, but what is wrong beside it is.
func TestASCIIDomain(t *testing.T) {
	for given, want := range map[string]string{
		"My_Host.example.com": "my_host.example.com", "_dmarc.example": "_dmarc.example", "my_host.bücher.example": "my_host.xn--bcher-kva.example",
		"bücher.example": "xn--bcher-kva.example", "a_.example": "a_.example",
		"my_host..example": "", "a_b.ex ample": "", "bü_cher.example": "", "a_b.-x.example": "", "a_b.exa,mple": "", "a_b/c.example": "",
	} {
		got, err := ASCIIDomain(given)
		if (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q is %q, %v, want %q", given, got, err, want)
		}
	}
}

// FuzzAddress: cleaning comes to an end, does nothing a second time, never makes a text longer
// or invalid, and the parts of brood that compare addresses agree about it.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"Ann <mailto:ann@example.com?subject=x>", "\u200b'ann@b\u00fccher.example',", `"a" <"b"@c>`, "ａ＠ｂ", "<<a@b>>", "mailto:mailto:%6dailto:a@b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		given := bytes.Clone(v)
		got := CleanAddress(v)
		if !bytes.Equal(v, given) {
			t.Fatalf("%q was changed to %q", given, v)
		}
		if again := CleanAddress(got); !bytes.Equal(again, got) {
			t.Fatalf("%q became %q, and then %q", v, got, again)
		}
		if len(got) > len(v)+len(" ")*bytes.Count(v, []byte("<")) {
			t.Fatalf("%q became longer: %q", v, got)
		}
		if utf8.Valid(v) && !bytes.Contains(v, []byte("%")) && !utf8.Valid(got) {
			t.Fatalf("%q became no text: %q", v, got)
		}
		if !bytes.Equal(NormalAddress(v), NormalAddress(got)) {
			t.Fatalf("%q has the normal form %q, and %q has %q", v, NormalAddress(v), got, NormalAddress(got))
		}
	})
}
