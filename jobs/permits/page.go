package permits

import (
	"brood/jobs"
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// page is the mapped file of a gate. In it, each 8 bytes, in the order of this machine's bytes:
//
//	 0  "brood permits 1\n", 16 bytes
//	16  next: nanoseconds of CLOCK_MONOTONIC from which on a permit may be given
//	24  reach: the most nanoseconds that next was ever set ahead by one permit
//	32  day: the day in the zone of the gate, in days since 1970, in the upper 32 bits; how
//	    many permits were given in it in the lower
//	40  held: until when everybody is held, in milliseconds of the wall clock, in the upper 42
//	    bits; for how many seconds that was when it was said in the lower 20
//	64  the places of the ring
//
// The rest is 0. After another boot the monotonic clock begins anew. What next says then, and
// what it says if the file is damaged, cannot do more harm than a wait of reach: later than that
// it is taken as a mistake. The same holds of held and its seconds when the wall clock is set
// back.
type page struct{ mem []byte }

const (
	pageBytes = 16384
	atNext    = 16
	atReach   = 24
	atDay     = 32
	atHeld    = 40
	atRing    = 64
	// heldBits is how many bits of held are its seconds.
	heldBits = 20
	// laterBy is how many permits those who have left late may put the next one off in all.
	laterBy = 64
)

var pageMagic = []byte("brood permits 1\n")

// openPage maps the file and makes it first if it is not there. The blocks are written and not
// left out, so that a full disk is an error here and no signal later on.
func openPage(path string) (*page, error) {
	mem, err := mapFile(path, pageMagic, pageBytes)
	if err != nil {
		return nil, fmt.Errorf("open the permits %s: %w", path, err)
	}
	return &page{mem: mem}, nil
}

// mapFile maps a file of size bytes that begins with magic. Who makes it holds its lock
// meanwhile; so nobody maps one that is half made.
func mapFile(path string, magic []byte, size int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // the mapping outlives it
	if err := lock(f); err != nil {
		return nil, err
	}
	// To close the file does not do it: the mapping keeps it open.
	defer unix.Flock(int(f.Fd()), unix.LOCK_UN) //nolint:errcheck // cannot fail with the lock held
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	if st.Size() < int64(size) {
		blank := make([]byte, size)
		copy(blank, magic)
		if _, err := f.WriteAt(blank, 0); err != nil {
			return nil, err
		}
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(mem[:len(magic)], magic) {
		return nil, errors.Join(errors.New("another version of brood has made it, or it is damaged; remove it while no run is at work"), unix.Munmap(mem))
	}
	return mem, nil
}

func lock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (p *page) close() error { return unix.Munmap(p.mem) }

func word(mem []byte, at int) *atomic.Int64 {
	return (*atomic.Int64)(unsafe.Pointer(&mem[at])) //nolint:gosec // a multiple of 8, in a mapping that begins a page
}

// next gives a permit at now that costs so many nanoseconds, or says how long to wait and ask
// again. Slack is by how much one that comes late may catch up; interval what one request costs.
func (p *page) next(now, cost, slack, interval int64, clock func() int64) (given, wait int64) {
	if cost == 0 {
		return now, 0
	}
	next, reach := word(p.mem, atNext), word(p.mem, atReach)
	// Reach first: whoever sees the new next then knows that it can be meant.
	for r := reach.Load(); r < cost && !reach.CompareAndSwap(r, cost); r = reach.Load() {
	}
	for {
		n := next.Load()
		if ahead := p.ahead(interval); n-now > ahead {
			now = clock() // another process may have looked at it later than this one, and have set n since
		}
		if ahead := p.ahead(interval); n-now > ahead || n < 0 {
			// Nobody can have meant that: the machine was booted since, or the file is
			// damaged. When the last one left is not known, so it is taken as now.
			next.CompareAndSwap(n, now+interval)
			continue
		}
		if n > now {
			return 0, n - now
		}
		if next.CompareAndSwap(n, max(n, now-slack)+cost) {
			return now, 0
		}
	}
}

// ahead is how far next can be ahead of the clock.
func (p *page) ahead(interval int64) int64 {
	const year = int64(365 * 24 * time.Hour)
	return min(max(word(p.mem, atReach).Load(), interval, 0), year) + laterBy*interval
}

// delay puts the next permit off.
func (p *page) delay(now, by, interval int64) {
	next := word(p.mem, atNext)
	for {
		n := next.Load()
		to := max(n, now) + by
		if to-now > p.ahead(interval) || next.CompareAndSwap(n, to) {
			return
		}
	}
}

// count is how many permits were given in a day.
func (p *page) count(day int64) int {
	w := word(p.mem, atDay).Load()
	if d := w >> 32; d == day || d == day+1 {
		// A day that has not come yet: the clock was set back over midnight. What was given
		// then still counts.
		return int(w & (1<<32 - 1))
	}
	return 0
}

// spend counts n permits of a day, unless that were more than most.
func (p *page) spend(day int64, n, most int) bool {
	for w := word(p.mem, atDay); ; {
		old := w.Load()
		d, c := old>>32, int(old&(1<<32-1))
		if d != day && d != day+1 {
			d, c = day, 0
		}
		if c+n > most {
			return false
		}
		if w.CompareAndSwap(old, d<<32|int64(c+n)) {
			return true
		}
	}
}

// hold keeps everybody for a time from now on, if they are not held longer already.
func (p *page) hold(now time.Time, span time.Duration) {
	span = min(span, jobs.MaxRetryAfter)
	until := now.Add(span)
	seconds := int64((span + time.Second - 1) / time.Second)
	for w := word(p.mem, atHeld); ; {
		old := w.Load()
		if now.Add(heldFor(old, now)).After(until) || w.CompareAndSwap(old, (until.UnixMilli()+1)<<heldBits|seconds) {
			return
		}
	}
}

// held is for how long everybody is held from now on.
func (p *page) held(now time.Time) time.Duration { return heldFor(word(p.mem, atHeld).Load(), now) }

func heldFor(w int64, now time.Time) time.Duration {
	span := time.Duration(w&(1<<heldBits-1)) * time.Second
	d := time.UnixMilli(w >> heldBits).Sub(now)
	if d > span+time.Second {
		return 0 // the clock was set back, further than it was held for
	}
	return max(d, 0)
}
