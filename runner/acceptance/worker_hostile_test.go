package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// hostileAttacks are what testdata/hostile/hostile.c can do.
var hostileAttacks = []string{
	"trace", "memory", "environ", "peek", "take", "proc", "names", "socket", "kill", "privileges",
	"page-cut", "page-zeros", "page-ones", "page-lengths", "page-append", "page-grow",
}

// hostileReach says which targets a command may reach, by what it runs as. Without --user and
// --sandbox it is a process of the same user, and the kernel lets it do all of it.
var hostileReach = map[string][]string{
	"user": {},
	// Files may be read, with CAP_SYS_ADMIN or CAP_PERFMON those of /proc too, and processes
	// be signalled.
	"sandbox": {"socket socket", "kill parent", "environ parent", "environ worker"},
	"neither": nil,
}

// TestHostileWorker: whatever the command of one record does to reach the parent, the
// workers, their pages and notes, or the run directory, the parent survives, and each
// record has one row; with --user and with --sandbox nothing is reached at all.
func TestHostileWorker(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "cc")
	hostile := filepath.Join(openDir(t), "hostile")
	if out, err := exec.Command("cc", "-O1", "-o", hostile, atRoot("testdata/hostile/hostile.c")).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	for mode, flags := range map[string][]string{"user": {"--user", "nobody"}, "sandbox": {"--sandbox"}, "neither": nil} {
		if mode == "user" && os.Geteuid() != 0 {
			t.Log("--user is not tested: it takes root")
			continue
		}
		for _, attack := range hostileAttacks {
			t.Run(mode+"/"+attack, func(t *testing.T) {
				t.Parallel()
				playHostile(t, hostile, mode, attack, flags)
			})
		}
	}
}

// openDir is a directory that every user may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func playHostile(t *testing.T, hostile, mode, attack string, flags []string) {
	dir := openDir(t)
	const records = 20
	var in strings.Builder
	for i := range records {
		fmt.Fprintln(&in, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte(in.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "state")
	run := func(args ...string) (int, string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, asBrood(t).Path, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "BROOD_STATE="+state)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if ctx.Err() != nil {
			t.Fatalf("%q does not end\n%s", args, out)
		}
		for line := range bytes.Lines(out) {
			// A worker may well die of it.
			if !bytes.Contains(line, []byte("[slot ")) && (bytes.Contains(line, []byte("goroutine ")) || bytes.Contains(line, []byte("panic"))) {
				t.Errorf("%q\n%s", args, out)
			}
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	// The fifth record attacks while others are in hand.
	script := `if [ "$3" = 5 ]; then exec "$0" "$1" "$2"; fi; sleep 0.02`
	args := slices.Concat([]string{"run", "exec", "--run", "h", "-j", "2", "--effect", "once", "--retries", "0", "-o", "out.csv"}, flags,
		[]string{"in.txt", "--", "sh", "-c", script, hostile, attack, filepath.Join(state, "runs", "h"), "{}"})
	code, said := run(args...)
	if code == 2 && mode == "sandbox" {
		needs.Missing(t, "this kernel has no sandbox: %s", said)
	}
	if mode != "neither" && attack != "kill" && code != 0 {
		t.Errorf("exit status %d\n%s", code, said)
	}
	if !slices.Contains([]int{0, 1, 3, 74}, code) {
		t.Errorf("exit status %d\n%s", code, said)
	}
	if code == 74 { // the parent's own files were within reach: the run can go on, or is refused
		if code, said = run("resume", "h"); !slices.Contains([]int{0, 1, 3, 74}, code) {
			t.Errorf("resume: exit status %d\n%s", code, said)
		}
	}
	if code != 74 {
		checkHostileRows(t, filepath.Join(dir, "out.csv"), mode, attack, records)
	}
}

// checkHostileRows looks at the results, and at what the command says that it has reached.
func checkHostileRows(t *testing.T, path, mode, attack string, records int) {
	t.Helper()
	rows := readCSV(t, path)
	if len(rows) != records {
		t.Errorf("%d rows", len(rows))
	}
	for i, row := range rows {
		if row["_seq"] != fmt.Sprint(i) {
			t.Errorf("row %d is of record %s", i, row["_seq"])
		}
		if mode != "neither" && row["_status"] != "ok" && i != 5 {
			t.Errorf("record %d: %v", i, row)
		}
		for line := range strings.Lines(row["stdout"]) {
			what, how, _ := strings.Cut(strings.TrimSpace(line), ": ")
			if how == "reached" && mode != "neither" && !slices.Contains(hostileReach[mode], what) {
				t.Errorf("%s has reached %s", attack, what)
			}
			t.Logf("%s: %s", what, how)
		}
	}
}
