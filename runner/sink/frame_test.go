package sink

import (
	"brood/jobs"
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestFrames: each record has a frame, with its text if it has one.
func TestFrames(t *testing.T) {
	e, err := NewEncoder(FormatText, &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	e.Frame()
	long := bytes.Repeat([]byte("0123456789\n"), 20000)
	var out []byte
	for i, o := range []Outcome{{Status: jobs.StatusOK, Text: []byte("a\nb\n")}, {Status: jobs.StatusFailed, Text: []byte("no")}, {Status: jobs.StatusOK, Text: long}, {Status: jobs.StatusSkipped}} {
		out = e.AppendRow(out, &jobs.Record{Seq: jobs.Seq(7 * i)}, &o)
	}
	r, buf := bufio.NewReader(bytes.NewReader(out)), make([]byte, 0, 2)
	for i, want := range []string{"a\nb\n", "", string(long), ""} {
		seq, text, err := ReadFrame(r, buf)
		if seq != jobs.Seq(7*i) || string(text) != want || err != nil {
			t.Errorf("%d: record %d, %d bytes, %v", i, seq, len(text), err)
		}
	}
	if _, _, err := ReadFrame(r, buf); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	for cut := 1; cut < 17; cut++ { // of the first frame, of 16 bytes
		if cut == 16 {
			continue
		}
		_, _, err := ReadFrame(bufio.NewReader(bytes.NewReader(out[:cut])), nil)
		if !errors.Is(err, ErrFrame) {
			t.Errorf("cut off after %d bytes: %v", cut, err)
		}
	}
}

// FuzzReadFrame: what is read is written as it was, and nothing that is not there is read.
func FuzzReadFrame(f *testing.F) {
	f.Add(AppendFrame(AppendFrame(nil, 3, []byte("x\n")), 4, nil))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		var again []byte
		for {
			seq, text, err := ReadFrame(r, nil)
			if errors.Is(err, io.EOF) && !bytes.Equal(again, b) || err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, ErrFrame) {
				t.Fatalf("%v after %d of %d bytes", err, len(again), len(b))
			}
			if err != nil {
				return
			}
			again = AppendFrame(again, seq, text)
			if !bytes.HasPrefix(b, again) {
				t.Fatal("another frame")
			}
		}
	})
}
