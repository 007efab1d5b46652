// Command write writes the manual pages and docs/reference.md from the JSON that brood reference
// prints, which it reads from standard input.
package main

import (
	"brood/runner/command"
	"brood/runner/command/manual"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

func main() {
	pages := flag.String("man", "", "write the manual pages to `DIR`")
	reference := flag.String("reference", "", "write the reference to `FILE`")
	check := flag.Bool("check", false, "write nothing: end with 1 if the reference is not what is in the file")
	flag.Parse()
	if err := write(os.Stdin, *pages, *reference, *check); err != nil {
		fmt.Fprintln(os.Stderr, "write the manual:", err)
		os.Exit(1)
	}
}

func write(in io.Reader, pages, reference string, check bool) error {
	var r command.Reference
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read what brood reference prints: %w", err)
	}
	if pages != "" {
		if err := writePages(&r, pages); err != nil {
			return err
		}
	}
	if reference == "" {
		return nil
	}
	text := manual.Markdown(&r)
	if !check {
		return os.WriteFile(reference, []byte(text), 0o644)
	}
	there, err := os.ReadFile(reference)
	if err != nil {
		return err
	}
	if string(there) != text {
		return fmt.Errorf("%s is not what the flags are now: make docs", reference)
	}
	return nil
}

func writePages(r *command.Reference, dir string) error {
	date := ""
	if t, err := time.Parse(time.RFC3339, r.Build.Date); err == nil {
		date = t.UTC().Format(time.DateOnly)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range manual.Pages(r) {
		// Under each of its names in full: a page that is the word "see there" is found only beneath a man1, and man -l has none.
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(p.Roff(r.Build.Version, date)), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
