package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PageSize is the size of a worker's shared page in bytes, if it has few records in hand at a
// time: see PageBytes.
const PageSize = 4096

// MaxPlaces is how many records a worker can have in hand at a time: as many as the largest batch of a service that
// takes many questions in one request. Its page has 470 KB then, and that of a worker with fewer is as long as they need.
const MaxPlaces = 10_000

// PageBytes is the size of the page of a worker that can have so many records in hand: whole
// pages of memory.
func PageBytes(places int) int {
	end := placesFrom + placeSize*(places-1)
	return (end + PageSize - 1) / PageSize * PageSize
}

// Page is a slot's page, a file in the run directory that the worker has mapped into its
// memory. It says which records the slot's worker has in hand, and how far
// its notes go, see Notes. It costs the worker no system call, and no crash can hold it
// back, as the kernel owns the memory. The parent reads and writes it by system calls: a
// worker may do to the file what it likes, and a page that is mapped would be the end of
// whoever reads it when the file is cut off.
//
//	offset  size  meaning, in the machine's byte order
//	0       8     seq in hand plus 1, times 2; plus 1 when it is no longer in
//	              hand; 0 before the first record
//	8       8     when that record was begun, microseconds of CLOCK_MONOTONIC;
//	              0 when its time does not run: it is done and its answer is on the
//	              way, or it waits in a program behind another
//	16      8     records done by this worker
//	24      8     which try of the record in hand this is, from 1
//	32      8     places: how many records can be in hand; all zeros is one
//	64      8     the session of the run to which all of this belongs
//	72      8     number of the last note, from 1
//	80      8     which of the two files of notes is being written, 0 or 1
//	88, 96  8     how many bytes of each file count
//	104,112 8     number of the last note in each file
//	120     8     notes up to this number are in the ledger
//	128     8     why a note could not be written, an errno; 0: they all could
//	136     8     1: the parent keeps Heard beside it; all zeros is a page of before there was one
//	192     8     seq plus 1 of the record that is asked to stop, or 0
//	200     8     at which of its tries
//	208     8     if there are several places: when the record was begun, though its time
//	              does not run; microseconds
//	256 …   48    of each place but the first: what stands at 0, 8, 24, 192, 200 and 208 for that
//
// Each word holds its value in the upper 48 bits, and a check of it in the lower 16: so a
// page that was cut off, filled with zeros, or in which a bit has flipped, is noticed.
//
// The worker alone writes the words before 64 but the places, and the parent reads them, above
// all after the worker has died. The time and the try are written before the
// seq, and that it is no longer in hand only after the answer stands in the worker's
// buffer, or if nothing was begun. The words from 72 are written by the worker while it lives, and by
// the parent when it has gone; that at 120 always by the parent. Those at 192 and 200 are
// written by the parent, which then sends the worker SIGTERM, and cleared by the
// worker when it has told the record.
type Page struct {
	mem    []byte   // of the worker
	f      *os.File // of the parent
	bad    atomic.Bool
	places int // that are looked at; 0: as many as the page says
	heard  bool
}

// ErrPage is wrapped by errors about a page that says what nobody can have written.
var ErrPage = errors.New("the page of the worker is damaged")

// OpenPage maps a page from f, which must be at least PageBytes long. The
// mapping outlives f.
func OpenPage(f *os.File, places int) (*Page, error) {
	mem, err := unix.Mmap(int(f.Fd()), 0, PageBytes(places), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map worker page %s: %w", f.Name(), err)
	}
	return &Page{mem: mem, places: places}, nil
}

// FilePage is a page for who must not rely on the file staying as it is. The file is the
// caller's. Places is how many it is known to have, 0: as many as it says.
func FilePage(f *os.File, places int) *Page { return &Page{f: f, places: places} }

// Close unmaps the page.
func (p *Page) Close() error {
	if p.mem == nil {
		return nil
	}
	return unix.Munmap(p.mem)
}

// Reset makes an empty page of session n.
func (p *Page) Reset(n int64) error {
	places := max(p.places, 1)
	b := make([]byte, PageBytes(places))
	put := func(off uintptr, v uint64) { binary.NativeEndian.PutUint64(b[off:], sealWord(v)) }
	for _, off := range words {
		put(off, 0)
	}
	for i := range places {
		for _, w := range wordsOf(i) {
			put(w, 0)
		}
	}
	put(wordPlaces, uint64(places))
	put(wordSession, uint64(n))
	if p.heard {
		put(wordHeard, 1)
	}
	p.bad.Store(false)
	if p.f != nil {
		_, err := p.f.WriteAt(b, 0)
		return err
	}
	copy(p.mem, b)
	return nil
}

// Places is how many records can be in hand.
func (p *Page) Places() int {
	if p.places > 0 {
		return p.places
	}
	if p.raw(wordPlaces) == 0 { // of before there were several
		return 1
	}
	n := p.load(wordPlaces)
	if n < 1 || n > MaxPlaces {
		p.bad.Store(true)
		return 1
	}
	return int(n)
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
	wordDone    = 16
	wordPlaces  = 32
	wordSession = 64
	wordNotes   = 72
	wordCurrent = 80
	wordLength  = 88 // and the next
	wordLast    = 104
	wordAcked   = 120
	wordFailed  = 128
	wordHeard   = 136
)

// words are all offsets but those of the places.
var words = []uintptr{
	wordDone, wordSession, wordNotes, wordCurrent, wordLength, wordLength + 8,
	wordLast, wordLast + 8, wordAcked, wordFailed,
}

// Clear forgets the records that an earlier worker had in hand. Its notes stay.
func (p *Page) Clear() {
	for i := range p.Places() {
		if w := wordsOf(i); i == 0 || p.raw(w[0]) != sealWord(0) {
			for _, off := range w {
				p.store(off, 0)
			}
		}
	}
	p.store(wordDone, 0)
}

// Begin says that the notes up to a number are in the ledger, and that there are no others.
func (p *Page) Begin(number uint64) {
	p.store(wordNotes, number)
	p.store(wordAcked, number)
}

// KeepHeard says, before Reset, that there is a Heard of the slot.
func (p *Page) KeepHeard() { p.heard = true }

// Heard reports whether there was a Heard of the slot.
func (p *Page) Heard() bool { return p.raw(wordHeard) != 0 && p.load(wordHeard) == 1 }

// Session is the session to which the page belongs.
func (p *Page) Session() int64 { return int64(p.load(wordSession)) }

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
