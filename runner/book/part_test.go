package book

import (
	"brood/jobs"
	"brood/runner/ledger"
	"testing"
)

// TestPart: records of other shards hold up neither the output nor the end of a chunk; they have no bit and are not
// input. A chunk that is closed is not opened again by what is read of it once more.
func TestPart(t *testing.T) {
	const own = jobs.Seq(ledger.ChunkSize / 2)
	x := open(t, func(c *Config, _ *world) { c.Part = true })
	x.book.NoteInput(2*ledger.ChunkSize, 2*ledger.ChunkSize-3)
	u := NewUpdate()
	for seq := jobs.Seq(0); seq < 2*ledger.ChunkSize; seq++ {
		if seq != own && seq != own+1 && seq != ledger.ChunkSize {
			u.Pass(seq, false)
		}
	}
	if u.Empty() || u.Count() != 0 || len(u.passed) != 3 {
		t.Errorf("%d stretches, %d records are final", len(u.passed), u.Count())
	}
	x.updates <- final(own+1, ledger.ChunkSize)
	x.updates <- u
	x.updates <- final(own)
	again := NewUpdate()
	again.Pass(0, true)
	again.Pass(1, true)
	x.updates <- again
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	x.want("32768 32769 65536")
	made := x.made()
	last := made[len(made)-1]
	if last.Totals != (ledger.Totals{Input: 3, OK: 3}) || last.NextSeq != 2*ledger.ChunkSize || last.Issued != 2*ledger.ChunkSize {
		t.Errorf("%v, next %d, issued %d", last.Totals, last.NextSeq, last.Issued)
	}
	chunks := make(map[uint64]ledger.Chunk)
	for _, c := range made {
		for _, k := range c.Chunks {
			chunks[k.Chunk] = k
		}
	}
	if c := chunks[0]; !c.Closed || c.OK != 2 {
		t.Errorf("chunk 0: closed %v, %d ok", c.Closed, c.OK)
	}
	if c := chunks[1]; !c.Closed || c.OK != 1 {
		t.Errorf("chunk 1: closed %v, %d ok", c.Closed, c.OK)
	}
	if len(x.book.chunks) > 0 {
		t.Errorf("%d chunks are kept in memory", len(x.book.chunks))
	}
	if err := x.book.Check(ledger.StateDone); err != nil {
		t.Error(err)
	}
}

// TestPartGoesOn: what has gaps goes on where the output ends.
func TestPartGoesOn(t *testing.T) {
	x := open(t, func(c *Config, _ *world) {
		c.Part, c.NextSeq, c.Totals = true, 5, ledger.Totals{Input: 4, OK: 1}
		c.Held = []ledger.Held{{First: 9, Count: 1}}
	})
	x.held[9] = []byte("9\n")
	x.book.NoteInput(12, 8)
	u := NewUpdate()
	for _, seq := range []jobs.Seq{0, 1, 2, 4, 5, 7, 8, 10, 11} { // 3 is in the output
		u.Pass(seq, false)
	}
	x.updates <- u
	x.updates <- final(6)
	if err := x.close(); err != nil {
		t.Fatal(err)
	}
	x.want("6 9")
	if x.book.order.Next() != 12 {
		t.Errorf("next is %d", x.book.order.Next())
	}
}
