package keys

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
)

func keyOf(n uint64) Key {
	// Two rounds of a mixer stand in for SHA-256.
	mix := func(x uint64) uint64 {
		x ^= x >> 30
		x *= 0xbf58476d1ce4e5b9
		x ^= x >> 27
		x *= 0x94d049bb133111eb
		return x ^ x>>31
	}
	var k Key
	binary.BigEndian.PutUint64(k[:], mix(n+1))
	binary.BigEndian.PutUint64(k[8:], mix(mix(n+1)+0x9e3779b97f4a7c15))
	return k
}

// TestSeen adds keys, some of them again, over several runs and merges, and
// compares with a map.
func TestSeen(t *testing.T) {
	s := NewSeen(t.TempDir())
	defer func() { _ = s.Close() }()
	rng := rand.New(rand.NewPCG(1, 2))
	first := make(map[uint64]uint64)
	n := uint64(3 << 20)
	if raceEnabled {
		n /= 2
	}
	for place := uint64(1); place <= n; place++ {
		id := rng.Uint64N(n)
		want, known := first[id]
		if !known {
			want = place
			first[id] = place
		}
		got, again, err := s.Add(keyOf(id), place)
		if err != nil {
			t.Fatal(err)
		}
		if got != want || again != known {
			t.Fatalf("key %d at %d: first at %d, again %v; want %d, %v", id, place, got, again, want, known)
		}
	}
	if len(s.runs) < 2 {
		t.Errorf("%d runs: nothing was tried beyond the table", len(s.runs))
	}
}

// TestTenMillionKeys holds the promise about memory.
func TestTenMillionKeys(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := NewSeen(t.TempDir())
	keys := uint64(10_000_000)
	if raceEnabled { // it takes ten times as long, and there is one goroutine
		keys /= 50
	}
	for i := range keys {
		if _, again, err := s.Add(keyOf(i), i+1); again || err != nil {
			t.Fatal(i, again, err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("they take %d MiB", grown>>20)
	} else {
		t.Logf("%d keys take %d MiB, in %d runs", keys, grown>>20, len(s.runs))
	}
	first, again, err := s.Add(keyOf(4711), 1)
	if first != 4712 || !again || err != nil {
		t.Errorf("key 4711: %d, %v, %v", first, again, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkSeen(b *testing.B) {
	s := NewSeen(b.TempDir())
	defer func() { _ = s.Close() }()
	var i uint64
	for b.Loop() {
		i++
		if _, _, err := s.Add(keyOf(i), i); err != nil {
			b.Fatal(err)
		}
	}
}
