package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// TestCRCShift: the checksum of two parts is made of theirs.
func TestCRCShift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOf(rapid.Byte()).Draw(t, "a"), rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		whole := crc32.Checksum(append(bytes.Clone(a), b...), castagnoli)
		if got := crcShift(crc32.Checksum(a, castagnoli), int64(len(b))) ^ crc32.Checksum(b, castagnoli); got != whole {
			t.Fatalf("%x, want %x", got, whole)
		}
	})
}

// TestLetGo: of a spool whose first records were let go of the others are read as before, by their numbers and lines, and its
// checksum is that of what is there; by the session that lets go, and by the next.
func TestLetGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	s, err := NewSpool(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []byte
	for i := range 5000 {
		lines = append(fmt.Appendf(AppendEnvelope(lines, said("e")), `"n":%d}`, i), '\n')
	}
	if err := s.Append(lines); err != nil {
		t.Fatal(err)
	}
	var gone Bygone
	for _, n := range []int64{3000, 1500} {
		to, sum, err := s.Lines(gone.Bytes, n)
		if err != nil {
			t.Fatal(err)
		}
		s.Rebase(to, sum)
		gone = Bygone{Bytes: to, Records: gone.Records + n}
		if err := s.LetGo(to); err != nil {
			t.Fatal(err)
		}
	}
	now, err := s.Sync()
	if err != nil || now.Base != gone.Bytes || now.Sum != crc32.Checksum(lines[gone.Bytes:], castagnoli) {
		t.Fatalf("%+v, %v; the rest has %x", now, err, crc32.Checksum(lines[gone.Bytes:], castagnoli))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = NewSpool(path); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Verify(now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Adopt(); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Sync(); err != nil || again != now {
		t.Errorf("%+v %v, was %+v", again, err, now)
	}
	_ = s.Finish(t.Context(), ErrRest)
	r, err := Open(Spec{Paths: []string{Stdin}, Format: FormatJSONL, MaxRecord: 1 << 20, Coats: []Coat{{Pack: PackNone}}, Enveloped: true, Columns: []string{"n"}, Bygone: gone}, s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, from := range []int64{0, 1024, 4500, 4800} {
		if from > 0 {
			at := Position{Line: from + 1, Offset: int64(bytes.Index(lines, fmt.Appendf(nil, `"n":%d}`, from)) - len(`{"_envelope":"e",`))}
			if err := r.SeekTo(at); err != nil {
				t.Fatal(err)
			}
		}
		var rec Record
		i := from
		for ; ; i++ {
			if err := r.Next(&rec); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf(`{"n":%d}`, i); rec.Pos.Line != i+1 || (rec.Err != nil) != (i < 4500) || (i >= 4500 && string(rec.Raw) != want) {
				t.Fatalf("from %d, record %d: line %d, %s, %v", from, i, rec.Pos.Line, rec.Raw, rec.Err)
			}
		}
		if i != 5000 {
			t.Errorf("from %d there are %d", from, i)
		}
	}
}
