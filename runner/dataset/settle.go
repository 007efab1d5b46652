package dataset

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// settle looks at what the files are, when a run begins, and settles how they are read. It
// leaves that in spec. Standard input behind files is looked at when its turn comes.
func (r *Reader) settle() error {
	s := &r.spec
	if len(s.Sources) > 0 {
		return r.settleSources()
	}
	s.guessed = s.guessed && s.Group == nil && !s.split() // of lines
	s.Coats = make([]Coat, len(s.Paths))
	formats := make([]Format, len(s.Paths))
	for i, path := range s.Paths {
		formats[i] = s.Format
		if path == Stdin && i > 0 {
			continue
		}
		if err := r.settleFile(i); err != nil {
			return err
		}
		if formats[i] = s.formatOf(i); formats[i] != formats[0] {
			return &Unfit{
				File: displayName(path), Is: fmt.Sprintf("it is %s, and %s is %s", formats[i], displayName(s.Paths[0]), formats[0]),
				Do: "Give files of one kind, or say which with --format.",
			}
		}
	}
	if !slices.ContainsFunc(s.Coats, func(c Coat) bool { return c != Coat{} }) {
		s.Coats = nil // so that most runs are stored as ever
	}
	return nil
}

// settleSources settles files that are sources, each by itself.
func (r *Reader) settleSources() error {
	s := &r.spec
	coats := make([]Coat, len(s.Paths))
	for i, path := range s.Paths {
		of := Spec{Paths: []string{path}, Format: s.Format, Delimiter: s.Delimiter, MaxRecord: s.MaxRecord, MaxDepth: s.MaxDepth, said: s.said}
		one := &Reader{spec: of, spool: r.spool, marks: make([]*mark, 1), unnamed: make([]int, 1)}
		err := one.settle()
		if err = errors.Join(err, one.Close()); err != nil {
			return err
		}
		coats[i] = one.spec.coat(0)
	}
	if slices.ContainsFunc(coats, func(c Coat) bool { return c != Coat{} }) {
		s.Coats = coats
	}
	return nil
}

// formatOf is the format of a file by what has been found in it.
func (s *Spec) formatOf(file int) Format {
	coat := s.coat(file)
	switch {
	case !s.guessed:
		return s.Format
	case coat.Pack == PackSheet:
		return FormatCSV
	case coat.Pack == PackZip && FormatOf(s.Paths[file]) == FormatLines:
		return FormatOf(coat.Member)
	}
	return FormatOf(s.Paths[file])
}

// settleFile looks at a file until all its coats are off.
func (r *Reader) settleFile(i int) error {
	s := &r.spec
	path := s.Paths[i]
	for {
		if err := r.openFile(Position{File: i, Line: 1}); err != nil {
			return err
		}
		g := guise{format: s.formatOf(i), said: s.said, coat: s.coat(i), packed: r.src.packed, asked: s.Charset}
		if path != Stdin {
			g.name = strings.ToLower(filepath.Base(path))
		}
		head, end := r.lookAhead(g.format)
		if r.win.err != nil {
			return fmt.Errorf("read dataset %s: %w", r.name(), r.win.err)
		}
		g.end = end
		f := sniff(head, g)
		if f.again && f.coat.Pack == PackZip && g.coat.Pack == "" {
			var err error
			if f.coat, err = r.lookIntoZip(path); err != nil {
				return err
			}
		}
		if f.is != "" {
			return unfit(path, f.is, piped(f.do, g.format))
		}
		s.Coats[i] = f.coat
		if f.again {
			continue
		}
		if again, err := r.guess(i, head, end); err != nil {
			return err
		} else if !again {
			return r.settleTable(i, f.sep, head)
		}
	}
}

// piped says which format standard input has, in a command that replaces a file by it.
func piped(do string, f Format) string {
	if f == FormatLines {
		return do
	}
	return strings.ReplaceAll(do, "brood run … -", "brood run … --format "+f.String()+" -")
}

// settleTable settles what only tables have. The first file says what separates fields.
func (r *Reader) settleTable(i int, sep byte, head []byte) error {
	s := &r.spec
	if s.Coats[i].Pack != PackSheet && s.Sheet != "" {
		return unfit(s.Paths[i], "it is no Excel workbook, so it has no sheet "+s.Sheet, "Leave --sheet away.")
	}
	if i == 0 {
		s.Format = s.formatOf(0)
		marked := r.win.offset > 0 // which openFile has passed over
		defer func() { s.Dress = dressOf(head, marked, s, &s.Coats[0]) }()
	}
	switch {
	case s.delimited:
	case i > 0 && sep != 0 && sep != s.Delimiter:
		return unfit(s.Paths[i], fmt.Sprintf("its first line says that %q separates fields, in %s that is %q", sep, displayName(s.Paths[0]), s.Delimiter), "Give files that are alike, or say which with -d.")
	case sep != 0:
		s.Delimiter = sep
	case i == 0:
		s.Delimiter = s.Format.delimiter()
		if s.Guesses && s.Coats[0].Pack != PackSheet && s.Format == FormatCSV {
			if c := guessDelimiter(head, s.Delimiter); c != s.Delimiter {
				s.Delimiter, s.told = c, c
			}
		}
	}
	return nil
}

