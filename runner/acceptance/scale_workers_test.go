package acceptance

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestThousandWorkers has many workers that wait, and a thousand of them for make chaos: it tells how soon all are
// there, and what memory each takes, its part of what they share counted in.
func TestThousandWorkers(t *testing.T) {
	workers := 250
	switch {
	case raceEnabled:
		workers = 50
	case os.Getenv("BROOD_CHAOS") != "":
		workers = 1000
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.txt")
	writeLines(t, in, workers)
	cmd := asBrood(t, "run", "echo", "--run", "many", "-j", strconv.Itoa(workers), "--sleep", "1h", in)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	var all []int
	waitFor(t, func() bool {
		all = childrenOf(cmd.Process.Pid)
		return len(all) == workers
	})
	started := time.Since(begun)
	pss := regexp.MustCompile(`(?m)^Pss: +(\d+) kB`)
	var sum, most int
	measured := 0
	for _, pid := range all {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			t.Fatal(err)
		}
		m := pss.FindSubmatch(b)
		if m == nil {
			continue
		}
		kib, _ := strconv.Atoi(string(m[1]))
		sum, most, measured = sum+kib, max(most, kib), measured+1
	}
	t.Logf("%d workers after %s; PSS of each: %.2f MiB on average, %.2f MiB at most", len(all), started.Round(10*time.Millisecond), float64(sum)/float64(measured)/1024, float64(most)/1024)
	if !raceEnabled && most > 6<<10 {
		t.Errorf("a worker takes %d KiB, more than 6 MiB", most)
	}
	stop := asBrood(t, "stop", "many")
	stop.Env = cmd.Env
	if out, err := stop.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 143 {
		t.Errorf("exit status %d\n%s", code, &stderr)
	}
}
