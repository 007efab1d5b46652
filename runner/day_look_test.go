package runner

import (
	"brood/runner/home"
	"brood/runner/ledger"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// glance is what the run has, once in an hour.
type glance struct {
	hour        int
	heap        int64 // bytes that live
	descriptors int
	ledger      int64 // bytes, with its journal
	spool       int64 // bytes that the disk has of it
	others      int64 // bytes of all other files of the run
}

func (g glance) String() string {
	return fmt.Sprintf("%2d o'clock: heap %d KiB, %d descriptors, ledger %d KiB, spool %d KiB, other files %d KiB", g.hour, g.heap>>10, g.descriptors, g.ledger>>10, g.spool>>10, g.others>>10)
}

// look rotates the log each hour, and looks at what the run has, until all is over.
func (d *day) look(over <-chan struct{}) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for hour := 1; ; hour++ {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		moved := filepath.Join(d.dir, fmt.Sprintf("log.%02d", hour))
		if err := os.Rename(filepath.Join(d.dir, "log"), moved); err == nil { // nobody may have said anything
			d.rotated = append(d.rotated, moved)
		}
		d.seen = append(d.seen, d.glance(hour))
	}
}

func (d *day) glance(hour int) glance {
	g := glance{hour: hour}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	g.heap = int64(m.HeapAlloc) //nolint:gosec // it is less
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		d.t.Error(err)
	}
	g.descriptors = len(open)
	entries, err := os.ReadDir(d.f.set.Dir.Path)
	if err != nil {
		d.t.Error(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		size := info.Sys().(*syscall.Stat_t).Blocks * 512
		switch e.Name() {
		case ledger.FileName, ledger.FileName + "-wal", ledger.FileName + "-shm":
			g.ledger += size
		case filepath.Base(d.f.set.Dir.StdinPath()), filepath.Base(d.f.set.Dir.StdinPath()) + ".part":
			g.spool += size
		default:
			g.others += size
		}
	}
	return g
}

// check looks at what the day has come to.
func (d *day) check() {
	t := d.t
	for n, times := range d.begun {
		if times != 1 {
			t.Errorf("job %d was begun %d times", n, times)
		}
	}
	for _, what := range d.odd {
		t.Errorf("%s: nothing may begin", what)
	}
	for hour, n := range d.hours {
		if n > dayRate*d.busy+5 {
			t.Errorf("%d were begun in hour %d", n, hour)
		}
	}
	for on, n := range d.days {
		if n > dayQuota*d.busy+d.f.cfg.Slots { // what was begun last when it was killed may be counted nowhere
			t.Errorf("%d were begun on %s", n, on)
		}
	}
	if len(d.days) < 2 {
		t.Errorf("all were begun on %v: the quota has kept nothing", d.days)
	}
	if n := d.linesOf(); n != d.lines {
		t.Errorf("the log and the %d that were put away have %d lines about jobs, and %d were said", len(d.rotated), n, d.lines)
	}
	if len(d.rotated) < 10 {
		t.Errorf("the log was rotated %d times", len(d.rotated))
	}
	q := d.q
	if left := q.stats(); len(left) > 0 {
		t.Errorf("the queue has jobs left: %v", left)
	}
	if q.done+q.failed != len(d.begun) || q.failed != len(d.begun)/10 || q.parked != 0 {
		t.Errorf("of %d jobs the queue has heard: done %d, failed %d, put aside %d", len(d.begun), q.done, q.failed, q.parked)
	}
	if d.killed == 0 || d.killed > d.f.cfg.Slots {
		t.Errorf("%d were in hand when it was killed", d.killed)
	}
	d.checkBooks()
	d.checkFlat()
}

// checkBooks compares the days of the ledger with its totals, and with what the queue has.
func (d *day) checkBooks() {
	t := d.t
	l, err := ledger.OpenReader(t.Context(), home.LedgerPath(d.f.set.Dir.State(), d.f.cfg.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	sum, err := l.Summary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	days, err := l.Days(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	var all ledger.Totals
	for _, x := range days {
		all.Input, all.OK, all.Failed, all.Skipped = all.Input+x.Input, all.OK+x.OK, all.Failed+x.Failed, all.Skipped+x.Skipped
	}
	now := sum.Totals
	if now.Pending() != 0 || now.Unknown != 0 {
		t.Errorf("the books: %s", now)
	}
	if all.Input != now.Input || all.Failed != now.Failed || now.OK != all.OK+uint64(d.killed) || all.Skipped != now.Skipped { //nolint:gosec // it is small
		t.Errorf("the days have %+v, and the run %s, of which %d were decided", all, now, d.killed)
	}
	if int(now.OK) != d.q.done || int(now.Failed) != d.q.failed { //nolint:gosec // they are small
		t.Errorf("the books: %s; and the queue: done %d, failed %d", now, d.q.done, d.q.failed)
	}
	gone, err := l.Bygone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	replies, err := l.Replies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// In the last hour no more can have come to an end than that.
	if kept := now.Input - uint64(gone.Records); kept > uint64(2*dayRate*d.busy) || replies[ledger.ReplyOwed] > 0 { //nolint:gosec // it is small
		t.Errorf("%d records of %d are kept, and their answers are %v", kept, now.Input, replies)
	}
}

// checkFlat compares what the run had in the morning, when most was going on, with what it had from then on. The room that it gets
// is a fifth of what a run has that forgets nothing.
func (d *day) checkFlat() {
	t := d.t
	const morning = dayFrom + 3
	var first glance
	for _, g := range d.seen {
		t.Log(g)
		if g.hour < morning {
			continue
		}
		if g.hour == morning {
			first = g
			continue
		}
		for _, c := range []struct {
			what           string
			was, now, room int64
		}{
			{"live heap", first.heap, g.heap, 1 << 20},
			{"descriptors", int64(first.descriptors), int64(g.descriptors), 4},
			{"ledger", first.ledger, g.ledger, int64(d.busy) * 64 << 10},
			{"spool", first.spool, g.spool, int64(d.busy) * 16 << 10},
			{"other files", first.others, g.others, 64 << 10},
		} {
			if c.now > c.was+c.room {
				t.Errorf("%s: it was %d at %d o'clock, and is %d %d hours later", c.what, c.was, first.hour, c.now, g.hour-first.hour)
			}
		}
	}
}
