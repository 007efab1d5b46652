package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/tidwall/gjson"
)

// write puts content into a file of a new folder.
func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, spec Spec) *Reader {
	t.Helper()
	if err := spec.Resolve(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// kept is a record that outlives the next call of Next.
type kept struct {
	raw    string
	values []string
	pos    Position
	size   int64
	err    string
}

func readAll(t testing.TB, r *Reader) []kept {
	t.Helper()
	var out []kept
	var rec Record
	for {
		err := r.Next(&rec)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		k := kept{raw: string(rec.Raw), pos: rec.Pos, size: rec.Size}
		for _, v := range rec.Values {
			k.values = append(k.values, string(v))
		}
		if rec.Err != nil {
			k.err = rec.Err.Error()
		}
		out = append(out, k)
	}
}

// TestPositions: every record knows its line and byte, and reading can go on
// from any of them.
func TestPositions(t *testing.T) {
	for name, content := range map[string]string{
		"a.csv":   "\xef\xbb\xbfh,i\r\n1,2\r\n\r\n\"a\r\nb\",\"c\"\"d\"\r\n5,6",
		"b.tsv":   "h\ti\n1\t2\n3\t4\"x\n",
		"c.jsonl": "{\"a\":1}\n\n {\"a\":2} \n{\"a\":3}",
		"d.txt":   "one\n\nthree",
		"e.nul":   "one\ntwo\x00three\x00",
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Paths: []string{write(t, name, content)}}
			if filepath.Ext(name) == ".nul" {
				spec.Format = FormatNUL
			}
			all := readAll(t, open(t, spec))
			if len(all) < 2 {
				t.Fatalf("only %d records", len(all))
			}
			for i, want := range all {
				if line := 1 + strings.Count(content[:want.pos.Offset], "\n"); name[0] != 'c' && int64(line) != want.pos.Line {
					t.Errorf("record %d: line %d, by its offset it is %d", i, want.pos.Line, line)
				}
				r := open(t, spec)
				if err := r.SeekTo(want.pos); err != nil {
					t.Fatal(err)
				}
				rest := readAll(t, r)
				if fmt.Sprint(rest) != fmt.Sprint(all[i:]) {
					t.Errorf("from record %d on:\n got %v\nwant %v", i, rest, all[i:])
				}
			}
		})
	}
}

// TestBufferEdges reads rows of all lengths around the size of the window, so
// that every kind of byte comes to stand at its end.
func TestBufferEdges(t *testing.T) {
	for pad := windowStart - 40; pad < windowStart+10; pad++ {
		content := "a,b\n" + strings.Repeat("x", pad) + ",\"q\"\"r\r\ns\"\r\n1,2\r\n"
		got := readAll(t, open(t, Spec{Paths: []string{write(t, "x.csv", content)}}))
		if len(got) != 2 || got[0].values[1] != "q\"r\r\ns" || got[1].values[1] != "2" || got[1].pos.Line != 4 {
			t.Fatalf("pad %d: %d records, the last %v", pad, len(got), got[len(got)-1])
		}
	}
}

// TestSameRecordsFromAnywhere: where a bad or an overlong record ends must not
// depend on where reading began, or a resume would count other records.
func TestSameRecordsFromAnywhere(t *testing.T) {
	long := strings.Repeat("x", 3000)
	pieces := []string{
		"1,2\n", "\"a\nb\",c\n", "\"a\nb\",c\"d" + long + "\n", "\"open,1\n", "\"q\nq\"," + long + long + "\n", "\"z\"x,1\n", long + "\n",
		"\"" + strings.Repeat("y\n", 2500) + "\",1\n",
	}
	var content strings.Builder
	for i := range 240 {
		content.WriteString(pieces[(i*7+i/11)%len(pieces)])
	}
	content.WriteString("\"a\",1\nlast,1\n\"")
	spec := Spec{Paths: []string{write(t, "x.csv", content.String())}, NoHeader: true, MaxRecord: 4000}
	all := readAll(t, open(t, spec))
	if got := all[len(all)-1].err; !strings.Contains(got, "never closed") {
		t.Errorf("the last record: %s", got)
	}
	for i := 0; i < len(all); i += 1 + len(all)/15 {
		r := open(t, spec)
		if err := r.SeekTo(all[i].pos); err != nil {
			t.Fatal(err)
		}
		rest := readAll(t, r)
		if len(rest) != len(all)-i {
			t.Fatalf("from record %d on: %d records, want %d", i, len(rest), len(all)-i)
		}
		for k := range rest {
			if rest[k].pos != all[i+k].pos || rest[k].err != all[i+k].err || rest[k].raw != all[i+k].raw {
				t.Fatalf("from record %d on, record %d:\n got %+v\nwant %+v", i, i+k, rest[k], all[i+k])
			}
		}
	}
	for i, k := range all {
		if len(k.raw) > spec.MaxRecord+2 && k.err == "" {
			t.Errorf("record %d has %d bytes", i, len(k.raw))
		}
	}
}

