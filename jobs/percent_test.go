package jobs

import (
	"net/mail"
	"net/url"
	"testing"
)

// What package quoted does, which imports this one.
func init() {
	QuotedAddress = func(v string) (string, bool) {
		a, err := mail.ParseAddress(v)
		if err != nil {
			return "", false
		}
		return a.Address, true
	}
}

// TestPercent compares with package net/url: every byte, and every pair of characters behind a
// percent sign.
func TestPercent(t *testing.T) {
	for c := range 256 {
		s := "a" + string([]byte{byte(c)}) + "ü"
		if got, want := queryEscape(s), url.QueryEscape(s); got != want {
			t.Errorf("query %q: %s, want %s", s, got, want)
		}
		if got, want := pathEscape(s), url.PathEscape(s); got != want {
			t.Errorf("path %q: %s, want %s", s, got, want)
		}
		for d := range 256 {
			unescapes(t, "x%"+string([]byte{byte(c), byte(d)}))
		}
	}
	for _, s := range []string{"", "%", "%4", "%41", "a%4", "%41%", "%41%4", "%%41", "plain", "%C3%BC", "a+b"} {
		unescapes(t, s)
	}
}

func unescapes(t *testing.T, s string) {
	t.Helper()
	got, ok := pathUnescape(s)
	want, err := url.PathUnescape(s)
	if got != want || ok != (err == nil) {
		t.Errorf("%q: %q %v, want %q %v", s, got, ok, want, err)
	}
}
