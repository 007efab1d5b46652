package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sideBySide reads the pairs of lines of docs/parallel.md.
func sideBySide(t *testing.T) (pairs [][2]string) {
	t.Helper()
	guide, err := os.ReadFile(atRoot("docs/parallel.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(guide), "\n## Side by side\n")
	text, _, found := strings.Cut(text, "\nAnd what comes afterwards:\n")
	if !found {
		t.Fatal("the page is not as this test thinks")
	}
	for block := range strings.SplitSeq(text, "\n\n") {
		if !strings.HasPrefix(block, "    ") {
			continue
		}
		lines := strings.Split(strings.TrimSpace(block), "\n")
		if len(lines) != 2 {
			t.Fatalf("%q is not two lines", block)
		}
		pairs = append(pairs, [2]string{strings.TrimSpace(lines[0]), strings.TrimSpace(lines[1])})
	}
	if len(pairs) < 10 {
		t.Fatalf("%d pairs", len(pairs))
	}
	return pairs
}

// TestParallelGuide: what the page for those who know GNU parallel and xargs says does the
// same does it: it prints the same, and leaves the same files.
func TestParallelGuide(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		return // nothing here happens at the same time as something else
	}
	needs.Programs(t, "parallel")
	for _, pair := range sideBySide(t) {
		t.Run(pair[1], func(t *testing.T) {
			theirs, ours := chore(t, pair[0]), chore(t, pair[1])
			if theirs != ours {
				t.Errorf("%s\n%s\n%s\n%s", pair[0], theirs, pair[1], ours)
			}
			if theirs == "" {
				t.Error("nothing was done")
			}
		})
	}
}

// chore runs a line in a folder of its own, and returns what it printed and what files there
// are then.
func chore(t *testing.T, line string) string {
	t.Helper()
	dir, home := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"list.txt": "one\ntwo\nthree\nfour\n", "pairs.txt": "a,1\nb,2\n", "people.csv": "name,age\nBob,5\nAnn,36\n",
		"a.txt": "first\n", "b.txt": "the second\n", "x.log": "x\n", "y z.log": "y\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-c", line+"; s=$?; rm -f log.tsv; ls; exit $s")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+home, "BROOD_STATE="+filepath.Join(home, "state"), "PARALLEL_HOME="+home)
	asBrood(t) // which looks at what it depends on
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
	return string(out)
}
