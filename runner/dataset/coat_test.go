package dataset

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/ulikunitz/xz"
)

func toUTF16(text string, order binary.AppendByteOrder) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func toXZ(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func toZip(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// toSheet makes a workbook of one sheet.
func toSheet(t testing.TB, rows string) string {
	t.Helper()
	return toZip(t,
		"[Content_Types].xml", "<Types/>",
		"xl/workbook.xml", `<workbook xmlns:r="x"><sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml", "<worksheet><sheetData>"+rows+"</sheetData></worksheet>")
}

func sheetRow(number int, cells ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<row r="%d">`, number)
	for _, c := range cells {
		fmt.Fprintf(&b, `<c t="inlineStr"><is><t>%s</t></is></c>`, c)
	}
	return b.String() + "</row>"
}

// coated are files of all kinds, with what of them makes two records or more.
func coated(t testing.TB) map[string]string {
	var table, rows strings.Builder
	table.WriteString("name,note\n")
	rows.WriteString(sheetRow(2, "name", "note"))
	for i := range 3000 {
		fmt.Fprintf(&table, "Zoë %d,\"a \"\"😀\"\"\nb\"\n", i)
		rows.WriteString(sheetRow(3+i*2, fmt.Sprintf("Zoë %d", i), "a \"😀\"\nb"))
	}
	text := table.String()
	lines := strings.Repeat("one\ntwo\n\n", 2000)
	return map[string]string{
		"a.csv":     toUTF16(text, binary.LittleEndian),
		"b.csv":     toUTF16(text, binary.BigEndian),
		"c.csv.xz":  toXZ(t, text) + toXZ(t, "last,row\n") + "\x00\x00\x00\x00",
		"d.csv.zip": toZip(t, "d.csv", text),
		"e.zip":     toZip(t, "__MACOSX/._x.csv", "", "x.csv", text),
		"f.xlsx":    toSheet(t, rows.String()),
		"g.csv":     "a,b\r" + strings.Repeat("1,2\r", 1000),
		"h.txt":     strings.ReplaceAll(lines, "\n", "\r"),
		"i.txt":     "\xef\xbb\xbf" + strings.ReplaceAll(lines, "\n", "\r\n"),
		"j.csv":     "sep=;\r\na;b\r\n" + strings.Repeat("1;2\r\n", 100),
		"k.jsonl":   toUTF16("{\"a\":1}\n{\"a\":\"ü\"}\n", binary.LittleEndian),
		"l.csv":     compress(t.(*testing.T), ".gz", toUTF16(text, binary.LittleEndian)),
		"m.csv":     toSheet(t, rows.String()), // by another name
		"n.csv":     "a,b,,\n" + strings.Repeat("1,2,,\n3,4\n", 50),
	}
}

// TestCoats: what is found when a run begins is stored, and what is stored is enough to read
// the same records, from any of them on.
func TestCoats(t *testing.T) {
	for name, content := range coated(t) {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Paths: []string{write(t, name, content)}, Text: true}
			first := open(t, spec)
			stored := first.Settled()
			if stored.fresh = false; name != "n.csv" && stored.Coats == nil {
				t.Errorf("nothing was found")
			}
			all := readAll(t, first)
			for i, k := range all {
				if k.err != "" {
					t.Fatalf("record %d: %s", i, k.err)
				}
				if len(k.values) == 2 && strings.HasPrefix(k.values[0], "Zoë") && k.values[1] != "a \"😀\"\nb" {
					t.Fatalf("record %d: %q", i, k.values)
				}
				if strings.Contains(k.raw, "\r") || strings.Contains(k.raw, "\ufeff") {
					t.Fatalf("record %d: %q", i, k.raw)
				}
			}
			if first.Consumed() != first.Total() {
				t.Errorf("consumed %d of %d bytes", first.Consumed(), first.Total())
			}
			if len(all) < 2 || (name < "g" && len(all) < 3000) {
				t.Fatalf("%d records", len(all))
			}
			for _, i := range []int{0, 1, len(all) / 2, len(all) - 1} {
				r, err := Open(stored, nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := r.SeekTo(all[i].pos); err != nil {
					t.Fatal(err)
				}
				rest := readAll(t, r)
				if !slices.EqualFunc(rest, all[i:], func(a, b kept) bool { return a.raw == b.raw && a.pos == b.pos }) {
					t.Errorf("from record %d on: %d records, want %d", i, len(rest), len(all)-i)
				}
				_ = r.Close()
			}
		})
	}
}

