package wire

import (
	"brood/jobs"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"
)

// FuzzBatch: what is read of a batch in any shape goes up, has a try that can be, and is
// the same when it is written and read again.
func FuzzBatch(f *testing.F) {
	line := &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}}
	f.Add(encodeBatch(f, 7, []jobs.Record{{Seq: 7, Attempt: 1, Raw: []byte("a"), Shape: line}, {Seq: 9, Attempt: 3, Raw: []byte("bc"), Shape: line}}, false)[headerSize:], uint8(0), false)
	f.Add(encodeBatch(f, 0, []jobs.Record{{Seq: 3, Attempt: 1, Raw: []byte("a,b"), Values: [][]byte{[]byte("a"), []byte("b")}, Shape: table()}}, true)[headerSize:], uint8(2), true)
	most := binary.AppendUvarint(nil, math.MaxUint64)
	f.Add(append(append(append([]byte{}, most...), 2), 0, 1, 1, 'x', 0, 1, 1, 'y'), uint8(0), false)
	f.Add(append(append([]byte{0, 1, 0}, most...), 0), uint8(1), false)
	rows := table()
	rows.Rows = true
	f.Add(encodeBatch(f, 0, []jobs.Record{{Seq: 3, Attempt: 1, Values: [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("d")}, Shape: rows}}, false)[headerSize:], uint8(4), false)
	f.Add(append(append([]byte{0, 1, 0, 1}, most...), 0), uint8(4), false)
	shapes := []*jobs.Shape{line, {Kind: jobs.Objects}, table(), {Kind: jobs.Fields}, rows, {Kind: jobs.Fields, Rows: true}}
	f.Fuzz(func(t *testing.T, p []byte, kind uint8, sendRaw bool) {
		shape := shapes[int(kind)%len(shapes)]
		records := readBatch(p, shape, sendRaw)
		if len(records) == 0 {
			return
		}
		again := AppendBatchHead(nil, records[0].Seq, len(records))
		next, end := records[0].Seq, jobs.Seq(0)
		for i := range records {
			r := &records[i]
			if r.Seq < end || r.Attempt < 1 || r.Attempt > math.MaxInt32 {
				t.Fatalf("record %d is %d, at try %d, and at least %d comes next", i, r.Seq, r.Attempt, end)
			}
			again = AppendRecordHead(again, uint64(r.Seq-next), r.Attempt)
			again = AppendBody(again, shape, r.Raw, r.Values, sendRaw)
			next, end = r.Seq+1, r.Seq+1
		}
		if twins := readBatch(again, shape, sendRaw); !reflect.DeepEqual(twins, records) {
			t.Fatalf("%+v became %+v", records, twins)
		}
	})
}

// readBatch are the records of a batch, or nil if it is none.
func readBatch(p []byte, shape *jobs.Shape, sendRaw bool) []jobs.Record {
	r, err := ReadBatch(p, shape, sendRaw)
	if err != nil {
		return nil
	}
	var out []jobs.Record
	for {
		var rec jobs.Record
		more, err := r.Next(&rec)
		if err != nil {
			return nil
		}
		if !more {
			return out
		}
		out = append(out, rec)
	}
}

// FuzzAnswers: what is read of answers is in its range, and the same when it is written
// and read again; alone, as in a note, an answer is what it is among others.
func FuzzAnswers(f *testing.F) {
	head := func(n int) []byte { return AppendAnswersHead(nil, 7, n, time.Second) }
	f.Add(AppendAnswer(AppendAnswer(head(2), &jobs.Result{Values: [][]byte{[]byte("a"), nil}}), &jobs.Result{Verdict: jobs.VerdictRetry, Class: "c", Error: "e", RetryAfter: time.Minute, Delays: jobs.DelaysKey}))
	f.Add(AppendAnswer(head(1), &jobs.Result{Text: []byte("text"), Stopped: true, Elapsed: time.Hour}))
	f.Add(append(append([]byte{0, 1}, binary.AppendUvarint(nil, math.MaxUint64)...), 0, 0))
	f.Add(append(append(head(1), hasValues, 0), binary.AppendUvarint(nil, maxValues)...))
	f.Add(AppendAnswer(AppendName(AppendAnswer(AppendName(head(2), 9), &jobs.Result{Text: []byte("x")}), 1<<40), &jobs.Result{}))
	f.Fuzz(func(t *testing.T, p []byte) {
		checkNamed(t, p)
		r, answers := readAnswers(p)
		if answers == nil {
			return
		}
		if r.Busy < 0 || r.Len() != len(answers) {
			t.Fatalf("%d answers of %d, busy for %s", len(answers), r.Len(), r.Busy)
		}
		again := AppendAnswersHead(nil, r.First, len(answers), r.Busy)
		for i := range answers {
			a := &answers[i]
			if _, err := jobs.ParseVerdict(a.Verdict.String()); err != nil || a.Elapsed < 0 || a.RetryAfter < 0 || a.RetryAfter > jobs.MaxRetryAfter || a.Delays > jobs.DelaysFewer || len(a.Values) > maxValues {
				t.Fatalf("%+v", a)
			}
			alone := AppendAnswer(nil, a)
			again = append(again, alone...)
			var twin jobs.Result
			if err := ReadAnswer(alone, &twin); err != nil || !sameAnswer(&twin, a) {
				t.Fatalf("%+v became %+v, %v", a, twin, err)
			}
		}
		twin, twins := readAnswers(again)
		for i := range twins {
			if !sameAnswer(&twins[i], &answers[i]) {
				t.Fatalf("%+v became %+v", answers[i], twins[i])
			}
		}
		if len(twins) != len(answers) || twin.First != r.First || twin.Busy != r.Busy {
			t.Fatalf("%d, %s: %+v became %d, %s: %+v", r.First, r.Busy, answers, twin.First, twin.Busy, twins)
		}
	})
}

