package wire

import (
	"brood/jobs"
	"encoding/binary"
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

// Page is a slot's page, a file in the run directory that the worker has mapped into its
// memory. It says which record the slot's worker has in hand, and how far
// its notes go, see Notes. It costs the worker no system call, and no crash can hold it
// back, as the kernel owns the memory. The parent reads and writes it by system calls: a
// worker may do to the file what it likes, and a page that is mapped would be the end of
// whoever reads it when the file is cut off.
//
//	offset  size  meaning, in the machine's byte order
//	0       8     seq in hand plus 1, times 2; plus 1 when it is no longer in
//	              hand; 0 before the first record
//	8       8     when that record was begun, microseconds of CLOCK_MONOTONIC;
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
// Each word holds its value in the upper 48 bits, and a check of it in the lower 16: so a
// page that was cut off, filled with zeros, or in which a bit has flipped, is noticed.
//
// The worker alone writes the words before 64, and the parent reads them, above
// all after the worker has died. The time and the try are written before the
// seq, and that it is no longer in hand only after the answer stands in the worker's
// buffer, or if nothing was begun. The words from 72 are written by the worker while it lives, and by
// the parent when it has gone; that at 120 always by the parent. The last two are
// written by the parent, which then sends the worker SIGTERM, and cleared by the
// worker when it has told the record.
type Page struct {
	mem []byte   // of the worker
	f   *os.File // of the parent
	bad atomic.Bool
}

// ErrPage is wrapped by errors about a page that says what nobody can have written.
var ErrPage = errors.New("the page of the worker is damaged")

// OpenPage maps a page from f, which must be at least PageSize long. The
// mapping outlives f.
func OpenPage(f *os.File) (*Page, error) {
	mem, err := unix.Mmap(int(f.Fd()), 0, PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map worker page %s: %w", f.Name(), err)
	}
	return &Page{mem: mem}, nil
}

// FilePage is a page for who must not rely on the file staying as it is. The file is the
// caller's.
func FilePage(f *os.File) *Page { return &Page{f: f} }

// Close unmaps the page.
func (p *Page) Close() error {
	if p.mem == nil {
		return nil
	}
	return unix.Munmap(p.mem)
}

// Reset makes an empty page of session n.
func (p *Page) Reset(n int64) error {
	b := make([]byte, PageSize)
	for _, off := range words {
		binary.NativeEndian.PutUint64(b[off:], sealWord(0))
	}
	binary.NativeEndian.PutUint64(b[wordSession:], sealWord(uint64(n)))
	p.bad.Store(false)
	if p.f != nil {
		_, err := p.f.WriteAt(b, 0)
		return err
	}
	copy(p.mem, b)
	return nil
}

// Err is an error if a word that was read was not whole.
func (p *Page) Err() error {
	if p.bad.Load() {
		return ErrPage
	}
	return nil
}

// checkFactor spreads each bit of a value over the check: see TestWords.
const checkFactor = 0x9e3779b97f4a7c15

const (
	checkBits = 16
	checkMask = 1<<checkBits - 1
	// wordMax is the largest value of a word.
	wordMax = 1<<(64-checkBits) - 1
)

func check(v uint64) uint64 { return ((v + 1) * checkFactor) >> (64 - checkBits) }

func sealWord(v uint64) uint64 { return v<<checkBits | check(v&wordMax) }

func openWord(w uint64) (v uint64, whole bool) {
	v = w >> checkBits
	return v, w&checkMask == check(v)
}

func (p *Page) word(off uintptr) *uint64 {
	return (*uint64)(unsafe.Pointer(&p.mem[off]))
}

// tornReads is how often a word is read again that was not whole: by system calls it may
// be seen half written.
const tornReads = 3

// load reads a word: 0 if it is not whole.
func (p *Page) load(off uintptr) uint64 {
	for range tornReads {
		if v, whole := openWord(p.raw(off)); whole {
			return v
		}
	}
	p.bad.Store(true)
	return 0
}

func (p *Page) raw(off uintptr) uint64 {
	if p.f == nil {
		return atomic.LoadUint64(p.word(off))
	}
	var b [8]byte
	if n, _ := p.f.ReadAt(b[:], int64(off)); n < len(b) {
		return 0
	}
	return binary.NativeEndian.Uint64(b[:])
}

func (p *Page) store(off uintptr, v uint64) {
	if p.f == nil {
		atomic.StoreUint64(p.word(off), sealWord(v))
		return
	}
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], sealWord(v))
	if _, err := p.f.WriteAt(b[:], int64(off)); err != nil {
		p.bad.Store(true)
	}
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

// words are all offsets.
var words = []uintptr{
	wordSeq, wordSince, wordDone, wordTry, wordSession, wordNotes, wordCurrent, wordLength, wordLength + 8,
	wordLast, wordLast + 8, wordAcked, wordFailed, wordStop, wordStopTry,
}

// Clear forgets the record that an earlier worker had in hand. Its notes stay.
func (p *Page) Clear() {
	p.store(wordSeq, 0)
	for _, off := range []uintptr{wordSince, wordDone, wordTry, wordStop} {
		p.store(off, 0)
	}
}

// Begin says that the notes up to a number are in the ledger, and that there are no others.
func (p *Page) Begin(number uint64) {
	p.store(wordNotes, number)
	p.store(wordAcked, number)
}

// Session is the session to which the page belongs.
func (p *Page) Session() int64 { return int64(p.load(wordSession)) }

// Start marks a record as in hand since now.
func (p *Page) Start(seq jobs.Seq, try int, now time.Duration) {
	p.store(wordTry, uint64(try))
	p.store(wordSince, uint64(now/time.Microsecond))
	p.store(wordSeq, (uint64(seq)+1)<<1)
}

// Answering stops the clock of the record in hand: it is done, and its answer
// may have to wait until the parent reads it.
func (p *Page) Answering() { p.store(wordSince, 0) }

// Finish marks the record in hand as answered, the doneth of this worker.
func (p *Page) Finish(seq jobs.Seq, done uint64) {
	p.store(wordDone, done)
	p.store(wordSeq, (uint64(seq)+1)<<1|notInHand)
}

// GiveBack says that the record in hand was not begun after all.
func (p *Page) GiveBack(seq jobs.Seq) { p.store(wordSeq, (uint64(seq)+1)<<1|notInHand) }

const notInHand = 1

// Last returns the record that was begun last, in hand or not.
func (p *Page) Last() (seq jobs.Seq, ok bool) {
	s := p.load(wordSeq) >> 1
	return jobs.Seq(s - 1), s != 0
}

// InHand returns the record in hand and when it was begun, in whole microseconds, 0 if its
// answer is on the way.
func (p *Page) InHand() (seq jobs.Seq, since time.Duration, ok bool) {
	s := p.load(wordSeq)
	if s == 0 || s&notInHand != 0 {
		return 0, 0, false
	}
	return jobs.Seq(s>>1 - 1), time.Duration(p.load(wordSince)) * time.Microsecond, true
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
func (p *Page) Done() uint64 { return p.load(wordDone) }

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
