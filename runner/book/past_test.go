package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"context"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A bitmap is what a set of numbers would be, also when it has been in the ledger.
func TestBitmap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var b, back Bitmap
		want := map[uint]bool{}
		for range rapid.IntRange(0, 20).Draw(rt, "steps") {
			i := rapid.UintRange(0, ledger.ChunkSize-1).Draw(rt, "from")
			n := rapid.UintRange(1, min(200, ledger.ChunkSize-i)).Draw(rt, "many")
			if rapid.Bool().Draw(rt, "set") {
				b.set(i, n)
				for k := range n {
					want[i+k] = true
				}
			} else {
				b.clear(i)
				delete(want, i)
			}
		}
		back.Load(b.bytes())
		if b != back || b.count() != len(want) {
			rt.Fatalf("%d bits, %d after the ledger, want %d", b.count(), back.count(), len(want))
		}
		for i := range want {
			if !back.Has(i) {
				rt.Errorf("bit %d is lost", i)
			}
		}
	})
	if AllFinal().count() != ledger.ChunkSize {
		t.Errorf("%d of %d are final", AllFinal().count(), ledger.ChunkSize)
	}
	var short Bitmap
	short.Load([]byte{1, 2, 3}) // damaged: what is not whole does not count
	if short.count() != 0 {
		t.Errorf("%d bits of three bytes", short.count())
	}
}

// past is what LoadPast makes of a ledger: one chunk closed, one not, one unknown record, a
// retry and a note.
func past(t *testing.T) *Past {
	t.Helper()
	ctx := context.Background()
	l, err := ledger.Create(ctx, filepath.Join(t.TempDir(), ledger.FileName), ledger.Run{Name: "x", Job: "echo", Effect: "once", Config: []byte("{}"), StartedAt: time.Now(), Output: "-", OutputFormat: "text"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	note := ledger.Note{Seq: ledger.ChunkSize + 9, Attempt: 1, Kind: ledger.NoteUnknown, Payload: []byte("why"), First: time.Now()}
	if _, err := l.BeginSession(ctx, ledger.Session{StartedAt: time.Now(), Slots: 1}, []ledger.Note{note}); err != nil {
		t.Fatal(err)
	}
	var ok Bitmap
	ok.set(0, 3)
	err = l.Commit(ctx, &ledger.Commit{
		Chunks: []ledger.Chunk{
			{Chunk: 0, OK: ledger.ChunkSize, Closed: true},
			{Chunk: 1, Offset: 70000, Line: ledger.ChunkSize + 1, OK: 3, Bits: ok.bytes()},
		},
		Outcomes: []ledger.Outcome{{Seq: ledger.ChunkSize + 5, Status: jobs.StatusUnknown, At: time.Now()}},
		Retries:  []ledger.Retry{{Seq: ledger.ChunkSize + 7, Attempts: 1, Due: time.Now(), First: time.Now()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := LoadPast(ctx, l.Reader())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPast(t *testing.T) {
	p := past(t)
	for seq, want := range map[jobs.Seq]bool{
		0: true, ledger.ChunkSize - 1: true, ledger.ChunkSize: true, ledger.ChunkSize + 2: true, ledger.ChunkSize + 3: false,
		ledger.ChunkSize + 5: true, ledger.ChunkSize + 7: false, ledger.ChunkSize + 9: false, 2 * ledger.ChunkSize: false,
	} {
		if p.IsFinal(seq) != want {
			t.Errorf("record %d is final: %v", seq, p.IsFinal(seq))
		}
	}
	if len(p.Retries) != 1 || p.Retries[ledger.ChunkSize+7].Attempts != 1 || len(p.Notes) != 1 || string(p.Notes[ledger.ChunkSize+9].Payload) != "why" {
		t.Errorf("retries %v, notes %v", p.Retries, p.Notes)
	}
	if at, ok := p.SkipFrom(0); !ok || at != 1 {
		t.Errorf("from chunk 0 to %d, %v", at, ok)
	}
	if at, ok := p.SkipFrom(1); ok {
		t.Errorf("from chunk 1, which is not done, to %d", at)
	}
	if p.TakeFinal(0) != AllFinal() {
		t.Error("a chunk that is done is not all final")
	}
	if b := p.TakeFinal(1); b == nil || b.count() != 4 || p.TakeFinal(1) != nil {
		t.Errorf("%v, and again", b)
	}
	if b := p.TakeFinal(2); b != nil {
		t.Errorf("of a chunk nobody has seen: %v", b)
	}
}

// The book goes on with a chunk that is not done, and closes it when all of it is final.
func TestChunkGoesOn(t *testing.T) {
	p := past(t)
	x := open(t, func(c *Config, _ *world) {
		c.Past = p
		c.NextSeq = ledger.ChunkSize + 3
		c.Totals = ledger.Totals{Input: ledger.ChunkSize + 6, OK: ledger.ChunkSize + 3, Unknown: 1}
		c.Unordered = true
	})
	x.book.NoteInput(2*ledger.ChunkSize, 0)
	x.updates <- final(ledger.ChunkSize+3, ledger.ChunkSize+4)
	u := NewUpdate()
	for seq := jobs.Seq(ledger.ChunkSize + 6); seq < 2*ledger.ChunkSize; seq++ {
		u.Final(seq, false)
	}
	x.updates <- u
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	var c ledger.Chunk // what was said of it last: a commit behind it may have nothing to say of chunks
	for _, m := range x.made() {
		for _, said := range m.Chunks {
			c = said
		}
	}
	if c.Chunk != 1 || !c.Closed || c.OK != ledger.ChunkSize-1 || c.Offset != 70000 || c.Line != ledger.ChunkSize+1 || c.Bits == nil {
		t.Errorf("chunk %d: closed %v, %d ok, from byte %d, line %d", c.Chunk, c.Closed, c.OK, c.Offset, c.Line)
	}
	var bits, want Bitmap
	bits.Load(c.Bits)
	want.set(0, ledger.ChunkSize)
	want.clear(5) // it is unknown
	if bits != want {
		t.Errorf("%d bits are set, among them that of the unknown record: %v", bits.count(), bits.Has(5))
	}
	if len(x.book.chunks) > 0 {
		t.Errorf("%d chunks are kept in memory though they are done", len(x.book.chunks))
	}
	if err := x.book.Check(ledger.StateDone); err != nil {
		t.Error(err)
	}
}
