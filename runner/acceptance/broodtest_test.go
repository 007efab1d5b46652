package acceptance

import (
	"brood/jobs"
	"brood/runner/command"
	"brood/worker"
	"brood/worker/wire"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// asBroodtest makes a command run this test binary as broodtest.
func asBroodtest(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "broodtest")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	return exec.Command(link, args...)
}

// broodtestMain is brood with the jobs misbehave, effect, arrive, fetch,
// leak and lookup. It ends with status 99 if the parent has left a descriptor open.
func broodtestMain() {
	registry := jobs.NewRegistry(&jobs.Definition{
		Name: "misbehave", Retries: 0,
		Plan: func(jobs.Options, *jobs.Shape) (jobs.Plan, error) { return jobs.Plan{}, nil },
		Open: func(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
			switch os.Getenv("BROOD_TEST_OPEN") {
			case "refuse":
				return nil, fmt.Errorf("the password is wrong")
			case "die":
				os.Exit(5)
			}
			return misbehaving{}, nil
		},
	}, effectJob(), arriveJob(), fetchJob(), leakJob(), lookupJob())
	if len(os.Args) > 1 && os.Args[1] == wire.Command {
		os.Exit(worker.Main(registry))
	}
	before := openDescriptors()
	code := command.Main(registry, os.Args, os.Stdin, os.Stdout, os.Stderr)
	left := slices.DeleteFunc(openDescriptors(), func(fd string) bool {
		// The Go runtime asks now and then how many processors there are.
		return slices.Contains(before, fd) || strings.Contains(fd, "=/sys/")
	})
	if len(left) > 0 {
		fmt.Fprintln(os.Stderr, "descriptors left open:", left)
		code = 99
	}
	os.Exit(code)
}

// openDescriptors lists what is open besides the standard streams and the
// runtime's poller.
func openDescriptors() []string {
	var out []string
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return []string{err.Error()}
	}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil || n <= 2 {
			continue
		}
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || strings.HasPrefix(target, "anon_inode:[event") || strings.HasPrefix(target, "/proc/") {
			continue // ReadDir's own is gone by now
		}
		out = append(out, e.Name()+"="+target)
	}
	return out
}