// checkNamed: answers that name their records are the same when they are written and read again.
func checkNamed(t *testing.T, p []byte) {
	r, err := ReadAnswers(p)
	if err != nil {
		return
	}
	r.Named = true
	again := AppendAnswersHead(nil, r.First, r.Len(), r.Busy)
	var names []jobs.Seq
	for {
		var res jobs.Result
		more, err := r.Next(&res)
		if err != nil {
			return
		}
		if !more {
			break
		}
		names = append(names, r.Seq)
		again = AppendAnswer(AppendName(again, r.Seq), &res)
	}
	twin, err := ReadAnswers(again)
	twin.Named = true
	for _, name := range names {
		var res jobs.Result
		if more, nextErr := twin.Next(&res); err != nil || nextErr != nil || !more || twin.Seq != name {
			t.Fatalf("record %d became %d, %v, %v", name, twin.Seq, err, nextErr)
		}
	}
}

// sameAnswer compares two answers; that there are no delays is not sent without a time.
func sameAnswer(a, b *jobs.Result) bool {
	x, y := *a, *b
	if x.RetryAfter == 0 && y.RetryAfter == 0 {
		x.Delays, y.Delays = 0, 0
	}
	return bytes.Equal(AppendAnswer(nil, &x), AppendAnswer(nil, &y)) && len(x.Values) == len(y.Values)
}

// readAnswers are the answers of a frame, or nil if it is none.
func readAnswers(p []byte) (AnswersReader, []jobs.Result) {
	r, err := ReadAnswers(p)
	out := []jobs.Result{}
	for err == nil {
		var res jobs.Result
		var more bool
		if more, err = r.Next(&res); err == nil && !more {
			return r, out
		}
		out = append(out, res)
	}
	return r, nil
}

// oldNote writes a note as version 5 of the protocol did.
func oldNote(dst []byte, n *Note) []byte {
	b := binary.LittleEndian.AppendUint64(nil, n.Number)
	b = binary.LittleEndian.AppendUint64(b, uint64(n.Time))
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(n.Seq)), uint64(n.Try))
	b = append(append(b, byte(n.Kind)), n.Payload...)
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(b))), b...)
}

// oldPage is a page of that version with one word for each offset.
func oldPage(set map[uintptr]uint64) []byte {
	b := make([]byte, PageSize)
	for off, v := range set {
		binary.NativeEndian.PutUint64(b[off:], v)
	}
	return b
}

