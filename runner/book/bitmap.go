package book

import (
	"brood/runner/ledger"
	"encoding/binary"
	"math/bits"
	"sync"
)

// Bitmap has a bit for each record of a chunk.
type Bitmap [ledger.ChunkSize / 64]uint64

// AllFinal is the bitmap of a chunk that is done.
var AllFinal = sync.OnceValue(func() *Bitmap {
	b := &Bitmap{}
	for i := range b {
		b[i] = ^uint64(0)
	}
	return b
})

// Has reports whether the bit of a record is set, by its place in the chunk.
func (b *Bitmap) Has(i uint) bool { return b[i/64]>>(i%64)&1 != 0 }

// set sets n bits from i.
func (b *Bitmap) set(i, n uint) {
	for n > 0 {
		word, bit := i/64, i%64
		k := min(n, 64-bit)
		b[word] |= ^uint64(0) >> (64 - k) << bit
		i, n = i+k, n-k
	}
}

func (b *Bitmap) clear(i uint) { b[i/64] &^= 1 << (i % 64) }

func (b *Bitmap) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// bytes is the form in the ledger: bit i is bit i%8 of byte i/8.
func (b *Bitmap) bytes() []byte {
	out := make([]byte, 0, len(b)*8)
	for _, w := range b {
		out = binary.LittleEndian.AppendUint64(out, w)
	}
	return out
}

// Load reads the form in the ledger; what is missing is not set.
func (b *Bitmap) Load(p []byte) {
	for i := range b {
		if len(p) < 8 {
			return
		}
		b[i] = binary.LittleEndian.Uint64(p)
		p = p[8:]
	}
}
