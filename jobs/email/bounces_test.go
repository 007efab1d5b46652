package email

import (
	"path/filepath"
	"testing"
)

// Addresses in quotes are taken, unless there is something in them that is not to be printed, and are written
// to no more.
func TestReported(t *testing.T) {
	for s, want := range map[string]string{
		`ann@x.example`:                  "ann@x.example",
		`"ann"@x.example`:                "ann@x.example",
		`"ann smith"@x.example`:          "ann smith@x.example",
		`ann smith@x.example`:            "ann smith@x.example", // as of VERP
		`"ann,smith"@x.example`:          "ann,smith@x.example",
		`"ann@smith"@x.example`:          "",
		"\"ann\tsmith\"@x.example":       "",
		"\"ann\u202esmith\"@x.example":   "",
		"\"ann\u2028smith\"@x.example":   "",
		`"Ann" <ann@x.example>`:          "",
		`"ann"@x.example, bob@x.example`: "",
		`ann@"x".example`:                "",
	} {
		got, ok := reported(s)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", s, got, ok)
		}
		if !ok {
			continue
		}
		list := filepath.Join(t.TempDir(), "list")
		if err := noteBounce(list, got); err != nil {
			t.Fatal(err)
		}
		left, err := openSuppressions([]string{list})
		if err != nil || !left.has(want, func(err error) { t.Error(err) }) {
			t.Errorf("%q is written to again: %v", want, err)
		}
	}
}
