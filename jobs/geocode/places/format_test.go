package places

import (
	"brood/jobs/geocode/geo"
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// smallFile is the index of small as bytes.
func smallFile(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	i := Import{Files: []string{path}}
	if _, err := i.Write(t.Context(), filepath.Join(dir, "x")); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRow writes rows and reads them.
func TestRow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var got row
	for range 200 {
		want := row{street: r.Uint32()}
		for odd := range uint32(2) {
			main := odd
			for range r.IntN(20) {
				main += 2 * uint32(r.IntN(1000))
				h := houseAt{main: main, anchor: r.IntN(3) == 0, spot: spot{int32(r.IntN(180e6) - 90e6), int32(r.IntN(360e6) - 180e6)}}
				if r.IntN(2) == 0 {
					h.suffix = []byte("bis")
				}
				want.houses = append(want.houses, h)
				if odd == 0 {
					want.even++
				}
			}
		}
		b := appendRow([]byte("before"), &want)[len("before"):]
		if err := readRow(b, &got); err != nil {
			t.Fatal(err)
		}
		if got.street != want.street || got.even != want.even || !slices.EqualFunc(got.houses, want.houses, func(a, b houseAt) bool {
			return a.spot == b.spot && a.main == b.main && a.anchor == b.anchor && bytes.Equal(a.suffix, b.suffix)
		}) {
			t.Fatalf("%+v is read as %+v", want, got)
		}
		for i := range b {
			b[i] ^= 1 << r.IntN(8)
			if err := readRow(b, &got); !errors.Is(err, ErrDamaged) {
				t.Fatalf("byte %d of %d is another one: %v", i, len(b), err)
			}
			break
		}
	}
}

// TestDamage: a file that is cut, or has one byte changed, is refused when it is opened or when
// the street is read; nothing wrong is found in it.
func TestDamage(t *testing.T) {
	whole := smallFile(t)
	if _, err := decode(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := decode(whole[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := decode(append(slices.Clone(whole), 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("one byte more: %v", err)
	}
	other := slices.Clone(whole)
	binary.LittleEndian.PutUint32(other[8:], version+1)
	if _, err := decode(other); err == nil || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("of another version: %v", err)
	}
	q := &geo.Query{Address: geo.Address{Number: "14", Street: "Hauptstraße", City: "Berlin"}}
	right, err := index(t, small).Find(t.Context(), q)
	if err != nil || len(right) != 1 {
		t.Fatal(right, err)
	}
	for n := range whole {
		b := slices.Clone(whole)
		b[n] ^= 0x10
		x, err := decode(b)
		if err != nil {
			continue
		}
		if found, err := x.Find(t.Context(), q); err == nil && (len(found) != 1 || found[0].Point != right[0].Point) {
			t.Fatalf("byte %d changed: %+v", n, found)
		}
	}
}

// seal makes the checksums of a file right, so that what is behind them is tried.
func seal(b []byte) {
	if len(b) < headerSize {
		return
	}
	for s := range int(sections) {
		h := b[32+s*sectionSize:]
		from, length := binary.LittleEndian.Uint64(h), binary.LittleEndian.Uint64(h[8:])
		if end := from + length; section(s) != rowData && from <= end && end <= uint64(len(b)) {
			binary.LittleEndian.PutUint32(h[16:], checksum(b[from:end]))
		}
	}
	binary.LittleEndian.PutUint64(b[16:], uint64(len(b)))
	binary.LittleEndian.PutUint32(b[headerSize-4:], checksum(b[:headerSize-4]))
}

// FuzzIndex: whatever is in a file whose checksums are right, a search ends, with places on earth
// or an error.
func FuzzIndex(f *testing.F) {
	whole := smallFile(f)
	f.Add(uint32(0), []byte{}, "14", "Hauptstraße", "Berlin")
	f.Add(uint32(700), []byte{0xff, 0xff, 0xff, 0xff}, "100", "Main Stret", "Springfeld")
	f.Add(uint32(headerSize+4), []byte{0x80, 0x80, 0x80}, "37-12", "31st Ave", "")
	f.Fuzz(func(t *testing.T, at uint32, put []byte, number, street, city string) {
		b := slices.Clone(whole)
		from := int(at) % len(b)
		copy(b[from:], put)
		seal(b)
		x, err := decode(b)
		if err != nil {
			return
		}
		// The checksum of each row as well, where it can be reached.
		for i := range x.rows.len() {
			if r := x.rows.get(i); len(r) > 4 {
				binary.LittleEndian.PutUint32(r, checksum(r[4:]))
			}
		}
		for _, q := range []geo.Query{
			{Address: geo.Address{Number: number, Street: street, City: city}},
			{Address: geo.Address{Number: number, Street: street}},
			{Address: geo.Address{Line: number + " " + street + ", " + city}},
			{Reverse: true, Point: geo.Point{Lat: 52.53, Lon: 13.38}},
		} {
			found, err := x.Find(t.Context(), &q)
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			for i := range found {
				if !found[i].Valid() || found[i].Confidence > 1 || found[i].Match == geo.MatchNone {
					t.Fatalf("%+v", found[i])
				}
			}
		}
	})
}

// FuzzRow: a row that is read is on earth, and is written as it was.
func FuzzRow(f *testing.F) {
	f.Add(appendRow(nil, &row{street: 1, even: 1, houses: []houseAt{{main: 12, suffix: []byte("a")}, {main: 13, anchor: true, spot: spot{1, 2}}}})[4:])
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append([]byte{0, 0, 0, 0}, b...)
		binary.LittleEndian.PutUint32(b, checksum(b[4:]))
		var r row
		if err := readRow(b, &r); err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		for _, h := range r.houses {
			if !h.point().Valid() {
				t.Fatalf("%+v", h)
			}
		}
		var again row
		if err := readRow(appendRow(nil, &r), &again); err != nil || len(again.houses) != len(r.houses) || again.even != r.even {
			t.Fatalf("%+v, %v", again, err)
		}
		if len(r.houses) > 0 {
			r.locate(r.houses[0].number())
		}
		r.nearest(geo.Point{Lat: 1, Lon: 2})
	})
}

// TestTree compares with looking at all boxes.
func TestTree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 15, 16, 17, 300, 5000} {
		boxes := make([]box, n)
		for i := range boxes {
			lat, lon := int32(r.IntN(160e6)-80e6), int32(r.IntN(358e6)-179e6)
			boxes[i] = box{lat, lon, lat + int32(r.IntN(20000)), lon + int32(r.IntN(20000))}
		}
		tr := openTree(appendTree(nil, boxes), n)
		if tr == nil {
			t.Fatal(n, "boxes have no tree")
		}
		for range 50 {
			p := geo.Point{Lat: r.Float64()*160 - 80, Lon: r.Float64()*360 - 180}
			best, want := math.Inf(1), -1
			for i := range boxes {
				if m := boxes[i].metres(p); m < best {
					best, want = m, i
				}
			}
			got, limit, looked := -1, math.Inf(1), 0
			err := tr.nearest(p, limit, func(row int) (float64, error) {
				looked++
				if m := boxes[row].metres(p); m < limit {
					got, limit = row, m
				}
				return limit, nil
			})
			if err != nil || got != want || looked > 20 {
				t.Fatalf("of %d near %v: %d, want %d, after %d, %v", n, p, got, want, looked, err)
			}
		}
	}
}

// TestBoxMetres: the distance of a box is never more than that of a point in it.
func TestBoxMetres(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		p := geo.Point{Lat: r.Float64()*178 - 89, Lon: r.Float64()*360 - 180}
		s := spotOf(min(max(p.Lat+r.NormFloat64()*0.1, -90), 90), math.Remainder(p.Lon+r.NormFloat64()*0.1, 360))
		b := box{s.lat, s.lon, s.lat, s.lon}
		if far, real := b.metres(p), p.Metres(s.point()); far > real*1.001+0.2 {
			t.Fatalf("%v to %v: %.2f, and it is %.2f", p, s.point(), far, real)
		}
	}
}

// TestNear compares with asking fold.Near of all words.
func TestNear(t *testing.T) {
	x, _ := world()
	r := rand.New(rand.NewPCG(8, 9))
	for range 300 {
		word := slip(r, string(x.words.get(r.IntN(x.words.len()))))
		var want []int
		for i := range x.words.len() {
			if w := string(x.words.get(i)); w != word && !hasFigure(word) && !hasFigure(w) && nearWords(w, word) {
				want = append(want, i)
			}
		}
		got := x.words.near(nil, word)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%q: %d, want %d", word, got, want)
		}
	}
}
