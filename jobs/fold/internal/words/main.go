// Command words makes words.txt, the table of street words that package fold embeds, of the token
// files of the npm package @mapbox/geocoder-abbreviations (MIT).
//
//	words DIR FILE: DIR is the unpacked package, FILE is written
//
// A line "#de" begins a language; each other line is the short form of a word, the countries
// it is bound to behind an @, and its other forms, all folded, with tabs between. Words for the
// kind of a street come first, as they win where a form means two things.
package main

import (
	"brood/jobs/files"
	"brood/jobs/fold"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// group is what the package's files are lists of: words that mean the same.
type group struct {
	Tokens        []string `json:"tokens"`
	Canonical     string   `json:"canonical"`
	Type          string   `json:"type"`
	OnlyCountries []string `json:"onlyCountries"`
	Regex         bool     `json:"regex"`
	PreferFull    bool     `json:"preferFull"`
	Full          string   `json:"full"`
	Inside        bool     `json:"skipBoundaries"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: words DIR FILE")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(1)
	}
}

func write(dir, file string) error {
	languages, err := filepath.Glob(filepath.Join(dir, "tokens", "*.json"))
	if err != nil {
		return err
	}
	if len(languages) < 29 {
		return fmt.Errorf("%s has the tokens of %d languages, want 29", dir, len(languages))
	}
	var out bytes.Buffer
	for _, path := range languages {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var groups []group
		if err := json.Unmarshal(b, &groups); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		fmt.Fprintf(&out, "#%s\n", strings.TrimSuffix(filepath.Base(path), ".json"))
		for _, line := range lines(groups) {
			out.WriteString(line + "\n")
		}
	}
	return files.Write(file, out.Bytes(), 0o644)
}

// lines are those of one language, each once.
func lines(groups []group) []string {
	var ways, others []string
	for _, g := range groups {
		line := g.line()
		if line == "" || slices.Contains(ways, line) || slices.Contains(others, line) {
			continue
		}
		if g.Type == "way" {
			ways = append(ways, line)
		} else {
			others = append(others, line)
		}
	}
	return append(ways, others...)
}

// line is that of one group; "" of what is a pattern, a part of a word, or has one form only.
func (g group) line() string {
	if g.Regex || g.Inside || g.Type == "box" || g.Type == "unit" {
		return ""
	}
	canonical := joined(g.Canonical)
	if g.PreferFull {
		canonical = joined(g.Full)
	}
	var forms []string
	for _, token := range append(g.Tokens, g.Full) {
		for _, form := range []string{fold.String(token), joined(token)} {
			if form != "" && form != canonical && !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	if canonical == "" || len(forms) == 0 {
		return ""
	}
	if len(g.OnlyCountries) > 0 {
		canonical += "@" + strings.ToUpper(strings.Join(g.OnlyCountries, ","))
	}
	return canonical + "\t" + strings.Join(forms, "\t")
}

func joined(s string) string { return strings.ReplaceAll(fold.String(s), " ", "") }
