package fold

import (
	"slices"
	"testing"
)

// TestMisspelt finds street words with a slip, alone and at the end of others, and leaves those
// that are right.
func TestMisspelt(t *testing.T) {
	for _, c := range []struct{ word, country, want string }{
		{"stret", "US", "st"},
		{"avneue", "US", "av"},
		{"boulegard", "US", "blvd"},
		{"dive", "US", "dr"},
		{"hauptstarsse", "DE", "hauptstr"},
		{"waldserasse", "DE", "waldstr"},
		{"wilgenvtraat", "NL", "wilgenstr"},
		{"crecent", "AU", "cr"},
	} {
		if got := Misspelt(c.word, c.country); !slices.Contains(got, Street("x "+c.want, c.country)[2:]) && !slices.Contains(got, c.want) {
			t.Errorf("%s in %s: %q, want %s", c.word, c.country, got, c.want)
		}
	}
	for _, word := range []string{"st", "rd", "", "a", "washington", "xyz"} {
		if got := Misspelt(word, "US"); len(got) > 0 {
			t.Errorf("%s: %q", word, got)
		}
	}
}

func BenchmarkMisspelt(b *testing.B) {
	for b.Loop() {
		Misspelt("hauptstarsse", "DE")
	}
}
