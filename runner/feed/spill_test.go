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
		if ok, _, err := x.feed.fill(b, 1, true); !ok || err != nil {
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

// What has been fetched takes no room any more, and the file begins again when it is empty.
func TestSpillIsUsedAgain(t *testing.T) {
	s := &spill{dir: t.TempDir()}
	defer s.close()
	for round := range 3 {
		var all []*Retry
		for _, size := range []int{spillMemory, 10, 20} { // the first fits to the byte
			r := &Retry{Body: slices.Repeat([]byte{byte(size)}, size)}
			if err := s.keep(r); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		if s.memory != spillMemory || s.stored != 2 || s.end != 30 {
			t.Errorf("round %d: %d bytes in memory; %d bodies and %d bytes in the file", round, s.memory, s.stored, s.end)
		}
		for _, r := range all {
			size := max(r.spilled.size, len(r.Body))
			if err := s.fetch(r); err != nil {
				t.Fatal(err)
			}
			if want := slices.Repeat([]byte{byte(size)}, size); !slices.Equal(r.Body, want) {
				t.Errorf("round %d: %d bytes came back as %d others", round, size, len(r.Body))
			}
		}
		if s.memory != 0 || s.stored != 0 {
			t.Errorf("round %d: afterwards %d bytes in memory, %d bodies in the file", round, s.memory, s.stored)
		}
	}
}
