package gazetteer

import (
	"brood/jobs/fold"
)

// hit is a place with a name that was looked for.
type hit struct {
	place uint32
	key   uint32 // where its name is in secKeys
	main  bool   // it is the place's first name
	near  bool   // it is one slip off
}

// key is the place and the name at an entry.
func (m *image) key(entry uint32) (place uint32, main bool, name []byte) {
	k := m.sec[secKeys][2*int(entry&entryOffset):]
	n := uint32(k[0]) | uint32(k[1])<<8 | uint32(k[2])<<16
	return n &^ mainName, n&mainName != 0, k[4:][:k[3]]
}

// exact appends the places that have a name, each once, to hits.
func (m *image) exact(hits []hit, name []byte) []hit {
	hash := hashOf(0, name)
	entries, tag := openTable(m.sec[secExact]).of(hash)
	for i := range len(entries) / 4 {
		entry := u32(entries, i)
		if entry&^entryOffset != tag {
			continue
		}
		if place, main, key := m.key(entry); string(key) == string(name) {
			hits = addHit(hits, hit{place: place, key: entry & entryOffset, main: main})
		}
	}
	return hits
}

// mostName is how long a folded name may be, in bytes: the length of a key, and one letter.
const mostName = 255 + 4

// near appends the places that have a name one slip off. A slip is in one half of a name: the
// other half, in a name of as many letters, of one less or of one more, is found by the tables
// of halves. One that swaps the letters in the middle is in both, and is looked for by itself.
func (m *image) near(hits []hit, name string) []hit {
	if len(name) > mostName {
		return hits
	}
	letters := []rune(name)
	n := len(letters)
	if n < leastNear {
		return hits
	}
	var room [64]byte
	for other := max(n-1, leastNear); other <= n+1; other++ {
		at := other / 2
		first := append(room[:0], string(letters[:at])...)
		hits = m.nearBy(hits, secFirst, hashOf(firstSeed(other), first), name)
		second := append(room[:0], string(letters[n-(other-at):])...)
		hits = m.nearBy(hits, secSecond, hashOf(secondSeed(other), second), name)
	}
	at := n / 2
	letters[at-1], letters[at] = letters[at], letters[at-1]
	before := len(hits)
	hits = m.exact(hits, append(room[:0], string(letters)...))
	for i := before; i < len(hits); i++ {
		hits[i].near = true
	}
	return hits
}

func (m *image) nearBy(hits []hit, section section, hash uint64, name string) []hit {
	entries, tag := openTable(m.sec[section]).of(hash)
	for i := range len(entries) / 4 {
		entry := u32(entries, i)
		if entry&^entryOffset != tag {
			continue
		}
		if place, main, key := m.key(entry); fold.Near(name, string(key)) {
			hits = addHit(hits, hit{place: place, key: entry & entryOffset, main: main, near: true})
		}
	}
	return hits
}

// addHit adds a place unless it was found by another of its names; the first one wins. Names of one
// place stand one after the other, so it is found near the end.
func addHit(hits []hit, h hit) []hit {
	for i := len(hits) - 1; i >= max(0, len(hits)-8); i-- {
		if hits[i].place == h.place {
			if h.main && !h.near {
				hits[i] = h
			}
			return hits
		}
	}
	return append(hits, h)
}

// name is the folded name of a hit.
func (m *image) name(h hit) string {
	_, _, name := m.key(h.key)
	return string(name)
}

// words appends the numbers of the countries and regions that have a name.
func (m *image) words(numbers []uint32, name []byte) []uint32 {
	entries, tag := openTable(m.sec[secWordTable]).of(hashOf(0, name))
	for i := range len(entries) / 4 {
		entry := u32(entries, i)
		if entry&^entryOffset != tag {
			continue
		}
		w := m.sec[secWords][2*int(entry&entryOffset):]
		if string(w[5:][:w[4]]) == string(name) {
			numbers = append(numbers, u32(w, 0))
		}
	}
	return numbers
}

// countryNamed is the country of a code or name in any of the languages; -1 if there is none.
func (m *image) countryNamed(name string) int {
	if len(name) == 2 {
		if n := m.countryNumber(upper(name)); n >= 0 {
			return n
		}
	}
	var room [64]byte
	var found [4]uint32
	for _, n := range m.words(found[:0], fold.Append(room[:0], name)) {
		if n&1 == 0 {
			return int(n >> 1)
		}
	}
	return -1
}

// regionsNamed appends the regions with a code or name, of one country (-1: of all).
func (m *image) regionsNamed(regions []int, name string, country int) []int {
	var room [64]byte
	var found [16]uint32
	for _, n := range m.words(found[:0], fold.Append(room[:0], name)) {
		if n&1 == 1 && (country < 0 || u16(m.region(int(n>>1))) == country) {
			regions = append(regions, int(n>>1))
		}
	}
	return regions
}

func upper(code string) string {
	return string([]byte{code[0] &^ 0x20, code[1] &^ 0x20})
}
