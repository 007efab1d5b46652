package ledger

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"time"
)

// TookBuckets is how many sizes of times Took tells apart.
const TookBuckets = 256

const (
	tookLeast = 6 // times below 2^6 microseconds are one size
	tookParts = 3 // each doubling from there on is parted in 2^3
)

// Took counts times by their size: those below 64 µs, then eight sizes for each doubling, so that the bounds of
// one are at most an eighth apart, up to a day and a half and what is longer.
type Took [TookBuckets]uint32

// TookBucket is the size of a time, from 0.
func TookBucket(d time.Duration) uint8 {
	us := uint64(max(d.Microseconds(), 0))
	if us < 1<<tookLeast {
		return 0
	}
	power := bits.Len64(us) - 1
	part := us >> (power - tookParts) & (1<<tookParts - 1)
	return uint8(min((power-tookLeast)<<tookParts+int(part)+1, TookBuckets-1))
}

// TookBound is the least time of a size; that of the one after it is its end.
func TookBound(bucket int) time.Duration {
	if bucket <= 0 {
		return 0
	}
	power, part := (bucket-1)>>tookParts, (bucket-1)&(1<<tookParts-1)
	return time.Duration((1<<tookParts+part)<<(power+tookLeast-tookParts)) * time.Microsecond
}

// Add adds what another one has counted.
func (t *Took) Add(o *Took) {
	for i, n := range o {
		t[i] += n
	}
}

// Count is how many times there are.
func (t *Took) Count() (n uint64) {
	for _, c := range t {
		n += uint64(c)
	}
	return n
}

// At is the time below which so much of all are, from 0 to 1: the end of the size in which that lies, less what is
// to be expected of those behind it there. It is 0 if there are none.
func (t *Took) At(share float64) time.Duration {
	want := share * float64(t.Count())
	sofar := 0.0
	for i, c := range t {
		if c == 0 {
			continue
		}
		if n := float64(c); sofar+n >= want {
			low, high := TookBound(i), TookBound(min(i+1, TookBuckets-1))
			return low + time.Duration(max(want-sofar, 0)/n*float64(high-low))
		}
		sofar += float64(c)
	}
	return 0
}

// encode makes it short: of each size that there is, how far it is from the one before and how many there are, as
// numbers of variable length.
func (t *Took) encode() []byte {
	out, last := []byte{}, 0
	for i, n := range t {
		if n > 0 {
			out = binary.AppendUvarint(out, uint64(i-last))
			out = binary.AppendUvarint(out, uint64(n))
			last = i
		}
	}
	return out
}

var errTook = errors.New("what stands in the column took is no list of sizes and numbers")

// decode reads what encode has made.
func (t *Took) decode(b []byte) error {
	*t = Took{}
	for at := 0; len(b) > 0; {
		step, n := binary.Uvarint(b)
		if n <= 0 || step >= TookBuckets || at+int(step) >= TookBuckets {
			return errTook
		}
		at += int(step)
		count, m := binary.Uvarint(b[n:])
		if m <= 0 || count == 0 || count+uint64(t[at]) > 1<<32-1 {
			return errTook
		}
		t[at] += uint32(count)
		b = b[n+m:]
	}
	return nil
}
