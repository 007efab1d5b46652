package wire

import (
	"brood/jobs"
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"testing"
	"testing/iotest"
	"time"
)

func table() *jobs.Shape {
	return &jobs.Shape{Kind: jobs.Fields, Columns: []string{"a", "b"}, End: "\n"}
}

// encodeBatch encodes records as the feed does.
func encodeBatch(t testing.TB, base jobs.Seq, recs []jobs.Record, sendRaw bool) []byte {
	t.Helper()
	b := AppendBatchHead(Begin(nil, TypeBatch), base, len(recs))
	next := base
	for _, r := range recs {
		b = AppendRecordHead(b, uint64(r.Seq-next), r.Attempt)
		b = AppendBody(b, r.Shape, r.Raw, r.Values, sendRaw)
		next = r.Seq + 1
	}
	if err := End(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBatchRoundTrip(t *testing.T) {
	recs := []jobs.Record{
		{Seq: 7, Attempt: 1, Raw: []byte("x,y"), Values: [][]byte{[]byte("x"), []byte("y")}, Shape: table()},
		{Seq: 8, Attempt: 300, Raw: []byte(","), Values: [][]byte{{}, {}}, Shape: table()},
		{Seq: 1 << 40, Attempt: 2, Raw: []byte("1,2"), Values: [][]byte{[]byte("1"), []byte("2")}, Shape: table()},
	}
	frame := encodeBatch(t, 5, recs, true)
	// One byte at a time: a frame may come in any pieces.
	typ, p, err := NewReader(iotest.OneByteReader(bytes.NewReader(frame))).Next()
	if err != nil || typ != TypeBatch {
		t.Fatal(typ, err)
	}
	r, err := ReadBatch(p, table(), true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range recs {
		var got jobs.Record
		if more, err := r.Next(&got); !more || err != nil {
			t.Fatal(more, err)
		}
		want := recs[i]
		if got.Seq != want.Seq || got.Attempt != want.Attempt || !bytes.Equal(got.Raw, want.Raw) ||
			!bytes.Equal(got.Values[0], want.Values[0]) || !bytes.Equal(got.Values[1], want.Values[1]) {
			t.Errorf("record %d: got %+v, want %+v", i, got, want)
		}
		if body := AppendBody(nil, want.Shape, want.Raw, want.Values, true); !bytes.Equal(r.Body(), body) {
			t.Errorf("record %d: body %q, want %q", i, r.Body(), body)
		}
	}
	if more, err := r.Next(&jobs.Record{}); more || err != nil {
		t.Fatal(more, err)
	}
}

func TestAnswersRoundTrip(t *testing.T) {
	want := []jobs.Result{
		{Elapsed: 5 * time.Millisecond},
		{Verdict: jobs.VerdictRetry, Class: "c", Error: "e", RetryAfter: time.Minute, Delays: jobs.DelaysFewer},
		{Text: []byte("text"), Values: [][]byte{[]byte("v"), {}, []byte("w")}},
		{Verdict: jobs.VerdictAbort, Error: "stop"},
		{Verdict: jobs.VerdictUnknown, Class: jobs.ClassTimeout, Stopped: true},
	}
	p := AppendAnswersHead(nil, 9, len(want), time.Second)
	for i := range want {
		p = AppendAnswer(p, &want[i])
	}
	r, err := ReadAnswers(p)
	if err != nil || r.First != 9 || r.Busy != time.Second || r.Len() != len(want) {
		t.Fatalf("%+v %v", r, err)
	}
	for i := range want {
		var got jobs.Result
		if more, err := r.Next(&got); !more || err != nil {
			t.Fatal(more, err)
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("answer %d: got %+v, want %+v", i, got, want[i])
		}
	}
	if more, err := r.Next(&jobs.Result{}); more || err != nil {
		t.Errorf("one more: %v, %v", more, err)
	}
}

// TestCutStreams: a stream that ends inside a frame is not one that ends
// between two.
func TestCutStreams(t *testing.T) {
	frame, err := AppendJSON(nil, TypeReady, Ready{Version: Version, PID: 1})
	if err != nil {
		t.Fatal(err)
	}
	for n := range frame {
		_, _, err := NewReader(bytes.NewReader(frame[:n])).Next()
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if !errors.Is(err, want) {
			t.Errorf("after %d of %d bytes: %v, want %v", n, len(frame), err, want)
		}
	}
}

// TestFalseLength: a length that is a lie costs no memory.
func TestFalseLength(t *testing.T) {
	r := NewReader(bytes.NewReader([]byte{0, 0, 0, 15, byte(TypeBatch), 1, 2, 3}))
	if _, _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
	if len(r.buf) > 1<<20 {
		t.Errorf("a buffer of %d bytes for 8", len(r.buf))
	}
	r = NewReader(bytes.NewReader([]byte{0xff, 0xff, 0xff, 0xff, byte(TypeBatch)}))
	if _, _, err := r.Next(); !errors.Is(err, ErrFrame) {
		t.Errorf("%v", err)
	}
}

func TestPrintMark(t *testing.T) {
	line := bytes.TrimSuffix(AppendPrintMark([]byte("half a line"), 42), []byte("\n"))
	before, seq, ok := CutPrintMark(line)
	if !ok || seq != 42 || string(before) != "half a line" {
		t.Errorf("%q %d %v", before, seq, ok)
	}
	if _, _, ok := CutPrintMark([]byte("\x00brood:x")); ok {
		t.Error("a mark without a number")
	}
}

// FuzzFrames feeds arbitrary bytes to every decoder: none may panic, read
// beyond its payload, or accept a batch that does not encode back to itself.
func FuzzFrames(f *testing.F) {
	f.Add(encodeBatch(f, 0, []jobs.Record{{Seq: 3, Attempt: 1, Raw: []byte("a,b"), Values: [][]byte{[]byte("a"), []byte("b")}, Shape: table()}}, true))
	answer := AppendAnswer(AppendAnswersHead(Begin(nil, TypeAnswers), 1, 1, 5), &jobs.Result{Text: []byte("x"), Class: "c"})
	if err := End(answer, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(answer)
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(bytes.NewReader(b))
		for {
			typ, p, err := r.Next()
			if err != nil {
				return
			}
			switch typ {
			case TypeBatch:
				fuzzBatch(t, p)
			case TypeAnswers:
				fuzzAnswers(p)
			default:
				_ = ParseJSON(p, &Hello{})
			}
		}
	})
}

func fuzzBatch(t *testing.T, p []byte) {
	r, err := ReadBatch(p, table(), true)
	if err != nil {
		return
	}
	n := 0
	var rec jobs.Record
	for {
		more, err := r.Next(&rec)
		if err != nil {
			return
		}
		if !more {
			break
		}
		n++
		again, err := ReadBatch(append(AppendRecordHead(AppendBatchHead(nil, rec.Seq, 1), 0, rec.Attempt), r.Body()...), table(), true)
		var twin jobs.Record
		if err != nil {
			t.Fatal(err)
		}
		if more, err := again.Next(&twin); !more || err != nil || !reflect.DeepEqual(twin, rec) {
			t.Fatalf("%+v became %+v (%v)", rec, twin, err)
		}
	}
	if n != r.Len() {
		t.Fatalf("%d records, the head says %d", n, r.Len())
	}
}

func fuzzAnswers(p []byte) {
	r, err := ReadAnswers(p)
	if err != nil {
		return
	}
	for {
		if more, err := r.Next(&jobs.Result{}); !more || err != nil {
			return
		}
	}
}

func BenchmarkBatch(b *testing.B) {
	shape := &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}}
	recs := make([]jobs.Record, 4096)
	for i := range recs {
		recs[i] = jobs.Record{Seq: jobs.Seq(i), Attempt: 1, Raw: []byte("record number 123456 of the set"), Shape: shape}
	}
	frame := encodeBatch(b, 0, recs, false)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := ReadBatch(frame[headerSize:], shape, false)
		if err != nil {
			b.Fatal(err)
		}
		var rec jobs.Record
		for {
			if more, err := r.Next(&rec); !more || err != nil {
				break
			}
		}
	}
}

// Of a record that is several rows all of them come over.
func TestBatchOfRows(t *testing.T) {
	shape := table()
	shape.Rows = true
	values := func(s ...string) (out [][]byte) {
		for _, v := range s {
			out = append(out, []byte(v))
		}
		return out
	}
	recs := []jobs.Record{
		{Seq: 0, Attempt: 1, Values: values("a", "1", "b", "2", "c", "3"), Shape: shape},
		{Seq: 1, Attempt: 1, Values: values("d", "4"), Shape: shape},
	}
	r, err := ReadBatch(encodeBatch(t, 0, recs, false)[headerSize:], shape, false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range recs {
		var got jobs.Record
		if more, err := r.Next(&got); !more || err != nil {
			t.Fatal(more, err)
		}
		if !slices.EqualFunc(got.Values, recs[i].Values, bytes.Equal) {
			t.Errorf("record %d: %q, want %q", i, got.Values, recs[i].Values)
		}
	}
	if more, err := r.Next(&jobs.Record{}); more || err != nil {
		t.Error(more, err)
	}
}