func TestCompressedAndSeveral(t *testing.T) {
	var content strings.Builder
	content.WriteString("k,v\n")
	for i := range 50000 {
		fmt.Fprintf(&content, "%d,value %d\n", i, i)
	}
	var gz, zst bytes.Buffer
	zw := gzip.NewWriter(&gz)
	_, _ = zw.Write([]byte(content.String()))
	_ = zw.Close()
	enc, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = enc.Write([]byte(content.String()))
	_ = enc.Close()
	spec := Spec{Paths: []string{write(t, "a.csv.gz", gz.String()), write(t, "b.csv", content.String()), write(t, "c.csv.zst", zst.String())}}
	r := open(t, spec)
	all := readAll(t, r)
	if len(all) != 150000 || all[149999].values[1] != "value 49999" || all[100000].pos.File != 2 {
		t.Fatalf("%d records, the last %v", len(all), all[len(all)-1])
	}
	if r.Consumed() != r.Total() {
		t.Errorf("consumed %d of %d bytes", r.Consumed(), r.Total())
	}
	for _, i := range []int{70, 49999, 50000, 99999, 100000, 123456} {
		r := open(t, spec)
		if err := r.SeekTo(all[i].pos); err != nil {
			t.Fatal(err)
		}
		if rest := readAll(t, r); len(rest) != len(all)-i || rest[0].raw != all[i].raw {
			t.Errorf("from record %d on: %d records, the first %v", i, len(rest), rest[0])
		}
	}
	// A compressed file that was cut off is an error, not the end.
	cut := open(t, Spec{Paths: []string{write(t, "cut.csv.gz", gz.String()[:gz.Len()/2])}})
	var rec Record
	for err = nil; err == nil; {
		err = cut.Next(&rec)
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut gzip file ends with %v", err)
	}
}

func TestFingerprint(t *testing.T) {
	big := strings.Repeat("0123456789abcde\n", wholeBelow/16+1000)
	for _, content := range []string{"a\nb\n", big} {
		path := write(t, "x", content)
		fp, err := TakeFingerprint(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := fp.Check(false); err != nil {
			t.Errorf("unchanged: %v", err)
		}
		appendTo := func(s string) {
			t.Helper()
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = f.WriteString(s)
			_ = f.Close()
		}
		appendTo("c\n")
		if err := fp.Check(false); !errors.Is(err, ErrChanged) {
			t.Errorf("grown: %v", err)
		}
		if err := fp.Check(true); err != nil {
			t.Errorf("grown, allowed: %v", err)
		}
		if err := os.WriteFile(path, []byte("X"+content[1:]+"c\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := fp.Check(true); !errors.Is(err, ErrChanged) {
			t.Errorf("grown and edited: %v", err)
		}
		if err := os.Truncate(path, 1); err != nil {
			t.Fatal(err)
		}
		if err := fp.Check(true); !errors.Is(err, ErrChanged) {
			t.Errorf("shrunk: %v", err)
		}
	}
	path := write(t, "y", "a\nb")
	fp, err := TakeFingerprint(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("a\nbc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := fp.Check(true); !errors.Is(err, ErrChanged) {
		t.Errorf("last line extended: %v", err)
	}
}

// TestStrayMembers: a table has no place for a member that the first record does not have,
// also for one without a name.
func TestStrayMembers(t *testing.T) {
	for _, second := range []string{`{"b":1}`, `{"":1}`} {
		r := open(t, Spec{Paths: []string{write(t, "x.jsonl", "{\"a\":1}\n"+second+"\n")}, FixedColumns: true, MaxRecord: 100, MaxDepth: 10})
		if all := readAll(t, r); len(all) != 2 || all[0].err != "" || !strings.Contains(all[1].err, "is not among the columns") {
			t.Errorf("%s: %+v", second, all)
		}
	}
}

// seedFiles adds the start of every file of the project's testdata.
func seedFiles(f *testing.F) {
	for _, path := range []string{"../../testdata/cities.csv", "../../testdata/workers/upper.js"} {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:min(len(b), 2000)])
	}
	for _, s := range []string{"a,b\n1,2\n", "a\n\"x\ny\"\n", "a,b\n\"open\n1,2\n", "a\r\nb\r\n\r\n", "\xef\xbb\xbfa\n1", "{\"a\":1}\n{", "x\x00y\x00", "a,b\n\"q\"\"\",\"\"\n\"z\"x,1\n"} {
		f.Add([]byte(s))
	}
}

// FuzzReaders reads arbitrary bytes in every format: nothing panics, no byte is
// read twice or passed over, but for blank lines, and a good CSV is read as
// encoding/csv reads it.
func FuzzReaders(f *testing.F) {
	seedFiles(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		path := write(t, "x", string(b))
		for _, format := range []Format{FormatCSV, FormatTSV, FormatJSONL, FormatLines, FormatNUL} {
			spec := Spec{Paths: []string{path}, Format: format, NoHeader: true, MaxRecord: 64}
			if err := spec.Resolve(); err != nil {
				t.Fatal(err)
			}
			r, err := Open(spec, nil)
			if err != nil {
				continue
			}
			if r.Settled().Coats == nil { // else positions are in what comes out
				checkCover(t, r, b, format)
			}
			_ = r.Close()
		}
		compareCSV(t, b)
	})
}

