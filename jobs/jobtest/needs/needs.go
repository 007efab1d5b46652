// Package needs says what becomes of a test where something that it needs is missing, be it a program, a file or a right: on a
// person's machine the test is skipped, with a word on what is missing. Where CI is "true" it fails: what is skipped there is run by
// nobody, and nobody is told. No test of brood calls Skip itself, which TestSkips in package runner holds, so that there is this
// one rule.
//
// It does not install anything; testdata/install.sh does.
package needs

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Missing ends the test; what is missing is a clause, to which is added what follows from it.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	said := fmt.Sprintf(format, args...)
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s, and CI must not skip", said)
	} else {
		t.Skip(said)
	}
}

// Programs ends the test if one of these is nowhere in PATH.
func Programs(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			Missing(t, "%s is not installed: make test-tools", name)
		}
	}
}

// Files ends the test if one of these, which make test-tools puts in their places, is not there.
func Files(t testing.TB, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			Missing(t, "%v: make test-tools", err)
		}
	}
}

// Part reports whether a part of a test can be run: the rest goes on without it, but in CI.
func Part(t testing.TB, can bool, format string, args ...any) bool {
	t.Helper()
	if can {
		return true
	}
	said := fmt.Sprintf(format, args...)
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s, and CI must not skip", said)
	}
	t.Logf("%s: not tested", said)
	return false
}

// Root ends the test if somebody else runs it; what for is a clause, such as "to be two users".
func Root(t testing.TB, whatFor string) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "this takes root, %s", whatFor)
	}
}
