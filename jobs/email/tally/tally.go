// Package tally counts how often in a row mail to an address has come back for reasons that
// may pass, and keeps the counts in a file.
//
// The file is text. Its first line is Head; each other one is one of these, its words separated by tabs:
//
//	soft  ADDRESS  COUNT  TIME   so many in a row, the last one at this time (RFC 3339, UTC)
//	seen  ID       TIME          a report that is counted, and when it was last come upon
//
// Empty lines, and those that begin with #, say nothing. A file with another version in its first line is refused. It is replaced as a
// whole, and may be edited while nobody counts: a line that is taken out is forgotten.
//
// In a row means: nothing was delivered in between, as far as is known, and no more than
// Window lies between one and the next. A report counts once, however often it is read: its ID is
// kept for as long as it is come upon again, and for Window from then on.
package tally

import (
	"brood/jobs"
	"brood/jobs/files"
	_ "brood/jobs/quoted"
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Head is the first line of a file.
const Head = "brood-soft-bounces 1"

// Window is the longest time between two that are in a row: more than a month's, for what is
// written to once a month.
const Window = 90 * 24 * time.Hour

// Event is what a report says about an address.
type Event struct {
	ID        string // of the report
	Address   string
	Time      time.Time // when it was written; zero, or to come: now
	Delivered bool      // it has arrived: what was counted before says nothing
}

// Counts are the counts of a file, which is locked against another one who counts.
type Counts struct {
	path string
	lock *os.File
	soft map[string]count
	seen map[string]time.Time
}

type count struct {
	n    int
	last time.Time
}

// Open reads a file, which need not be there, and locks it until Close.
func Open(path string) (*Counts, error) {
	c := &Counts{path: path, soft: make(map[string]count), seen: make(map[string]time.Time)}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: somebody else counts there; wait until that is done", path), lock.Close())
	}
	c.lock = lock
	if err := c.load(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return c, nil
}

// Close unlocks the file.
func (c *Counts) Close() error { return c.lock.Close() }

func (c *Counts) load() error {
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		line := in.Text()
		switch {
		case n == 1 && line != Head:
			return fmt.Errorf("%s:1:1: the first line is not %q: this is no file of counts, or one of another version", c.path, Head)
		case n == 1 || strings.TrimSpace(line) == "" || line[0] == '#':
		case !c.add(strings.Split(line, "\t")):
			return fmt.Errorf("%s:%d:1: this is neither %q nor %q: put it right, or take it out", c.path, n, "soft ADDRESS COUNT TIME", "seen ID TIME")
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	return nil
}

// add reads a line.
func (c *Counts) add(words []string) bool {
	at, err := time.Parse(time.RFC3339, words[len(words)-1])
	switch {
	case err != nil:
		return false
	case words[0] == "soft" && len(words) == 4:
		n, err := strconv.Atoi(words[2])
		c.soft[key(words[1])] = count{n, at}
		return err == nil && n > 0
	case words[0] == "seen" && len(words) == 3:
		c.seen[words[1]] = at
		return true
	}
	return false
}

// key is an address however it is written.
func key(address string) string { return string(jobs.NormalAddress([]byte(address))) }

// Count takes events in, by their times, and returns the addresses that have now come back limit
// times in a row, or more often. Those of reports that were counted before are passed over.
func (c *Counts) Count(events []Event, limit int, now time.Time) []string {
	fresh := make([]Event, 0, len(events))
	for _, e := range events {
		if _, ok := c.seen[e.ID]; ok {
			c.seen[e.ID] = now
			continue
		}
		if e.Time.IsZero() || e.Time.After(now) {
			e.Time = now
		}
		fresh = append(fresh, e)
	}
	slices.SortStableFunc(fresh, func(a, b Event) int { return a.Time.Compare(b.Time) })
	type once struct{ id, address string }
	counted := make(map[once]bool, len(fresh))
	var over []string
	for _, e := range fresh {
		k := once{e.ID, key(e.Address)}
		if counted[k] {
			continue
		}
		counted[k] = true
		c.seen[e.ID] = now
		if c.one(e) >= limit && !slices.Contains(over, e.Address) {
			over = append(over, e.Address)
		}
	}
	return slices.DeleteFunc(over, func(a string) bool { return c.soft[key(a)].n < limit })
}

// one counts an event, and returns how many there are in a row.
func (c *Counts) one(e Event) int {
	k := key(e.Address)
	now := c.soft[k]
	switch {
	case e.Delivered:
		if !e.Time.Before(now.last) {
			delete(c.soft, k)
		}
		return 0
	case e.Time.Sub(now.last) > Window:
		now = count{}
	case now.last.Sub(e.Time) > Window:
		return 0 // of another time, and read late
	}
	now.n++
	if e.Time.After(now.last) {
		now.last = e.Time
	}
	c.soft[k] = now
	return now.n
}

// Save writes the file, without what is older than Window.
func (c *Counts) Save(now time.Time) error {
	lines := make([]string, 0, len(c.soft)+len(c.seen))
	for a, s := range c.soft {
		if now.Sub(s.last) <= Window {
			lines = append(lines, fmt.Sprintf("soft\t%s\t%d\t%s\n", a, s.n, s.last.UTC().Format(time.RFC3339)))
		}
	}
	for id, at := range c.seen {
		if now.Sub(at) <= Window {
			lines = append(lines, fmt.Sprintf("seen\t%s\t%s\n", id, at.UTC().Format(time.RFC3339)))
		}
	}
	slices.Sort(lines)
	return files.Write(c.path, []byte(Head+"\n"+strings.Join(lines, "")), 0o600)
}
