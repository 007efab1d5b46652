package wire

import (
	"brood/jobs"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PageSize is the size of a worker's shared page in bytes.
const PageSize = 4096

// Page is a worker's page of shared memory, mapped from a file in the run
// directory. The worker alone writes it, and the parent reads it, above all
// after the worker has died: it says which record was in hand. It costs no
// system call, and no crash can hold it back, as the kernel owns the memory.
//
//	offset  size  meaning, in the machine's byte order
//	0       8     seq in hand plus 1; the highest bit is set when it is no
//	              longer in hand; 0 before the first record
//	8       8     when that record was begun, nanoseconds of CLOCK_MONOTONIC;
//	              0 when it is done and its answer is on the way
//	16      8     records done by this worker
//
// The time is written before the seq, and the highest bit is set only after the
// answer stands in the worker's buffer.
type Page struct {
	mem []byte
}

// OpenPage maps a page from f, which must be at least PageSize long. The
// mapping outlives f.
func OpenPage(f *os.File) (*Page, error) {
	mem, err := unix.Mmap(int(f.Fd()), 0, PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map worker page %s: %w", f.Name(), err)
	}
	return &Page{mem: mem}, nil
}

// Close unmaps the page.
func (p *Page) Close() error { return unix.Munmap(p.mem) }

func (p *Page) word(off uintptr) *uint64 {
	return (*uint64)(unsafe.Pointer(&p.mem[off]))
}

// Clear forgets what an earlier worker left.
func (p *Page) Clear() {
	for off := uintptr(0); off < 24; off += 8 {
		atomic.StoreUint64(p.word(off), 0)
	}
}

// Start marks a record as in hand since now.
func (p *Page) Start(seq jobs.Seq, now time.Duration) {
	atomic.StoreUint64(p.word(8), uint64(now))
	atomic.StoreUint64(p.word(0), uint64(seq)+1)
}

// Answering stops the clock of the record in hand: it is done, and its answer
// may have to wait until the parent reads it.
func (p *Page) Answering() { atomic.StoreUint64(p.word(8), 0) }

// Finish marks the record in hand as answered, the doneth of this worker.
func (p *Page) Finish(seq jobs.Seq, done uint64) {
	atomic.StoreUint64(p.word(16), done)
	atomic.StoreUint64(p.word(0), (uint64(seq)+1)|notInHand)
}

const notInHand = 1 << 63

// Last returns the record that was begun last, in hand or not.
func (p *Page) Last() (seq jobs.Seq, ok bool) {
	s := atomic.LoadUint64(p.word(0)) &^ notInHand
	return jobs.Seq(s - 1), s != 0
}

// InHand returns the record in hand and when it was begun, 0 if its answer is
// on the way.
func (p *Page) InHand() (seq jobs.Seq, since time.Duration, ok bool) {
	s := atomic.LoadUint64(p.word(0))
	if s == 0 || s&notInHand != 0 {
		return 0, 0, false
	}
	return jobs.Seq(s - 1), time.Duration(atomic.LoadUint64(p.word(8))), true
}

// Done returns how many records the worker has answered.
func (p *Page) Done() uint64 { return atomic.LoadUint64(p.word(16)) }

var (
	clockStart = time.Now()
	clockBase  = func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			return 0
		}
		return time.Duration(ts.Nano())
	}()
)

// Now is the time since an arbitrary start that all processes of the machine
// share. It runs on while the process is stopped, and reads Go's monotonic
// clock, which is cheaper than the system call behind it.
func Now() time.Duration { return clockBase + time.Since(clockStart) }
