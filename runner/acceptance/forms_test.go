package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// forms are files that are made when a run is done, and what a run has for them.
var forms = [][]string{{"out.xlsx"}, {"out.geojson"}, {"out.csv", "--no-run-columns"}}

// places is a table of n rows with coordinates.
func places(t *testing.T, path string, n int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("id,street,lat,lon\n")
	for i := range n {
		fmt.Fprintf(&b, "%05d,\"Ring %d, ☃\",%d.5,%d.25\n", i, i, i%90, i%180)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFormsAfterKills: however often a run was killed on its way, what is made of its results in the end is
// that of one that was not.
func TestFormsAfterKills(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		t.Run(form[0], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			places(t, filepath.Join(dir, "in.csv"), 3000)
			brood := func(args ...string) *exec.Cmd {
				cmd := asBrood(t, args...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
				return cmd
			}
			run := append([]string{"run", "echo", "--run", "want", "--sleep", "1ms", "-j", "4", "-o", "want-" + form[0], "in.csv"}, form[1:]...)
			if said, err := brood(run...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			run[3], run[9] = "killed", form[0]
			random := rand.New(rand.NewPCG(7, 7))
			kills := 0
			for try := 0; ; try++ {
				cmd := brood(append(run, "--resume")...)
				var said bytes.Buffer
				cmd.Stderr = &said
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if try < 6 {
					kill := time.AfterFunc(time.Duration(50+random.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
					defer kill.Stop()
				}
				err := cmd.Wait()
				if err == nil {
					break
				}
				if kills++; try > 20 || cmd.ProcessState.Exited() {
					t.Fatalf("%v\n%s", err, &said)
				}
			}
			want, err := os.ReadFile(filepath.Join(dir, "want-"+form[0]))
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(dir, form[0]))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v, after %d kills %d bytes, want %d", err, kills, len(got), len(want))
			}
			left, err := filepath.Glob(filepath.Join(dir, ".out*"))
			if err != nil || len(left) > 0 {
				t.Errorf("%q are left: %v", left, err)
			}
		})
	}
}

// TestFormFaults: what does not fit on the disk ends the run with status 74, loses nothing, and is made by a
// resume.
func TestFormFaults(t *testing.T) {
	needs.Programs(t, "prlimit")
	t.Parallel()
	const rows = 20000
	dir := t.TempDir()
	places(t, filepath.Join(dir, "in.csv"), rows)
	brood := func(under []string, args ...string) (string, int) {
		cmd := asBrood(t, args...)
		if len(under) > 0 {
			cmd = exec.Command(under[0], append(under[1:], append([]string{cmd.Path}, args...)...)...)
		}
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
		said, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(said), cmd.ProcessState.ExitCode()
	}
	if said, code := brood(nil, "run", "echo", "--run", "a", "-o", "want.geojson", "in.csv"); code != 0 {
		t.Fatalf("status %d\n%s", code, said)
	}
	want, err := os.ReadFile(filepath.Join(dir, "want.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Stat(filepath.Join(dir, "state/runs/a/results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	limit := fmt.Sprintf("--fsize=%d", (own.Size()+int64(len(want)))/2) // between the two
	said, code := brood([]string{"prlimit", limit}, "run", "echo", "--run", "b", "-o", "out.geojson", "in.csv")
	if code != 74 || !strings.Contains(said, "make "+filepath.Join(dir, "out.geojson")+" of the results") || !strings.Contains(said, "file too large") {
		t.Errorf("status %d\n%s", code, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "out.geojson")); err == nil {
		t.Error("a part of it is there")
	}
	if said, code = brood(nil, "resume", "b"); code != 0 {
		t.Fatalf("status %d\n%s", code, said)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "out.geojson")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, %d bytes, want %d", err, len(got), len(want))
	}
}

// readWorkbook is how somebody else reads a workbook: the types of the cells count as well.
const readWorkbook = `
import openpyxl, sys
book = openpyxl.load_workbook(sys.argv[1])
rows = list(book['results'].iter_rows(values_only=True))
assert rows[0] == ('id', 'street', 'lat', 'lon', '_seq', '_status', '_class', '_error', '_attempts', '_ms'), rows[0]
for i, row in enumerate(rows[1:]):
    assert row == ('%05d' % i, 'Ring %d, ☃' % i, '%d.5' % (i % 90), '%d.25' % (i % 180), i, 'ok', None, None, 1, 0), row
assert len(rows) == 1 + int(sys.argv[2]), len(rows)
`

// TestWorkbookElsewhere: another program reads the workbook, and finds texts and numbers.
func TestWorkbookElsewhere(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3" // which has Debian's packages
	if err := exec.Command(python, "-c", "import openpyxl").Run(); err != nil {
		needs.Missing(t, "python3-openpyxl is not installed: make test-tools")
	}
	dir := t.TempDir()
	places(t, filepath.Join(dir, "in.csv"), 500)
	cmd := asBrood(t, "run", "echo", "-o", "out.xlsx", "in.csv")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if said, err := exec.Command(python, "-c", readWorkbook, filepath.Join(dir, "out.xlsx"), "500").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}
