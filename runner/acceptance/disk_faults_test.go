package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteFaults has the kernel refuse writes and syncs of the ledger, the
// output and the copy of standard input, at different moments: brood must end
// with status 74 and say which file is to blame, and the resume must leave the
// output of an undisturbed run.
func TestWriteFaults(t *testing.T) {
	needs.Programs(t, "strace")
	t.Parallel()
	dir := t.TempDir()
	var data strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&data, "line %d %s\n", i, strings.Repeat("x", 200))
	}
	input := filepath.Join(dir, "in.txt")
	if err := os.WriteFile(input, []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	x := &faults{dir: dir, input: input}
	want := x.run(t, 0, nil, "want")
	for _, c := range []struct{ file, calls, fault, says string }{
		{"ledger.db-wal", "fsync,fdatasync", "error=EIO:when=2+", "ledger"},
		{"ledger.db-wal", "fsync,fdatasync", "error=EIO:when=5+", "refused it while syncing"},
		{"ledger.db-wal", "pwrite64", "error=ENOSPC:when=9+", "Make room on the disk"},
		{"ledger.db-wal", "pwrite64", "error=ENOSPC:when=40+", "ledger"},
		{"out.csv", "fsync,fdatasync", "error=EIO:when=1", "out.csv: input/output error"},
		{"out.csv", "fsync,fdatasync", "error=EIO:when=3+", "out.csv: input/output error"},
		{"out.csv", "write", "error=ENOSPC:when=1", "out.csv: no space left on device"},
		{"out.csv", "write", "error=ENOSPC:when=3+", "Make room on the disk"},
		{"stdin.data.part", "fsync,fdatasync", "error=EIO:when=1", "stdin.data"},
		{"stdin.data.part", "write,pwrite64", "error=ENOSPC:when=1+", "no space left on device"},
		{"pages/1.1", "pwrite64", "error=ENOSPC:when=1", "pages/1.1: no space left on device"},
		{"pages/2", "pwrite64", "error=ENOSPC:when=1", "no space left on device"},
	} {
		name := strings.NewReplacer("/", "_", ":", "_", "=", "", "+", "", ",", "_").Replace(c.file + "-" + c.calls + "-" + c.fault)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, "state", "runs", name, c.file)
			if c.file == "out.csv" {
				path = filepath.Join(dir, name+"-out.csv")
			}
			said := x.run(t, 74, []string{"strace", "-f", "-qq", "-o", "/dev/null", "-P", path, "-e", "inject=" + c.calls + ":" + c.fault}, name)
			if !strings.Contains(said, c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, said)
			}
			x.complete(t, name, want)
		})
	}
	// A write that is cut short, and the next one refused: the largest file
	// that is allowed does that to all of them.
	for _, limit := range []int{60_000, 200_000, 400_000} {
		t.Run(fmt.Sprintf("short-%d", limit), func(t *testing.T) {
			t.Parallel()
			name := fmt.Sprintf("short-%d", limit)
			said := x.run(t, 74, []string{"prlimit", fmt.Sprintf("--fsize=%d", limit)}, name)
			if !strings.Contains(said, "file too large") && !strings.Contains(said, "refused it while writing") {
				t.Errorf("it does not say why:\n%s", said)
			}
			x.complete(t, name, want)
		})
	}
}

type faults struct{ dir, input string }

// run starts a run, under another program if there is one. It returns what it
// has said, or, if all is well, its output.
func (x *faults) run(t *testing.T, wantCode int, under []string, name string, args ...string) string {
	t.Helper()
	if args == nil {
		args = []string{"run", "echo", "--run", name, "-j", "2", "--sleep", "200us", "--effect", "once", "-", "-o", filepath.Join(x.dir, name+"-out.csv")}
	}
	cmd := asBrood(t, args...)
	if len(under) > 0 {
		path, err := exec.LookPath(under[0])
		if err != nil {
			t.Fatal(err)
		}
		cmd.Args = append(append(under, cmd.Path), cmd.Args[1:]...)
		cmd.Path = path
	}
	in, err := os.Open(x.input)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	cmd.Stdin = in
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(x.dir, "state"))
	var said bytes.Buffer
	cmd.Stderr = &said
	err = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != wantCode {
		t.Fatalf("%v: status %d, want %d: %v\n%s", cmd.Args, code, wantCode, err, &said)
	}
	if wantCode != 0 {
		return said.String()
	}
	out, err := os.ReadFile(filepath.Join(x.dir, name+"-out.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// complete resumes a run, or begins it once more if it had not begun.
func (x *faults) complete(t *testing.T, name, want string) {
	t.Helper()
	args := []string{"resume", name}
	cmd := asBrood(t, "status", name)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(x.dir, "state"))
	if cmd.Run() != nil {
		args = nil
	}
	if got := x.run(t, 0, nil, name, args...); got != want {
		t.Errorf("the output differs: %s", firstDifference([]byte(want), []byte(got)))
	}
}
