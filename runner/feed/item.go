package feed

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/worker/wire"
	"time"
)

// Item is what the parent remembers of a record while a worker has it.
type Item struct {
	Seq         jobs.Seq
	Line        int64
	Offset      int64
	FirstSentMS int64 // when it was first sent out, Unix milliseconds; 0 if it was not, or that does not matter
	File        int32
	end         uint32 // where its encoding ends in the block
	Pace        uint64 // the key by which its pace is limited
	Waited      bool   // the ledger has a row that says it waits for another try
}

// Block is a stretch of the dataset, its records encoded for the wire.
type Block struct {
	data  []byte
	items []Item
	keys  []byte // ledger.KeySize for each item, or empty
	// Items before pos have been taken; those before ready may be, as their
	// intents are durable; those before asked will be ready soon.
	pos, ready, asked int
}

// Add adds a record: its raw bytes, if a worker needs them, or its values, and its
// idempotency key, if its intent needs one. What is given is copied.
func (b *Block) Add(it *Item, shape *jobs.Shape, raw []byte, values [][]byte, needsRaw bool, key []byte) {
	var gap uint64
	if n := len(b.items); n > 0 {
		gap = uint64(it.Seq - b.items[n-1].Seq - 1)
	}
	b.data = wire.AppendRecordHead(b.data, gap, 1)
	b.data = wire.AppendBody(b.data, shape, raw, values, needsRaw)
	it.end = uint32(len(b.data))
	b.items = append(b.items, *it)
	b.keys = append(b.keys, key...)
}

// Len is how many records there are.
func (b *Block) Len() int { return len(b.items) }

// Full reports whether a block should be handed over before more is added.
func (b *Block) Full() bool { return len(b.data) >= blockBytes || len(b.items) >= blockRecords }

// Retry is a record that waits for another try.
type Retry struct {
	Item
	Attempt   int // the next one
	Due       time.Time
	Suspect   bool   // it may have killed a worker: no other record beside it
	HasIntent bool   // its intent is durable and unanswered
	Key       []byte // its idempotency key, or nil
	Body      []byte // nil if it is in the spill
	spilled   spilled
}

// Sent is when the record may first have reached the far side.
func (it *Item) Sent() time.Time {
	if it.FirstSentMS == 0 {
		return time.Now()
	}
	return time.UnixMilli(it.FirstSentMS)
}

// Place is where a record stands, for the ledger.
func (it *Item) Place() ledger.Place {
	return ledger.Place{File: int(it.File), Line: it.Line, Offset: it.Offset}
}
