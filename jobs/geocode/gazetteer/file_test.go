package gazetteer

import (
	"brood/jobs/geocode/geo"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestDataSum: the checksum that is embedded is that of the data that is.
func TestDataSum(t *testing.T) {
	sum, err := sumOfData()
	if err != nil {
		t.Fatal(err)
	}
	if sum != sha256.Sum256(data) {
		t.Error(`places.sum is not of places.bundle: run "make data"`)
	}
}

// TestOpenTwice: the second time nothing is made, and no other file is there.
func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	for _, old := range []string{"gazetteer-0-aaaaaaaaaaaa.idx", "mine.idx"} {
		if err := os.WriteFile(filepath.Join(dir, old), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	names := indexes(t, dir)
	if len(names) != 2 || filepath.Base(names[1]) != "mine.idx" {
		t.Fatalf("the directory has %q", names)
	}
	before, err := os.Stat(names[0])
	if err != nil {
		t.Fatal(err)
	}
	const most = 100 << 20
	if before.Size() > most || before.Mode().Perm() != 0o600 {
		t.Errorf("the index has %d bytes and mode %v", before.Size(), before.Mode())
	}
	y, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer y.Close()
	if after, err := os.Stat(names[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was made again: %v", err)
	}
}

func indexes(t *testing.T, dir string) []string {
	names, err := filepath.Glob(filepath.Join(dir, "*.idx"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// small is an index with one text, which is quick to make.
func small(text string) (parts [sections][]byte) {
	parts[secText] = append([]byte{0, byte(len(text))}, text...)
	return parts
}

// TestMadeOnce: of many that come at the same time one makes the index.
func TestMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gazetteer-1-x.idx")
	var made atomic.Int32
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			m, err := ensure(path, codesOf, func() ([sections][]byte, error) {
				made.Add(1)
				return small("Soldeu"), nil
			})
			if err != nil {
				t.Error(err)
				return
			}
			if got := m.text(1); got != "Soldeu" {
				t.Errorf("it says %q", got)
			}
			if err := m.unmap(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 {
		t.Errorf("it was made %d times", made.Load())
	}
}

// TestDamagedFile: whatever is wrong with the file that shows in its head or length, it is made again.
func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gazetteer-1-x.idx")
	build := func() ([sections][]byte, error) { return small("Soldeu"), nil }
	if err := write(path, codesOf, small("Soldeu"), canBeMadeAgain); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 0x40
		return b
	}
	other := codesOf
	other[0]++
	head, _, _ := header(other, [sections]int{})
	for name, b := range map[string][]byte{
		"empty":              {},
		"short":              whole[:10],
		"without its end":    whole[:len(whole)-1],
		"with more behind":   append(bytes.Clone(whole), 0),
		"another magic":      flipped(0),
		"another version":    flipped(8),
		"another checksum":   flipped(20),
		"another length":     flipped(offLength),
		"a section beyond":   flipped(headFixed + 6),
		"another head sum":   flipped(headBytes - 1),
		"of other data":      head,
		"only zeros":         make([]byte, len(whole)),
		"nothing but a head": whole[:headBytes],
	} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err := open(path, codesOf); err == nil {
			t.Errorf("%s: it is opened, of %d bytes", name, len(m.all))
		}
		m, err := ensure(path, codesOf, build)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := m.text(1); got != "Soldeu" {
			t.Errorf("%s: it says %q", name, got)
		}
		if err := m.unmap(); err != nil {
			t.Error(err)
		}
	}
}

// TestAnotherBoot: what was not on the disk when the machine went down is noticed by the next boot, and made again; what was is
// looked at once.
func TestAnotherBoot(t *testing.T) {
	was := boot
	defer func() { boot = was }()
	boot = func() string { return "11111111-1111-1111-1111-111111111111" }
	path := filepath.Join(t.TempDir(), "gazetteer-1-x.idx")
	if err := write(path, codesOf, small("Soldeu"), canBeMadeAgain); err != nil {
		t.Fatal(err)
	}
	boot = func() string { return "22222222-2222-2222-2222-222222222222" }
	m, err := open(path, codesOf)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.unmap(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil || !seenIn(b[:headBytes], boot()) {
		t.Fatalf("this boot is not noted: %v", err)
	}
	b[headBytes+3] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	boot = func() string { return "33333333-3333-3333-3333-333333333333" }
	if _, err := open(path, codesOf); err == nil {
		t.Error("sections that are not what was written were believed")
	}
	if m, err = ensure(path, codesOf, func() ([sections][]byte, error) { return small("Soldeu"), nil }); err != nil {
		t.Fatal(err)
	}
	if got := m.text(1); got != "Soldeu" {
		t.Errorf("it says %q", got)
	}
	if err := m.unmap(); err != nil {
		t.Error(err)
	}
}

// TestNotMade: what cannot be made leaves nothing behind, and says why.
func TestNotMade(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "gazetteer-1-x.idx")
	broken := errors.New("broken")
	if _, err := ensure(path, codesOf, func() (parts [sections][]byte, err error) { return parts, broken }); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if got := indexes(t, dir); len(got) != 0 {
		t.Errorf("it left %q", got)
	}
	if _, err := ensure(filepath.Join(dir, "none", "x.idx"), codesOf, func() ([sections][]byte, error) { return small(""), nil }); err == nil {
		t.Error("there is no such directory")
	}
	if err := os.Symlink(path, filepath.Join(dir, "link.idx")); err != nil {
		t.Fatal(err)
	}
	if _, err := open(filepath.Join(dir, "link.idx"), codesOf); err == nil {
		t.Error("a link was followed")
	}
	if _, err := open(dir, codesOf); err == nil {
		t.Error("a directory is an index")
	}
}

// TestBuildRefuses: data that is cut off or changed gives an error, not an index.
func TestBuildRefuses(t *testing.T) {
	for _, n := range []int{0, 8, 11, 12, 100, len(data) / 2, len(data) - 1} {
		if _, err := build(data[:n]); err == nil {
			t.Errorf("of %d bytes an index was made", n)
		}
	}
}

// FuzzIndex asks an index with any bytes in its sections: there may be an error, or a wrong answer, and
// nothing else.
func FuzzIndex(f *testing.F) {
	x := shared(f)
	f.Add(uint8(secExact), uint32(0), uint32(0xffffffff), "Berlin", 10.0, 50.0)
	f.Add(uint8(secKD), uint32(12), uint32(0xffffffff), "Munchn", 11.5, 48.1)
	f.Add(uint8(secCellEdges), uint32(4*(276*cellsAround+382)), uint32(0x7fffffff), "x", 11.5, 48.1)
	f.Add(uint8(secCodes), uint32(20), uint32(0xfffffff0), "10001", -74.0, 40.7)
	f.Fuzz(func(t *testing.T, section uint8, at, value uint32, name string, lon, lat float64) {
		y := &Index{image: x.image}
		s := int(section) % int(sections)
		from := x.sec[s]
		// A copy of the part of the section is enough, and quick: its end is cut off.
		n := min(len(from), 1<<16)
		changed := bytes.Clone(from[:n])
		if i := int(at) % max(n-3, 1); i+4 <= n {
			binary.LittleEndian.PutUint32(changed[i:], value)
		}
		y.sec[s] = changed
		for _, q := range []geo.Query{
			{Address: geo.Address{City: name, State: "CA"}},
			{Address: geo.Address{City: "San Jose", State: "CA", Postcode: name}},
			{Address: geo.Address{Line: name}},
			{Reverse: true, Point: geo.Point{Lat: lat, Lon: lon}},
		} {
			if _, err := y.Find(context.Background(), &q); err != nil && !errors.Is(err, errDamaged) {
				t.Errorf("the error is %v", err)
			}
		}
		y.Country(geo.Point{Lat: lat, Lon: lon})
		y.Centre("DE")
	})
}

// FuzzRead takes any file apart.
func FuzzRead(f *testing.F) {
	head, _, _ := header(codesOf, [sections]int{secText: 1})
	f.Add(append(head, make([]byte, 16)...), false)
	f.Add([]byte(magic), true)
	f.Fuzz(func(t *testing.T, file []byte, mend bool) {
		if mend && len(file) >= headBytes { // so that it is not only the checksum that stops it
			copy(file, head[:offLength])
			binary.LittleEndian.PutUint64(file[offLength:], uint64(len(file)))
			binary.LittleEndian.PutUint32(file[headBytes-4:], checksum(file[:headBytes-4]))
		}
		m, err := read(file, codesOf)
		if err != nil {
			return
		}
		for i, s := range m.sec {
			if len(s) > len(file) {
				t.Errorf("section %d has %d bytes of %d", i, len(s), len(file))
			}
		}
	})
}
