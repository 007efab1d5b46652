package acceptance

import (
	"brood/jobs/jobtest/needs"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// hogs are commands that take all they can get.
const hogs = `
case $1 in
fork)   b() { b | b & }; b; sleep 60;;
hold)   while :; do sleep 60 & done;;
setsid) while :; do setsid sleep 60 & done;;
mem)    exec python3 -c 'k = []
while True: k.append(bytearray(8 << 20))';;
files)  exec python3 -c 'import os
while True: os.dup(0)';;
*)      sleep 0.005; echo "neighbour $1";;
esac
`

// TestHogs runs fork bombs, and what takes all memory and all descriptors, among
// ordinary records under limits. The neighbours end well, and nothing is left of any
// of it.
func TestHogs(t *testing.T) {
	if runtime.GOOS != "linux" {
		needs.Missing(t, "the limits need Linux")
	}
	dir := t.TempDir()
	script, input, output := filepath.Join(dir, "hogs.sh"), filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.csv")
	var lines strings.Builder
	n := 0
	want := map[string]string{"fork": "processes", "hold": "processes", "setsid": "processes", "mem": "memory", "files": "exit:1"}
	for _, hog := range []string{"fork", "mem", "files", "hold", "setsid"} {
		for range 60 {
			fmt.Fprintln(&lines, n)
			n++
		}
		fmt.Fprintln(&lines, hog)
	}
	for path, text := range map[string]string{script: hogs, input: lines.String()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !kernelCounts(t, dir, input) {
		needs.Missing(t, "the kernel does not keep the limit of processes here, as no cgroup can be made for each worker")
	}
	mark := "BROOD_TEST_HOGS=" + strconv.Itoa(os.Getpid())
	cmd := asBrood(t, "run", "exec", "--run", "hogs", "--effect", "none", "--max-crashes", "1", "-j", "4", "-o", output,
		"--limit-procs", "60", "--limit-mem", "300MiB", "--limit-files", "64", "--timeout", "30s", input, "--", "sh", script, "{}")
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"), mark)
	said, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("exit status %d (%v): %s", code, err, said)
	}
	t.Logf("%s", said)
	rows := readCSV(t, output)
	if len(rows) != n+len(want) {
		t.Errorf("%d rows, want %d", len(rows), n+len(want))
	}
	for _, row := range rows {
		class, hog := want[row["line"]]
		switch {
		case hog && (row["_status"] != "failed" || row["_class"] != class):
			t.Errorf("%s: %s, class %s, want failed, class %s: %s", row["line"], row["_status"], row["_class"], class, row["_error"])
		case !hog && row["_status"] != "ok":
			t.Errorf("a neighbour noticed: record %s: %s", row["_seq"], row["_error"])
		}
	}
	if left := survivors(t, mark); len(left) > 0 {
		t.Errorf("%d processes are left", len(left))
	}
}

// kernelCounts reports whether the kernel keeps the limit of processes here.
func kernelCounts(t *testing.T, dir, input string) bool {
	t.Helper()
	cmd := asBrood(t, "run", "echo", "--limit-procs", "60", "--limit", "1", input)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "try"))
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return strings.Contains(string(said), "60 processes: kept by the kernel")
}
