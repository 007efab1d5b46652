package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestCallsOfExec holds how many system calls the job exec makes for a record, in the worker and
// in the child before it executes the command: those that are its own, and that neither the
// parent nor the command make. What depends on how fast the machine is, such as the scheduler's,
// is not among them.
func TestCallsOfExec(t *testing.T) {
	needs.Programs(t, "strace", "cc")
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
	const calls = "pipe,pipe2,fork,vfork,clone,clone3,execve,dup2,dup3,poll,ppoll,wait4,waitid,close,fcntl,rt_sigaction,rt_sigprocmask,pidfd_open,epoll_ctl"
	was := countCalls(t, dir, few, calls, "exec", "-j", "2", "--", nothing)
	is := countCalls(t, dir, many, calls, "exec", "-j", "2", "--", nothing)
	if is["execve"]-was["execve"] < many-few {
		t.Fatalf("strace has seen %d commands, and %d", was["execve"], is["execve"])
	}
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
