package dataset

import (
	"bytes"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// What a file is, is told by its first bytes when the run begins, and kept with the run: a
// resume reads it as it was read. What is certain is read; what is not, or is no dataset at
// all, is refused with what to do. Who knows better says so by --format lines, where every
// byte may stand, or by -d.

// guise is what a file is taken for when it is looked at.
type guise struct {
	name   string // of the file, in small letters, without its directory; empty for standard input
	format Format
	said   bool   // somebody has said that it is of that format
	coat   Coat   // what has been taken off already
	asked  string // the encoding that somebody has said it is in
	packed bool   // so that the bytes come out of something compressed
	end    bool   // these are all bytes
}

// finding is what the first bytes of a file say.
type finding struct {
	// coat is how to read it. Where again is set, more can be told from what comes out.
	coat  Coat
	again bool
	sep   byte // the delimiter that its first line names, or 0
	// is says that it is not what it is taken for, and do what to do; empty: it is.
	is, do string
}

var (
	xzMagic    = []byte("\xfd7zXZ\x00")
	zipMagics  = [][]byte{[]byte("PK\x03\x04"), []byte("PK\x05\x06"), []byte("PK\x07\x08")}
	bzip2Magic = []byte("BZh")
	bomUTF8    = []byte("\xef\xbb\xbf")
)

// bzip2Size is how many bytes tell a bzip2 file: the magic, a digit, and what a block or
// the end begins with.
const bzip2Size = 10

// packOf tells what a file is packed with, of what has to be stored with the run.
func packOf(head []byte) Pack {
	if bytes.HasPrefix(head, xzMagic) {
		return PackXZ
	}
	for _, m := range zipMagics {
		if bytes.HasPrefix(head, m) {
			return PackZip
		}
	}
	if len(head) >= bzip2Size && bytes.HasPrefix(head, bzip2Magic) && head[3] >= '1' && head[3] <= '9' {
		if block := string(head[4:bzip2Size]); block == "1AY&SY" || block == "\x17rE8P\x90" {
			return PackBzip2
		}
	}
	return ""
}

// undecided reports whether more bytes are needed to tell what a file is packed with. So
// the first line of a pipe need not wait for the second.
func undecided(head []byte) bool {
	for _, m := range append([][]byte{gzipMagic, zstdMagic, xzMagic}, zipMagics...) {
		if len(head) < len(m) && bytes.HasPrefix(m, head) {
			return true
		}
	}
	return len(head) < bzip2Size && bytes.HasPrefix(head, bzip2Magic[:min(len(head), len(bzip2Magic))])
}

// sniff tells from the first bytes of a file how it is to be read.
func sniff(head []byte, g guise) finding {
	f := finding{coat: g.coat}
	if len(head) == 0 || g.coat.Pack == PackSheet {
		return f
	}
	if f.unpack(head, g) || f.claim(g) || f.decode(head, g) {
		return f
	}
	if g.format == FormatNUL || (g.format == FormatLines && g.said) {
		return f
	}
	if k := kindOf(head); k != nil {
		f.is, f.do = "it is "+k.is, k.do
		if k.text && g.format == FormatLines {
			f.do = strings.TrimSuffix(f.do, ".") + giveLines
		}
		return f
	}
	if bytes.IndexByte(head, 0) >= 0 {
		f.is, f.do = "it has zero bytes in it, so it is no text", "If they fill up a file that was being written when a machine lost its power, leave them out: tr -d '\\0' < FILE | brood run … -"
		if g.format == FormatLines {
			f.do = "If they separate its records, as from find -print0: -0" + giveLines
		}
		return f
	}
	if f.json(bytes.TrimLeft(bytes.TrimPrefix(head, bomUTF8), jsonSpace), g) {
		return f
	}
	f.lines(head, g)
	return f
}

// unpack takes off the first coat.
func (f *finding) unpack(head []byte, g guise) bool {
	p := packOf(head)
	again := bytes.HasPrefix(head, gzipMagic) || bytes.HasPrefix(head, zstdMagic)
	switch {
	case g.packed && (p != "" || again):
		f.is, f.do = "it is compressed, and what comes out is compressed as well, or an archive", "Unpack it once."
	case p != "":
		f.coat.Pack, f.again = p, true
	}
	return f.is != "" || f.again
}

// claim refuses a file whose name says that it is something else than it is.
func (f *finding) claim(g guise) bool {
	c, known := claims[filepath.Ext(g.name)]
	if !known || g.packed || (g.said && !c.compressed) {
		return false
	}
	if c.pack == "" {
		return false // its kind is told by its bytes; if not, see misnamed
	}
	f.is = "its name says " + c.is + ", its first bytes do not"
	f.do = "Give it the name that it should have, such as .csv or .txt."
	if !c.compressed {
		f.do += " Or say what it is with --format."
	}
	return true
}

// misnamed is claim for what brood does not read at all, if it is no such thing either.
func (f *finding) misnamed(g guise) bool {
	c, known := claims[filepath.Ext(g.name)]
	if !known || c.pack != "" || g.packed || g.said {
		return false
	}
	f.is, f.do = "its name says "+c.is+", its first bytes do not", "Give it the name that it should have, such as .csv or .txt. Or say what it is with --format."
	return true
}

// UTF-16, as Coat.Charset has it: the lower byte first, or the higher.
const (
	UTF16LE = "utf-16le"
	UTF16BE = "utf-16be"
)

// decode finds text that is not in UTF-8 by its mark, or by its zero bytes.
func (f *finding) decode(head []byte, g guise) bool {
	if g.coat.Charset != "" {
		return false
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		f.is, f.do = "it is UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8 FILE | brood run … -"
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		f.coat.Charset, f.again = UTF16LE, true
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		f.coat.Charset, f.again = UTF16BE, true
	case g.asked == utf8Name:
		return false
	case g.asked != "":
		f.coat.Charset, f.again = g.asked, true
	case g.format != FormatNUL:
		if name := unmarkedUTF16(head); name != "" {
			f.is, f.do = "it seems to be UTF-16, without the mark that would say so", "Convert it: iconv -f "+name+" -t UTF-8 FILE | brood run … -"
			if g.format == FormatLines {
				f.do += "; if zero bytes separate its records: -0"
			}
		}
	}
	if f.again && g.format == FormatNUL {
		f.again, f.coat = false, g.coat
		f.is, f.do = "it is UTF-16, where zero bytes separate nothing", "Convert it: iconv -f UTF-16 -t UTF-8 FILE | brood run … -"
	}
	return f.is != "" || f.again
}

// unmarkedUTF16 tells UTF-16 without a mark by where zero bytes stand: every other one, of
// what is mostly Latin letters. It gives the name that iconv has for it.
func unmarkedUTF16(head []byte) string {
	units := len(head) / 2
	if units < 4 { // too few to tell
		return ""
	}
	var zeros [2]int
	for i, c := range head[:2*units] {
		if c == 0 {
			zeros[i%2]++
		}
	}
	most := units * 6 / 10
	switch {
	case zeros[1] > most && zeros[0] == 0:
		return "UTF-16LE"
	case zeros[0] > most && zeros[1] == 0:
		return "UTF-16BE"
	}
	return ""
}

// validHead reports whether bytes are UTF-8, but for a rune that is cut off at the end.
func validHead(head []byte) bool {
	for cut := 0; cut < utf8.UTFMax && cut <= len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}

const jsonSpace = " \t\r\n" // and no other

const jqLines = "Turn it into JSON Lines: jq -c '.[]' FILE | brood run … --format jsonl -"

// json finds JSON where something else was expected, and something else where JSON Lines were.
// Head begins with what is no space.
func (f *finding) json(head []byte, g guise) bool {
	if len(head) == 0 {
		return false
	}
	first, rest, more := bytes.Cut(head, []byte{'\n'})
	first, rest = bytes.Trim(first, jsonSpace), bytes.Trim(rest, jsonSpace)
	if first[0] != '{' && first[0] != '[' {
		if g.format != FormatJSONL || !noObjects(head) {
			return false
		}
		f.is, f.do = "none of its first lines is a JSON object", "Say what it is with --format, such as --format csv."
		return true
	}
	whole := (more || g.end) && gjson.ValidBytes(first)
	pretty := len(first) == 1 || string(first) == "[{"
	array := first[0] == '[' && (pretty || !more || !whole || len(rest) == 0)
	isFile := filepath.Ext(g.name) == ".json" && g.format == FormatLines
	switch {
	case g.format == FormatLines && !isFile, g.format != FormatJSONL && !isFile && !whole && !pretty:
		return false
	case array:
		f.is, f.do = "it is a JSON array, not one object a line", jqLines
	case pretty:
		f.is, f.do = "it is JSON over several lines, not one object a line", "Turn it into JSON Lines: jq -c . FILE | brood run … --format jsonl -"
	case g.format != FormatJSONL:
		f.is, f.do = "it is JSON, one object a line", "Say so with --format jsonl."
	default:
		return false
	}
	if isFile {
		f.do = strings.TrimSuffix(f.do, ".") + giveLines
	}
	return true
}

// noObjects reports whether there are two complete lines at least, and none begins as an
// object does, or as something that is bad input of its own.
func noObjects(head []byte) bool {
	end := bytes.LastIndexByte(head, '\n')
	n := 0
	for line := range bytes.Lines(head[:end+1]) {
		if line = bytes.Trim(line, jsonSpace); len(line) == 0 {
			continue
		}
		if line[0] == '{' || line[0] == '[' {
			return false
		}
		n++
	}
	return n >= 2
}

// lines looks at how lines end, and at a first one that is none.
func (f *finding) lines(head []byte, g guise) {
	if f.misnamed(g) {
		return
	}
	first, _, found := bytes.Cut(head, []byte{'\n'})
	table := g.format == FormatCSV || g.format == FormatTSV
	switch {
	case !found && bytes.IndexByte(head, '\r') >= 0:
		f.coat.CR = true
		first, _, _ = bytes.Cut(head, []byte{'\r'})
	case table && strayCR(first):
		f.is, f.do = "some of its lines end with a carriage return alone, others do not", "Make them all alike, for example: tr '\\r' '\\n' < FILE | brood run … -"
		return
	case g.format == FormatLines && found:
		f.coat.CRLF = allCRLF(head)
	}
	if g.format == FormatLines {
		f.coat.BOM = bytes.HasPrefix(head, bomUTF8)
	}
	if table {
		f.sep = sepLine(bytes.TrimPrefix(first, bomUTF8))
		f.coat.Sep = f.sep != 0
	}
}

// strayCR reports whether a line, without its end, has a carriage return that is in no
// quotes and does not belong to its end.
func strayCR(line []byte) bool {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\r' && !quoted && i < len(line)-1:
			return true
		}
	}
	return false
}