// TestCoatsOfStdin: standard input is looked at as a file is, when it has come.
func TestCoatsOfStdin(t *testing.T) {
	for name, content := range coated(t) {
		spool, err := NewSpool(filepath.Join(t.TempDir(), "stdin"))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			var err error
			for at := 0; at < len(content) && err == nil; at += 1000 {
				err = spool.Append([]byte(content[at:min(at+1000, len(content))]))
			}
			done <- spool.Finish(context.Background(), err)
		}()
		spec := Spec{Paths: []string{Stdin}, Format: FormatOf(name)}
		if seenInside(name) || name == "m.csv" {
			spec.Format = FormatAuto
		}
		if err := spec.Resolve(); err != nil {
			t.Fatal(err)
		}
		r, err := Open(spec, spool)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := readAll(t, open(t, Spec{Paths: []string{write(t, name, content)}}))
		if spec.Format != FormatAuto && spec.Format != FormatLines { // which have no mark to be left out if they were asked for
			if got := readAll(t, r); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %d records, of a file %d", name, len(got), len(want))
			}
		}
		if err := errors.Join(r.Close(), <-done, spool.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestFirstLineOfAPipe: the first record is there when its line is, whatever comes behind it.
func TestFirstLineOfAPipe(t *testing.T) {
	for _, format := range []Format{FormatLines, FormatCSV, FormatJSONL, FormatNUL} {
		spool, err := NewSpool(filepath.Join(t.TempDir(), "stdin"))
		if err != nil {
			t.Fatal(err)
		}
		first := map[Format]string{FormatLines: "a\n", FormatCSV: "a\nb\n", FormatJSONL: "{}\n", FormatNUL: "a\x00"}[format]
		if err := spool.Append([]byte(first)); err != nil {
			t.Fatal(err)
		}
		spec := Spec{Paths: []string{Stdin}, Format: format}
		if err := spec.Resolve(); err != nil {
			t.Fatal(err)
		}
		r, err := Open(spec, spool) // it would wait for ever
		if err != nil {
			t.Fatal(err)
		}
		var rec Record
		if err := r.Next(&rec); err != nil || rec.Err != nil {
			t.Errorf("%s: %v, %v", format, err, rec.Err)
		}
		if err := errors.Join(r.Close(), spool.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestRunsOfEarlierVersions: a run that was begun before anybody looked reads what it read.
func TestRunsOfEarlierVersions(t *testing.T) {
	for content, want := range map[string]string{
		"one\rtwo\r":             "one\rtwo\r",
		"one\r\n":                "one\r",
		"\xef\xbb\xbfone\n":      "\xef\xbb\xbfone",
		"\xff\xfea\x00\n\x00":    "\xff\xfea\x00",
		"BZh91AY&SY\x01\n":       "BZh91AY&SY\x01",
		"<html>\n":               "<html>",
		"PK\x03\x04archive\nx\n": "PK\x03\x04archive",
	} {
		r, err := Open(Spec{Paths: []string{write(t, "x.txt", content)}, Format: FormatLines, MaxRecord: 100}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if all := readAll(t, r); all[0].raw != want {
			t.Errorf("%q: %q", content, all[0].raw)
		}
		_ = r.Close()
	}
}

// TestSettled: what several files have in common, and what they do not.
func TestSettled(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a.csv": "x;y\n1;2\n", "sep.csv": "sep=;\nx;y\n3;4\n", "comma.csv": "x,y\n5,6\n", "pipe.csv": "sep=|\nx|y\n", "one.csv": "x\n1\n",
		"x.zip": toZip(t, "inner.csv", "x,y\n7,8\n"), "t.zip": toZip(t, "inner.tsv", "x\ty\n9\t10\n"), "x.txt": "line\n",
		"s.xlsx": toSheet(t, sheetRow(1, "x", "y")+sheetRow(2, "11", "1;2")), "cut.zip": toZip(t, "inner.csv", "x,y\n7,8\n")[:60],
		"semi.xlsx": toSheet(t, sheetRow(1, "x;y")), "cut.xz": toXZ(t, "a\n")[:20],
		"sentences.csv": "Hello; you\nNo more\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		files string
		set   func(*Spec)
		delim byte
		n     int
		err   string
	}{
		{files: "sep.csv", delim: ';', n: 1},
		{files: "sep.csv a.csv", delim: ';', n: 2},
		{files: "sep.csv comma.csv", err: "column"},
		{files: "sep.csv pipe.csv", err: `its first line says that '|' separates fields`},
		{files: "comma.csv sep.csv", err: `its first line says that ';' separates fields`},
		{files: "a.csv", err: "it has one column, but ';' seems to separate more"},
		{files: "a.csv", set: func(s *Spec) { s.NoHeader = true }, err: "it has one column"},
		{files: "sentences.csv", set: func(s *Spec) { s.NoHeader = true }, delim: ',', n: 2},
		{files: "a.csv", set: func(s *Spec) { s.Delimiter = ',' }, delim: ',', n: 1},
		{files: "a.csv", set: func(s *Spec) { s.Delimiter = ';' }, delim: ';', n: 1},
		{files: "x.txt", set: func(s *Spec) { s.Delimiter = ';' }, delim: ';', n: 0},
		{files: "x.zip", delim: ',', n: 1},
		{files: "t.zip", delim: '\t', n: 1},
		{files: "x.zip comma.csv s.xlsx", delim: ',', n: 3},
		{files: "sep.csv s.xlsx", delim: ';', n: 2},
		{files: "t.zip x.zip", err: "it is csv, and"},
		{files: "x.zip x.txt", err: "it is lines, and"},
		{files: "s.xlsx", set: func(s *Spec) { s.Format = FormatJSONL }, err: "it is an Excel workbook, not jsonl"},
		{files: "s.xlsx", set: func(s *Spec) { s.Sheet = "Two" }, err: `no sheet "Two"`},
		{files: "comma.csv", set: func(s *Spec) { s.Sheet = "Two" }, err: "it is no Excel workbook"},
		{files: "semi.xlsx", err: "several seem to have come into one"},
		{files: "cut.zip", err: "it may be cut off"},
		{files: "cut.xz", err: "unexpected EOF"},
	} {
		var spec Spec
		for _, f := range strings.Fields(c.files) {
			spec.Paths = append(spec.Paths, filepath.Join(dir, f))
		}
		if c.set != nil {
			c.set(&spec)
		}
		if err := spec.Resolve(); err != nil {
			t.Fatalf("%s: %v", c.files, err)
		}
		r, err := Open(spec, nil)
		if err != nil {
			if c.err == "" || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %q", c.files, err, c.err)
			}
			continue
		}
		if c.err != "" {
			t.Errorf("%s: no error, want %q", c.files, c.err)
		} else if all := readAll(t, r); len(all) != c.n || r.Settled().Delimiter != c.delim || (c.n > 0 && all[c.n-1].err != "") {
			t.Errorf("%s: %d records, %q, %v", c.files, len(all), r.Settled().Delimiter, all)
		}
		_ = r.Close()
	}
}

// TestLateStdin: what has to be stored of standard input cannot be, behind other files.
func TestLateStdin(t *testing.T) {
	for content, want := range map[string]string{"x\n2\n": "", "x\r2\r": "cannot be read as it is behind other files", toXZ(t, "x\n2\n"): "cannot be read as it is", "\xff\xfex\x00": "cannot be read as it is", "<html>\n": "it is an HTML page", "x,\n2,\n": "column 2 has no name"} {
		spool, err := NewSpool(filepath.Join(t.TempDir(), "stdin"))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(spool.Append([]byte(content)), spool.Finish(context.Background(), nil)); err != nil {
			t.Fatal(err)
		}
		spec := Spec{Paths: []string{write(t, "a.csv", "x\n1\n"), Stdin}, Format: FormatCSV}
		if err := spec.Resolve(); err != nil {
			t.Fatal(err)
		}
		r, err := Open(spec, spool)
		if err != nil {
			t.Fatal(err)
		}
		var rec Record
		n := 0
		for ; err == nil; n++ {
			err = r.Next(&rec)
		}
		if errors.Is(err, io.EOF) != (want == "") || !strings.Contains(err.Error(), want) || (want == "" && n != 3) {
			t.Errorf("%q: %d records, %v; want %q", content, n, err, want)
		}
		_ = errors.Join(r.Close(), spool.Close())
	}
}

// TestGrownBehindCoats: what may be added to, and what has its end where it is.
func TestGrownBehindCoats(t *testing.T) {
	for _, c := range []struct {
		was, more string
		ok        bool
	}{
		{toXZ(t, "a\n"), toXZ(t, "b\n"), true},
		{toZip(t, "a", "a\n"), "more", false},
		{toUTF16("a\n", binary.LittleEndian), "b\x00\n\x00", true},
		{toUTF16("a", binary.LittleEndian), "b\x00\n\x00", false},
		{toUTF16("a\n", binary.BigEndian), "\x00b\x00\n", true},
		{"a\rb\r", "c\r", false},
	} {
		path := write(t, "x", c.was)
		fp, err := TakeFingerprint(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.was+c.more), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := fp.Check(true); (err == nil) != c.ok {
			t.Errorf("%q, and then %q: %v", c.was, c.more, err)
		}
	}
}
