package term

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hostile is what a worker may print.
const hostile = "a \"b\" \x1b[2J\a\x00 \u202e c\\"

// TestText: where a line comes from stands before it.
func TestText(t *testing.T) {
	var b bytes.Buffer
	term := New(Options{Out: &b})
	term.Logf("%d of %s", 3, "four")
	term.Worker(2, 0, "stdout", "the first record")
	term.Worker(2, -1, "stderr", "")
	term.Logf("100%%")
	term.Flush()
	want := "brood: 3 of four\n" +
		"brood: [slot 2 record 0 stdout] the first record\n" +
		"brood: [slot 2 stderr] \n" +
		"brood: 100%\n"
	if b.String() != want {
		t.Errorf("%q\nwant %q", &b, want)
	}
}

// TestJSON: each line is one object whatever is in it, and the first record has a
// number, too.
func TestJSON(t *testing.T) {
	var b bytes.Buffer
	term := New(Options{Out: &b, Log: LogJSON})
	term.Logf("two\nlines")
	term.Worker(2, 0, "stdout", hostile)
	term.Worker(1, -1, "stderr", "\xff")
	term.Flush()
	zero := int64(0)
	want := []entry{
		{Msg: "two\nlines"},
		{Slot: 2, Seq: &zero, Stream: "stdout", Msg: hostile},
		{Slot: 1, Stream: "stderr", Msg: "\ufffd"},
	}
	lines := strings.SplitAfter(b.String(), "\n")
	if len(lines) != len(want)+1 || lines[len(want)] != "" {
		t.Fatalf("%q", lines)
	}
	for i, line := range lines[:len(want)] {
		var got entry
		if err := json.Unmarshal([]byte(line), &got); err != nil || strings.ContainsAny(line, "\x1b\a\x00") {
			t.Errorf("%q: %v", line, err)
		}
		at, err := time.Parse(time.RFC3339, got.Time)
		if err != nil || time.Since(at).Abs() > time.Minute || !strings.HasSuffix(got.Time, "Z") {
			t.Errorf("the time is %s, %v", got.Time, err)
		}
		w := want[i]
		if got.Msg != w.Msg || got.Slot != w.Slot || got.Stream != w.Stream || (got.Seq == nil) != (w.Seq == nil) || got.Seq != nil && *got.Seq != *w.Seq {
			t.Errorf("%s is not %+v", line, w)
		}
	}
}

// TestLines: where there is no terminal a line of progress comes every ten seconds,
// however often it is offered.
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		term := New(Options{Out: &b})
		s := Snapshot{Final: 1234, Failed: 2, Rate: 5.25, Bytes: 25, Total: 100, Elapsed: time.Minute}
		for range 25 * 10 {
			time.Sleep(100 * time.Millisecond)
			term.Update(s)
		}
		synctest.Wait()
		line := "brood: 1,234 records, 5.2/s, 2 failed, 25%, 3m0s left\n"
		if b.String() != line+line {
			t.Errorf("%q, want twice %q", &b, line)
		}
		term.End()
		time.Sleep(time.Minute)
		term.Update(s)
		term.Logf("after the end")
		synctest.Wait()
		if b.String() != line+line+"brood: after the end\n" {
			t.Errorf("%q", &b)
		}
	})
}

// TestNoProgress: who wants none gets none, and his log lines all the same.
func TestNoProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		term := New(Options{Out: &b, Progress: ProgressNever})
		time.Sleep(time.Hour)
		term.Update(Snapshot{Final: 1})
		term.Logf("x")
		synctest.Wait()
		if b.String() != "brood: x\n" {
			t.Errorf("%q", &b)
		}
	})
}

// TestWhere: a bar is for terminals, unless it is asked for.
func TestWhere(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	for _, c := range []struct {
		out  *os.File
		p    Progress
		dumb bool
		want bool
	}{
		{file, ProgressAuto, false, false},
		{file, ProgressAlways, false, true},
		{file, ProgressNever, false, false},
		{terminal, ProgressAuto, false, true},
		{terminal, ProgressAuto, true, false},
		{terminal, ProgressAlways, true, true},
		{terminal, ProgressNever, false, false},
	} {
		if got := New(Options{Out: c.out, Progress: c.p, Dumb: c.dumb}).isBar(); got != c.want {
			t.Errorf("%s, %d: a bar %v", c.out.Name(), c.p, got)
		}
	}
}

// TestManyAtOnce: lines that are written at one moment do not run into each other.
func TestManyAtOnce(t *testing.T) {
	var b bytes.Buffer
	term := New(Options{Out: &b})
	var all sync.WaitGroup
	var want []string
	for slot := range 8 {
		all.Go(func() {
			for i := range 50 {
				term.Worker(slot, int64(i), "stdout", strings.Repeat("x", slot))
				term.Update(Snapshot{})
			}
		})
		for i := range 50 {
			want = append(want, fmt.Sprintf("brood: [slot %d record %d stdout] %s", slot, i, strings.Repeat("x", slot)))
		}
	}
	all.Wait()
	term.Flush()
	got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d", len(got), len(want))
	}
}

// broken is a terminal that has gone.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

// TestBrokenTerminal: a run goes on when nobody reads what it says.
func TestBrokenTerminal(t *testing.T) {
	for _, p := range []Progress{ProgressAuto, ProgressAlways} {
		term := New(Options{Out: broken{}, Progress: p})
		term.Logf("x")
		term.Update(Snapshot{Total: 10, Bytes: 5})
		term.Logf("y")
		term.End()
		term.Flush()
	}
}

// TestSnapshot: what is nothing is not said, and what is left is told only where the
// size is known.
func TestSnapshot(t *testing.T) {
	for want, s := range map[string]Snapshot{
		"0 records, 0.0/s": {Total: -1, Bytes: 50},
		"1,000 records, 12/s, 3 failed, 1 unknown, rate": {Final: 1000, Rate: 12.7, Failed: 3, Unknown: 1, Waits: "rate"},
		"7 records, 0.0/s, 50%, 10s left":                {Final: 7, Bytes: 5, Total: 10, Elapsed: 10 * time.Second},
		"8 records, 0.0/s, 100%, 0s left":                {Final: 8, Bytes: 10, Total: 10, Elapsed: 10 * time.Second},
		"9 records, 0.0/s":                               {Final: 9, Bytes: 0, Total: 10},
	} {
		if got := s.text() + s.share(); got != want {
			t.Errorf("%+v is %q, want %q", s, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 1<<64 - 1: "18,446,744,073,709,551,615"} {
		if got := Count(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for r, want := range map[float64]string{0: "0.0", 0.04: "0.0", 9.94: "9.9", 10: "10", 1234.9: "1,234"} {
		if got := Rate(r); got != want {
			t.Errorf("%v is %q, want %q", r, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for s, want := range map[string]LogFormat{"text": LogText, "json": LogJSON} {
		if got, err := ParseLogFormat(s); got != want || err != nil {
			t.Errorf("%s is %d, %v", s, got, err)
		}
	}
	for s, want := range map[string]Progress{"auto": ProgressAuto, "always": ProgressAlways, "never": ProgressNever} {
		if got, err := ParseProgress(s); got != want || err != nil {
			t.Errorf("%s is %d, %v", s, got, err)
		}
	}
	for _, bad := range []string{"", "JSON", "yes"} {
		if f, err := ParseLogFormat(bad); err == nil {
			t.Errorf("%q is log format %d", bad, f)
		}
		if p, err := ParseProgress(bad); err == nil {
			t.Errorf("%q is progress %d", bad, p)
		}
	}
}
