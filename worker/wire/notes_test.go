package wire

import (
	"brood/jobs"
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// newNotes makes a page and its notes, and can make another pair on the same
// files, as a worker that comes later or a process that takes over does.
func newNotes(t testing.TB) (open func() (*Page, *Notes), sizes func() int64) {
	t.Helper()
	dir := t.TempDir()
	var files [3]*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(dir, string(rune('a'+i))))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		files[i] = f
	}
	if _, err := files[0].Write(make([]byte, PageSize)); err != nil {
		t.Fatal(err)
	}
	open = func() (*Page, *Notes) {
		page, err := OpenPage(files[0])
		if err != nil {
			t.Fatal(err)
		}
		n := NewNotes(page, [2]*os.File{files[1], files[2]})
		t.Cleanup(func() { n.Unmap(); _ = page.Close() })
		return page, n
	}
	sizes = func() (total int64) {
		for _, f := range files[1:] {
			st, err := f.Stat()
			if err != nil {
				t.Fatal(err)
			}
			total += st.Size()
		}
		return total
	}
	return open, sizes
}

// TestNotes writes notes of all sizes, acknowledges them late, lets writers
// follow one another, and compares what is there with what should be.
func TestNotes(t *testing.T) {
	open, sizes := newNotes(t)
	rng := rand.New(rand.NewPCG(3, 4))
	page, writer := open()
	var want []Note
	for i := range 4000 {
		if i%500 == 499 {
			writer.Unmap()
			page, writer = open()
		}
		size := rng.IntN(2000)
		switch rng.IntN(200) {
		case 0:
			size = 3 << 20
		case 1, 2, 3:
			size = 300 << 10
		}
		note := Note{
			Time: time.Duration(i), Seq: jobs.Seq(rng.Uint64() >> 2), Try: rng.IntN(9) + 1, Kind: NoteAnswer,
			Payload: bytes.Repeat([]byte{byte(i)}, size),
		}
		if err := writer.Append(&note); err != nil {
			t.Fatal(err)
		}
		if note.Number != uint64(i+1) {
			t.Fatalf("note %d has number %d", i+1, note.Number)
		}
		want = append(want, note)
		if len(want) > 300 { // the ledger is a few hundred behind
			n := rng.IntN(300)
			page.Ack(want[n].Number)
			want = want[n+1:]
		}
		if i%97 == 0 {
			_, reader := open()
			compareNotes(t, reader, page.Acked(), want)
		}
	}
	// About what stood between two acknowledgements, and not all there was.
	if size := sizes(); size > 64<<20 {
		t.Errorf("the files have %d MiB", size>>20)
	}
}

func compareNotes(t *testing.T, reader *Notes, acked uint64, want []Note) {
	t.Helper()
	got, err := reader.After(acked)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d notes behind %d, want %d", len(got), acked, len(want))
	}
	for i, g := range got {
		w := want[i]
		if g.Number != w.Number || g.Seq != w.Seq || g.Try != w.Try || g.Time != w.Time || g.Kind != w.Kind || !bytes.Equal(g.Payload, w.Payload) {
			t.Fatalf("note %d differs from what was written", w.Number)
		}
	}
}

// TestNotesCutOff reads notes of which only a part is there.
func TestNotesCutOff(t *testing.T) {
	open, _ := newNotes(t)
	page, n := open()
	note := Note{Seq: 7, Try: 1, Kind: NoteAnswer, Payload: []byte("payload")}
	if err := n.Append(&note); err != nil {
		t.Fatal(err)
	}
	whole := page.load(wordLength)
	for cut := uint64(1); cut < whole; cut++ {
		page.store(wordLength, cut)
		if _, err := n.After(0); !errors.Is(err, ErrFrame) {
			t.Errorf("cut after %d of %d bytes: %v", cut, whole, err)
		}
	}
}

func FuzzNotes(f *testing.F) {
	f.Add([]byte{19, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 1, 1})
	f.Fuzz(func(_ *testing.T, b []byte) {
		for len(b) > 0 {
			note, rest, err := readNote(b)
			if err != nil {
				return
			}
			_ = ReadAnswer(note.Payload, &jobs.Result{}) // must not panic
			b = rest
		}
	})
}

func BenchmarkNote(b *testing.B) {
	open, _ := newNotes(b)
	page, n := open()
	note := Note{Kind: NoteAnswer, Payload: []byte("the answer of a record, as it often is")}
	for b.Loop() {
		note.Seq++
		if err := n.Append(&note); err != nil {
			b.Fatal(err)
		}
		page.Ack(note.Number - note.Number%1000)
	}
}
