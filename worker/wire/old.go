package wire

import (
	"brood/jobs"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"time"
)

const oldNoteHead = 4 + 8 + 8

// ReadOld reads what a slot has left in the format of version 5 of the protocol, whose pages
// and notes had no checks: for a run that was killed then and goes on now.
func ReadOld(files [3]*os.File) (*Left, error) {
	b := make([]byte, PageSize)
	if _, err := files[0].ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPage, err)
	}
	word := func(off uintptr) uint64 { return binary.NativeEndian.Uint64(b[off:]) }
	const notInHand = 1 << 63
	w := firstPlace
	if word(w.try) > maxTry || word(w.since) > math.MaxInt64 {
		return nil, fmt.Errorf("%w: a record at try %d since %d", ErrPage, word(w.try), word(w.since))
	}
	o := &Left{Session: int64(word(wordSession))}
	if s := word(w.seq); s != 0 && s&notInHand == 0 {
		o.InHand = []Held{{Seq: jobs.Seq(s - 1), Try: int(word(w.try)), Since: time.Duration(word(w.since)), Begun: time.Duration(word(w.since))}}
	}
	current := uintptr(word(wordCurrent) & 1)
	for _, h := range []uintptr{1 - current, current} {
		if word(wordLast+8*h) <= word(wordAcked) {
			continue
		}
		size := word(wordLength + 8*h)
		if size > notesMost {
			return nil, fmt.Errorf("%w: %d bytes of notes", ErrFrame, size)
		}
		b, err := io.ReadAll(io.NewSectionReader(files[1+h], 0, int64(size)))
		if err != nil {
			return nil, err
		}
		if o.Notes, err = appendOldNotes(o.Notes, b, word(wordAcked)); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func appendOldNotes(to []Note, b []byte, acked uint64) ([]Note, error) {
	for len(b) > 0 {
		if len(b) < oldNoteHead || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return nil, fmt.Errorf("%w: a note is cut off", ErrFrame)
		}
		size := 4 + int(binary.LittleEndian.Uint32(b))
		if size < oldNoteHead+3 {
			return nil, fmt.Errorf("%w: a note of %d bytes", ErrFrame, size)
		}
		n := Note{Number: binary.LittleEndian.Uint64(b[4:]), Time: time.Duration(binary.LittleEndian.Uint64(b[12:]))}
		c := cursor{b: b[oldNoteHead:size]}
		n.Seq, n.Try = jobs.Seq(c.uvarint()), c.try()
		if c.bad || len(c.b) == 0 {
			return nil, fmt.Errorf("%w: note %d", ErrFrame, n.Number)
		}
		n.Kind, n.Payload = NoteKind(c.b[0]), c.b[1:]
		if err := n.check(); err != nil {
			return nil, err
		}
		if b = b[size:]; n.Number > acked {
			to = append(to, n)
		}
	}
	return to, nil
}
