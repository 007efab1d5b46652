package wire

import (
	"brood/jobs"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PageSize is the size of a worker's shared page in bytes.
const PageSize = 4096

// Page is a slot's page of shared memory, mapped from a file in the run
// directory. It says which record the slot's worker has in hand, and how far
// its notes go, see Notes. It costs no system call, and no crash can hold it
// back, as the kernel owns the memory.
//
//	offset  size  meaning, in the machine's byte order
//	0       8     seq in hand plus 1; the highest bit is set when it is no
//	              longer in hand; 0 before the first record
//	8       8     when that record was begun, nanoseconds of CLOCK_MONOTONIC;
//	              0 when it is done and its answer is on the way
//	16      8     records done by this worker
//	24      8     which try of the record in hand this is, from 1
//	64      8     the session of the run to which all of this belongs
//	72      8     number of the last note, from 1
//	80      8     which of the two files of notes is being written, 0 or 1
//	88, 96  8     how many bytes of each file count
//	104,112 8     number of the last note in each file
//	120     8     notes up to this number are in the ledger
//	128     8     why a note could not be written, an errno; 0: they all could
//	192     8     seq plus 1 of the record that is asked to stop, or 0
//	200     8     at which of its tries
//
// The worker alone writes the words before 64, and the parent reads them, above
// all after the worker has died. The time and the try are written before the
// seq, and the highest bit is set only after the answer stands in the worker's
// buffer. The words from 72 are written by the worker while it lives, and by
// the parent when it has gone; that at 120 always by the parent. The last two are
// written by the parent, which then sends the worker SIGTERM, and cleared by the
// worker when it has told the record.
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

// The offsets of the words.
const (
	wordSeq     = 0
	wordSince   = 8
	wordDone    = 16
	wordTry     = 24
	wordSession = 64
	wordNotes   = 72
	wordCurrent = 80
	wordLength  = 88 // and the next
	wordLast    = 104
	wordAcked   = 120
	wordFailed  = 128
	wordStop    = 192
	wordStopTry = 200
)

func (p *Page) load(off uintptr) uint64     { return atomic.LoadUint64(p.word(off)) }
func (p *Page) store(off uintptr, v uint64) { atomic.StoreUint64(p.word(off), v) }

// Clear forgets the record that an earlier worker had in hand. Its notes stay.
func (p *Page) Clear() {
	p.store(wordSeq, 0)
	for _, off := range []uintptr{wordSince, wordDone, wordTry, wordStop} {
		p.store(off, 0)
	}
}

// SetSession says to which session of the run the page belongs.
func (p *Page) SetSession(n int64) { p.store(wordSession, uint64(n)) }

// Session is what SetSession has said.
func (p *Page) Session() int64 { return int64(p.load(wordSession)) }

// Start marks a record as in hand since now.
func (p *Page) Start(seq jobs.Seq, try int, now time.Duration) {
	atomic.StoreUint64(p.word(wordTry), uint64(try))
	atomic.StoreUint64(p.word(wordSince), uint64(now))
	atomic.StoreUint64(p.word(wordSeq), uint64(seq)+1)
}

// Answering stops the clock of the record in hand: it is done, and its answer
// may have to wait until the parent reads it.
func (p *Page) Answering() { atomic.StoreUint64(p.word(wordSince), 0) }

// Finish marks the record in hand as answered, the doneth of this worker.
func (p *Page) Finish(seq jobs.Seq, done uint64) {
	atomic.StoreUint64(p.word(wordDone), done)
	atomic.StoreUint64(p.word(wordSeq), (uint64(seq)+1)|notInHand)
}

const notInHand = 1 << 63

// Last returns the record that was begun last, in hand or not.
func (p *Page) Last() (seq jobs.Seq, ok bool) {
	s := atomic.LoadUint64(p.word(wordSeq)) &^ notInHand
	return jobs.Seq(s - 1), s != 0
}

// InHand returns the record in hand and when it was begun, 0 if its answer is
// on the way.
func (p *Page) InHand() (seq jobs.Seq, since time.Duration, ok bool) {
	s := atomic.LoadUint64(p.word(wordSeq))
	if s == 0 || s&notInHand != 0 {
		return 0, 0, false
	}
	return jobs.Seq(s - 1), time.Duration(atomic.LoadUint64(p.word(wordSince))), true
}

// AskStop asks the record seq to stop, at one of its tries.
func (p *Page) AskStop(seq jobs.Seq, try int) {
	p.store(wordStopTry, uint64(try))
	p.store(wordStop, uint64(seq)+1)
}

// StopAsked returns the record that was asked to stop, if any.
func (p *Page) StopAsked() (seq jobs.Seq, try int, ok bool) {
	word := p.load(wordStop)
	return jobs.Seq(word - 1), int(p.load(wordStopTry)), word != 0
}

// StopTold says that the record has been told, or has ended before.
func (p *Page) StopTold() { p.store(wordStop, 0) }

// NotesFailed says that a note could not be written.
func (p *Page) NotesFailed(err error) {
	errno := unix.EIO
	_ = errors.As(err, &errno)
	p.store(wordFailed, uint64(errno))
}

// NotesError is why a note could not be written, or nil.
func (p *Page) NotesError() error {
	if e := p.load(wordFailed); e != 0 {
		return unix.Errno(e)
	}
	return nil
}

// Try is which try of the record in hand this is.
func (p *Page) Try() int { return int(p.load(wordTry)) }

// Done returns how many records the worker has answered.
func (p *Page) Done() uint64 { return atomic.LoadUint64(p.word(wordDone)) }

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
