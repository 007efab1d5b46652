package needs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// heard is a test that notes how it was ended, and goes on.
type heard struct {
	testing.TB
	said []string
}

func (h *heard) Helper() {}

func (h *heard) Skip(args ...any) { h.said = append(h.said, "skip: "+fmt.Sprint(args...)) }

func (h *heard) Fatalf(format string, args ...any) {
	h.said = append(h.said, "fail: "+fmt.Sprintf(format, args...))
}

// TestMissing lacks a program and a file, here and in CI; what is there ends nothing.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	program, file := filepath.Join(dir, "tool"), filepath.Join(dir, "file")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, c := range []struct{ ci, want string }{
		{"", "[skip: other is not installed: make test-tools skip: stat " + file + ": no such file or directory: make test-tools skip: no kernel 7]"},
		{"false", "[skip: other is not installed: make test-tools skip: stat " + file + ": no such file or directory: make test-tools skip: no kernel 7]"},
		{"true", "[fail: other is not installed: make test-tools, and CI must not skip" +
			" fail: stat " + file + ": no such file or directory: make test-tools, and CI must not skip fail: no kernel 7, and CI must not skip]"},
	} {
		t.Setenv("CI", c.ci)
		h := &heard{TB: t}
		Programs(h, "tool", "other", "tool")
		Files(h, program, file, program)
		Missing(h, "no kernel %d", 7)
		if got := fmt.Sprint(h.said); got != c.want {
			t.Errorf("CI=%s: %s\nwant %s", c.ci, got, c.want)
		}
	}
}
