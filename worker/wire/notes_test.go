package wire

import (
	"brood/jobs"
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// newNotes makes a page and its notes, and can make another pair on the same
// files, as a worker that comes later or a process that takes over does.
func newNotes(t testing.TB) (open func() (*Page, *Notes), sizes func() int64) {
	t.Helper()
	open, _, sizes = newNotesOf(t)
	return open, sizes
}

// newNotesOf opens as well what is not mapped, as the parent does.
func newNotesOf(t testing.TB) (open, parent func() (*Page, *Notes), sizes func() int64) {
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
	if err := FilePage(files[0], 1).Reset(1); err != nil {
		t.Fatal(err)
	}
	open = func() (*Page, *Notes) {
		page, err := OpenPage(files[0], 1)
		if err != nil {
			t.Fatal(err)
		}
		n := NewNotes(page, [2]*os.File{files[1], files[2]})
		t.Cleanup(func() { n.Unmap(); _ = page.Close() })
		return page, n
	}
	parent = func() (*Page, *Notes) {
		page := FilePage(files[0], 1)
		return page, NewNotes(page, [2]*os.File{files[1], files[2]})
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
	return open, parent, sizes
}

// TestNotes writes notes of all sizes, acknowledges them late, lets writers
// follow one another, and compares what is there with what should be.
func TestNotes(t *testing.T) {
	open, parent, sizes := newNotesOf(t)
	rng := rand.New(rand.NewPCG(3, 4))
	page, writer := open()
	var want []Note
	for i := range 4000 {
		if i%500 == 499 {
			writer.Unmap()
			if page, writer = open(); rng.IntN(2) == 0 {
				page, writer = parent()
			}
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
			Payload: AppendAnswer(nil, &jobs.Result{Text: bytes.Repeat([]byte{byte(i)}, size)}),
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
			_, reader := parent()
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

// payload is an answer.
var payload = AppendAnswer(nil, &jobs.Result{Text: []byte("payload")})

// TestNotesCutOff reads notes of which only a part is there.
func TestNotesCutOff(t *testing.T) {
	open, _ := newNotes(t)
	page, n := open()
	note := Note{Seq: 7, Try: 1, Kind: NoteAnswer, Payload: payload}
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

// TestNotesDamaged: whatever is done to the page or the files, notes are what was written,
// or that is an error.
func TestNotesDamaged(t *testing.T) {
	whole := func() (open func() (*Page, *Notes), files [3]string) {
		open, parent, _ := newNotesOf(t)
		_, n := open()
		for i := range 5 {
			if err := n.Append(&Note{Seq: jobs.Seq(i), Try: 1, Kind: NoteAnswer, Payload: payload}); err != nil {
				t.Fatal(err)
			}
		}
		page, _ := parent()
		page.Ack(1)
		for i, f := range []*os.File{page.f, n.files[0], n.files[1]} {
			files[i] = f.Name()
		}
		return parent, files
	}
	same := func(notes []Note) bool {
		for i := range notes {
			if n := &notes[i]; n.Number != uint64(i+2) || n.Seq != jobs.Seq(i+1) || !bytes.Equal(n.Payload, payload) {
				return false
			}
		}
		return len(notes) == 4
	}
	for name, harm := range map[string]func(files [3]string) error{
		"nothing":         func([3]string) error { return nil },
		"page emptied":    func(f [3]string) error { return os.Truncate(f[0], 0) },
		"page cut":        func(f [3]string) error { return os.Truncate(f[0], 100) },
		"page of zeros":   func(f [3]string) error { return os.WriteFile(f[0], make([]byte, PageSize), 0o600) },
		"notes emptied":   func(f [3]string) error { return os.Truncate(f[1], 0) },
		"notes cut":       func(f [3]string) error { return os.Truncate(f[1], 50) },
		"notes of zeros":  func(f [3]string) error { return os.WriteFile(f[1], make([]byte, 4096), 0o600) },
		"the other notes": func(f [3]string) error { return os.Rename(f[2], f[1]) },
	} {
		parent, files := whole()
		if err := harm(files); err != nil {
			t.Fatal(err)
		}
		page, n := parent()
		notes, err := n.After(page.Acked())
		wrong := err == nil && !same(notes)
		if err != nil && !errors.Is(err, ErrPage) && !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
		if wrong || (name == "nothing") != (err == nil) && name != "the other notes" {
			t.Errorf("%s: %v, %v", name, notes, err)
		}
	}
	for _, which := range []int{0, 1} {
		for bit := 0; bit < 8*220; bit += 7 {
			parent, files := whole()
			b, err := os.ReadFile(files[which])
			if err != nil {
				t.Fatal(err)
			}
			b[bit/8] ^= 1 << (bit % 8)
			if err := os.WriteFile(files[which], b, 0o600); err != nil {
				t.Fatal(err)
			}
			page, n := parent()
			if notes, err := n.After(page.Acked()); err == nil && !same(notes) {
				t.Errorf("file %d, bit %d: %v", which, bit, notes)
			}
		}
	}
}

// TestNotesKilled: wherever in Append a writer is killed, the note is there or is not, and
// the next one has a number of its own.
func TestNotesKilled(t *testing.T) {
	for stores := range 4 {
		for _, acked := range []uint64{0, 1} {
			open, parent, _ := newNotesOf(t)
			page, n := open()
			add := func(n *Notes) {
				if err := n.Append(&Note{Seq: 1, Try: 1, Kind: NoteAnswer, Payload: payload}); err != nil {
					t.Fatal(err)
				}
			}
			add(n)
			page.Ack(acked)
			order := []uintptr{wordLast, wordLength, wordNotes} // in which Append writes them
			var before []uint64
			for _, off := range order {
				before = append(before, page.load(off))
			}
			add(n)
			for i := stores; i < len(order); i++ {
				page.store(order[i], before[i])
			}
			page, n = parent()
			want := 1
			if stores >= 2 {
				want = 2
			}
			for ; want <= 3; want++ {
				notes, err := n.After(page.Acked())
				if err != nil || len(notes) != want-int(acked) || page.LastNote() != uint64(want) {
					t.Errorf("%d stores, %d acknowledged: %d notes, %d are said, want %d; %v", stores, acked, len(notes), page.LastNote(), want, err)
				}
				add(n)
			}
		}
	}
}

// TestNotesOlder: files that were put back from a copy miss what came since.
func TestNotesOlder(t *testing.T) {
	open, parent, _ := newNotesOf(t)
	_, n := open()
	add := func() {
		if err := n.Append(&Note{Seq: 1, Try: 1, Kind: NoteAnswer, Payload: payload}); err != nil {
			t.Fatal(err)
		}
	}
	add()
	older, err := os.ReadFile(n.files[0].Name())
	if err != nil {
		t.Fatal(err)
	}
	add()
	if err := os.WriteFile(n.files[0].Name(), older, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, reader := parent(); err == nil {
		if notes, err := reader.After(0); !errors.Is(err, ErrFrame) {
			t.Errorf("%v, %v", notes, err)
		}
	}
}

// TestWords: every bit of a word counts, and zero is no word.
func TestWords(t *testing.T) {
	if _, whole := openWord(0); whole {
		t.Error("a page of zeros is believed")
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 20_000 {
		v := rng.Uint64() >> (16 + i%48)
		w := sealWord(v)
		if got, whole := openWord(w); got != v || !whole {
			t.Fatalf("%x is %x, %v", v, got, whole)
		}
		for bit := range 64 {
			if got, whole := openWord(w ^ 1<<bit); whole {
				t.Fatalf("%x with bit %d flipped is read as %x", v, bit, got)
			}
		}
	}
}

// TestPages: what is written to memory is read from the file, and the other way round.
func TestPages(t *testing.T) {
	open, parent, _ := newNotesOf(t)
	mapped, _ := open()
	file, _ := parent()
	mapped.Start(0, 7, 2, 5*time.Millisecond+300)
	want := []Held{{Seq: 7, Try: 2, Since: 5 * time.Millisecond, Begun: 5 * time.Millisecond}}
	if got := file.InHand(nil); !slices.Equal(got, want) || file.Session() != 1 {
		t.Errorf("%+v, session %d", got, file.Session())
	}
	mapped.Finish(0, 7, 3)
	if last, ok := file.Last(); last != 7 || !ok || file.Done() != 3 {
		t.Errorf("%d, %v, %d done", last, ok, file.Done())
	}
	file.AskStop(0, 9, 4)
	if seq, try, asked := mapped.StopAsked(0); seq != 9 || try != 4 || !asked {
		t.Errorf("%d, %d, %v", seq, try, asked)
	}
	file.Ack(11)
	if mapped.Acked() != 11 || mapped.Err() != nil || file.Err() != nil {
		t.Errorf("%d, %v, %v", mapped.Acked(), mapped.Err(), file.Err())
	}
	file.Clear()
	if _, ok := mapped.Last(); ok {
		t.Error("it is not forgotten")
	}
	if err := file.f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if got := file.InHand(nil); len(got) > 0 || !errors.Is(file.Err(), ErrPage) {
		t.Errorf("of a page that is gone: %v, %v", got, file.Err())
	}
}

// FuzzPad: no page and no notes make the parent panic, wait, or believe what is not whole.
func FuzzPad(f *testing.F) {
	f.Add(make([]byte, PageSize), []byte{19, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 1, 1}, []byte{})
	dir := f.TempDir()
	var files [3]*os.File
	for i := range files {
		var err error
		if files[i], err = os.Create(filepath.Join(dir, string(rune('a'+i)))); err != nil {
			f.Fatal(err)
		}
	}
	page := FilePage(files[0], 1)
	if err := page.Reset(3); err != nil {
		f.Fatal(err)
	}
	n := NewNotes(page, [2]*os.File{files[1], files[2]})
	for range 3 {
		if err := n.Append(&Note{Seq: 5, Try: 1, Kind: NoteAnswer, Payload: AppendAnswer(nil, &jobs.Result{})}); err != nil {
			f.Fatal(err)
		}
	}
	var whole [3][]byte
	for i := range files {
		var err error
		if whole[i], err = os.ReadFile(files[i].Name()); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(whole[0], whole[1], whole[2])
	f.Fuzz(func(t *testing.T, p, a, b []byte) {
		for i, content := range [][]byte{p, a, b} {
			if err := errors.Join(files[i].Truncate(0), func() error { _, err := files[i].WriteAt(content, 0); return err }()); err != nil {
				t.Fatal(err)
			}
		}
		page := FilePage(files[0], 1)
		n := NewNotes(page, [2]*os.File{files[1], files[2]})
		notes, err := n.After(page.Acked())
		if err != nil {
			return
		}
		for i := range notes {
			_ = ReadAnswer(notes[i].Payload, &jobs.Result{}) // must not panic
		}
		page.InHand(nil)
		_ = n.Append(&Note{Seq: 1, Try: 1, Kind: NoteLoss, Payload: []byte("{}")})
	})
}

func FuzzNotes(f *testing.F) {
	f.Add([]byte{19, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 1, 1})
	f.Fuzz(func(_ *testing.T, b []byte) {
		if note, err := readNote(b); err == nil {
			_ = ReadAnswer(note.Payload, &jobs.Result{}) // must not panic
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
