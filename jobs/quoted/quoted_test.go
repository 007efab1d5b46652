package quoted

import (
	"brood/jobs"
	"testing"
)

// TestInKeys holds that package jobs asks here.
func TestInKeys(t *testing.T) {
	for in, want := range map[string]string{
		`"Lovelace, Ada" <Ada@Example.com>`: "ada@example.com",
		`ada@example.com (at work)`:         "ada@example.com",
		`"ada lovelace"@example.com`:        "ada lovelace@example.com",
		`(not an address`:                   "(not an address",
	} {
		if got := string(jobs.NormalAddress([]byte(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
