package gazetteer

import (
	"brood/jobs/fold"
	"brood/jobs/geocode/gazetteer/internal/bundle"
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// buildKeys are the folded names of all places: those of the first name are made here.
func buildKeys(b *bundle.Bundle, names []byte, spans []span) ([]byte, error) {
	more, err := b.Read(bundle.Keys)
	if err != nil {
		return nil, err
	}
	// In two parts, for two processors.
	further := lineSpans(more)
	if len(further) != len(spans) {
		return nil, fmt.Errorf("the data of the gazetteer has names of %d places, and further ones of %d", len(spans), len(further))
	}
	half := len(spans) / 2
	parts := [2][]byte{}
	var group errgroup.Group
	for i, from := range []int{0, half} {
		to := [2]int{half, len(spans)}[i]
		group.Go(func() error {
			// The first has room for both, which is not touched before it is used.
			room := make([]byte, 0, (2-i)*(len(names)+len(more)))
			parts[i] = keysOf(room, names, more, spans, further, from, to)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return append(parts[0], parts[1]...), nil
}

// keysOf appends the names of the places from one on to another.
func keysOf(out, names, more []byte, spans, further []span, from, to int) []byte {
	for i := from; i < to; i++ {
		name := names[spans[i].from:spans[i].to]
		first := uint32(i) | mainName //nolint:gosec // some hundred thousand
		if isASCII(name) && bytes.IndexByte(name, '\'') < 0 {
			var room [256]byte
			out = appendKey(out, first, fold.Append(room[:0], string(name)))
		} else {
			for _, key := range fold.Variants(string(name)) {
				out = appendKey(out, first, []byte(key))
			}
		}
		rest := more[further[i].from:further[i].to]
		for len(rest) > 0 {
			key, others, _ := bytes.Cut(rest, []byte{'\t'})
			out = appendKey(out, uint32(i), key) //nolint:gosec // some hundred thousand
			rest = others
		}
	}
	return out
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendKey(out []byte, place uint32, key []byte) []byte {
	if len(key) == 0 || len(key) > 255 {
		return out
	}
	out = append(out, byte(place), byte(place>>8), byte(place>>16), byte(len(key)))
	out = append(out, key...)
	if len(out)%2 != 0 {
		out = append(out, 0)
	}
	return out
}

// The words before a text in its hash: which half it is, and how many letters the whole has.
func firstSeed(letters int) uint64  { return uint64(letters)<<2 | 1 } //nolint:gosec // few
func secondSeed(letters int) uint64 { return uint64(letters)<<2 | 2 } //nolint:gosec // few

// leastNear is how many letters a name must have to be looked for misspelt, as fold.Near has it.
const leastNear = 5

func buildTables(parts *[sections][]byte) error {
	keys := parts[secKeys]
	const guess = 900_000
	all, long := make([]uint32, 0, guess), make([]uint32, 0, guess)
	exact, first, second := make([]uint64, 0, guess), make([]uint64, 0, guess), make([]uint64, 0, guess)
	for at := 0; at < len(keys); {
		key := keys[at+4:][:keys[at+3]]
		all = append(all, uint32(at/2)) //nolint:gosec // checked by build
		exact = append(exact, hashOf(0, key))
		if a, b, letters := halves(key); letters >= leastNear {
			long = append(long, uint32(at/2)) //nolint:gosec // checked by build
			first, second = append(first, hashOf(firstSeed(letters), a)), append(second, hashOf(secondSeed(letters), b))
		}
		at += (4 + len(key) + 1) &^ 1
	}
	var group errgroup.Group
	for _, t := range []struct {
		section section
		offsets []uint32
		hashes  []uint64
	}{{secExact, all, exact}, {secFirst, long, first}, {secSecond, long, second}} {
		group.Go(func() error {
			parts[t.section] = buildTable(t.offsets, t.hashes)
			return nil
		})
	}
	return group.Wait()
}

// buildTable sorts the entries by their slots, in two passes.
func buildTable(offsets []uint32, hashes []uint64) []byte {
	slots := 1 << slotBits(len(hashes))
	mask := uint64(slots - 1) //nolint:gosec // above 0
	starts := make([]uint32, slots+2)
	for _, h := range hashes {
		starts[h>>8&mask+2]++
	}
	for i := 2; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	out := make([]byte, 4*(1+slots+1+len(hashes)))
	binary.LittleEndian.PutUint32(out, uint32(slots)) //nolint:gosec // some millions
	entries := out[4*(slots+2):]
	for i, h := range hashes {
		slot := h>>8&mask + 1
		binary.LittleEndian.PutUint32(entries[4*starts[slot]:], offsets[i]|uint32(h&0x7f)<<25)
		starts[slot]++
	}
	for i := range slots + 1 {
		binary.LittleEndian.PutUint32(out[4*(1+i):], starts[i])
	}
	return out
}