// lookIntoZip tells what is in an archive.
func (r *Reader) lookIntoZip(path string) (Coat, error) {
	z, err := r.src.openZip()
	if err != nil {
		return Coat{}, fmt.Errorf("open dataset %s: %w", displayName(path), err)
	}
	f := sniffZip(namesIn(z), mimetypeOf(z))
	if f.is != "" {
		return Coat{}, unfit(path, f.is, f.do)
	}
	if f.coat.Pack == PackSheet {
		f.coat.Member, err = r.findSheet(path, z)
	}
	return f.coat, err
}

func (r *Reader) findSheet(path string, z *zip.Reader) (string, error) {
	if f := r.spec.Format; !r.spec.guessed && f != FormatCSV && f != FormatTSV {
		if r.spec.said {
			return "", unfit(path, "it is an Excel workbook, not "+f.String(), "Leave --format away.")
		}
		return "", unfit(path, "it is an Excel workbook, and lines are needed here", "Save the column that is meant as text, one value a line.")
	}
	return chooseSheet(path, z, r.spec.Sheet)
}

// lookAhead reads the first bytes without moving on: what there is up to the first line end
// at least, so that a pipe need not bring more than its first line.
func (r *Reader) lookAhead(f Format) (head []byte, end bool) {
	w := r.win
	enough := func(u []byte) bool {
		return bytes.IndexByte(u, '\n') >= 0 || len(u) >= windowStart/2 || (f == FormatNUL && len(u) > 0)
	}
	for !enough(w.unread()) && w.more() {
	}
	return w.unread(), w.eof
}

// lateStdin looks at standard input when its turn comes behind files. How it is read is not
// stored, so it must be what it seems.
func (r *Reader) lateStdin() error {
	g := guise{format: r.spec.Format, said: r.spec.Format != FormatLines, packed: r.src.packed, asked: r.spec.Charset}
	head, end := r.lookAhead(g.format)
	g.end = end
	f := sniff(head, g)
	f.coat.CRLF, f.coat.BOM = false, false // as they were read before
	switch {
	case f.is != "":
		return unfit(Stdin, f.is, f.do)
	case f.again, f.coat != Coat{}:
		return unfit(Stdin, "it cannot be read as it is behind other files", "Give it as a file, or before them.")
	}
	return nil
}

// Settled is how the dataset is read, with all that was found when it was opened.
func (r *Reader) Settled() Spec { return r.spec }

// Notes say what the files are where their names do not, for the user to know.
func (r *Reader) Notes() []string {
	var out []string
	for i := range r.spec.Paths {
		c := r.spec.coat(i)
		note := func(format string, args ...any) {
			out = append(out, displayName(r.spec.Paths[i])+": "+fmt.Sprintf(format, args...))
		}
		switch {
		case c.Pack == PackSheet && r.spec.Sheet == "":
			note("read sheet %q of the workbook", c.Member)
		case c.Pack == PackZip:
			note("read %s in the archive", c.Member)
		}
		if c.Charset != "" {
			note("read as %s", strings.ToUpper(c.Charset)+howElse(&r.spec, c.Charset))
		}
		if i == 0 && r.spec.told != 0 {
			note("its fields are separated by %q (-d if they are not)", r.spec.told)
		}
		switch {
		case c.CR:
			note("its lines end with a carriage return alone")
		case c.CRLF:
			note("its lines end as on Windows; the carriage return is no part of a record (--format lines if it is)")
		}
	}
	return out
}

// howElse says how to say that a guess is wrong.
func howElse(s *Spec, charset string) string {
	if s.Charset != "" || charset == UTF16LE || charset == UTF16BE {
		return ""
	}
	return ", as it is no UTF-8 (--encoding if it is another)"
}

// skipSep passes over a first line that says what separates fields.
func (r *Reader) skipSep() error {
	if i := r.win.find('\n', 0); i >= 0 {
		r.win.take(i+1, 1)
		return nil
	}
	if r.win.err != nil {
		return r.win.err
	}
	r.win.take(len(r.win.unread()), 0)
	return nil
}

// checkDelimiter refuses rows of one field that something else seems to separate. First is the
// header, or the first row where there is none.
func (r *Reader) checkDelimiter(columns int, first []byte) error {
	if !r.spec.fresh || r.spec.delimited || columns != 1 || r.spec.anyBytes() {
		return nil
	}
	rows := [][]byte{first}
	if r.spec.NoHeader {
		u := r.win.unread()
		for line := range bytes.Lines(u[:bytes.LastIndexByte(u, '\n')+1]) {
			if line = trimCR(bytes.TrimSuffix(line, []byte{'\n'})); len(line) > 0 {
				rows = append(rows, line)
			}
		}
		if len(rows) < 2 {
			return nil
		}
	}
	c := otherDelimiter(rows, r.spec.Delimiter)
	if c == 0 {
		return nil
	}
	path := r.spec.Paths[r.file]
	if r.src.sheet != nil {
		return unfit(path, fmt.Sprintf("its only column is called %q: several seem to have come into one", first), "Split it in the spreadsheet program (Data, Text to Columns). If it is one column: -d ','")
	}
	word, own := shellWord(string(c)), shellWord(string(r.spec.Delimiter))
	if c == '\t' {
		word = `'\t'`
	}
	if r.spec.Delimiter == '\t' {
		own = `'\t'`
	}
	return unfit(path, fmt.Sprintf("it has one column, but %q seems to separate more", c), "Say so with -d "+word+". If it is one column: -d "+own)
}
