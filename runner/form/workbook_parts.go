package form

import (
	"fmt"
	"strconv"
	"strings"
)

// The parts of a workbook beside its sheets, as ECMA-376 asks for them.
const (
	xmlHeader = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	docSpace  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	types     = "application/vnd.openxmlformats-officedocument.spreadsheetml."

	// A sheet whose first row stays in sight, and whose texts that look like numbers are no mistakes.
	sheetStart = `<worksheet ` + mainSpace + `><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`
	sheetEnd   = `</sheetData><ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/></ignoredErrors></worksheet>`

	// The styles of cells, by their index in stylesXML. 0 is of numbers, 49 the format of text.
	styleHeader = "1"
	styleText   = "2"
	stylesXML   = `<styleSheet ` + mainSpace + `><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
		`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
)

type relation struct{ kind, target string }

func relations(all ...relation) string {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i, r := range all {
		fmt.Fprintf(&b, `<Relationship Id="rId%d" Type="%s/%s" Target="%s"/>`, i+1, docSpace, r.kind, r.target)
	}
	b.WriteString(`</Relationships>`)
	return b.String()
}

func sheetFile(n int) string { return "xl/worksheets/sheet" + strconv.Itoa(n) + ".xml" }

func workbookXML(sheets int) string {
	var b strings.Builder
	b.WriteString(`<workbook ` + mainSpace + ` xmlns:r="` + docSpace + `"><sheets>`)
	for n := 1; n <= sheets; n++ {
		name := "results"
		if n > 1 {
			name += " " + strconv.Itoa(n)
		}
		fmt.Fprintf(&b, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, name, n, n)
	}
	b.WriteString(`</sheets></workbook>`)
	return b.String()
}

func workbookRelations(sheets int) string {
	var all []relation
	for n := 1; n <= sheets; n++ {
		all = append(all, relation{"worksheet", strings.TrimPrefix(sheetFile(n), "xl/")})
	}
	return relations(append(all, relation{"styles", "styles.xml"})...)
}

func contentTypes(sheets int) string {
	var b strings.Builder
	b.WriteString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + types + `sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="` + types + `styles+xml"/>`)
	for n := 1; n <= sheets; n++ {
		fmt.Fprintf(&b, `<Override PartName="/%s" ContentType="%sworksheet+xml"/>`, sheetFile(n), types)
	}
	b.WriteString(`</Types>`)
	return b.String()
}
