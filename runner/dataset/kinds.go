package dataset

import (
	"bytes"
	"strings"
)

// kind is something that is no dataset, though it is where one was expected.
type kind struct {
	magic string
	at    int // where the magic stands
	is    string
	do    string
	// text says that its lines can be read, so that somebody may want them.
	text bool
}

const (
	saveAsTable = "Open it in a spreadsheet program and save it as .xlsx or CSV; or: libreoffice --headless --convert-to xlsx FILE"
	giveFiles   = "Its bytes are no records. To work on files, give a list of their names: printf '%s\\n' *.pdf | brood run …"
	giveLines   = "; if its lines are meant all the same: --format lines"
)

// kinds are told by what they begin with. What comes first counts.
var kinds = []kind{
	{magic: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", is: "an old Excel or Word file (.xls, .doc), or one with a password", do: saveAsTable},
	{magic: "7z\xbc\xaf\x27\x1c", is: "a 7z archive", do: "Unpack it: 7z e -so FILE | brood run … -"},
	{magic: "Rar!\x1a\x07", is: "a RAR archive", do: "Unpack it: unrar p -inul FILE | brood run … -"},
	{magic: "ustar", at: 257, is: "a tar archive", do: "Unpack it, or one file of it: tar -xOf FILE MEMBER | brood run … -"},
	{magic: "\x04\x22\x4d\x18", is: "compressed with lz4", do: "Decompress it: lz4 -dc FILE | brood run … -"},
	{magic: "LZIP", is: "compressed with lzip", do: "Decompress it: lzip -dc FILE | brood run … -"},
	{magic: "\x1f\x9d", is: "compressed with compress (.Z)", do: "Decompress it: gzip -dc FILE | brood run … -"},
	{magic: "\xff\x06\x00\x00sNaPpY", is: "compressed with snappy", do: "Decompress it first."},
	{magic: "SQLite format 3\x00", is: "an SQLite database", do: "Take the rows out of it: sqlite3 -csv -header FILE 'SELECT * FROM …' | brood run … --format csv -"},
	{magic: "PAR1", is: "a Parquet file", do: `Turn it into CSV: duckdb -csv -c "FROM read_parquet('FILE')" | brood run … --format csv -`},
	{magic: "ARROW1", is: "an Arrow file", do: "Turn it into CSV or JSON Lines."},
	{magic: "ORC", is: "an ORC file", do: "Turn it into CSV or JSON Lines."},
	{magic: "Obj\x01", is: "an Avro file", do: "Turn it into JSON Lines: avro-tools tojson FILE | brood run … --format jsonl -"},
	{magic: "\x89HDF", is: "an HDF5 file", do: "Turn it into CSV or JSON Lines."},
	{magic: "\x93NUMPY", is: "a NumPy array", do: "Turn it into CSV or JSON Lines."},
	{magic: "%PDF-", is: "a PDF", do: giveFiles, text: true},
	{magic: "\x89PNG\r\n", is: "a PNG image", do: giveFiles},
	{magic: "\xff\xd8\xff", is: "a JPEG image", do: giveFiles},
	{magic: "GIF8", is: "a GIF image", do: giveFiles},
	{magic: "II*\x00", is: "a TIFF image", do: giveFiles},
	{magic: "MM\x00*", is: "a TIFF image", do: giveFiles},
	{magic: "WEBP", at: 8, is: "a WebP image", do: giveFiles},
	{magic: "\x7fELF", is: "a program", do: "To run it, write it after --, as in: brood run exec list.txt -- ./program {}"},
	{magic: "Salted__", is: "encrypted with openssl", do: "Decrypt it, and give the text: openssl enc -d … | brood run … -"},
	{magic: "age-encryption.org/v1", is: "encrypted with age", do: "Decrypt it, and give the text: age -d … FILE | brood run … -", text: true},
	{magic: "-----BEGIN AGE ENCRYPTED FILE-----", is: "encrypted with age", do: "Decrypt it, and give the text: age -d … FILE | brood run … -", text: true},
	{magic: "-----BEGIN PGP MESSAGE-----", is: "encrypted with PGP", do: "Decrypt it, and give the text: gpg -d FILE | brood run … -", text: true},
	{magic: "version https://git-lfs.github.com/spec/", is: "a pointer of Git LFS, not the file it stands for", do: "Fetch the file: git lfs pull", text: true},
	{magic: `{\rtf`, is: "a text with formats (RTF)", do: "Save it as plain text.", text: true},
}

// kindOf finds out whether a file is none of ours.
func kindOf(head []byte) *kind {
	for i := range kinds {
		k := &kinds[i]
		if len(head) > k.at && bytes.HasPrefix(head[k.at:], []byte(k.magic)) && (k.text || !isPlain(head)) {
			return k
		}
	}
	return markup(head)
}

// isPlain tells a list that happens to begin with a magic, such as one of words in capital
// letters, from a file of that kind: those have bytes that are in no text.
func isPlain(head []byte) bool {
	for _, c := range head {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b {
			return false
		}
	}
	return !bytes.ContainsAny(head, "\x7f") && validHead(head)
}

// markup finds a page where a list was expected, which may be of an error.
func markup(head []byte) *kind {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, bomUTF8), " \t\r\n")
	begin := strings.ToLower(string(head[:min(len(head), 64)]))
	switch {
	case strings.HasPrefix(begin, "<!doctype html"), strings.HasPrefix(begin, "<html"), strings.HasPrefix(begin, "<head>"), strings.HasPrefix(begin, "<body"):
		return &kind{is: "an HTML page, maybe of an error, or one that asks for a password", do: "Look at it, and download the list again.", text: true}
	case strings.HasPrefix(begin, "<?xml"):
		return &kind{is: "an XML file", do: "Turn it into CSV or JSON Lines.", text: true}
	}
	return nil
}

// claims are what the end of a file's name says that it is. Compressed says that one whose
// content is another is refused however it is to be read, as its name would mislead.
var claims = map[string]struct {
	pack       Pack
	compressed bool
	is         string
}{
	".xz":      {PackXZ, true, "it is compressed with xz"},
	".bz2":     {PackBzip2, true, "it is compressed with bzip2"},
	".zip":     {PackZip, true, "it is a zip archive"},
	".xlsx":    {PackSheet, false, "it is an Excel workbook"},
	".xlsm":    {PackSheet, false, "it is an Excel workbook"},
	".xls":     {"", false, "it is an Excel workbook"},
	".ods":     {"", false, "it is a spreadsheet"},
	".parquet": {"", false, "it is a Parquet file"},
	".pdf":     {"", false, "it is a PDF"},
}
