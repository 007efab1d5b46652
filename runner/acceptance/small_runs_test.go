package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSmallRuns counts what a run of one record waits for: how often something is made durable,
// and how many processes are started, whatever -j is. See docs/DESIGN.md, Commits.
func TestSmallRuns(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "strace")
	for name, c := range map[string]struct {
		records string
		args    []string
		syncs   int // of the ledger, its directories, the seal, the results and their directory
		workers int
	}{
		"nothing to do":    {"", []string{"echo"}, 12, 0},
		"none":             {"Bonn\n", []string{"echo"}, 12, 1},
		"once":             {"Bonn\n", []string{"echo", "--effect", "once"}, 13, 1},
		"a command":        {"Bonn\n", []string{"exec", "--", "echo", "{city}"}, 13, 1},
		"a command of two": {"Bonn\nRome\n", []string{"exec", "--", "echo", "{city}"}, 13, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			input, calls := filepath.Join(dir, "in.csv"), filepath.Join(dir, "calls")
			if err := os.WriteFile(input, []byte("city\n"+c.records), 0o600); err != nil {
				t.Fatal(err)
			}
			args := append([]string{"run", c.args[0], input, "-j", "8", "-o", filepath.Join(dir, "out.csv")}, c.args[1:]...)
			brood := asBrood(t, args...)
			cmd := exec.Command("strace", append([]string{
				"-f", "-qq", "-o", calls, "-e", "trace=fsync,fdatasync,sync_file_range,syncfs,sync,execve", "-e", "signal=none", brood.Path,
			}, args...)...)
			cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			b, err := os.ReadFile(calls)
			if err != nil {
				t.Fatal(err)
			}
			syncs, workers := 0, 0
			for line := range strings.Lines(string(b)) {
				switch {
				case strings.Contains(line, " resumed>"):
				case strings.Contains(line, `execve("/proc/self/exe"`):
					workers++
				case strings.Contains(line, "sync"):
					syncs++
				}
			}
			// A commit more or less is a matter of how busy the machine is.
			if syncs*5 > c.syncs*6 || syncs*5 < c.syncs*4 {
				t.Errorf("%d times something is made durable, and not %d:\n%s", syncs, c.syncs, b)
			}
			if workers < min(c.workers, 1) || workers > c.workers {
				t.Errorf("%d workers are started for %d records:\n%s", workers, strings.Count(c.records, "\n"), b)
			}
		})
	}
}
