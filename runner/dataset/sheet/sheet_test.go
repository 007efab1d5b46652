package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// book makes a workbook of one sheet, with files instead of those that it would have.
func book(t testing.TB, sheet string, files map[string]string) *zip.Reader {
	t.Helper()
	all := map[string]string{
		"xl/workbook.xml":            `<x:workbook xmlns:r="x"><x:sheets><x:sheet name="One" sheetId="7" r:id="r1"/><x:sheet name="Chart" r:id="r2"/></x:sheets></x:workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="x/chartsheet" Target="c.xml"/><Relationship Id="r3" Type="x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r4" Type="x/styles" Target="styles.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   sheet,
	}
	for name, text := range files {
		all[name] = text
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range all {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// read gives all rows, and what is wrong with them.
func read(z *zip.Reader, most int) (string, error) {
	b, err := Open(z)
	if err != nil {
		return "", err
	}
	rows, err := b.Rows("One", most)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return out.String(), rows.Close()
		}
		if err != nil {
			return out.String(), err
		}
		fmt.Fprintf(&out, "%d:%s", row.Number, strings.Join(row.Values, "|"))
		if row.Bad != "" {
			fmt.Fprintf(&out, " !%s", row.Bad)
		}
		if row.TooLong {
			out.WriteString(" too long")
		}
		out.WriteString("\n")
	}
}

func TestRows(t *testing.T) {
	files := map[string]string{
		"xl/sharedStrings.xml": `<sst><si><t>zero</t></si><si><r><t>o</t></r><r><t xml:space="preserve">n e</t></r><rPh><t>no</t></rPh></si><si><t/></si><si><t>a_x000D__x005F_x000D_&amp;</t></si></sst>`,
		"xl/styles.xml":        `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy\-mm"/></numFmts><cellStyleXfs><xf numFmtId="22"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>`,
	}
	for rows, want := range map[string]string{
		`<row r="3"><c r="B3" t="s"><v>0</v></c><c r="D3" t="s"><v>1</v></c></row>`:                                                      "3:|zero||on e\n",
		`<row><c t="s"><v>2</v></c></row><row><c><v>1</v></c></row>`:                                                                     "2:1\n",
		`<row r="1"/><row r="5"><c><v> 7 </v></c></row>`:                                                                                 "5:7\n",
		`<row r="1"><c t="s"><v>3</v></c></row>`:                                                                                         "1:a\r_x000D_&\n",
		`<row r="1"><c t="s"><v>4</v></c></row>`:                                                                                         "1: !cell A1 refers to a text that is not in the file\n",
		`<row r="1"><c t="e"><v>#REF!</v></c><c><v>1</v></c></row>`:                                                                      "1:#REF!|1 !cell A1 is an error, #REF!\n",
		`<row r="1"><c><f>A2</f></c></row>`:                                                                                              "1: !cell A1 has a formula whose value is not in the file; open it in a spreadsheet program and save it\n",
		`<row r="1"><c><f>A2</f><v>5</v></c><c t="str"><f>B2</f><v></v></c></row>`:                                                       "1:5\n",
		`<row r="1"><c t="b"><v>1</v></c><c t="b"><v>0</v></c></row>`:                                                                    "1:TRUE|FALSE\n",
		`<row r="1"><c s="1"><v>45000</v></c><c s="2"><v>45000</v></c><c s="9"><v>1</v></c></row>`:                                       "1:2023-03-15|2023-03-15|1\n",
		`<row r="1"><c t="d"><v>2026-01-02</v></c><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>x</t></rPh></is></c></row>`: "1:2026-01-02|ab\n",
		`<row r="1"><c t="inlineStr"><is><t>` + strings.Repeat("x", 200) + `</t></is></c></row>`:                                         "1: too long\n",
	} {
		got, err := read(book(t, "<worksheet><sheetData>"+rows+"</sheetData><mergeCells/></worksheet>", files), 100)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", rows, got, err, want)
		}
	}
}

