//go:build !cgo

package rest

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

const maps = `00400000-00e00000 r-xp 00000000 fd:00 77                          /usr/bin/brood
00e00000-01a00000 r--p 00a00000 fd:00 77                          /usr/bin/brood
01a00000-01b00000 rw-p 01600000 fd:00 77                          /usr/bin/brood
01b00000-01c00000 rw-p 00000000 00:00 0 
c000000000-c004000000 rw-p 00000000 00:00 0 
7f0000000000-7f0000001000 r--p 00000000 fd:00 78                  /usr/lib/other
7f0000002000-7f0000003000 r--s 00000000 fd:00 77                  /usr/bin/brood
7ffd00000000-7ffd00001000 r-xp 00000000 00:00 0                   [vdso]
`

// span is a mapping that is clean.
type span struct{ from, to uint64 }

func clean(maps []byte, address uint64) (out []span) {
	eachClean(maps, address, func(from, to uint64) { out = append(out, span{from, to}) })
	return out
}

// TestClean: what may be written to, is shared, is another's, or is relocated stays.
func TestClean(t *testing.T) {
	got := clean([]byte(maps), 0x500000)
	if len(got) != 2 || got[0].from != 0x400000 || got[0].to != 0xe00000 || got[1].from != 0xe00000 {
		t.Errorf("%+v", got)
	}
	for name, x := range map[string]struct {
		maps string
		at   uint64
	}{
		"of memory of no file": {maps, 0xc000000001},
		"of a library":         {maps, 0x7f0000000001},
		"cut off":              {maps[:30], 0x500000},
		"relocated":            {strings.NewReplacer("00400000-", "00401000-").Replace(maps), 0x500000},
	} {
		if got := clean([]byte(x.maps), x.at); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestLetGo: this program has its code as before, and what it has is not in memory any more.
func TestLetGo(t *testing.T) {
	read := func(name string) []byte {
		text, err := os.ReadFile("/proc/self/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	list := clean(read("maps"), here())
	if len(list) == 0 {
		needs.Missing(t, "this program is relocated")
	}
	words := strings.Repeat("kept ", 1000)
	before := resident(read("smaps"), list)
	GiveBack(debug.FreeOSMemory)
	if after := resident(read("smaps"), list); after >= before {
		t.Errorf("%d kB of it are in memory, and %d were", after, before)
	}
	if strings.Count(words, "kept") != 1000 {
		t.Error("what was read only is not what it was")
	}
}

// resident is how much of mappings is in memory, in kB.
func resident(smaps []byte, of []span) (sum int) {
	in := false
	for line := range bytes.Lines(smaps) {
		rest, is := bytes.CutPrefix(line, []byte("Rss:"))
		switch {
		case is && in:
			n := 0
			for _, c := range bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB")) {
				n = 10*n + int(c-'0')
			}
			sum += n
		case line[0] >= '0' && line[0] <= '9' || line[0] >= 'a' && line[0] <= 'f':
			m, ok := readMapping(line)
			in = false
			for _, x := range of {
				in = in || ok && x.from == m.from
			}
		}
	}
	return sum
}

func FuzzClean(f *testing.F) {
	f.Add([]byte(maps), uint64(0x500000))
	f.Add([]byte("400000-400001 r-xp 00 0:0 1\n"), uint64(0x400000))
	f.Fuzz(func(t *testing.T, text []byte, address uint64) {
		for _, m := range clean(text, address) {
			if m.from >= m.to {
				t.Fatalf("%+v", m)
			}
		}
	})
}
