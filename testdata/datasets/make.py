#!/usr/bin/env python3
"""Makes the small binary files beside it: python3 testdata/datasets/make.py"""
import bz2, gzip, io, lzma, os, zipfile

os.chdir(os.path.dirname(os.path.abspath(__file__)))
people = "name,city\nAnn,Oslo\nBob,Zürich\n".encode()


def put(name, data):
    with open(name, "wb") as f:
        f.write(data)


def archive(name, files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for path, data in files.items():
            z.writestr(zipfile.ZipInfo(path, (2026, 1, 2, 3, 4, 6)), data, zipfile.ZIP_DEFLATED)
    put(name, out.getvalue())


def workbook(name, sheets, hidden=(), date1904=False):
    """sheets: {name: the XML of its rows}"""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    pkg = "http://schemas.openxmlformats.org/package/2006/relationships"
    files = {
        "[Content_Types].xml": head + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": head + f'<Relationships xmlns="{pkg}"><Relationship Id="rId1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/styles.xml": head + f'<styleSheet xmlns="{main}"><numFmts count="2"><numFmt numFmtId="164" formatCode="00000"/><numFmt numFmtId="165" formatCode="dd/mm/yyyy\\ hh:mm"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="2"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": head + f'<sst xmlns="{main}"><si><t>name</t></si><si><t>born</t></si><si><t>zip</t></si><si><t>score</t></si>'
        '<si><r><t>An</t></r><r><t xml:space="preserve">n, </t></r><r><t>"the one"</t></r><rPh><t>an</t></rPh></si><si><t>Bob_x000D_</t></si></sst>',
    }
    entries = rels = ""
    for i, (title, rows) in enumerate(sheets.items(), 1):
        state = ' state="hidden"' if title in hidden else ""
        entries += f'<sheet name="{title}" sheetId="{i}"{state} r:id="rId{i}"/>'
        rels += f'<Relationship Id="rId{i}" Type="{rel}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        files[f"xl/worksheets/sheet{i}.xml"] = head + f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
    props = '<workbookPr date1904="1"/>' if date1904 else "<workbookPr/>"
    files["xl/workbook.xml"] = head + f'<workbook xmlns="{main}" xmlns:r="{rel}">{props}<sheets>{entries}</sheets></workbook>'
    rels += f'<Relationship Id="rIdA" Type="{rel}/sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="rIdB" Type="{rel}/styles" Target="styles.xml"/>'
    files["xl/_rels/workbook.xml.rels"] = head + f'<Relationships xmlns="{pkg}">{rels}</Relationships>'
    archive(name, files)


header = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" t="s"><v>2</v></c><c r="D2" t="s"><v>3</v></c><c r="E2" s="1"/></row>'
rows = (
    header
    + '<row r="3"><c r="A3" t="s"><v>4</v></c><c r="B3" s="1"><v>45000</v></c><c r="C3" s="2"><v>1234</v></c><c r="D3" s="4"><v>3.3000000000000003</v></c></row>'
    + '<row r="5"><c r="A5" t="inlineStr"><is><t>two\nlines</t></is></c><c r="D5" t="b"><v>1</v></c></row>'
    + '<row r="6"><c r="A6" t="s"><v>5</v></c><c r="B6" s="3"><v>45000.75</v></c><c r="C6"><v>123456789012345678</v></c><c r="D6"><v>1.5E+16</v></c></row>'
)
bad = (
    '<row r="7"><c r="A7" t="str"><f>A1</f><v>Eve</v></c><c r="B7" t="e"><v>#N/A</v></c></row>'
    '<row r="8"><c r="A8"><f>TODAY()</f></c></row>'
    '<row r="9"><c r="A9" t="inlineStr"><is><t>Fay</t></is></c><c r="F9"><v>1</v></c></row>'
    '<row r="10"><c r="A10" t="inlineStr"><is><t>Gus</t></is></c></row>'
)
put("people.csv.xz", lzma.compress(people[:20]) + lzma.compress(people[20:]) + bytes(4))
put("people.csv.bz2", bz2.compress(people[:20]) + bz2.compress(people[20:]))
put("padded.csv.gz", gzip.compress(people[:20], mtime=0) + gzip.compress(people[20:], mtime=0) + bytes(512))
archive("people.zip", {"__MACOSX/._people.csv": "x", "folder/": "", "folder/people.csv": people})
archive("two.zip", {"one.csv": people, "two.csv": people})
archive("letter.docx", {"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"})
archive("table.ods", {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"})
workbook("people.xlsx", {"Notes": "", "People": rows, "Old": header}, hidden=["Old"])
workbook("bad.xlsx", {"People": rows + bad, "More": rows}, date1904=True)