func checkCover(t *testing.T, r *Reader, b []byte, format Format) {
	at := int64(0)
	for i, k := range readAll(t, r) {
		if k.pos.Offset < at || k.size <= 0 || k.pos.Offset+k.size > int64(len(b)) {
			t.Fatalf("%s: record %d at %d+%d, after %d, of %d bytes", format, i, k.pos.Offset, k.size, at, len(b))
		}
		between := b[at:k.pos.Offset]
		if at == 0 {
			between = bytes.TrimPrefix(between, []byte("\xef\xbb\xbf"))
		}
		if len(bytes.TrimSpace(between)) > 0 {
			t.Fatalf("%s: %q was passed over before record %d", format, between, i)
		}
		if line := int64(1 + bytes.Count(b[:k.pos.Offset], []byte("\n"))); k.pos.Line != line {
			t.Fatalf("%s: record %d in line %d, not %d", format, i, k.pos.Line, line)
		}
		if format == FormatJSONL && k.err == "" && !gjson.Valid(k.raw) {
			t.Fatalf("invalid JSON was accepted: %q", k.raw)
		}
		at = k.pos.Offset + k.size
	}
}

func compareCSV(t *testing.T, b []byte) {
	if bytes.Contains(bytes.ReplaceAll(b, []byte("\r\n"), nil), []byte("\r")) || len(b) > 64 || !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		return // lone carriage returns are characters here, encoding/csv has rules of its own
	}
	want, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil || len(want) == 0 {
		return
	}
	var got [][]string
	spec := Spec{Paths: []string{write(t, "x.csv", string(b))}, Format: FormatCSV, Delimiter: ',', NoHeader: true, MaxRecord: 1 << 20}
	r, err := Open(spec, nil) // and not as a run does that begins, which refuses some of it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for _, k := range readAll(t, r) {
		if k.err != "" {
			t.Fatalf("%q: encoding/csv reads it, here it is %s", b, k.err)
		}
		for i := range k.values { // encoding/csv turns CRLF in quotes into LF
			k.values[i] = strings.ReplaceAll(k.values[i], "\r\n", "\n")
		}
		got = append(got, k.values)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%q: got %q, encoding/csv reads %q", b, got, want)
	}
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []struct{ name, row string }{
		{"lines.txt", "record number 123456 of the set\n"},
		{"bare.csv", "123456,Ann,Oslo,2026-01-01\n"},
		{"quoted.csv", "123456,\"Ann\",\"Oslo, Norway\",2026-01-01\n"},
		{"objects.jsonl", `{"id":123456,"name":"Ann","city":"Oslo"}` + "\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			path := write(b, c.name, strings.Repeat(c.row, 100000))
			b.SetBytes(int64(len(c.row) * 100000))
			b.ReportAllocs()
			for b.Loop() {
				r := open(b, Spec{Paths: []string{path}})
				var rec Record
				for r.Next(&rec) == nil {
				}
			}
		})
	}
}