// TestDamaged: what cannot be read is an error, and never the end.
func TestDamaged(t *testing.T) {
	long := "<worksheet><sheetData>" + strings.Repeat(`<row><c><v>1</v></c></row>`, 3)
	for sheet, want := range map[string]string{
		long:                     "unexpected EOF",
		long + "<row><c><v>2":    "unexpected EOF",
		long + "<row><c><v>2</c": "EOF",
		"":                       "unexpected EOF",
		`<worksheet><sheetData><row r="2"><c><v>1</v></c></row><row r="1"/></sheetData></worksheet>`:              `below row 2: row number "1"`,
		`<worksheet><row r="x"/></worksheet>`:                                                                     `row number "x"`,
		`<worksheet><row><c r="XFE1"><v>1</v></c></row></worksheet>`:                                              `"XFE1" is not the name of a cell`,
		`<worksheet><row><c r="17"><v>1</v></c></row></worksheet>`:                                                `"17" is not`,
		`<worksheet><row><c><v>` + "\xff" + `</v></c></row></worksheet>`:                                          "invalid UTF-8",
		`<worksheet><row><c><v>&bomb;</v></c></row></worksheet>`:                                                  "entity",
		`<worksheet><row>` + strings.Repeat("<c/>", maxColumns+1) + `</row></worksheet>`:                          "more columns",
		`<worksheet><row><c t="inlineStr"><is>` + strings.Repeat("<t>"+strings.Repeat("x", maxPiece/4)+"</t>", 5): "longer than 4 MiB",
		`<worksheet><row a="` + strings.Repeat("x", 2*maxPiece):                                                   "longer than 4 MiB",
	} {
		if got, err := read(book(t, sheet, nil), 100); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %q, %v; want %q", sheet, got, err, want)
		}
	}
	for name, text := range map[string]string{
		"xl/sharedStrings.xml": "<sst><si><t>a", "xl/styles.xml": "<styleSheet><cellXfs>", "xl/workbook.xml": "<workbook>", "xl/_rels/workbook.xml.rels": "<Relationships", "_rels/.rels": "<Relationships>",
	} {
		if got, err := read(book(t, "<worksheet/>", map[string]string{name: text}), 100); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is cut off: %q, %v", name, got, err)
		}
	}
}

