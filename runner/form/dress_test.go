package form

import (
	"brood/runner/dataset"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestDresses: a table is written as the other one was, and what its encoding does not have is read alike.
func TestDresses(t *testing.T) {
	for _, c := range []struct {
		dress dataset.Dress
		row   string
		want  string
		said  string
	}{
		{dataset.Dress{Delimiter: ';', CRLF: true}, "a;b,ł\nc", "street;lat;geo\r\n\"a;b,ł\nc\";1;\r\n", ""},
		{dataset.Dress{BOM: true}, "ß", "\xef\xbb\xbfstreet,lat,geo\nß,1,\n", ""},
		{dataset.Dress{Sep: true, Delimiter: ';', CRLF: true}, "x", "sep=;\r\nstreet;lat;geo\r\nx;1;\r\n", ""},
		{dataset.Dress{Charset: "windows-1252"}, "Größe €5 ’Łódź’ Köln ☃ Ş", "street,lat,geo\nGr\xf6\xdfe \x805 \x92L\xf3dz\x92 K\xf6ln ? S,1,\n", "4 characters"},
		{dataset.Dress{Charset: "windows-1250"}, "Łódź õ ﬁ", "street,lat,geo\n\xa3\xf3d\x9f o fi,1,\n", "2 characters"},
		{dataset.Dress{Charset: dataset.UTF16LE, BOM: true}, "ß🙂", "\xff\xfes\x00t\x00r\x00e\x00e\x00t\x00,\x00l\x00a\x00t\x00,\x00g\x00e\x00o\x00\n\x00\xdf\x00\x3d\xd8\x42\xde,\x001\x00,\x00\n\x00", ""},
		{dataset.Dress{Charset: dataset.UTF16BE, BOM: true, CRLF: true}, "x", "\xfe\xff\x00s\x00t\x00r\x00e\x00e\x00t\x00,\x00l\x00a\x00t\x00,\x00g\x00e\x00o\x00\r\x00\n\x00x\x00,\x001\x00,\x00\r\x00\n", ""},
	} {
		m := newMade(t, sink.FormatCSV, spec.Form{Kind: spec.FormCSV, Plain: true, Dress: c.dress}, []string{c.row, "1", ""})
		if got := m.make(); got != c.want {
			t.Errorf("%+v: %q\nwant %q", c.dress, got, c.want)
		}
		if said := strings.Join(m.said, "\n"); !strings.Contains(said, c.said) || (said != "") != (c.said != "") {
			t.Errorf("%+v: %q", c.dress, said)
		}
	}
}

// FuzzDress: what is written is read again as it was, where the encoding has it; and whatever it is, as many rows and fields.
func FuzzDress(f *testing.F) {
	charsets := []string{"", "windows-1252", "windows-1250", "koi8-r", "ibm437", dataset.UTF16LE, dataset.UTF16BE}
	f.Add("Größe", uint8(1), uint8(3))
	f.Add("a;b\r\n\"c\"", uint8(5), uint8(7))
	f.Add("\u0301e\u0301", uint8(2), uint8(0))
	f.Add("☃,;\t", uint8(6), uint8(1))
	f.Fuzz(func(t *testing.T, v string, charset, how uint8) {
		v = strings.ToValidUTF8(v, "?")
		if strings.ContainsAny(v, "\x00\ufeff") {
			return
		}
		of := dataset.Dress{Charset: charsets[int(charset)%len(charsets)], CRLF: how&1 > 0, Sep: how&2 > 0, Delimiter: ";|,"[how%3]}
		of.BOM = how&4 > 0 || strings.HasPrefix(of.Charset, "utf-16")
		if of.Charset != "" && !strings.HasPrefix(of.Charset, "utf-16") {
			of.BOM = false
		}
		var buf bytes.Buffer
		d, err := newDresser(&buf, of, of.Delimiter)
		if err == nil {
			err = d.row(sink.AppendTableRow(nil, of.Delimiter, [][]byte{[]byte("one"), []byte("two")}))
		}
		if err == nil {
			err = d.row(sink.AppendTableRow(nil, of.Delimiter, [][]byte{[]byte(v), []byte("end")}))
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		in := dataset.Spec{Paths: []string{path}, Format: dataset.FormatCSV, Delimiter: of.Delimiter, Charset: of.Charset, MaxRecord: 1 << 20}
		if err := in.Resolve(); err != nil {
			t.Fatal(err)
		}
		r, err := dataset.Open(in, nil)
		if err != nil {
			t.Fatalf("%q: %v", buf.Bytes(), err)
		}
		defer func() { _ = r.Close() }()
		var rec dataset.Record
		if err := r.Next(&rec); err != nil || len(rec.Values) != 2 || string(rec.Values[1]) != "end" {
			t.Fatalf("%q was read as %q: %v", buf.Bytes(), rec.Values, err)
		}
		if got := string(rec.Values[0]); d.replaced == 0 && got != v && d.page == nil || !utf8.ValidString(got) {
			t.Errorf("%q came back as %q", v, got)
		}
		if r.Settled().Dress.CRLF != of.CRLF || !slices.Equal(r.Shape().Columns, []string{"one", "two"}) {
			t.Errorf("%q: %+v, %q", buf.Bytes(), r.Settled().Dress, r.Shape().Columns)
		}
	})
}
