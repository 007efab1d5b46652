package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDaemonGuide does what docs/daemon.md says, from top to bottom: a run is reloaded and drained,
// systemd has nothing to say about its unit, and under supervisord it is killed, started again, and
// done, with each record once.
func TestDaemonGuide(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is played by the scripts
	}
	t.Parallel()
	needs.Programs(t, "supervisord", "supervisorctl", "systemd-analyze")
	guide, err := os.ReadFile(atRoot("docs/daemon.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(guide), -1) {
		script += block[1]
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(asBrood(t).Path, filepath.Join(dir, "bin", "brood")); err != nil {
		t.Fatal(err)
	}
	// Whatever goes wrong, nobody is left.
	script = "trap 'test -e supervisord.pid && kill $(cat supervisord.pid) || true' EXIT\n" + script
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		said, _ := os.ReadFile(filepath.Join(dir, "supervisord.log"))
		t.Fatalf("%v\n%s\n%s", err, out, said)
	}
	rows := readCSV(t, filepath.Join(dir, "out.csv"))
	if len(rows) != 200 {
		t.Errorf("%d rows", len(rows))
	}
	for i, row := range rows {
		if row["_status"] != "ok" {
			t.Errorf("row %d: %v", i, row)
		}
	}
	log, err := os.ReadFile(filepath.Join(dir, "demo.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "reloaded: rate 50/s, jobs 3") || strings.Count(string(log), " brood: demo: input 200") != 2 {
		t.Errorf("%s\n%s", out, log)
	}
}
