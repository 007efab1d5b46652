package feed

import (
	"brood/jobs"
	"os"
	"slices"
	"testing"
	"time"
)

// Bodies beyond what memory may hold come back from the disk as they were.
func TestSpill(t *testing.T) {
	dir := t.TempDir()
	x := newFixture(t, Config{Dir: dir})
	defer x.feed.Close()
	const each = 3 << 20
	for seq := range jobs.Seq(5) {
		body := append([]byte{0x80, 0x80, 0xc0, 0x01}, slices.Repeat([]byte{'a' + byte(seq)}, each)...) // a varint of 3 MiB
		x.feed.Adopt()
		if err := x.feed.Again(&Retry{Item: Item{Seq: seq}, Attempt: 2, HasIntent: true, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	if x.feed.spill.stored != 3 || x.feed.spill.memory > spillMemory {
		t.Fatalf("%d bodies are on the disk, %d bytes in memory", x.feed.spill.stored, x.feed.spill.memory)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it has a name: %v, %v", entries, err)
	}
	for seq := range jobs.Seq(5) {
		b := &Batch{}
		if ok, _, err := x.feed.fill(b, 1); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := b.Open(shape, false); err != nil {
			t.Fatal(err)
		}
		var rec jobs.Record
		if _, err := b.Next(&rec); err != nil || len(rec.Raw) != each || rec.Raw[0] != 'a'+byte(rec.Seq) || rec.Raw[each-1] != rec.Raw[0] {
			t.Errorf("record %d: %d bytes of %q, %v", seq, len(rec.Raw), rec.Raw[:1], err)
		}
	}
}

func TestSpillNeedsADirectory(t *testing.T) {
	x := newFixture(t, Config{Dir: "/no/such/directory"})
	x.feed.spill.memory = spillMemory
	if err := x.feed.Again(retry(1, time.Now())); err == nil {
		t.Error("a body was put nowhere")
	}
}
