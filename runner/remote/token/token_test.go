package token

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// made is a token with these names.
func made(run, machine string) *Token {
	t := &Token{Run: run, Machine: machine, CA: sha256.Sum256([]byte(run))}
	t.seed = sha256.Sum256([]byte(machine))
	return t
}

// What Text tells is what Parse reads, and any shorter one is said to be cut off.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := made(rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,63}`).Draw(t, "run"), rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9_-]{0,31}`).Draw(t, "machine"))
		text := want.Text()
		got, err := Parse(" " + text + "\r\n")
		if err != nil || *got != *want {
			t.Fatalf("%+v, %v", got, err)
		}
		if strings.ContainsAny(text, " \n+/=") || len(text) > maxText {
			t.Fatalf("no line to copy: %q", text)
		}
		cut := text[:rapid.IntRange(len(prefix), len(text)-1).Draw(t, "cut")]
		if _, err := Parse(cut); !errors.Is(err, ErrCutOff) {
			t.Fatalf("cut off at %d of %d: %v", len(cut), len(text), err)
		}
		at := rapid.IntRange(len(prefix), len(text)-1).Draw(t, "at")
		c := rapid.SampledFrom([]byte("ABCabc019-_ ")).Draw(t, "c")
		if other := text[:at] + string(c) + text[at+1:]; other != text && strings.TrimSpace(other) == other {
			if got, err := Parse(other); err == nil {
				t.Fatalf("with a character changed it is %+v", got)
			}
		}
	})
}

// What is no token is told what it is, and what to do.
func TestParseErrors(t *testing.T) {
	text := made("mail", "north").Text()
	for _, c := range []struct {
		text string
		is   error
		says string
	}{
		{"", ErrNotToken, "empty"},
		{"hello", ErrNotToken, "that brood token printed"},
		{"brood2_abc", ErrNotToken, "same version"},
		{strings.ToUpper(text), ErrNotToken, "brood1_"},
		{text + "A", ErrDamaged, "longer"},
		{text + " " + text, ErrDamaged, "copy the line again"},
		{text[:60] + "\n" + text[60:], ErrDamaged, "without breaking"},
		{text[:len(text)-9], ErrCutOff, "copy the whole line again"},
		{prefix, ErrCutOff, "whole line"},
		{prefix + strings.Repeat("A", 600), ErrDamaged, "one token"},
		{made("a run", "north").Text(), ErrDamaged, "cannot be a run's name"},
		{made("mail", "north.>").Text(), ErrDamaged, "cannot be a machine's name"},
	} {
		if _, err := Parse(c.text); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %v that says %q", c.text, err, c.is, c.says)
		}
	}
}

// Printing a token does not tell its secret.
func TestPrinted(t *testing.T) {
	tok := made("mail", "north")
	secret := fmt.Sprintf("%x", tok.seed[:4])
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, tok); got != "token of machine north for run mail" || strings.Contains(got, secret) {
			t.Errorf("%s: %s", format, got)
		}
	}
}

// FuzzParse holds that whatever is a token is written as it was read, and has names that are safe in subjects.
func FuzzParse(f *testing.F) {
	f.Add(made("mail", "north").Text())
	f.Add(made("a.b-c_d", "N0").Text()[:100])
	f.Add("brood1_")
	f.Fuzz(func(t *testing.T, text string) {
		tok, err := Parse(text)
		if err != nil {
			if !errors.Is(err, ErrNotToken) && !errors.Is(err, ErrCutOff) && !errors.Is(err, ErrDamaged) {
				t.Errorf("%v does not say what it is", err)
			}
			return
		}
		if tok.Text() != strings.TrimSpace(text) {
			t.Errorf("%q was read, and is %q", text, tok.Text())
		}
		if strings.ContainsAny(tok.Machine, ".*> \t\r\n") || strings.ContainsAny(tok.Run, "*>= \t\r\n") {
			t.Errorf("%q of %q", tok.Machine, tok.Run)
		}
		if key, err := tok.Key(); err != nil || key == "" {
			t.Error(err)
		}
	})
}
