package table

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// all reads a table to its end: its rows with their lines, and what is wrong.
func all(t testing.TB, text string) (rows []string, err error) {
	t.Helper()
	tab, err := New("x", strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	for {
		r, err := tab.Next()
		var one *RowError
		switch {
		case errors.Is(err, io.EOF):
			sum := sha256.Sum256([]byte(text))
			if tab.SHA256() != hex.EncodeToString(sum[:]) {
				t.Errorf("%q: the hash is of something else", text)
			}
			return rows, nil
		case errors.As(err, &one):
			rows = append(rows, "! "+err.Error())
		case err != nil:
			return rows, err
		default:
			rows = append(rows, fmt.Sprintf("%d %s", r.Line, strings.Join(r.Fields, "|")))
		}
	}
}

// TestRead reads the same rows, however they are written.
func TestRead(t *testing.T) {
	want := "2 R1|Ü, x|1.00;3 R2|a\"b|2.00"
	for _, text := range []string{
		"id,name,amount\nR1,\"Ü, x\",1.00\nR2,\"a\"\"b\",2.00\n",
		"\xef\xbb\xbfid,name,amount\r\nR1,\"Ü, x\",1.00\r\nR2,\"a\"\"b\",2.00",
		"id;name;amount\nR1;Ü, x;1.00\nR2;\"a\"\"b\";2.00\n",
		"id\tname\tamount\nR1\tÜ, x\t1.00\nR2\t\"a\"\"b\"\t2.00\n\t\t\n",
		"id|\"name\"|amount\nR1|Ü, x|1.00\nR2|\"a\"\"b\"|2.00\n\n",
	} {
		rows, err := all(t, text)
		if got := strings.Join(rows, ";"); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	rows, err := all(t, "sep=;\nid;name\nR1;a\n")
	if err != nil || strings.Join(rows, ";") != "2 R1|a" {
		t.Errorf("%q, %v", rows, err)
	}
	rows, err = all(t, "{\"a\":\"x\",\"b\":1.10,\"c\":null,\"d\":[1, 2]}\n\n{\"a\":\"y\"}\n[]\n{\"a\":1,\"a\":2}\n{} {}\n")
	if want := "1 x|1.10||[1, 2];3 y;! line 4: it is no JSON object;! line 5: the member \"a\" stands there twice;! line 6: there is more than one JSON object on the line"; err != nil || strings.Join(rows, ";") != want {
		t.Errorf("%q, %v", rows, err)
	}
}

// TestRefused says what is no table, and what is no row.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "it is empty",
		"\n \n":                  "it is empty",
		"PK\x03\x04xx":           "it is a spreadsheet",
		"\xff\xfea\x00":          "it is in UTF-16",
		"\x1f\x8b\x08":           "it is compressed",
		"a\x00,b\n":              "zero bytes",
		"id\nR1\n":               "the first line names one column only",
		"a,b;c\n1,2\n":           "as many commas as semicolons",
		"a,\xfc\n1,2\n":          "it is not in UTF-8",
		"sep=x\na,b\n":           "sep=x",
		"a,\"b\n1,2\n":           "a quote",
		"a,b\n1,\xfc\n3,4\n":     "! line 2: it is not in UTF-8; convert it, as with iconv -f windows-1252 -t utf-8, and look at the names in it;3 3|4",
		"a,b\n1,2,3\n3,4\n":      "! line 2: it has 3 fields, and the header names 2 columns;3 3|4",
		"a,b\n1,x\"y\n3,4\n":     "! line 2: there is a quote in the middle of a field: put the field into quotes, and double each of its own;3 3|4",
		"a,b\n1,\"x\" y\n3,4\n":  "! line 2: there is a quote where none may be",
		"a,b\n1,2\n3,\"x\n4,5\n": "2 1|2;! line 3: there is a quote where none may be",
		"a,b\n1,\"" + strings.Repeat("x\n", mostRow): "a row has more than 4194304 bytes: look for a quote",
	} {
		rows, err := all(t, text)
		got := strings.Join(rows, ";") + fmt.Sprint(err)
		if !strings.Contains(got, want) {
			t.Errorf("%.40q: %s, want %s", text, got, want)
		}
	}
}

// FuzzTable: a row has as many fields as the header has names, and stands behind the one before it.
func FuzzTable(f *testing.F) {
	f.Add([]byte("a,b\n1,\"2\n3\"\n"))
	f.Add([]byte("{\"a\":1}\n{}"))
	f.Add([]byte("sep=;\na;b\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tab, err := New("x", strings.NewReader(string(text)))
		if err != nil {
			return
		}
		last := 0
		for {
			r, err := tab.Next()
			var one *RowError
			if errors.As(err, &one) {
				continue
			}
			if err != nil {
				return
			}
			if len(r.Fields) != len(tab.Header) || r.Line <= last {
				t.Fatalf("%q in line %d after %d of %q", r.Fields, r.Line, last, tab.Header)
			}
			last = r.Line
			for i := range r.Fields {
				if line, _ := r.Place(i); line < r.Line {
					t.Fatal(line)
				}
			}
		}
	})
}
