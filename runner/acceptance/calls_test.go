package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestCallsOfSlowRecords holds how many system calls brood makes for a record that takes 20 ms, in the
// parent and in its worker: each reads once more than there is something, as Go's poller has it, and
// writes once; the worker looks whether there is something on its two standard streams, and waits
// for the record and for the next. Nobody else is woken: what that would take is bounded as well,
// though loosely, as it depends on the moment.
func TestCallsOfSlowRecords(t *testing.T) {
	needs.Programs(t, "strace")
	t.Parallel()
	dir := t.TempDir()
	const calls = "read,write,ioctl,epoll_pwait,futex,nanosleep,sched_yield,tgkill,rt_sigreturn"
	job := []string{"echo", "--sleep", "20ms", "-j", "5", "--no-guard"}
	const few, many = 50, 450
	was, is := countCalls(t, dir, few, calls, job...), countCalls(t, dir, many, calls, job...)
	perRecord := func(names ...string) (sum float64) {
		for _, name := range names {
			sum += float64(is[name]-was[name]) / (many - few)
		}
		return sum
	}
	for _, c := range []struct {
		names string
		want  float64
		least float64 // of it
	}{
		{"write", 2, 0.8},
		{"read", 4, 0.8},
		{"ioctl", 2, 0.8},
		{"epoll_pwait", 6.5, 0},
		{"futex nanosleep sched_yield tgkill rt_sigreturn", 5, 0}, // 24 before it was looked at
	} {
		got := perRecord(strings.Fields(c.names)...)
		t.Logf("%s: %.2f for each record", c.names, got)
		if got > 1.2*c.want || got < c.least*c.want {
			t.Errorf("%s: %.2f for each record; it was %.1f, or at most that, when this test was written", c.names, got, c.want)
		}
	}
}

// countCalls counts system calls of a run, with all its processes, by their names. Its dataset is so
// many lines.
func countCalls(t *testing.T, dir string, records int, calls string, job ...string) map[string]int {
	t.Helper()
	name := strconv.Itoa(records)
	input, counts := filepath.Join(dir, name+".txt"), filepath.Join(dir, name+".counts")
	if err := os.WriteFile(input, []byte(strings.Repeat("x\n", records)), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"run", job[0], "-q", "--run", "r" + name, "-o", filepath.Join(dir, name+".csv"), input}, job[1:]...)
	brood := asBrood(t, args...)
	cmd := exec.Command("strace", append([]string{"-f", "--seccomp-bpf", "-c", "-o", counts, "-e", "trace=" + calls, brood.Path}, args...)...)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	table, err := os.ReadFile(counts)
	if err != nil {
		t.Fatal(err)
	}
	made := make(map[string]int)
	for line := range strings.Lines(string(table)) {
		// % time, seconds, usecs/call, calls, and errors if there are any.
		words := strings.Fields(line)
		if len(words) < 5 || words[len(words)-1] == "total" {
			continue
		}
		if n, err := strconv.Atoi(words[3]); err == nil {
			made[words[len(words)-1]] = n
		}
	}
	if len(made) == 0 {
		t.Fatalf("strace says:\n%s", table)
	}
	return made
}
