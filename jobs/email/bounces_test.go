package email

import "testing"

// Addresses in quotes are taken, unless there is something in them that is not to be printed.
func TestQuotedAddress(t *testing.T) {
	for s, want := range map[string]bool{
		`"ann smith"@x.example`:          true,
		`"ann,smith"@x.example`:          true,
		`ann smith@x.example`:            false,
		`"ann@smith"@x.example`:          false,
		"\"ann\tsmith\"@x.example":       false,
		"\"ann\u202esmith\"@x.example":   false,
		`"Ann" <ann@x.example>`:          false,
		`"ann"@x.example, bob@x.example`: false,
	} {
		if got := quotedAddress(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
