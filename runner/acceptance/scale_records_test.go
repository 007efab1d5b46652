package acceptance

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMemory puts millions of lines through echo, as text and as rows, which are many times as
// long: the parent must stay under 64 MiB, what is a worker's own under 16. Where little is kept that need
// not be, more records take no more memory: the short form is long enough to show what grows.
func TestMemory(t *testing.T) {
	records := 3_000_000
	switch {
	case raceEnabled:
		records = 300_000 // no limits apply, see below
	case os.Getenv("BROOD_CHAOS") != "":
		records = 20_000_000
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.txt")
	writeLines(t, in, records)
	for _, c := range []struct{ name, out string }{{"text", "out.txt"}, {"csv", "out.csv"}, {"jsonl", "out.jsonl"}} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(dir, c.out)
			peakOf(t, 64<<20, "-o", out, in)
			if c.name == "text" {
				same(t, in, out)
			} else if n := countLines(t, out); n < records || n > records+1 { // a header
				t.Errorf("%d rows of %d records", n, records)
			}
			_ = os.Remove(out) // it is large
		})
	}
}

// TestMemoryOfFailures: that many records fail, each with a row in the ledger, or that records
// are long, is no reason to need more.
func TestMemoryOfFailures(t *testing.T) {
	records := 500_000
	if raceEnabled {
		records = 50_000
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.csv")
	f, err := os.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "id,name")
	for i := range records {
		fmt.Fprintf(w, "%d,somebody", i)
		if i%3 == 0 {
			fmt.Fprint(w, ",too much") // this row cannot be read
		}
		fmt.Fprintln(w)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.jsonl")
	peakOf(t, 84<<20, "-o", out, in) // with the pages of the executable that are used, which is 59 MB
	if n := countLines(t, out); n != records {
		t.Errorf("%d rows of %d records", n, records)
	}
}

// peakOf runs echo with two workers, and looks how much memory the parent and the largest
// worker have had at the most. Of a worker it is what is its own, read while it lives: how
// much of the program's file is mapped, which all share, depends on how that lies in the
// machine's memory, and what wait4 says counts the parent, whose memory a child shares from
// the fork to its exec.
func peakOf(t *testing.T, limit int64, args ...string) {
	t.Helper()
	cmd := asBrood(t, append([]string{"run", "echo", "-j", "2"}, args...)...)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(t.TempDir(), "state"), "GOGC=")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	var worker int64
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-tick.C:
			worker = max(worker, peakOfChildren(cmd.Process.Pid))
		}
	}
	if code := cmd.ProcessState.ExitCode(); err != nil && code != 1 { // some failed
		t.Fatalf("%v\n%s", err, &said)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok || worker == 0 {
		t.Fatalf("no resource usage, or no worker (%d bytes)", worker)
	}
	parent := usage.Maxrss << 10
	t.Logf("parent %d MiB, largest worker %d MiB", parent>>20, worker>>20)
	if raceEnabled {
		t.Log("the race detector takes memory of its own: no limits apply")
	} else if parent > limit || worker > 16<<20 {
		t.Errorf("peak memory: parent %d bytes, worker %d bytes", parent, worker)
	}
}

// peakOfChildren is the most memory of its own that one of the processes which pid has started
// has at the moment, in bytes. Until it is its own program, a child shares its parent's.
func peakOfChildren(pid int) (most int64) {
	own, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		b, _ := os.ReadFile(list) // a thread may have ended
		for _, child := range strings.Fields(string(b)) {
			args, _ := os.ReadFile("/proc/" + child + "/cmdline")
			if exe, _ := os.Readlink("/proc/" + child + "/exe"); exe != own || !bytes.Contains(args, []byte("\x00worker\x00")) {
				continue
			}
			status, _ := os.ReadFile("/proc/" + child + "/status")
			_, size, _ := strings.Cut(string(status), "RssAnon:")
			var kib int64
			if _, err := fmt.Sscan(size, &kib); err == nil {
				most = max(most, kib<<10)
			}
		}
	}
	return most
}

func countLines(t *testing.T, path string) (n int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for buf := make([]byte, 1<<20); ; {
		k, err := f.Read(buf)
		n += bytes.Count(buf[:k], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestHeadOfLine holds the first record back for so long that all others are
// done before it: their results wait in bounded memory, then in the ledger, and
// come out in order, also after the parent was killed in between.
func TestHeadOfLine(t *testing.T) {
	records := 1_000_000
	if raceEnabled {
		records = 100_000
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.txt")
	writeLines(t, in, records)
	state := filepath.Join(dir, "state")
	run := func(args ...string) (int, int64) {
		cmd := asBrood(t, args...)
		cmd.Env = append(os.Environ(), "BROOD_STATE="+state)
		cmd.Stderr = &bytes.Buffer{}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(args, " "), "--run held") {
			// Everything but the records that wait is durable: kill it there.
			waitFor(t, func() bool {
				var final, waiting int64
				return queryRunErr(state, "held", `SELECT ok, (SELECT count(*) FROM retries) FROM run`, &final, &waiting) == nil &&
					waiting > 0 && final+waiting == int64(records)
			})
			_ = cmd.Process.Kill()
		}
		_ = cmd.Wait()
		usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			t.Fatal("no resource usage")
		}
		if code := cmd.ProcessState.ExitCode(); code > 0 {
			t.Fatalf("%v: exit status %d\n%s", args, code, cmd.Stderr)
		}
		return cmd.ProcessState.ExitCode(), usage.Maxrss << 10
	}
	// A few in ten thousand fail at first, and wait for an hour.
	_, peak := run("run", "echo", "-j", "2", "--run", "held", "--fail-rate", "0.0005", "--backoff", "1h..1h", "-o", filepath.Join(dir, "out.txt"), in)
	var held, heldBytes int64
	queryRun(t, state, "held", `SELECT sum(count), sum(length(bytes)) FROM held`, &held, &heldBytes)
	t.Logf("%d results, %d MiB, held in the ledger; peak memory of the parent %d MiB", held, heldBytes>>20, peak>>20)
	if held < int64(records)/2 {
		t.Errorf("only %d results are held", held)
	}
	if !raceEnabled && peak > 96<<20 {
		t.Errorf("peak memory of the parent: %d bytes", peak)
	}
	// The hour is over. That is written behind the ledger's back, so its seal goes.
	if err := os.Remove(filepath.Join(state, "runs", "held", "ledger.seal")); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(state, "runs", "held", "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(context.Background(), `UPDATE retries SET due_at = '2000-01-01T00:00:00.000Z'; UPDATE progress SET number = 0`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _ := run("resume", "held", "--backoff", "1ms"); code != 0 {
		t.Errorf("resume: exit status %d", code)
	}
	same(t, in, filepath.Join(dir, "out.txt"))
}
