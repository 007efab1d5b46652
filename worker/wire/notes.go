package wire

import (
	"brood/jobs"
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Notes are the answers of a slot that may not be in the ledger yet, kept where
// the death of any process cannot touch them: in two files of the run directory,
// mapped into memory. A worker notes each answer before it sends it if the
// effect is one that must not be repeated, and in any case once its parent has
// gone. A parent that finds the last answers of a dead worker here, or a resume,
// takes them as if they had come through the pipe.
//
// Notes are numbered from 1 in each session. Each file holds notes one after the
// other, from its beginning:
//
//	size     4 bytes, little-endian: of what follows the check
//	check    4 bytes: CRC-32C of that
//	number   8 bytes
//	time     8 bytes: nanoseconds of CLOCK_MONOTONIC
//	seq      unsigned varint
//	try      unsigned varint
//	kind     1 byte, see NoteKind
//	payload  the rest: an answer as in Answers frames, or a Loss as JSON
//
// How much of a file counts, and which of the two is being written, is on the
// Page; a note counts from the moment the page says so. When a file has become
// long and all notes in the other are in the ledger, the writer goes on at the
// beginning of the other. So nobody ever waits for a disk here, and the files
// stay as long as what is done between two commits.
//
// They are made against the death of processes, not of the machine: after
// another boot they mean nothing.
type Notes struct {
	page  *Page
	files [2]*os.File
	mem   [2][]byte
	buf   []byte
	short bool
}

// NoteKind says what a note holds.
type NoteKind byte

// The kinds of note.
const (
	NoteAnswer NoteKind = iota + 1 // by the worker: what the job has answered
	NoteLoss                       // by the parent: the worker died with the record in hand
)

// Note is one note. Payload is borrowed from the writer's or reader's buffer.
type Note struct {
	Number  uint64
	Time    time.Duration
	Seq     jobs.Seq
	Try     int
	Kind    NoteKind
	Payload []byte
}

const (
	noteHead = 4 + 4 + 8 + 8
	// notesLong is how long a file becomes before the other is tried.
	notesLong = 1 << 20
	// notesStep is by how much a file grows.
	notesStep = 256 << 10
	// notesShort is either, where there are many slots: see KeepShort.
	notesShort = 32 << 10
)

// NewNotes returns the notes of the slot that page belongs to. The files stay
// the caller's.
func NewNotes(page *Page, files [2]*os.File) *Notes {
	return &Notes{page: page, files: files}
}

// KeepShort has the files be short, as far as that goes: who has thousands of slots has them all mapped.
func (n *Notes) KeepShort() { n.short = true }

// long is how long a file becomes before the other is tried, and step by how much it grows.
func (n *Notes) long() int {
	if n.short {
		return notesShort
	}
	return notesLong
}

func (n *Notes) step() int {
	if n.short {
		return notesShort
	}
	return notesStep
}

// Append adds a note and gives it its number. An error means that there is no
// room for it on the disk.
func (n *Notes) Append(note *Note) error {
	note.Number = n.page.load(wordNotes) + 1
	b := slices.Grow(n.buf[:0], noteHead)[:noteHead]
	b = binary.AppendUvarint(b, uint64(note.Seq))
	b = binary.AppendUvarint(b, uint64(note.Try))
	b = append(b, byte(note.Kind))
	b = append(b, note.Payload...)
	binary.LittleEndian.PutUint64(b[8:], note.Number)
	binary.LittleEndian.PutUint64(b[16:], uint64(note.Time))
	binary.LittleEndian.PutUint32(b, uint32(len(b)-8))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
	n.buf = b
	if cap(b) > 1<<20 {
		n.buf = nil
	}
	h, at := n.place()
	if err := n.put(h, at, b); err != nil {
		return err
	}
	n.page.store(wordLast+8*h, note.Number)
	n.page.store(wordLength+8*h, uint64(at+len(b)))
	n.page.store(wordNotes, note.Number)
	return nil
}

// put writes b into a file: as memory where the page is memory.
func (n *Notes) put(h uintptr, at int, b []byte) error {
	if err := n.page.Err(); err != nil {
		return err
	}
	if n.page.f != nil {
		if _, err := n.within(h, at); err != nil {
			return err
		}
		if _, err := n.files[h].WriteAt(b, int64(at)); err != nil {
			return fmt.Errorf("write notes: %w", err)
		}
		return nil
	}
	if err := n.grow(h, at, at+len(b)); err != nil {
		return err
	}
	copy(n.mem[h][at:], b)
	return nil
}

// place chooses the file to write and returns where its notes end.
func (n *Notes) place() (h uintptr, at int) {
	h = uintptr(n.page.load(wordCurrent) & 1)
	at = int(n.page.load(wordLength + 8*h))
	if at < n.long() {
		return h, at
	}
	other := 1 - h
	if n.page.load(wordLast+8*other) > n.page.load(wordAcked) {
		return h, at
	}
	n.page.store(wordLength+8*other, 0)
	n.page.store(wordCurrent, uint64(other))
	if len(n.mem[other]) > 4*n.long() { // one huge answer need not be kept
		n.unmap(other)
		_ = n.files[other].Truncate(0) // if it stays long, that is no harm
	}
	return other, 0
}

// within returns how long a file is, in which notes end at a place. One that the file does not
// have is none that was ever written: the page is not what it was, and must not fill the disk.
func (n *Notes) within(h uintptr, at int) (int64, error) {
	st, err := n.files[h].Stat()
	if err != nil {
		return 0, fmt.Errorf("write notes: %w", err)
	}
	if st.Size() < int64(at) {
		n.page.bad.Store(true)
		return 0, n.page.Err()
	}
	return st.Size(), nil
}

// grow makes room in a file whose notes end at a place, on the disk as well: a write to mapped
// memory without a place on the disk would kill the process.
func (n *Notes) grow(h uintptr, end, size int) error {
	if size <= len(n.mem[h]) {
		return nil
	}
	long, err := n.within(h, end)
	if err != nil {
		return err
	}
	step := int64(n.step())
	want := (int64(size) + step - 1) / step * step
	zeros := make([]byte, step)
	for at := long / step * step; at < want; at += step {
		from := max(at, long)
		if _, err := n.files[h].WriteAt(zeros[:at+step-from], from); err != nil {
			return fmt.Errorf("write notes: %w", err)
		}
	}
	n.unmap(h)
	mem, err := unix.Mmap(int(n.files[h].Fd()), 0, int(max(want, long/step*step)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map notes %s: %w", n.files[h].Name(), err)
	}
	n.mem[h] = mem
	return nil
}

func (n *Notes) unmap(h uintptr) {
	if n.mem[h] != nil {
		_ = unix.Munmap(n.mem[h])
		n.mem[h] = nil
	}
}

// Unmap gives back the memory. The notes stay.
func (n *Notes) Unmap() {
	n.unmap(0)
	n.unmap(1)
}

// Ack says that the ledger has all notes up to a number.
func (p *Page) Ack(number uint64) { p.store(wordAcked, number) }

// Acked is what Ack has said last.
func (p *Page) Acked() uint64 { return p.load(wordAcked) }

// LastNote is the number of the last note.
func (p *Page) LastNote() uint64 { return p.load(wordNotes) }

// After returns the notes behind a number, in order. If the page or a file is not what was
// written, the error wraps ErrPage or ErrFrame.
func (n *Notes) After(number uint64) ([]Note, error) {
	var out []Note
	current := uintptr(n.page.load(wordCurrent) & 1)
	for _, h := range []uintptr{1 - current, current} {
		if n.page.load(wordLast+8*h) <= number {
			continue
		}
		err := n.read(h, func(note Note) {
			if note.Number > number {
				out = append(out, note)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("read notes %s: %w", n.files[h].Name(), err)
		}
	}
	return out, n.complete(out, max(number, n.page.load(wordAcked)))
}

// complete reports an error if any note after a number is missing, or is there twice.
func (n *Notes) complete(notes []Note, number uint64) error {
	last := n.page.load(wordNotes)
	if acked := n.page.load(wordAcked); acked > last {
		return fmt.Errorf("%w: the ledger has notes up to %d, and there were %d", ErrPage, acked, last)
	}
	had := number
	for i := range notes {
		if notes[i].Number <= had {
			continue // it is in the ledger, and need not be here any more
		}
		if number++; notes[i].Number != number {
			return fmt.Errorf("%w: note %d follows note %d", ErrFrame, notes[i].Number, number-1)
		}
	}
	switch {
	case number == last+1:
		// Its writer was killed before the last word of Append; whoever goes on would give
		// the number once more.
		n.page.store(wordNotes, number)
	case number != last:
		return fmt.Errorf("%w: there are notes up to %d, and there were %d", ErrFrame, number, last)
	}
	return n.page.Err()
}

// notesMost is how many bytes of a file of notes are read: what a worker does between two
// commits, and much more.
const notesMost = 1 << 30

// read calls visit for all notes in a file. Their payload stays.
func (n *Notes) read(h uintptr, visit func(Note)) error {
	size := n.page.load(wordLength + 8*h)
	if err := n.page.Err(); err != nil {
		return err
	}
	st, err := n.files[h].Stat()
	if err != nil {
		return err
	}
	if size > uint64(st.Size()) || size > notesMost {
		return fmt.Errorf("%w: %d bytes of notes in a file of %d", ErrFrame, size, st.Size())
	}
	in := bufio.NewReaderSize(io.NewSectionReader(n.files[h], 0, int64(size)), 64<<10)
	for left := int64(size); left > 0; {
		head, err := in.Peek(4)
		if err != nil {
			return fmt.Errorf("%w: a note is cut off", ErrFrame)
		}
		long := 8 + int64(binary.LittleEndian.Uint32(head))
		if long > left || long > MaxFrame {
			return fmt.Errorf("%w: a note of %d bytes", ErrFrame, long)
		}
		var b bytes.Buffer // grows with what there is, whatever the note says of itself
		if _, err := io.CopyN(&b, in, long); err != nil {
			return err
		}
		note, err := readNote(b.Bytes())
		if err != nil {
			return err
		}
		visit(note)
		left -= long
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readNote reads one note.
func readNote(b []byte) (note Note, err error) {
	if len(b) < noteHead+3 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)-8) {
		return note, fmt.Errorf("%w: a note of %d bytes", ErrFrame, len(b))
	}
	if crc32.Checksum(b[8:], castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return note, fmt.Errorf("%w: a note is not what was written", ErrFrame)
	}
	note.Number = binary.LittleEndian.Uint64(b[8:])
	note.Time = time.Duration(binary.LittleEndian.Uint64(b[16:]))
	c := cursor{b: b[noteHead:]}
	note.Seq = jobs.Seq(c.uvarint())
	note.Try = c.try()
	if c.bad || len(c.b) == 0 {
		return note, fmt.Errorf("%w: note %d", ErrFrame, note.Number)
	}
	note.Kind, note.Payload = NoteKind(c.b[0]), c.b[1:]
	return note, note.check()
}

// check reports an error if a note says what nobody can have noted: whoever settles it
// later has no better use for it than whoever reads it now, who can still tell it from
// one that is whole.
func (n *Note) check() error {
	bad := n.Time < 0
	switch n.Kind {
	case NoteAnswer:
		bad = bad || ReadAnswer(n.Payload, &jobs.Result{}) != nil
	case NoteLoss:
		var l Loss
		bad = bad || json.Unmarshal(n.Payload, &l) != nil || l.TookMS < 0 || l.TookMS > int64(century/time.Millisecond) || l.Crashes < 0
	default:
		bad = true
	}
	if bad {
		return fmt.Errorf("%w: note %d says what it cannot", ErrFrame, n.Number)
	}
	return nil
}

// Loss is what the parent notes about a record whose worker has died.
type Loss struct {
	Class  jobs.Class `json:"class"`
	Error  string     `json:"error"`
	TookMS int64      `json:"took_ms"`
	// Blamed says that the record counts as the cause, and Crashes how often
	// it was, this time included.
	Blamed  bool `json:"blamed"`
	Crashes int  `json:"crashes"`
}

// ReadAnswer reads a single answer, the payload of a NoteAnswer.
func ReadAnswer(p []byte, res *jobs.Result) error {
	r := AnswersReader{c: cursor{b: p}, left: 1, total: 1}
	if _, err := r.Next(res); err != nil {
		return err
	}
	_, err := r.Next(res)
	return err
}