// TestSheets: which sheets have anything in them, and which are shown.
func TestSheets(t *testing.T) {
	for path, want := range map[string]string{"people.xlsx": "[People Old] 1", "bad.xlsx": "[People More] 2"} {
		z, err := zip.OpenReader("../../../testdata/datasets/" + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Open(&z.Reader)
		if err != nil {
			t.Fatal(err)
		}
		names, shown, err := b.Sheets()
		if got := fmt.Sprint(names, " ", shown); got != want {
			t.Errorf("%s: %s, %v; want %s", path, got, err, want)
		}
		if _, err := b.Rows("Nowhere", 1); err == nil {
			t.Error("there is no such sheet")
		}
		_ = z.Close()
	}
}

func TestShow(t *testing.T) {
	for _, c := range []struct{ code, text, want string }{
		{"General", "1234.5", "1234.5"},
		{"General", "0.1", "0.1"},
		{"General", "3.3000000000000003", "3.3"},
		{"General", "0.30000000000000004", "0.3"},
		{"General", "1.5E+16", "15000000000000000"},
		{"General", "1E+100", "1E+100"},
		{"General", "123456789012345678", "123456789012345678"},
		{"General", "-5", "-5"},
		{"General", "1E-7", "0.0000001"},
		{"General", "1E-20", "1E-20"},
		{"0.00", "2.71828", "2.71828"},
		{"0%", "0.155", "0.155"},
		{`#,##0.00\ "€"`, "1234567.891", "1234567.891"},
		{"00000", "1234", "01234"},
		{"00000", "-1234", "-1234"},
		{"00000", "1234.5", "1234.5"},
		{"0", "7", "7"},
		{"dd/mm/yyyy", "45000", "2023-03-15"},
		{"dd/mm/yyyy", "45000.5", "2023-03-15T12:00:00"},
		{"yyyy-mm-dd hh:mm", "45000", "2023-03-15T00:00:00"},
		{"m/d/yy h:mm AM/PM", "45000.999988426", "2023-03-15T23:59:59"},
		{"mmm-yy", "45000", "2023-03-15"},
		{`[$-409]d\-mmm\-yy;@`, "45000", "2023-03-15"},
		{"hh:mm:ss", "0.25", "06:00:00"},
		{"hh:mm:ss", "45000.25", "2023-03-15T06:00:00"},
		{"mm:ss.000", "0.0000057871", "00:00:00.500"},
		{"[h]:mm:ss", "1.5", "36:00:00"},
		{"[Red]0.0", "1.5", "1.5"},
		{"[<1]0.0;0", "1.5", "1.5"},
		{`"day" 0`, "3", "3"},
		{`\d0`, "3", "3"},
		{"dd/mm/yyyy", "1", "1900-01-01"},
		{"dd/mm/yyyy", "59", "1900-02-28"},
		{"dd/mm/yyyy", "60", "1900-02-29"},
		{"dd/mm/yyyy", "61", "1900-03-01"},
		{"dd/mm/yyyy", "2958465", "9999-12-31"},
		{"dd/mm/yyyy", "2958466", "2958466"},
		{"dd/mm/yyyy", "-1", "-1"},
		{"General", "text", "text"},
		{"General", "NaN", "NaN"},
	} {
		if got := formatOf(c.code).show(c.text, false); got != c.want {
			t.Errorf("%s as %s: %s, want %s", c.text, c.code, got, c.want)
		}
	}
	for id, want := range map[string]string{"14": "2023-03-15", "20": "2023-03-15T12:00:00", "22": "2023-03-15T12:00:00", "46": "1080012:00:00", "2": "45000.5", "x": "45000.5"} {
		text := "45000.5"
		if id == "14" {
			text = "45000"
		}
		if got := builtin(id).show(text, false); got != want {
			t.Errorf("format %s: %s, want %s", id, got, want)
		}
	}
	if got := formatOf("yyyy-mm-dd").show("0", true); got != "1904-01-01" {
		t.Errorf("the first day of 1904 is %s", got)
	}
}

func TestNames(t *testing.T) {
	for column, name := range map[int]string{0: "A1", 25: "Z1", 26: "AA1", 701: "ZZ1", 702: "AAA1", maxColumns - 1: "XFD1"} {
		if got := Name(column, 1); got != name {
			t.Errorf("column %d is %s, want %s", column, got, name)
		}
		if got, err := columnOf(name); got != column || err != nil {
			t.Errorf("%s is column %d, %v; want %d", name, got, err, column)
		}
	}
}

// FuzzSheet reads arbitrary files of a workbook: nothing panics, rows come in order, and a
// row has no more than it may.
func FuzzSheet(f *testing.F) {
	z, err := zip.OpenReader("../../../testdata/datasets/bad.xlsx")
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	part := func(name string) string {
		r, err := z.Open(name)
		if err != nil {
			f.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			f.Fatal(err)
		}
		return string(b)
	}
	f.Add(part("xl/worksheets/sheet1.xml"), part("xl/sharedStrings.xml"), part("xl/styles.xml"))
	f.Add(`<row><c t="s"><v>-1</v></c><c s="-1"><v>1e999</v></c>`, `<si>`, `<cellXfs><xf numFmtId="99999999999999999999"/>`)
	f.Add(`<c><row r="9"></c><row r="99999999999999999999"/>`, `<si><t>_xD800__xZZZZ_`, `<numFmt formatCode="[h"/>`)
	f.Fuzz(func(t *testing.T, sheet, texts, styles string) {
		b, err := Open(book(t, sheet, map[string]string{"xl/sharedStrings.xml": texts, "xl/styles.xml": styles}))
		if err != nil {
			return
		}
		if _, _, err := b.Sheets(); err != nil {
			return
		}
		rows, err := b.Rows("One", 1000)
		if err != nil {
			return
		}
		for last := 0; ; {
			row, err := rows.Next()
			if err != nil {
				break
			}
			size := 0
			for _, v := range row.Values {
				size += len(v)
			}
			if row.Number <= last || len(row.Values) == 0 || size > 1000 {
				t.Fatalf("%+v after row %d", row, last)
			}
			last = row.Number
		}
		_ = rows.Close()
	})
}
