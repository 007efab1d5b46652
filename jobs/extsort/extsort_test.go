package extsort

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

func keyOf(a, b uint64) (k Key) {
	binary.BigEndian.PutUint64(k[:], a)
	binary.BigEndian.PutUint64(k[16:], b)
	return k
}

// Whatever fits into memory, all rows come out once, in the order of their keys.
func TestOrder(t *testing.T) {
	for _, budget := range []int{0, 1, 100, 1000, 1 << 20} {
		t.Run(fmt.Sprint(budget), func(t *testing.T) {
			dir := t.TempDir()
			s := New(dir, budget)
			random := rand.New(rand.NewPCG(1, uint64(budget)))
			var want []string
			for i := range 500 {
				a := random.Uint64N(20) // many begin alike
				row := fmt.Sprintf("%02d %03d", a, i)
				if i%100 == 0 {
					row += string(make([]byte, 3000)) // more than a reader holds
				}
				want = append(want, row)
				if err := s.Add(keyOf(a, uint64(i)), []byte(row)); err != nil {
					t.Fatal(err)
				}
			}
			slices.Sort(want)
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				t.Errorf("the file has a name: %v, %v", entries, err)
			}
			var got []string
			if err := s.Each(func(_ Key, row []byte) error { got = append(got, string(row)); return nil }); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d rows, %.100q…, want %d, %.100q…", len(got), got, len(want), want)
			}
			if spilt := len(s.runs) > 0; spilt != (budget < 1<<20) {
				t.Errorf("in a file: %v", spilt)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Nothing added is nothing read, and an error of who reads ends it.
func TestEnds(t *testing.T) {
	s := New(t.TempDir(), 100)
	if err := s.Each(func(Key, []byte) error { return errors.New("a row") }); err != nil {
		t.Error(err)
	}
	enough := errors.New("enough")
	for _, budget := range []int{0, 1 << 20} {
		s := New(t.TempDir(), budget)
		for i := range 10 {
			if err := s.Add(keyOf(uint64(i), 0), []byte("row")); err != nil {
				t.Fatal(err)
			}
		}
		n := 0
		err := s.Each(func(Key, []byte) error {
			if n++; n == 3 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || n != 3 {
			t.Errorf("%v after %d rows", err, n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A folder that is not there, or a file that was cut, is an error and not an end.
func TestBroken(t *testing.T) {
	s := New("/no/such/folder", 0)
	err := errors.Join(s.Add(Key{}, nil), s.Add(Key{}, nil))
	if err == nil {
		t.Error("rows that cannot be kept are no error")
	}
	s = New(t.TempDir(), 0)
	for i := range 3 {
		if err := s.Add(keyOf(uint64(i), 0), []byte("row")); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.spill(), s.file.Truncate(s.size-1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Each(func(Key, []byte) error { return nil }); err == nil {
		t.Error("a file that was cut is no error")
	}
}
