package dataset

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// inCharset writes text as another program would.
func inCharset(t testing.TB, of *charmap.Charmap, text string) string {
	t.Helper()
	out, err := of.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// openGuessing opens a table as a run does whose job guesses, and as its resume does.
func openGuessing(t *testing.T, content string, change func(*Spec)) (rows [][]string, notes string, settled Spec, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	of := Spec{Paths: []string{path}, Guesses: true, Text: true}
	if change != nil {
		change(&of)
	}
	if err := of.Resolve(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(of, nil)
	if err != nil {
		return nil, "", Spec{}, err
	}
	notes, settled = strings.Join(r.Notes(), "\n"), r.Settled()
	rows = allRows(t, r)
	again := settled
	again.fresh, again.Guesses, again.Charset = false, false, "" // as it is stored
	if r, err = Open(again, nil); err != nil {
		t.Fatal(err)
	}
	for i, row := range allRows(t, r) {
		if strings.Join(row, "|") != strings.Join(rows[i], "|") {
			t.Errorf("a resume reads %q, where %q stood", row, rows[i])
		}
	}
	return rows, notes, settled, nil
}

func allRows(t *testing.T, r *Reader) (rows [][]string) {
	t.Helper()
	defer func() { _ = r.Close() }()
	rows = append(rows, r.Shape().Columns)
	var rec Record
	for {
		err := r.Next(&rec)
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		var row []string
		for _, v := range rec.Values {
			row = append(row, string(v))
		}
		if rec.Err != nil {
			row = []string{"bad: " + rec.Err.Reason}
		}
		rows = append(rows, row)
	}
}

// TestGuesses: a table as spreadsheet programs of several countries save it.
func TestGuesses(t *testing.T) {
	western := inCharset(t, charmap.Windows1252, "Name;Straße\r\nJörg;\"Große Gasse; 1\"\r\nÉlan;Rue de l’Église\r\n")
	for name, c := range map[string]struct {
		content string
		last    string // row, joined
		notes   string
		charset string
		delim   byte
		is      string
	}{
		"German Excel":   {content: western, last: "Élan|Rue de l’Église", notes: "WINDOWS-1252, as it is no UTF-8 (--encoding", charset: "windows-1252", delim: ';'},
		"far behind":     {content: "a;b\n" + strings.Repeat("1;2\n", 200000) + inCharset(t, charmap.Windows1252, "é;ß\n"), last: "é|ß", notes: "WINDOWS-1252", charset: "windows-1252", delim: ';'},
		"UTF-8":          {content: "a;b\né;ß\n", last: "é|ß", notes: `separated by ';'`, delim: ';'},
		"a broken row":   {content: "a,b\né,ß\n\xff,x\n", last: "bad: byte 0xff is not valid UTF-8; say what it is in, such as --encoding windows-1252, or convert it with iconv -t UTF-8", delim: ','},
		"commas":         {content: "a,b\n1;2,3\n", last: "1;2|3", delim: ','},
		"quoted header":  {content: "\"a\";\"b, c\"\n\"1\";\"2;3\"\n", last: "1|2;3", delim: ';'},
		"tabs":           {content: "a\tb, c\n1\t2\n", last: "1|2", notes: `'\t'`, delim: '\t'},
		"commas within":  {content: "Name;Strasse, Nr;Ort\nA;B 1;C\n", last: "A|B 1|C", delim: ';'},
		"one column":     {content: "a\n1\n", last: "1", delim: ','},
		"Polish":         {content: inCharset(t, charmap.Windows1250, "a;b\nŁódź;Główna\nKraków;Białostocka\nx;Słowiańska\n"), is: "neither UTF-8 nor, as it seems, Windows-1252"},
		"no such letter": {content: "a;b\n\x81;x\n", is: "neither UTF-8"},
		"a mark":         {content: "\xef\xbb\xbfa;b\né;ß\n", last: "é|ß", delim: ';'},
	} {
		t.Run(name, func(t *testing.T) {
			rows, notes, settled, err := openGuessing(t, c.content, nil)
			if c.is != "" {
				if err == nil || !strings.Contains(err.Error(), c.is) {
					t.Errorf("%v, %q", err, rows)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(rows[len(rows)-1], "|"); got != c.last || !strings.Contains(notes, c.notes) || settled.coat(0).Charset != c.charset || settled.Delimiter != c.delim {
				t.Errorf("%q, %q, in %q, %q", got, notes, settled.coat(0).Charset, settled.Delimiter)
			}
		})
	}
}

// TestSaid: what somebody says counts, and is not guessed.
func TestSaid(t *testing.T) {
	polish := inCharset(t, charmap.Windows1250, "a;b\nŁódź;Główna\n")
	rows, notes, _, err := openGuessing(t, polish, func(s *Spec) { s.Charset = "windows-1250"; s.Guesses = false; s.Delimiter = ';' })
	if err != nil || rows[1][1] != "Główna" || !strings.HasSuffix(notes, "read as WINDOWS-1250") {
		t.Errorf("%v, %q, %q", err, rows, notes)
	}
	rows, _, _, err = openGuessing(t, polish, func(s *Spec) { s.Charset = "utf-8" })
	if err != nil || !strings.Contains(rows[1][0], "not valid UTF-8") {
		t.Errorf("%v, %q", err, rows)
	}
	rows, _, _, err = openGuessing(t, "a;b\n1;2\n", func(s *Spec) { s.Delimiter = ',' })
	if err != nil || len(rows[0]) != 1 {
		t.Errorf("%v, %q", err, rows)
	}
	if _, _, _, err = openGuessing(t, "a;b\n1;2\n", func(s *Spec) { s.Guesses = false }); err == nil || !strings.Contains(err.Error(), "it has one column") {
		t.Errorf("%v", err)
	}
	// A mark is certain, whatever was said.
	rows, _, settled, err := openGuessing(t, "\xff\xfea\x00\n\x001\x00\n\x00", func(s *Spec) { s.Charset = "windows-1252" })
	if err != nil || settled.coat(0).Charset != UTF16LE || rows[1][0] != "1" {
		t.Errorf("%v, %q", err, rows)
	}
	// Without one it has to be said.
	rows, _, _, err = openGuessing(t, "a\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", func(s *Spec) { s.Charset = UTF16LE })
	if err != nil || strings.Join(rows[1], "|") != "1|2" {
		t.Errorf("%v, %q", err, rows)
	}
}

func TestParseCharset(t *testing.T) {
	for s, want := range map[string]string{"UTF8": "utf-8", "Latin1": "windows-1252", "ISO-8859-1": "windows-1252", "cp1250": "windows-1250", "CP850": "ibm850", "latin9": "iso-8859-15", "iso-8859-15": "iso-8859-15", "utf16le": "utf-16le"} {
		if got, err := ParseCharset(s); got != want || err != nil {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	if _, err := ParseCharset("shift_jis"); err == nil || !strings.Contains(err.Error(), "iconv") {
		t.Error(err)
	}
	for _, c := range charsets {
		if c.of == nil && !strings.HasPrefix(c.name, "utf-") {
			t.Errorf("%s has no table", c.name)
		}
	}
}

// TestDress: how a table is written, as one like it has to be.
func TestDress(t *testing.T) {
	for content, want := range map[string]Dress{
		"a,b\n1,2\n":                    {},
		"a;b\r\n1;\"x\ny\"\r\n":         {Delimiter: ';', CRLF: true},
		"\xef\xbb\xbfa,b\n":             {BOM: true},
		"sep=|\r\na|b\r\n":              {Sep: true, Delimiter: '|', CRLF: true},
		"\xff\xfea\x00;\x00b\x00\n\x00": {Charset: UTF16LE, BOM: true, Delimiter: ';'},
		"a;b\n\xe9;1\n":                 {Charset: "windows-1252", Delimiter: ';'},
	} {
		_, _, settled, err := openGuessing(t, content, nil)
		if err != nil || settled.Dress != want {
			t.Errorf("%q: %+v, %v", content, settled.Dress, err)
		}
	}
}

// FuzzWriting: however a text is cut into pieces, the same is thought of it; what is UTF-8 is thought to be that, and what is said to
// be Windows-1252 can be read as such.
func FuzzWriting(f *testing.F) {
	f.Add([]byte("Stra\xdfe"), uint8(3))
	f.Add([]byte("Straße, \xe2\x82"), uint8(1))
	f.Add([]byte("\x81\xff"), uint8(0))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		var whole, pieces writing
		whole.add(text)
		for rest := text; len(rest) > 0; {
			n := min(len(rest), int(size)+1)
			pieces.add(rest[:n])
			rest = rest[n:]
		}
		charset, is := whole.judge()
		if c, i := pieces.judge(); c != charset || i != is {
			t.Errorf("%q, %q; in pieces %q, %q", charset, is, c, i)
		}
		if utf8.Valid(text) && (charset != "" || is != "") {
			t.Errorf("%q is UTF-8, and was taken for %q, %q", text, charset, is)
		}
		if charset == "" || is != "" {
			return
		}
		read, err := io.ReadAll(newByteReader(strings.NewReader(string(text)), CharmapOf(charset)))
		if err != nil || !utf8.Valid(read) || utf8.RuneCount(read) != len(text) {
			t.Errorf("%q was read as %q: %v", text, read, err)
		}
	})
}

// FuzzGuessDelimiter: what is guessed stands in the first line, or nothing is.
func FuzzGuessDelimiter(f *testing.F) {
	f.Add("a;b\n1;2\n")
	f.Add("\"a\nb\";c\n")
	f.Fuzz(func(t *testing.T, head string) {
		if c := guessDelimiter([]byte(head), ','); c != ',' && !strings.Contains(head, string(c)) {
			t.Errorf("%q of %q", c, head)
		}
	})
}
