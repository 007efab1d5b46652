package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestCallsOfExec holds how many system calls the job exec makes for a record, in the worker and
// in the child before it executes the command: those that are its own, and that neither the
// parent nor the command make. What depends on how fast the machine is, such as the scheduler's,
// is not among them.
func TestCallsOfExec(t *testing.T) {
	needPrograms(t, "strace", "cc")
	t.Parallel()
	dir := t.TempDir()
	nothing := filepath.Join(dir, "nothing")
	if err := os.WriteFile(nothing+".c", []byte("int main(void) { return 0; }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-static", "-o", nothing, nothing+".c").CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	// The difference of two runs is what records cost; what a run costs is in both.
	const few, many = 50, 350
	was, is := callsOfExec(t, dir, nothing, few), callsOfExec(t, dir, nothing, many)
	total := 0.0
	perRecord := func(call string) float64 { return float64(is[call]-was[call]) / (many - few) }
	for call := range is {
		total += perRecord(call)
		t.Logf("%s: %.2f for each record", call, perRecord(call))
	}
	// Under strace a command may take so long that it is waited for in the poller: three calls
	// put its descriptors there, and two more look at them.
	slow := perRecord("epoll_ctl") / 3
	// Two pipes and five descriptors to close; clone3, two dup3 and execve; two looks at
	// the pipes; one wait4.
	want := 2 + 5 + 4 + 2 + 1 + 5*slow
	if total < 0.8*want || total > 1.2*want {
		t.Errorf("%.1f system calls for each record, of which %.0f %% were slow; it was %.1f when this test was written", total, 100*slow, want)
	}
}

// callsOfExec counts the system calls of a run by their names.
func callsOfExec(t *testing.T, dir, command string, records int) map[string]int {
	t.Helper()
	name := strconv.Itoa(records)
	input, counts := filepath.Join(dir, name+".txt"), filepath.Join(dir, name+".counts")
	if err := os.WriteFile(input, []byte(strings.Repeat("x\n", records)), 0o600); err != nil {
		t.Fatal(err)
	}
	brood := asBrood(t, "run", "exec", "-j", "2", "-q", "--run", "r"+name, "-o", filepath.Join(dir, name+".csv"), input, "--", command)
	const calls = "pipe,pipe2,fork,vfork,clone,clone3,execve,dup2,dup3,poll,ppoll,wait4,waitid,close,fcntl,rt_sigaction,rt_sigprocmask,pidfd_open,epoll_ctl"
	cmd := exec.Command("strace", append([]string{"-f", "--seccomp-bpf", "-c", "-o", counts, "-e", "trace=" + calls, brood.Path}, brood.Args[1:]...)...)
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
	if made["execve"] < records {
		t.Fatalf("strace says:\n%s", table)
	}
	return made
}