// threeFiles are a page and two files of notes, and what writes them anew.
func threeFiles(f *testing.F) (files [3]*os.File, put func(t *testing.T, contents ...[]byte)) {
	dir := f.TempDir()
	for i := range files {
		var err error
		if files[i], err = os.Create(filepath.Join(dir, string(rune('a'+i)))); err != nil {
			f.Fatal(err)
		}
	}
	return files, func(t *testing.T, contents ...[]byte) {
		for i, content := range contents {
			err := files[i].Truncate(0)
			if err == nil {
				_, err = files[i].WriteAt(content, 0)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// FuzzOld: what a slot has left in the old format is read as what it was written as, or
// that is an error; and nothing in it is out of its range.
func FuzzOld(f *testing.F) {
	notes := oldNote(oldNote(nil, &Note{Number: 1, Seq: 5, Try: 1, Kind: NoteAnswer, Payload: AppendAnswer(nil, &jobs.Result{})}), &Note{Number: 2, Seq: 6, Try: 2, Kind: NoteLoss, Payload: []byte("{}")})
	f.Add(oldPage(map[uintptr]uint64{firstPlace.seq: 8, firstPlace.try: 1, wordSession: 3, wordNotes: 2, wordLength: uint64(len(notes)), wordLast: 2, wordAcked: 1}), notes, []byte{})
	f.Add(oldPage(map[uintptr]uint64{wordCurrent: 1, wordLength: uint64(len(notes)), wordLast: 2, wordLength + 8: uint64(len(notes)), wordLast + 8: 2}), notes, notes)
	f.Add(oldPage(map[uintptr]uint64{firstPlace.seq: math.MaxUint64, firstPlace.try: math.MaxUint64, firstPlace.since: math.MaxUint64, wordLength: math.MaxUint64, wordLast: 1}), []byte{255, 255, 255, 255}, []byte{})
	f.Add(oldPage(map[uintptr]uint64{firstPlace.seq: 8, firstPlace.try: math.MaxUint64}), []byte{}, []byte{})
	f.Add(oldPage(map[uintptr]uint64{firstPlace.seq: 8, firstPlace.since: math.MaxUint64}), []byte{}, []byte{})
	f.Add(make([]byte, 100), []byte{}, []byte{})
	files, put := threeFiles(f)
	f.Fuzz(func(t *testing.T, p, a, b []byte) {
		put(t, p, a, b)
		left, err := ReadOld(files)
		if err != nil {
			if left != nil || !errors.Is(err, ErrPage) && !errors.Is(err, ErrFrame) {
				t.Fatalf("%+v, %v", left, err)
			}
			return
		}
		if badInHand(left) {
			t.Fatalf("%+v", left)
		}
		acked := binary.NativeEndian.Uint64(p[wordAcked:])
		var again []byte
		for i := range left.Notes {
			n := &left.Notes[i]
			if n.Number <= acked || n.Try < 1 || n.Try > math.MaxInt32 {
				t.Fatalf("%+v, and the ledger has %d", n, acked)
			}
			checkPayload(t, n)
			again = oldNote(again, n)
		}
		if len(again) > len(a)+len(b) {
			t.Fatalf("%d bytes of notes in %d", len(again), len(a)+len(b))
		}
		if twins, err := appendOldNotes(nil, again, acked); err != nil || len(twins) != len(left.Notes) || len(twins) > 0 && !reflect.DeepEqual(twins, left.Notes) {
			t.Fatalf("%+v became %+v, %v", left.Notes, twins, err)
		}
	})
}

// FuzzLeft: a page and notes whose checks are right, whatever they say, are read as notes
// that follow one another, in ranges that can be, or not at all. Words are eight bytes for
// each word of the page; of the notes only the checks are made right.
func FuzzLeft(f *testing.F) {
	addLeft(f)
	files, put := threeFiles(f)
	f.Fuzz(func(t *testing.T, said, a, b []byte) {
		whole := make([]byte, PageSize)
		for i, off := range pageWords {
			var v [8]byte
			copy(v[:], said[min(len(said), 8*i):])
			value := binary.LittleEndian.Uint64(v[:]) & wordMax
			if off == wordPlaces && value == 0 {
				continue // all zeros is one
			}
			binary.NativeEndian.PutUint64(whole[off:], sealWord(value))
		}
		put(t, whole, rightChecks(a), rightChecks(b))
		left, last, err := ReadLeft(files)
		if err != nil {
			if !errors.Is(err, ErrPage) && !errors.Is(err, ErrFrame) {
				t.Fatal(err)
			}
			return
		}
		if badInHand(left) || slices.ContainsFunc(left.InHand, func(h Held) bool { return h.Try == 0 }) {
			t.Fatalf("%+v", left)
		}
		number := FilePage(files[0], 1).Acked()
		for _, n := range left.Notes {
			if number++; n.Number != number || n.Try < 1 || n.Try > math.MaxInt32 || n.Time < 0 {
				t.Fatalf("%+v, and %d comes next", n, number)
			}
			checkPayload(t, &n)
		}
		if number < last {
			t.Fatalf("notes up to %d of %d", number, last)
		}
		checkNext(t, files, left, last)
	})
}

// checkNext: who goes on there is understood by the next.
func checkNext(t *testing.T, files [3]*os.File, left *Left, last uint64) {
	pad := FilePage(files[0], 1)
	next := &Note{Seq: 1, Try: 1, Kind: NoteLoss, Payload: []byte("{}")}
	h := uintptr(pad.load(wordCurrent) & 1)
	read := pad.load(wordLast+8*h) > pad.Acked() // else nobody has looked whether they are whole
	if at := pad.load(wordLength + 8*h); at >= notesLong || at > 0 && !read || last >= wordMax-1 {
		return
	}
	if err := NewNotes(pad, [2]*os.File{files[1], files[2]}).Append(next); err != nil {
		t.Fatal(err)
	}
	after, _, err := ReadLeft(files)
	if err != nil || len(after.Notes) != len(left.Notes)+1 || after.Notes[len(left.Notes)].Number != next.Number {
		t.Fatalf("%+v, and with one more %+v, %v", left, after, err)
	}
}

// addLeft adds pages, as words, and notes.
func addLeft(f *testing.F) {
	page := func(set map[uintptr]uint64) []byte {
		b := make([]byte, 8*len(pageWords))
		for i, off := range pageWords {
			binary.LittleEndian.PutUint64(b[8*i:], set[off])
		}
		return b
	}
	note := func(number uint64, n Note) []byte {
		b := binary.LittleEndian.AppendUint64(make([]byte, 8), number)
		b = binary.AppendUvarint(binary.AppendUvarint(append(b, make([]byte, 8)...), uint64(n.Seq)), uint64(n.Try))
		b = append(append(b, byte(n.Kind)), n.Payload...)
		binary.LittleEndian.PutUint32(b, uint32(len(b)-8))
		return b
	}
	one := note(1, Note{Seq: 5, Try: 1, Kind: NoteAnswer, Payload: AppendAnswer(nil, &jobs.Result{})})
	two := note(2, Note{Seq: 6, Try: 2, Kind: NoteLoss, Payload: []byte("{}")})
	both := append(append([]byte{}, one...), two...)
	f.Add(page(map[uintptr]uint64{firstPlace.seq: 14, firstPlace.try: 1, firstPlace.since: 5, wordNotes: 2, wordLength: uint64(len(both)), wordLast: 2}), both, []byte{})
	f.Add(page(map[uintptr]uint64{wordCurrent: 1, wordNotes: 2, wordLength: uint64(len(one)), wordLast: 1, wordLength + 8: uint64(len(two)), wordLast + 8: 2, wordAcked: 1}), one, two)
	second := placeWords(1)
	f.Add(page(map[uintptr]uint64{
		wordPlaces: 2, firstPlace.seq: 14, firstPlace.try: 1, firstPlace.begun: 5, second.seq: 20, second.try: 3, second.begun: 7, second.since: 9, wordNotes: 2, wordLength: uint64(len(both)), wordLast: 2,
	}), both, []byte{})
	f.Add(page(map[uintptr]uint64{wordPlaces: 900, firstPlace.seq: 14, firstPlace.try: 1}), []byte{}, []byte{}) // more than the file holds
	f.Add(page(map[uintptr]uint64{wordPlaces: wordMax}), []byte{}, []byte{})
	f.Add(page(map[uintptr]uint64{firstPlace.seq: 14, firstPlace.try: wordMax, wordNotes: wordMax, wordLength: wordMax, wordLast: wordMax}), one, two)
	f.Add(page(map[uintptr]uint64{wordNotes: 1, wordLength: uint64(len(one)), wordLast: 1}), note(1, Note{Seq: 5, Try: -1, Kind: 7}), []byte{})
	for _, n := range []Note{{Seq: 5, Try: 1, Kind: 7}, {Seq: 5, Try: 1, Kind: NoteAnswer, Payload: []byte{7}}, {Seq: 5, Try: 1, Kind: NoteLoss, Payload: []byte("no JSON")}, {Seq: 5, Try: 1, Kind: NoteLoss, Payload: []byte(`{"took_ms":-1}`)}} {
		b := note(1, n)
		f.Add(page(map[uintptr]uint64{wordNotes: 1, wordLength: uint64(len(b)), wordLast: 1}), b, []byte{})
	}
	f.Add(page(map[uintptr]uint64{wordNotes: 1, wordAcked: 5}), []byte{}, []byte{})
}

// checkPayload: whoever settles a note can read it.
func checkPayload(t *testing.T, n *Note) {
	var err error
	if n.Kind == NoteAnswer {
		err = ReadAnswer(n.Payload, &jobs.Result{})
	} else {
		err = json.Unmarshal(n.Payload, &Loss{})
	}
	if err != nil || n.Kind > NoteLoss {
		t.Fatalf("%+v: %v", n, err)
	}
}

// rightChecks are notes with the checks that they should have.
func rightChecks(b []byte) []byte {
	b = bytes.Clone(b)
	for rest := b; len(rest) >= 8; {
		size := int(min(uint64(len(rest)-8), uint64(binary.LittleEndian.Uint32(rest))))
		binary.LittleEndian.PutUint32(rest[4:], crc32.Checksum(rest[8:8+size], castagnoli))
		rest = rest[8+size:]
	}
	return b
}

// pageWords are all words of a page with two places.
var pageWords = func() []uintptr {
	first, second := wordsOf(0), wordsOf(1)
	return slices.Concat(words, first[:], second[:], []uintptr{wordPlaces})
}()

func badInHand(left *Left) bool {
	return slices.ContainsFunc(left.InHand, func(h Held) bool { return h.Since < 0 || h.Try < 0 || h.Try > math.MaxInt32 })
}
