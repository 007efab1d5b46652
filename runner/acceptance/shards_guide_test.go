package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestShardsGuide does what docs/shards.md says, from top to bottom, and starts a shard by the script for Slurm.
func TestShardsGuide(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is played by the scripts
	}
	t.Parallel()
	guide, err := os.ReadFile(atRoot("docs/shards.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(guide), -1) {
		script += block[1]
	}
	if !strings.Contains(script, "make build\n") {
		t.Fatal("the page does not begin as this test thinks")
	}
	script = strings.Replace(script, "make build\n", "", 1)
	script += `
for task in 8 1 3 2 4 5 6 7; do SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_JOB_ID=9 bash big.sh; done
rm -rf "$BROOD_STATE"/runs/big-3-of-8
SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_JOB_ID=9 bash big.sh
brood merge big.shards
`
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(asBrood(t).Path, filepath.Join(dir, "bin", "brood")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"letters: 3 shards, input 5, ok 5, failed 0, skipped 0, unknown 0, pending 0; ", "3,Ada@example.com,2,ok,,,1,0\n", `"_status":"skipped","_class":"duplicate","_error":"duplicate of line 2"`,
		"this one starts at most 100/s (--rate), 250 a day (--quota)", `"shards":3,"input":5,"ok":5`, "of 3 shards 2 is missing", "status 2\n",
		"#SBATCH --array=1-8\n", "action: FailIndex", "\n5\n", "big-3-of-8 was already done", "big: 8 shards, input 5, ok 5",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "work", "big.csv")); err != nil || strings.Count(string(b), ",ok,") != 5 {
		t.Errorf("%s, %v", b, err)
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
