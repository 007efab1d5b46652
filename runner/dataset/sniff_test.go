package dataset

import (
	"os"
	"strings"
	"testing"
)

func utf16le(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

// TestSniff is what is read, and what is refused.
func TestSniff(t *testing.T) {
	tar := "list.txt" + strings.Repeat("\x00", 249) + "ustar\x0000" + strings.Repeat("\x00", 247)
	lines := guise{format: FormatLines}
	named := func(name string, f Format) guise { return guise{name: name, format: f} }
	bytes := guise{format: FormatLines, said: true}
	csv, tsv, jsonl, nul := guise{format: FormatCSV, said: true}, guise{format: FormatTSV, said: true}, guise{format: FormatJSONL, said: true}, guise{format: FormatNUL, said: true}
	packed := func(g guise) guise { g.packed = true; return g }
	for _, c := range []struct {
		head string
		as   guise
		want finding // of is, the beginning
	}{
		{"a,b\n1,2\n", csv, finding{}},
		{"a\n", lines, finding{}},
		{"", csv, finding{}},
		{"caf\xe9\n", lines, finding{}},
		{"\x00a\n", bytes, finding{}},
		{"a\x00b\x00", nul, finding{}},

		// Packed.
		{"\xfd7zXZ\x00\x00\x04", csv, finding{coat: Coat{Pack: PackXZ}, again: true}},
		{"\xfd7zXZ\x00\x00\x04", nul, finding{coat: Coat{Pack: PackXZ}, again: true}},
		{"BZh91AY&SY\x00", lines, finding{coat: Coat{Pack: PackBzip2}, again: true}},
		{"BZh9\x17\x72\x45\x38\x50\x90", lines, finding{coat: Coat{Pack: PackBzip2}, again: true}},
		{"BZh9 is a name\n", lines, finding{}},
		{"PK\x03\x04\x14\x00", csv, finding{coat: Coat{Pack: PackZip}, again: true}},
		{"PK\x05\x06\x00\x00", lines, finding{coat: Coat{Pack: PackZip}, again: true}},
		{"PK\x03\x04\x14\x00", packed(csv), finding{is: "it is compressed, and what comes out is compressed as well"}},
		{"\x1f\x8b\x08\x00", packed(lines), finding{is: "it is compressed, and"}},
		{"text\n", named("list.xz", FormatLines), finding{is: "its name says it is compressed with xz"}},
		{"a,b\n", guise{name: "list.csv.bz2", format: FormatCSV, said: true}, finding{is: "its name says it is compressed with bzip2"}},
		{"a,b\n", packed(named("list.csv.xz", FormatCSV)), finding{}},

		// Text that is not UTF-8.
		{"\xff\xfea\x00\n\x00", csv, finding{coat: Coat{Charset: UTF16LE}, again: true}},
		{"\xfe\xff\x00a\x00\n", lines, finding{coat: Coat{Charset: UTF16BE}, again: true}},
		{"\xff\xfea\x00\n\x00", bytes, finding{coat: Coat{Charset: UTF16LE}, again: true}},
		{"\xff\xfea\x00\n\x00", nul, finding{is: "it is UTF-16, where zero bytes separate nothing"}},
		{"\xff\xfe\x00\x00a\x00\x00\x00", csv, finding{is: "it is UTF-32"}},
		{utf16le("name,city\n"), csv, finding{is: "it seems to be UTF-16"}},
		{utf16le("name\n"), lines, finding{is: "it seems to be UTF-16"}},
		{utf16le("name\n"), bytes, finding{is: "it seems to be UTF-16"}},
		{utf16le("{\"a\":1}\n"), jsonl, finding{is: "it seems to be UTF-16"}},
		{"\x00" + utf16le("name,city\n")[:19], csv, finding{is: "it seems to be UTF-16"}},
		{utf16le("имя\nгород\n"), lines, finding{is: "it has zero bytes in it"}},
		{"a,b\n1,\x002\n", csv, finding{is: "it has zero bytes in it"}},
		{"a\x00b\x00", lines, finding{is: "it has zero bytes in it"}},

		// What is no list. Every kind is asked for in TestKinds.
		{tar, lines, finding{is: "it is a tar archive"}},
		{tar, packed(named("list.tar.gz", FormatLines)), finding{is: "it is a tar archive"}},
		{"\x7fELF\x02\x01", lines, finding{is: "it is a program"}},
		{"\x7fELF\x02\x01", bytes, finding{}},
		{"  <!DOCTYPE html>\n<html>", csv, finding{is: "it is an HTML page"}},
		{"<html>\n", lines, finding{is: "it is an HTML page"}},
		{"<html>\n", bytes, finding{}},
		{"<?xml version=\"1.0\"?>\n", csv, finding{is: "it is an XML file"}},
		{"%PDF-1.7\n", lines, finding{is: "it is a PDF"}},
		{"PAR1 is a name\n", lines, finding{}},
		{"ORC\nELF\n", lines, finding{}},
		{"a;b\n", named("a.xlsx", FormatLines), finding{is: "its name says it is an Excel workbook"}},
		{"a\tb\n", named("a.xls", FormatLines), finding{is: "its name says it is an Excel workbook"}},
		{"a\tb\n", guise{name: "a.xls", format: FormatTSV, said: true}, finding{}},

		// JSON.
		{"[{\"a\":1},{\"a\":2}]", jsonl, finding{is: "it is a JSON array"}},
		{"[\n {\"a\":1}\n]\n", jsonl, finding{is: "it is a JSON array"}},
		{"[{\n \"a\":1}\n]\n", csv, finding{is: "it is a JSON array"}},
		{"[1]\n{\"a\":1}\n", jsonl, finding{}}, // one bad record
		{"{\n\"a\":1\n}\n", jsonl, finding{is: "it is JSON over several lines"}},
		{"{\"a\":1}\n{\"a\":2}\n", jsonl, finding{}},
		{"{\"a\":1}\n{\"a\":2}\n", lines, finding{}},
		{"{\"a\":1}\n{\"a\":2}\n", csv, finding{is: "it is JSON, one object a line"}},
		{"{name},{age}\n", csv, finding{}},
		{"{\"a\":1}\n", named("a.json", FormatLines), finding{is: "it is JSON, one object a line"}},
		{"[1,2]", named("a.json", FormatLines), finding{is: "it is a JSON array"}},
		{"[section]\n", lines, finding{}},
		{"name,age\nann,1\n", jsonl, finding{is: "none of its first lines is a JSON object"}},
		{"nonsense\n{\"a\":1}\n", jsonl, finding{}},
		{"nonsense\n", jsonl, finding{}},

		// How lines end.
		{"a,b\r1,2\r", csv, finding{coat: Coat{CR: true}}},
		{"one\rtwo", lines, finding{coat: Coat{CR: true}}},
		{"{\"a\":1}\r{\"a\":2}\r", jsonl, finding{coat: Coat{CR: true}}},
		{"10%\r20%\rdone\n", lines, finding{}},
		{"a,b\r1,\"x\ny\"\r", csv, finding{is: "some of its lines end with a carriage return alone"}},
		{"\"a\rb\",c\r\n1,2\r\n", csv, finding{}},
		{"a,b\r\n1,2\r\n", csv, finding{}},
		{"one\r\ntwo\r\n", lines, finding{coat: Coat{CRLF: true}}},
		{"one\r\ntwo\n", lines, finding{}},
		{"one\r\ntwo\r\n", bytes, finding{}},
		{"\xef\xbb\xbfone\r\n", lines, finding{coat: Coat{CRLF: true, BOM: true}}},

		// What separates fields.
		{"sep=;\na;b\n", csv, finding{coat: Coat{Sep: true}, sep: ';'}},
		{"\xef\xbb\xbf\"sep=|\"\r\na|b\r\n", csv, finding{coat: Coat{Sep: true}, sep: '|'}},
		{"SEP=\t\ra\tb\r", tsv, finding{coat: Coat{CR: true, Sep: true}, sep: '\t'}},
		{"sep=a\n", csv, finding{}},
		{"sep=;;\n", csv, finding{}},
		{"sep=;\n", lines, finding{}},
	} {
		got := sniff([]byte(c.head), c.as)
		got.do = ""
		is := got.is
		got.is, c.want.is = "", strings.TrimSpace(c.want.is)
		want := c.want
		want.is = ""
		if want.coat == (Coat{}) {
			want.coat = got.coat
			if is == "" && got.coat != (Coat{}) {
				t.Errorf("%.30q as %+v: %+v", c.head, c.as, got)
			}
		}
		if got != want || !strings.HasPrefix(is, c.want.is) || (is == "") != (c.want.is == "") {
			t.Errorf("%.30q as %+v: %+v, %q; want %+v", c.head, c.as, got, is, c.want)
		}
	}
}

// TestKinds: whatever is in the list is refused where a table is expected, and plain text is
// never taken for what is not text.
func TestKinds(t *testing.T) {
	for _, k := range kinds {
		head := strings.Repeat("\x01", k.at) + k.magic + "\x00\xff"
		if f := sniff([]byte(head), guise{format: FormatCSV}); f.is != "it is "+k.is || f.do == "" {
			t.Errorf("%s: %+v", k.is, f)
		}
		if text := k.magic + " is a word\n"; !k.text && isPlain([]byte(text)) {
			if f := sniff([]byte(text), guise{format: FormatLines}); f.is != "" {
				t.Errorf("%q: %s", text, f.is)
			}
		}
	}
}

func TestOtherDelimiter(t *testing.T) {
	for _, c := range []struct {
		rows  []string
		delim byte
		want  byte
	}{
		{[]string{"a;b"}, ',', ';'},
		{[]string{"a\tb"}, ',', '\t'},
		{[]string{"a,b"}, '\t', ','},
		{[]string{"a|b;c"}, ',', ';'},
		{[]string{"name"}, ',', 0},
		{[]string{`"a;b"`}, ',', 0},
		{[]string{"a;b", "c;d"}, ',', ';'},
		{[]string{"a;b", "c"}, ',', 0},
		{nil, ',', 0},
	} {
		rows := make([][]byte, len(c.rows))
		for i, r := range c.rows {
			rows[i] = []byte(r)
		}
		if got := otherDelimiter(rows, c.delim); got != c.want {
			t.Errorf("%q: %q, want %q", c.rows, got, c.want)
		}
	}
}

func TestSniffZip(t *testing.T) {
	for _, c := range []struct {
		names    string
		mimetype string
		pack     Pack
		member   string
		is       string
	}{
		{"a.csv", "", PackZip, "a.csv", ""},
		{"__MACOSX/._a.csv d/ d/.DS_Store d/a.csv", "", PackZip, "d/a.csv", ""},
		{"[Content_Types].xml _rels/.rels xl/workbook.xml", "", PackSheet, "", ""},
		{"[Content_Types].xml xl/workbook.bin", "", "", "", "(.xlsb)"},
		{"[Content_Types].xml word/document.xml", "", "", "", "office program"},
		{"mimetype content.xml", "application/vnd.oasis.opendocument.spreadsheet", "", "", "(.ods)"},
		{"mimetype content.xml", "application/epub+zip", "", "", "e-book"},
		{"Index/Document.iwa Metadata/Properties.plist", "", "", "", "Numbers"},
		{"META-INF/MANIFEST.MF A.class", "", "", "", "program"},
		{"a.csv b.csv", "", "", "", "2 files, such as a.csv and b.csv"},
		{"d/", "", "", "", "no file in it"},
	} {
		f := sniffZip(strings.Fields(c.names), c.mimetype)
		if f.coat.Pack != c.pack || f.coat.Member != c.member || !strings.Contains(f.is, c.is) || (f.is == "") != (c.is == "") || (f.is == "") != (f.do == "") {
			t.Errorf("%s: %+v", c.names, f)
		}
	}
}

func TestWhichSheet(t *testing.T) {
	for _, c := range []struct {
		names string
		shown int
		asked string
		want  string
		is    string
	}{
		{"A", 1, "", "A", ""},
		{"A hidden", 1, "", "A", ""},
		{"A hidden", 1, "hidden", "hidden", ""},
		{"A B", 2, "", "", `several sheets: "A", "B"`},
		{"A B", 2, "b", "B", ""},
		{"A B", 2, "2", "B", ""},
		{"2 B", 2, "2", "2", ""},
		{"A B", 2, "3", "", `no sheet "3"`},
		{"hidden", 0, "", "hidden", ""},
		{"", 0, "", "", "none of its sheets"},
		{"", 0, "A", "", "none of its sheets"},
	} {
		got, is, do := whichSheet(strings.Fields(c.names), c.shown, c.asked)
		if got != c.want || !strings.Contains(is, c.is) || (is == "") != (c.is == "") || (is == "") != (do == "") {
			t.Errorf("%+v: %q, %q, %q", c, got, is, do)
		}
	}
}

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{"/a/b-c_d.csv": "/a/b-c_d.csv", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", ";": "';'", "$x": "'$x'"} {
		if got := shellWord(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}

// FuzzSniff: whatever a file begins with, it is read or refused with what to do; looking again
// comes to an end; and what it is packed with does not depend on how many bytes of it have come.
func FuzzSniff(f *testing.F) {
	seedFiles(f)
	for _, s := range []string{"\u00a0", "\xfd7zXZ\x00", "BZh91AY&SY", "PK\x03\x04", "\xff\xfea\x00", "[{\"a\":1}]", "a\rb", "sep=;\n", "<html>", "BZ", "\x1f\x8b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		for n := range min(len(head), 32) {
			if p := packOf(head[:n]); p != "" && (p != packOf(head) || undecided(head[:n])) {
				t.Fatalf("%q: %s, of all %s", head[:n], p, packOf(head))
			} else if p == "" && !undecided(head[:n]) && packOf(head) != "" {
				t.Fatalf("%q is decided, and then it is %s", head[:n], packOf(head))
			}
		}
		for _, format := range []Format{FormatCSV, FormatTSV, FormatJSONL, FormatLines, FormatNUL} {
			for _, said := range []bool{false, true} {
				g := guise{name: "list.txt", format: format, said: said}
				for n := 0; ; n++ {
					f := sniff(head, g)
					if (f.is == "") != (f.do == "") || (f.is != "" && f.again) || n > 2 {
						t.Fatalf("%q as %+v: %+v", head, g, f)
					}
					if format == FormatNUL && (f.coat.CR || f.coat.CRLF || f.coat.BOM || f.sep != 0) {
						t.Fatalf("%q: %+v", head, f)
					}
					if !f.again {
						break
					}
					if f.coat == g.coat {
						t.Fatalf("%q as %+v: again, and nothing is another", head, g)
					}
					g.coat, g.packed = f.coat, f.coat.Pack != ""
				}
			}
		}
	})
}

// TestOwnFiles: what lies about in the project is what it is.
func TestOwnFiles(t *testing.T) {
	for name, want := range map[string]string{"cities.csv": "", "datasets/two.zip": "2 files", "datasets/table.ods": "(.ods)", "datasets/letter.docx": "office program"} {
		path := "../../testdata/" + name
		spec := Spec{Paths: []string{path}}
		if err := spec.Resolve(); err != nil {
			t.Fatal(err)
		}
		r, err := Open(spec, nil)
		if err == nil {
			_ = r.Close()
		}
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}
