package acceptance

import (
	"brood/jobs"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// leakJob takes 1 MiB of memory for each record, works for 10 ms, and gives the
// memory back only if the record says so.
func leakJob() *jobs.Definition {
	return &jobs.Definition{
		Name: "leak",
		Plan: func(jobs.Options, *jobs.Shape) (jobs.Plan, error) { return jobs.Plan{}, nil },
		Open: func(context.Context, jobs.Setup) (jobs.Runner, error) { return leak{}, nil },
	}
}

type leak struct{}

func (leak) Do(_ context.Context, rec *jobs.Record, _ *jobs.Result) error {
	mem, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	for i := 0; i < len(mem); i += os.Getpagesize() {
		mem[i] = 1
	}
	time.Sleep(10 * time.Millisecond) // the work, which is mostly waiting
	if string(rec.Value(0)) == "free" {
		return unix.Munmap(mem)
	}
	return nil
}

func (leak) Close() error { return nil }

// TestLeak runs a job that leaks 1 MiB with each record, under
// --max-mem-per-worker: no worker exceeds it, no record is lost or done twice,
// and it is told what that costs beside a job that does not leak. BROOD_LEAK is
// how many records there are; each of the workers has so many of them that it
// must leave at least once.
func TestLeak(t *testing.T) {
	records, slots := 2_400, "8"
	if n, err := strconv.Atoi(os.Getenv("BROOD_LEAK")); err == nil {
		records = n
	}
	const limit = 256 << 20
	dir := t.TempDir()
	run := func(kind string, args ...string) float64 {
		in, out, state := filepath.Join(dir, kind), filepath.Join(dir, kind+".csv"), filepath.Join(dir, "state")
		if err := os.WriteFile(in, []byte(strings.Repeat(kind+"\n", records)), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := asBroodtest(t, append([]string{"run", "leak", "--run", kind, "-j", slots, "-o", out, in}, args...)...)
		cmd.Env = append(os.Environ(), "BROOD_STATE="+state, "GORACE=atexit_sleep_ms=0")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		begun := time.Now()
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, &stderr)
		}
		rate := float64(records) / time.Since(begun).Seconds()
		var largest int64
		var deaths, workers int
		queryRun(t, state, kind, `SELECT max_rss FROM sessions`, &largest)
		queryRun(t, state, kind, `SELECT count(*) FROM deaths`, &deaths)
		queryRun(t, state, kind, `SELECT workers FROM sessions`, &workers)
		t.Logf("%s: %.0f records/s, %d workers, the largest had %d MiB", kind, rate, workers, largest>>20)
		if deaths > 0 {
			t.Errorf("%s: %d workers died", kind, deaths)
		}
		if largest > limit && !raceEnabled {
			t.Errorf("%s: a worker had %d bytes, the limit is %d", kind, largest, limit)
		}
		rows := readCSV(t, out)
		for i, row := range rows {
			if row["_seq"] != strconv.Itoa(i) || row["_status"] != "ok" || row["_attempts"] != "1" {
				t.Fatalf("%s: row %d is %v", kind, i, row)
			}
		}
		if len(rows) != records {
			t.Errorf("%s: %d rows, want %d", kind, len(rows), records)
		}
		return rate
	}
	without := run("free")
	with := run("leak", "--max-mem-per-worker", strconv.Itoa(limit))
	t.Logf("throughput with recycling: %.3f of that without", with/without)
}
