package form

import (
	"archive/zip"
	"brood/runner/dataset/sheet"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// readSheets reads a workbook as a dataset is read: the rows of each sheet.
func readSheets(t testing.TB, content string) (out [][][]string) {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := sheet.Open(z)
	if err != nil {
		t.Fatal(err)
	}
	names, _, err := b.Sheets()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		rows, err := b.Rows(name, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		var all [][]string
		for {
			row, err := rows.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if row.Bad != "" {
				t.Errorf("a bad cell: %s", row.Bad)
			}
			all = append(all, slices.Clone(row.Values))
		}
		out = append(out, all)
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestWorkbook: what was text is text, and comes back as it was; the numbers of the job are numbers.
func TestWorkbook(t *testing.T) {
	odd := "a\x01\x00<&>\"_x0041_ _x \r\n\t ☃🙂 "
	m := newMade(t, sink.FormatCSV, spec.Form{Kind: spec.FormXLSX}, []string{"01067", "=1+1", "48.25"}, []string{odd, "-@", `"007"`}, []string{"", "1e5", ""})
	got := readSheets(t, m.make())
	want := [][]string{
		{"street", "lat", "geo", "_seq", "_status", "_class", "_error", "_attempts", "_ms"},
		{"01067", "=1+1", "48.25", "0", "ok", "", "", "1", "0"},
		{odd, "-@", "007", "1", "ok", "", "", "1", "0"},
		{"", "1e5", "", "2", "ok", "", "", "1", "0"},
	}
	if len(got) != 1 || len(got[0]) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		for k, v := range want[i] {
			cell := ""
			if k < len(got[0][i]) {
				cell = got[0][i][k]
			}
			if cell != v {
				t.Errorf("row %d, column %d: %q, want %q", i, k, cell, v)
			}
		}
	}
	xml := partOf(t, m.make(), "xl/worksheets/sheet1.xml")
	for _, cell := range []string{
		`<c r="A2" s="2" t="inlineStr"><is><t xml:space="preserve">01067</t></is></c>`, `<c r="B2" s="2" t="inlineStr"><is><t xml:space="preserve">=1+1</t>`,
		`<c r="C2"><v>48.25</v></c>`, `<c r="C3" s="2" t="inlineStr">`, `<c r="D4"><v>2</v></c>`, `<c r="A1" s="1" t="inlineStr">`,
	} {
		if !strings.Contains(xml, cell) {
			t.Errorf("no %s in %s", cell, xml)
		}
	}
}

func partOf(t *testing.T, content, name string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSheets: what does not fit into one sheet goes on in the next, and a cell that is too long is cut off
// and told.
func TestSheets(t *testing.T) {
	var buf bytes.Buffer
	b, err := newWorkbook(&buf, []string{"n"}, []bool{true})
	if err != nil {
		t.Fatal(err)
	}
	b.most = 3
	for _, v := range []string{"1", "2", "3", "4", "5"} {
		if err := b.add([][]byte{[]byte(v)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	want := [][][]string{{{"n"}, {"1"}, {"2"}}, {{"n"}, {"3"}, {"4"}}, {{"n"}, {"5"}}}
	if got := readSheets(t, buf.String()); !slices.EqualFunc(got, want, func(x, y [][]string) bool { return slices.EqualFunc(x, y, slices.Equal) }) {
		t.Errorf("%q", got)
	}
	long := strings.Repeat("🙂", mostUnits/2)
	m := newMade(t, sink.FormatCSV, spec.Form{Kind: spec.FormXLSX, Plain: true}, []string{long + "ab", long + "a", ""})
	rows := readSheets(t, m.make())[0]
	if rows[1][0] != long+"a" || rows[1][1] != long+"a" {
		t.Errorf("cut off at %d and %d bytes", len(rows[1][0]), len(rows[1][1]))
	}
	if len(m.said) != 1 || !strings.Contains(m.said[0], "holds 32767 characters, and 1 had more") {
		t.Errorf("%q", m.said)
	}
	if rows := readSheets(t, newMade(t, sink.FormatCSV, spec.Form{Kind: spec.FormXLSX, Plain: true}).make()); len(rows) != 1 || len(rows[0]) != 1 {
		t.Errorf("without a row: %q", rows)
	}
}

func TestIsNumber(t *testing.T) {
	for v, want := range map[string]bool{
		"0": true, "-1.5": true, "48.2000": true, "123456789012345": true, "16.37383929991234567": true,
		"007": false, "1.": false, ".5": false, "-": false, "1e5": false, "+1": false, "1234567890123456": false, "1.2.3": false, "0x1": false, "-01": false, "١": false,
	} {
		if isNumber([]byte(v)) != want {
			t.Errorf("%s: %v", v, !want)
		}
	}
}

func TestColumnNames(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA", MostColumns - 1: "XFD"} {
		if got := string(appendColumn(nil, i)); got != want {
			t.Errorf("column %d is %s, want %s", i, got, want)
		}
	}
}

// FuzzCell: whatever a value is, the workbook can be read, and says the same, but for what is no text and what a cell
// cannot hold.
func FuzzCell(f *testing.F) {
	for _, v := range []string{"plain", "_x0041_", "_x005F_x0041_", "\x00\x1f\x7f", "a\r\nb", "]]>", "=cmd|' /C calc'!A0", "\xff", "\ufffe\uffff", "12"} {
		f.Add(v, v == "12")
	}
	f.Fuzz(func(t *testing.T, v string, number bool) {
		var buf bytes.Buffer
		b, err := newWorkbook(&buf, []string{"h", "v"}, []bool{false, number})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(b.add([][]byte{[]byte("x"), []byte(v)}), b.close()); err != nil {
			t.Fatal(err)
		}
		row := readSheets(t, buf.String())[0][1]
		got := ""
		if len(row) > 1 {
			got = row[1]
		}
		if want := strings.ToValidUTF8(v, "\ufffd"); utf8.ValidString(v) && got != want && len(v) < mostUnits {
			t.Errorf("%q came back as %q", v, got)
		}
	})
}
