package address

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// guessed is what Guess makes of a header, for the golden file.
func guessed(header string) string {
	m, err := Guess(strings.Split(header, "|"))
	switch {
	case err == nil:
		return m.String()
	case strings.Contains(err.Error(), "several addresses"):
		return "several"
	}
	return "none"
}

// TestGuess holds what is guessed from the headers of testdata/headers.tsv. One that a person would
// read otherwise begins with a !, and is counted.
func TestGuess(t *testing.T) {
	text, err := os.ReadFile("testdata/headers.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cases, wrong := 0, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
			continue
		}
		fields := strings.Split(line, "\t")
		got := guessed(fields[1])
		fmt.Fprintf(&out, "%s\t%s\t%s\n", fields[0], fields[1], got)
		if cases++; strings.HasPrefix(fields[0], "!") {
			wrong++
		}
		if !*update && (len(fields) < 3 || fields[2] != got) {
			t.Errorf("%s\n got %s\nwant %s", fields[1], got, strings.Join(fields[2:], ""))
		}
	}
	if *update {
		if err := os.WriteFile("testdata/headers.tsv", []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d headers, %d guessed otherwise than a person would: %.1f %% right", cases, wrong, 100*float64(cases-wrong)/float64(cases))
	if cases < 60 || wrong*20 > cases {
		t.Errorf("%d headers, %d wrong: at least 60, and at most one in twenty, are wanted", cases, wrong)
	}
}
