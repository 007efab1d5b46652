package book

import (
	"brood/runner/sink"
	"brood/runner/spec"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// openLogged opens a book with a joblog, which says what happens to it by itself.
func openLogged(t *testing.T) (*fixture, *world) {
	log := &world{t: t}
	return open(t, func(c *Config, _ *world) { c.Joblog = output{log} }), log
}

// A commit says how much of the joblog is true, and that is on the disk before. Lines that
// came with records whose turn has not come are in it.
func TestJoblogIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, log := openLogged(t)
		x.book.NoteInput(3, 0)
		u := final(1) // record 0 is still at work
		u.Joblog = append(u.Joblog, "two\n"...)
		x.updates <- u
		settleFor(commitAfter + time.Millisecond)
		last := x.made()[len(x.made())-1]
		if last.JoblogBytes == nil || *last.JoblogBytes != 4 || string(log.file) != "two\n" || last.OutputBytes != 0 {
			t.Errorf("%+v: %q", last, log.file)
		}
		if got := log.happened(); got != "sync output" {
			t.Errorf("%s", got)
		}
		settleFor(3 * beatAfter)
		if got := log.happened(); got != "" {
			t.Errorf("%s, though it has not changed", got)
		}
		u = final(0, 2)
		u.Joblog = append(u.Joblog, "one\nthree\n"...)
		x.updates <- u
		if err := x.close(); err != nil {
			t.Fatal(err)
		}
		if last = x.made()[len(x.made())-1]; *last.JoblogBytes != 14 || string(log.file) != "two\none\nthree\n" {
			t.Errorf("%d: %q", *last.JoblogBytes, log.file)
		}
		x.want("0 1 2")
	})
}

// What cannot be written, or is not there any more, is not committed.
func TestJoblogFails(t *testing.T) {
	broken := errors.New("broken")
	for name, how := range map[string]func(*world){
		"write": func(w *world) { w.writeErr = broken },
		"sync":  func(w *world) { w.syncErr = broken },
		"gone":  func(w *world) { w.checkErr = broken },
	} {
		synctest.Test(t, func(t *testing.T) {
			x, log := openLogged(t)
			log.breaks(how)
			x.book.NoteInput(1, 0)
			u := final(0)
			u.Joblog = append(u.Joblog, "one\n"...)
			x.updates <- u
			err := x.close()
			var we *spec.WriteError
			if !errors.As(err, &we) || !errors.Is(err, broken) || !strings.Contains(err.Error(), "--joblog: ") {
				t.Errorf("%s: %v", name, err)
			}
			if made := x.made(); len(made) != 0 {
				t.Errorf("%s: %d commits", name, len(made))
			}
		})
	}
}

// folder is a Folder that says what happens to it.
type folder struct {
	events       []string
	putErr, sync error
}

func (f *folder) Put(p *sink.Printed) error {
	f.events = append(f.events, "put "+strconv.Itoa(int(p.Seq)))
	return f.putErr
}

func (f *folder) Sync() error {
	f.events = append(f.events, "sync")
	return f.sync
}

func (f *folder) Close() error { return nil }

// What commands have printed is on the disk before a commit says that their records are
// final; what cannot be written is not committed.
func TestPrintedIsCommitted(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		folder folder
		want   string
		ok     bool
	}{
		"well": {folder{}, "put 1 sync", true},
		"put":  {folder{putErr: broken}, "put 1", false},
		"sync": {folder{sync: broken}, "put 1 sync", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := c.folder
			x := open(t, func(c *Config, _ *world) { c.Folder = &f })
			x.book.NoteInput(2, 0)
			u := final(1)
			u.Printed = append(u.Printed, sink.Printed{Seq: 1})
			x.updates <- u
			settleFor(commitAfter + time.Millisecond)
			x.updates <- final(0) // of which nothing was printed
			err := x.close()
			if got := strings.Join(f.events, " "); got != c.want || (err == nil) != c.ok || (len(x.made()) > 0) != c.ok {
				t.Errorf("%s: %s, %v, %d commits", name, got, err, len(x.made()))
			}
		})
	}
}
