// Package dataset turns files and standard input into records, lazily: memory
// does not grow with the size of a file. Every record knows its file, line and
// byte offset. A row that cannot be read is a record too, with the reason in
// it; only a dataset that cannot be read at all is an error, or one that changes
// meanwhile.
//
// It knows CSV and TSV (RFC 4180), JSON Lines, plain lines and NUL-separated
// records, each of them plain or compressed with gzip, zstd, xz, bzip2 or zip, in
// UTF-8 or UTF-16, and sheets of a workbook. What a file is it tells by its first
// bytes, see sniff; what is no dataset it refuses. It leaves to others what is done
// with the records, and who has already had them.
package dataset

import (
	"brood/jobs"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Format is how a dataset is written down.
type Format uint8

// The formats.
const (
	FormatAuto  Format = iota // by the file's name
	FormatCSV                 // RFC 4180, comma
	FormatTSV                 // RFC 4180, tab; a quote inside a bare field is a character
	FormatJSONL               // one JSON object a line
	FormatLines               // one record a line, any bytes
	FormatNUL                 // records end with a zero byte
)

var formatNames = [...]string{"auto", "csv", "tsv", "jsonl", "lines", "nul"}

func (f Format) String() string { return formatNames[f] }

// ParseFormat is the reverse of String.
func ParseFormat(s string) (Format, error) {
	for i, n := range formatNames {
		if n == s {
			return Format(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not a dataset format; it is one of %s", s, strings.Join(formatNames[:], ", "))
}

// delimiter is what separates fields where nothing else is said.
func (f Format) delimiter() byte {
	if f == FormatTSV {
		return '\t'
	}
	return ','
}

// MarshalJSON gives the word.
func (f Format) MarshalJSON() ([]byte, error) { return jobs.MarshalWord(f.String()) }

// UnmarshalJSON reads the word, or the number that was stored before there were words.
func (f *Format) UnmarshalJSON(b []byte) error {
	i, err := jobs.UnmarshalWord(b, formatNames[:], "dataset format")
	*f = Format(i)
	return err
}

// FormatOf tells the format from a file's name; standard input and names that
// say nothing are plain lines.
func FormatOf(path string) Format {
	name := strings.ToLower(filepath.Base(path))
	for _, packed := range []string{".gz", ".zst", ".xz", ".bz2", ".zip"} {
		name = strings.TrimSuffix(name, packed)
	}
	switch filepath.Ext(name) {
	case ".csv":
		return FormatCSV
	case ".tsv", ".tab":
		return FormatTSV
	case ".jsonl", ".ndjson":
		return FormatJSONL
	default:
		return FormatLines
	}
}

// Stdin is the path that means standard input.
const Stdin = "-"

// DefaultMaxRecord is the default of Spec.MaxRecord, DefaultMaxDepth that of
// Spec.MaxDepth.
const (
	DefaultMaxRecord = 16 << 20
	DefaultMaxDepth  = 1000
)

// Spec says which dataset to read, and how.
type Spec struct {
	Paths     []string `json:"paths"`
	Format    Format   `json:"format"`
	Delimiter byte     `json:"delimiter"` // for CSV and TSV; 0 is the format's own
	NoHeader  bool     `json:"no_header"` // columns are called 1, 2, …
	MaxRecord int      `json:"max_record"`
	// MaxDepth is how deep a JSON record may be nested, at most jobs.DepthLimit; 0 is that,
	// as in runs that were begun when there was no such limit.
	MaxDepth int `json:"max_depth,omitempty"`
	// Text says that every record must be valid UTF-8, whatever the format.
	Text bool `json:"text"`
	// Group says how many lines are a record; nil: each is one.
	Group *Group `json:"group,omitempty"`
	// GroupBy says that rows with the same key are one record; nil: each is one. The reader
	// has them only when they have been gathered: see Reader.Gather.
	GroupBy *GroupBy `json:"group_by,omitempty"`
	// ColSep separates the columns of lines, a regular expression; empty: they have none.
	ColSep string `json:"colsep,omitempty"`
	// Named says that the first line has the names of the columns, and the first value of
	// each source its name. For CSV and TSV there is NoHeader.
	Named bool `json:"named,omitempty"`
	// Sources are lists whose combinations are the records; Paths are then the files among
	// them.
	Sources []Source `json:"sources,omitempty"`
	// Places is a file with where each record comes from, for messages: see jobs.Plan.Places. Empty: they are the user's own.
	Places string `json:"places,omitempty"`
	// FixedColumns says that an object with a member that is not among the
	// columns is bad input: the output has no place for it.
	FixedColumns bool `json:"fixed_columns"`
	// Grows says that the last file may grow while it is read. What it had when it was
	// opened is read; any other change is an error, as all are without this.
	Grows bool `json:"-"`
	// WholeLines says of a file that grows that a last record without its line end is still
	// being written, and is left for another time: see Reader.Left.
	WholeLines bool `json:"-"`
	// Columns are those of objects, where they are known before the first; empty: that says them.
	Columns []string `json:"columns,omitempty"`
	// Enveloped says that each line of the spool, a JSON object, begins with a member of brood's own that is no part of the
	// record: see AppendEnvelope.
	Enveloped bool `json:"enveloped,omitempty"`
	// Bygone is what of the spool is not there any more.
	Bygone Bygone `json:"-"`
	// Called is what standard input is called in messages, where something else stands for it; empty: stdin.
	Called string `json:"called,omitempty"`
	// Coats are how the files are read, one for each; none: all by their first bytes.
	Coats []Coat `json:"coats,omitempty"`
	// Lines says that the files are lines whatever their names say, if no format is given.
	Lines bool `json:"-"`
	// Charset is the encoding that the files are said to be in, see ParseCharset; empty: nobody has said.
	Charset string `json:"-"`
	// Guesses says that the encoding of tables, and what separates their fields, may be guessed.
	Guesses bool `json:"-"`
	// Dress is how the first file is written, of a run that begins; Reader.Settled has it.
	Dress Dress `json:"-"`
	// Sheet is which sheet of a workbook is asked for, by its name or number.
	Sheet string `json:"-"`

	// What Resolve leaves for Open, which looks at the files of a run that begins.
	fresh     bool // nothing has been read of them yet
	guessed   bool // the format is by the names
	said      bool // it was given
	delimited bool // the delimiter is not, it was given
	told      byte // the delimiter, where it was guessed and is not the format's own
}

// Resolve settles the format by the names of the files.
func (s *Spec) Resolve() error {
	if len(s.Paths) == 0 && len(s.Sources) == 0 {
		return errors.New("no dataset was named")
	}
	if s.MaxRecord == 0 {
		s.MaxRecord = DefaultMaxRecord
	}
	if s.MaxDepth == 0 {
		s.MaxDepth = DefaultMaxDepth
	}
	s.fresh, s.delimited, s.said = true, s.Delimiter != 0, s.Format != FormatAuto
	if s.Format == FormatAuto && (s.Lines || len(s.Sources) > 0) {
		s.Format = FormatLines
	}
	if s.Format == FormatAuto {
		s.Format, s.guessed = FormatOf(s.Paths[0]), true
		for _, p := range s.Paths[1:] {
			if f := FormatOf(p); f != s.Format && !seenInside(p) && !seenInside(s.Paths[0]) {
				return fmt.Errorf("%s looks like %s and %s like %s; say which with --format", s.Paths[0], s.Format, p, f)
			}
		}
		if s.delimited && s.Format == FormatLines { // which have none
			s.Format, s.guessed = FormatCSV, false
		}
	}
	if s.Delimiter == 0 {
		s.Delimiter = s.Format.delimiter()
	}
	return nil
}

// MayGrow reports whether rows that are added at the end leave the records as they are:
// the last group would have more lines, a group of rows could be one that is done, and
// combinations would get other numbers.
func (s *Spec) MayGrow() bool { return s.Group == nil && s.GroupBy == nil && len(s.Sources) == 0 }

// seenInside reports whether the format of a file is told by what is in it.
func seenInside(path string) bool {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".zip", ".xlsx", ".xlsm":
		return true
	}
	return false
}

// Position is a place in a dataset where a record begins.
type Position struct {
	File   int   // index into Spec.Paths
	Offset int64 // in bytes of the file's content, after decompression
	Line   int64 // 1-based
}

// Record is one record as it was found. Its bytes are valid until the next
// call of Next.
type Record struct {
	Raw    []byte
	Values [][]byte // for CSV and TSV
	Pos    Position
	// Envelope is what stands beside the record in the spool: see Spec.Enveloped.
	Envelope string
	// Size is the record's length in the file in bytes, terminator included.
	Size int64
	// Err says why the record cannot be used; the other fields hold what there
	// is of it.
	Err *InputError
}

// InputError says what is wrong with a place in a dataset.
type InputError struct {
	File   string
	Line   int64 // 1-based; 0 if the whole file is meant
	Column int   // 1-based, in bytes; 0 if the whole line is meant
	Reason string
}

func (e *InputError) Error() string {
	switch {
	case e.Line == 0:
		return e.File + ": " + e.Reason
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	default:
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
	}
}

// ErrChanged is wrapped by errors about an input that is not what it was when
// the run began, or when it was opened.
var ErrChanged = errors.New("the input has changed")

// Depth is how deep a JSON record may be nested.
func (s *Spec) Depth() int {
	if s.MaxDepth == 0 {
		return jobs.DepthLimit
	}
	return s.MaxDepth
}

func displayName(path string) string {
	if path == Stdin {
		return "stdin"
	}
	return path
}

// Name is what a file of the dataset is called in messages.
func (s *Spec) Name(file int) string {
	if len(s.Sources) > 0 {
		return "sources"
	}
	if s.Called != "" && s.Paths[file] == Stdin {
		return s.Called
	}
	return displayName(s.Paths[file])
}

// files is how many files there are to read one after the other.
func (s *Spec) files() int {
	if len(s.Sources) > 0 {
		return 1
	}
	return len(s.Paths)
}

func (s *Spec) end() string {
	if s.Format == FormatNUL && len(s.Sources) == 0 {
		return "\x00"
	}
	return "\n"
}

func (s *Spec) kind() jobs.ShapeKind {
	switch s.Format {
	case FormatCSV, FormatTSV:
		return jobs.Fields
	case FormatJSONL:
		return jobs.Objects
	default:
		if s.split() {
			return jobs.Fields
		}
		return jobs.Lines
	}
}
