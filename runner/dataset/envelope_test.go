package dataset

import (
	"path/filepath"
	"testing"
)

// TestEnvelope: what stands beside a record in the spool is no part of it, however often it is looked at.
func TestEnvelope(t *testing.T) {
	spool, err := NewSpool(filepath.Join(t.TempDir(), "spool"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = spool.Close() }()
	var lines []byte
	for _, rest := range []string{`"a":1}`, `"b":"x"}`} {
		lines = append(AppendEnvelope(lines, said("beside")), rest...)
		lines = append(lines, '\n')
	}
	lines = append(lines, `{"a":3}`+"\n"+`{"_envelope":"x"}`+"\n"+`{"_envelope":"`...)
	if err := spool.Append(lines); err != nil {
		t.Fatal(err)
	}
	if err := spool.Finish(t.Context(), ErrRest); err != nil || spool.Whole() {
		t.Errorf("%v, whole: %v", err, spool.Whole())
	}
	r, err := Open(Spec{Paths: []string{Stdin}, Format: FormatJSONL, MaxRecord: 1 << 20, Coats: []Coat{{Pack: PackNone}}, Enveloped: true, Called: "the queue"}, spool)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if c := r.Shape().Columns; len(c) != 1 || c[0] != "a" {
		t.Errorf("columns %q", c)
	}
	var rec Record
	for _, want := range []struct{ raw, beside, err string }{
		{raw: `{"a":1}`, beside: "beside"},
		{raw: `{"b":"x"}`, beside: "beside"},
		{raw: `{"a":3}`, err: "the queue:3: " + errNoEnvelope.Error()},
		{raw: `{"_envelope":"x"}`, err: "the queue:4: " + errNoEnvelope.Error()},
		{raw: `{"_envelope":"`, err: "the queue:5: " + errNoEnvelope.Error()},
	} {
		if err := r.Next(&rec); err != nil {
			t.Fatal(err)
		}
		said := ""
		if rec.Err != nil {
			said = rec.Err.Error()
		}
		if string(rec.Raw) != want.raw || rec.Envelope != want.beside || said != want.err {
			t.Errorf("%s %q %q, want %+v", rec.Raw, rec.Envelope, said, want)
		}
	}
}

// TestAdopt: what a session has left is taken over, but for a line that was cut off.
func TestAdopt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	for _, c := range []struct {
		more    string
		adopted int64
	}{{"one\ntw", 0}, {"two\nthree", 4}, {"", 8}} {
		s, err := NewSpool(path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.Adopt()
		if err != nil || n != c.adopted || s.Adopted() != n || s.Size() != n {
			t.Errorf("%d, %d, %d, %v; want %d", n, s.Adopted(), s.Size(), err, c.adopted)
		}
		if err := s.Append([]byte(c.more)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// said appends a text.
func said(text string) func([]byte) []byte {
	return func(dst []byte) []byte { return append(dst, text...) }
}
