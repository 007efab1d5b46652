package main

import (
	"brood/runner/command"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPagesStandAlone: each page can be read by itself, by man -l, under each of its names.
func TestPagesStandAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := &command.Reference{
		Build:    command.Build{Version: "1.2.3", Date: "2026-11-30T10:00:00Z"},
		Name:     "brood",
		Commands: []command.Page{{Words: []string{"run", "email"}, Usage: "write", Job: true}},
	}
	if err := writePages(r, dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"brood-email.1", "brood-run-email.1"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if s := string(text); !strings.HasPrefix(s, `.TH "BROOD\-EMAIL" 1 "2026-11-30" "brood 1.2.3"`) || !strings.Contains(s, ".SH \"SYNOPSIS\"") {
			t.Errorf("%s: %s", name, s)
		}
	}
}
