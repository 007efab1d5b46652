package forget

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// victimOf and killedAfter are what a process is told that forgets, and is killed: which run, and after which step.
const (
	victimOf    = "BROOD_TEST_FORGET_ROOT"
	killedAfter = "BROOD_TEST_FORGET_STEP"
)

// TestForgetKilled kills the process after each step with SIGKILL: the next brood forget comes to the same end as one that nobody
// disturbs, and so it does if that is killed after the same step as well.
func TestForgetKilled(t *testing.T) {
	if root := os.Getenv(victimOf); root != "" {
		r := &aRun{root: root, state: filepath.Join(root, "state"), dies: true}
		t.Fatal(r.do(t, step(os.Getenv(killedAfter)), func(run *Run) error {
			if resumed, err := Finish(t.Context(), run); err != nil || resumed {
				return err
			}
			_, err := Forget(t.Context(), run, request())
			return err
		}))
	}
	for _, cut := range steps {
		r := newRun(t)
		r.killed(t, cut)
		if cut != stepCounts { // which is passed once, by whoever began
			r.killed(t, cut)
		}
		r.goOn(t, cut, nil)
		r.check(t, cut)
	}
}

// killed has another process forget, which is killed after a step.
func (r *aRun) killed(t *testing.T, cut step) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestForgetKilled$")
	cmd.Env = append(os.Environ(), victimOf+"="+r.root, killedAfter+"="+string(cut))
	out, err := cmd.CombinedOutput()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); err == nil || !ok || !s.Signaled() || s.Signal() != syscall.SIGKILL {
		t.Fatalf("after %s it was not killed: %v\n%s", cut, err, out)
	}
}
