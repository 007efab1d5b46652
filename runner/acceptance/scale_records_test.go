package acceptance

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMemory puts 10 million lines through echo: the parent must stay under
// 64 MiB, a worker under 32.
func TestMemory(t *testing.T) {
	records := 10_000_000
	if raceEnabled {
		records = 500_000 // no limits apply, see below
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.txt")
	writeLines(t, in, records)
	cmd := asBrood(t, "run", "echo", "-j", "2", "--run", "big", "-o", filepath.Join(dir, "out.txt"), in)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var worker int64
	queryRun(t, filepath.Join(dir, "state"), "big", `SELECT max_rss FROM sessions`, &worker)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("no resource usage")
	}
	parent := usage.Maxrss << 10
	t.Logf("parent %d MiB, largest worker %d MiB", parent>>20, worker>>20)
	if raceEnabled {
		t.Log("the race detector takes memory of its own: no limits apply")
	} else if parent > 64<<20 || worker > 32<<20 {
		t.Errorf("peak memory: parent %d bytes, worker %d bytes", parent, worker)
	}
	same(t, in, filepath.Join(dir, "out.txt"))
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
