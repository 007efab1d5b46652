package dataset

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestWholeLines: of a file that grows, what has no line end at the end is left, whatever the
// format, and what was taken ends before it; the next reader goes on there.
func TestWholeLines(t *testing.T) {
	for name, c := range map[string]struct {
		format  Format
		content string
		records int
		left    int64 // the offset; -1: nothing is
	}{
		"lines":                     {FormatLines, "a\nb\nha", 2, 4},
		"lines, all of them whole":  {FormatLines, "a\nb\n", 2, -1},
		"nothing but a beginning":   {FormatLines, "a", 0, 0},
		"empty":                     {FormatLines, "", 0, -1},
		"zero bytes":                {FormatNUL, "a\x00b\nc", 1, 2},
		"table":                     {FormatCSV, "x,y\n1,2\n3,", 1, 8},
		"table, cut in a quote":     {FormatCSV, "x,y\n1,2\n3,\"a", 1, 8},
		"table, cut behind a quote": {FormatCSV, "x,y\n1,2\n3,\"a\nb\"", 1, 8},
		"objects":                   {FormatJSONL, "{\"a\":1}\n{\"a\":", 1, 8},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			of := Spec{Paths: []string{path}, Format: c.format, Grows: true, WholeLines: true}
			if err := of.Resolve(); err != nil {
				t.Fatal(err)
			}
			r, err := Open(of, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			var rec Record
			n := 0
			for ; ; n++ {
				err := r.Next(&rec)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil || rec.Err != nil {
					t.Fatal(err, rec.Err)
				}
			}
			if n != c.records {
				t.Errorf("%d records, want %d", n, c.records)
			}
			fp, err := r.Taken()
			if err != nil {
				t.Fatal(err)
			}
			size := int64(len(c.content))
			if left := r.Left(); (left == nil) != (c.left < 0) || left != nil && left.Offset != c.left {
				t.Errorf("left at %+v, want %d", left, c.left)
			} else if left != nil {
				size = c.left
			}
			if fp.Size != size {
				t.Errorf("%d bytes were taken, want %d", fp.Size, size)
			}
			// More of it comes: that is no other file.
			if err := os.WriteFile(path, []byte(c.content+" more\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := fp.Check(true); err != nil && (c.left >= 0 || len(c.content) == 0 || c.content[len(c.content)-1] == '\n') {
				t.Error(err)
			}
		})
	}
}

// TestParse: what is put right is read as if it stood in the dataset.
func TestParse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte("x,y\n1,2\n3,4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	of := Spec{Paths: []string{path}, Format: FormatCSV}
	if err := of.Resolve(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(of, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var rec Record
	if err := r.Next(&rec); err != nil {
		t.Fatal(err)
	}
	pos, size := rec.Pos, rec.Size
	for text, ok := range map[string]bool{`5,"a ""b"""`: true, `5,6,7`: false, "5,6\n7,8": false, ``: false, `5,"open`: false, "5,\xff": false} {
		r.Parse([]byte(text), &rec)
		if (rec.Err == nil) != ok || rec.Pos != pos || rec.Size != size {
			t.Errorf("%q: %v, at %+v", text, rec.Err, rec.Pos)
		}
		if ok && string(rec.Values[1]) != `a "b"` {
			t.Errorf("%q: %q", text, rec.Values)
		}
	}
	// The reader itself is where it was.
	if err := r.Next(&rec); err != nil || string(rec.Values[0]) != "3" {
		t.Errorf("%q, %v", rec.Values, err)
	}
}