// allCRLF reports whether every line ends as on Windows.
func allCRLF(head []byte) bool {
	return bytes.Count(head, []byte{'\n'}) == bytes.Count(head, []byte("\r\n"))
}

// sepLine reads a first line that is there for Excel and says what separates fields.
func sepLine(line []byte) byte {
	s := strings.Trim(strings.TrimSuffix(string(line), "\r"), `"`)
	if len(s) != 5 || !strings.EqualFold(s[:4], "sep=") {
		return 0
	}
	c := s[4]
	if c >= utf8.RuneSelf || c == '"' || (c < ' ' && c != '\t') || (c >= '0' && c <= '9') || (c|0x20 >= 'a' && c|0x20 <= 'z') {
		return 0
	}
	return c
}

// otherDelimiter is what seems to separate the fields of rows that have one field each, or 0.
// One row is a header; several, without a header, must have it as often.
func otherDelimiter(rows [][]byte, delim byte) byte {
	if len(rows) == 0 || bytes.HasPrefix(rows[0], []byte{'"'}) {
		return 0
	}
	for _, c := range []byte(";\t|,") {
		n := bytes.Count(rows[0], []byte{c})
		if c == delim || n == 0 {
			continue
		}
		steady := true
		for _, row := range rows[1:] {
			steady = steady && bytes.Count(row, []byte{c}) == n
		}
		if steady {
			return c
		}
	}
	return 0
}
