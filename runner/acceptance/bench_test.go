package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBench runs the tests of make bench-peers: of what decides about a figure of
// docs/benchmarks.md, of the page and of the lines that the README quotes from it. Every row is
// tried with a few records, by brood and by those of its peers that are installed.
func TestBench(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		return // nothing here happens at the same time as something else
	}
	needs.Programs(t, "python3", "php", "parallel")
	for _, pattern := range []string{"testdata/bench/*", "testdata/bench/peers/*", "testdata/bench/queues/*", "testdata/bench/queues/*/*", "docs/benchmarks.md", "docs/benchmarks/*", "README.md"} {
		readAll(t, atRoot(pattern))
	}
	cmd := exec.Command("python3", "-m", "unittest")
	cmd.Dir = atRoot("testdata/bench")
	cmd.Env = append(os.Environ(), "BROOD_BINARY="+asBrood(t).Path, "PYTHONDONTWRITEBYTECODE=1", "TMPDIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// readAll reads the files of a pattern, so that go test knows that a test depends on them.
func readAll(t *testing.T, pattern string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.IsDir() {
			continue
		}
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
}
