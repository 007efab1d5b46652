package dataset

import (
	"brood/jobs"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// Reader reads the records of a dataset, file after file. It is not safe for
// use from several goroutines, except Consumed.
type Reader struct {
	spec  Spec
	shape *jobs.Shape
	known map[string]bool // its columns, where others are bad input
	spool *Spool          // standard input, if the dataset has it
	file  int
	marks []*mark // of the files that have been opened, by their index
	src   *stream
	win   *window
	next  func(*Record) error // the format's splitter
	gone  int64               // how many of the next records are gone: see Bygone
	crlf  bool                // see Coat.CRLF, of the open file
	// unnamed is how many columns at the end of each file's header have no name, and nothing
	// in them.
	unnamed []int

	left     *Position   // of what is still being written
	scratch  []byte      // unescaped CSV fields
	spans    []fieldSpan // of the row that is being split
	cut      cutter      // of groups
	sep      *separator
	head     string // the line with the names of the columns, of lines
	mix      *mixer // the sources, if the dataset is made of them
	consumed consumed
	gathered *gathered // where the records are groups of rows
	orderIn  int       // how much memory is for putting them together, in bytes
}

// Open opens the dataset and reads as much as its shape needs: the headers of
// all files that have one. Errors about what is in the files are *InputError.
// Standard input is read from spool, which is nil if it is not part of the
// dataset.
func Open(spec Spec, spool *Spool) (*Reader, error) {
	spec.Grows = spec.Grows && spec.MayGrow()
	r := &Reader{spec: spec, spool: spool, marks: make([]*mark, len(spec.Paths)), unnamed: make([]int, len(spec.Paths)), orderIn: gatherMemory}
	if spec.fresh {
		if err := r.settle(); err != nil {
			_ = r.Close()
			return nil, err
		}
	}
	switch r.spec.Format {
	case FormatCSV, FormatTSV:
		r.next = r.nextRow
	case FormatJSONL:
		r.next = r.nextObject
	default:
		if err := r.readLines(); err != nil {
			return nil, err
		}
	}
	if err := r.findShape(); err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

// Shape is what all records have in common.
func (r *Reader) Shape() *jobs.Shape { return r.shape }

// RequireText sets whether records must be valid UTF-8 whatever the format.
func (r *Reader) RequireText(yes bool) { r.spec.Text = yes }

// Grew reports whether the last file has grown since it was opened: see Spec.Grows.
func (r *Reader) Grew() bool {
	if len(r.spec.Sources) > 0 {
		return false
	}
	last := r.marks[len(r.marks)-1]
	return last != nil && last.grew
}

// Close closes the file that is open. It does not close the spool.
func (r *Reader) Close() error {
	var err error
	if r.mix != nil {
		err = r.mix.close()
	}
	if r.src != nil {
		err = errors.Join(err, r.src.Close())
	}
	if r.gathered != nil {
		if closeErr := r.gathered.file.Close(); !errors.Is(closeErr, os.ErrClosed) {
			err = errors.Join(err, closeErr)
		}
	}
	r.src, r.win = nil, nil
	return err
}

// findShape opens the files from the last to the first, so that the first is
// the one left open, and compares their headers.
func (r *Reader) findShape() error {
	var columns []string
	named := ""
	for i := r.spec.files() - 1; i >= 0; i-- {
		if i > 0 && r.spec.Paths[i] == Stdin {
			continue // standard input is compared when its turn comes
		}
		if err := r.openFile(r.passBygone(Position{File: i, Line: 1})); err != nil {
			return err
		}
		got, err := r.columnsHere()
		if err != nil {
			return err
		}
		if columns != nil && r.spec.kind() == jobs.Fields && !r.spec.ragged() {
			if err := sameColumns(got, columns, r.name(), named); err != nil {
				return err
			}
		}
		columns, named = got, r.name()
	}
	r.shape = &jobs.Shape{Kind: r.spec.kind(), Columns: columns, End: r.spec.end(), Join: r.spec.join(), Header: r.head}
	if g := r.spec.Group; g != nil {
		r.shape.Most = g.Lines
	}
	r.shape.Rows, r.shape.Queued = r.spec.GroupBy != nil, r.spec.Enveloped
	if r.spec.FixedColumns && r.spec.kind() == jobs.Objects {
		r.known = make(map[string]bool, len(columns))
		for _, c := range columns {
			r.known[c] = true
		}
	}
	return nil
}

func sameColumns(want, got []string, wantFile, gotFile string) error {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			return &InputError{File: gotFile, Line: 1, Reason: fmt.Sprintf("there is no column %q, which %s has as its %d.; give files of one run the same columns", want[i], wantFile, i+1)}
		case i >= len(want):
			return &InputError{File: wantFile, Line: 1, Reason: fmt.Sprintf("there is no column %q, which %s has as its %d.; give files of one run the same columns", got[i], gotFile, i+1)}
		case want[i] != got[i]:
			return &InputError{File: gotFile, Line: 1, Reason: fmt.Sprintf("column %d is %q, in %s it is %q; give files of one run the same columns", i+1, got[i], wantFile, want[i])}
		}
	}
	return nil
}

// columnsHere finds the columns of the file that was just opened. For CSV with
// a header it leaves the reader behind it, otherwise at the first record.
func (r *Reader) columnsHere() ([]string, error) {
	switch r.spec.kind() {
	case jobs.Lines:
		return []string{jobs.LineColumn}, nil
	case jobs.Objects:
		if len(r.spec.Columns) > 0 {
			return r.spec.Columns, nil
		}
		return r.peekObject()
	default:
		if len(r.spec.Sources) > 1 {
			return r.mix.names, r.checkNames(r.mix.names)
		}
		return r.header()
	}
}

// rewind goes back to where the window was when mark was copied from it.
func (r *Reader) rewind(mark *window) error {
	w := r.win
	n := int(w.offset - mark.offset)
	if n <= w.a {
		w.a -= n
		w.offset, w.line = mark.offset, mark.line
		return nil
	}
	// The buffer has moved on, as the first record was large: open again.
	return r.openFile(Position{File: r.file, Offset: mark.offset, Line: mark.line})
}

// Next fills rec with the next record. At the end of the last file it returns
// io.EOF; any other error means that the rest cannot be read.
func (r *Reader) Next(rec *Record) error {
	if r.gathered != nil {
		return r.nextGathered(rec)
	}
	if r.gone > 0 {
		r.nextGone(rec)
		return nil
	}
	for {
		if r.win == nil {
			return io.EOF
		}
		rec.Values, rec.Err = rec.Values[:0], nil
		err := r.next(rec)
		if err == nil {
			r.checkRow(rec)
			r.checkText(rec)
			return nil
		}
		if !errors.Is(err, io.EOF) {
			return fmt.Errorf("read dataset %s: line %d: %w", r.name(), r.win.line, err)
		}
		if err := r.src.ended(); err != nil {
			return fmt.Errorf("read dataset %s: %w", r.name(), err)
		}
		if r.file+1 >= r.spec.files() {
			r.consumed.finish(r.src)
			return io.EOF
		}
		if err := r.nextFile(); err != nil {
			return err
		}
	}
}

func (r *Reader) nextFile() error {
	r.consumed.finish(r.src)
	if err := r.openFile(Position{File: r.file + 1, Line: 1}); err != nil {
		return err
	}
	if r.spec.Paths[r.file] == Stdin {
		if err := r.lateStdin(); err != nil {
			return err
		}
	}
	if r.spec.kind() != jobs.Fields || r.spec.headless() {
		return nil
	}
	got, err := r.header()
	if err != nil {
		return err
	}
	return sameColumns(r.shape.Columns, got, displayName(r.spec.Paths[0]), r.name())
}

func (r *Reader) checkText(rec *Record) {
	if r.checkZeros(rec); rec.Err != nil || (r.spec.anyBytes() && !r.spec.Text) || utf8.Valid(rec.Raw) {
		return
	}
	at := 0
	for at < len(rec.Raw) {
		c, n := utf8.DecodeRune(rec.Raw[at:])
		if c == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	before := rec.Raw[:at]
	line := rec.Pos.Line
	if r.mix == nil {
		line += countLines(before)
	}
	col := at - bytes.LastIndexByte(before, '\n')
	rec.Err = &InputError{File: r.name(), Line: line, Column: col, Reason: fmt.Sprintf("byte %#x is not valid UTF-8; say what it is in, such as --encoding windows-1252, or convert it with iconv -t UTF-8", rec.Raw[at])}
}

// checkZeros refuses a row with a zero byte, such as the end of a file has that was being
// written when the machine lost its power. No program can have one in an argument.
func (r *Reader) checkZeros(rec *Record) {
	if rec.Err != nil || r.spec.Format == FormatJSONL || r.spec.anyBytes() {
		return
	}
	if i := bytes.IndexByte(rec.Raw, 0); i >= 0 {
		before := rec.Raw[:i]
		rec.Err = &InputError{File: r.name(), Line: rec.Pos.Line + countLines(before), Column: i - bytes.LastIndexByte(before, '\n'), Reason: "a zero byte, which is in no text"}
	}
}

// SeekTo continues at a position that an earlier Reader of the same dataset
// has given. Plain files are not read up to there, compressed ones must be.
func (r *Reader) SeekTo(p Position) error {
	if r.gathered != nil {
		return r.gathered.seek(p.Offset)
	}
	if p.File >= r.spec.files() {
		return r.Close()
	}
	r.consumed.skipTo(r, p.File)
	return r.openFile(r.passBygone(p))
}

// Ready reports whether a record can be had without waiting for anyone. Only
// standard input ever has to be waited for.
func (r *Reader) Ready() bool {
	switch {
	case r.win == nil, r.gathered != nil:
		return true
	case r.mix != nil:
		return len(r.win.unread()) > 0 || r.mix.ready()
	case r.src.spool == nil:
		return true
	case r.spec.Group != nil:
		return r.groupReady()
	}
	end := byte('\n')
	if r.spec.Format == FormatNUL {
		end = 0
	}
	return r.win.eof || r.src.spool.ready(r.src.at.Load()) || bytes.IndexByte(r.win.unread(), end) >= 0
}

func (r *Reader) name() string { return r.spec.Name(r.file) }

// openFile opens a file of the dataset at a position.
func (r *Reader) openFile(p Position) error {
	if r.mix != nil {
		return r.openSources(p)
	}
	if err := r.Close(); err != nil {
		return fmt.Errorf("close dataset %s: %w", r.name(), err)
	}
	r.file = p.File
	src, err := openStream(&r.spec, p.File, r.spool, p.Offset, r.marks[p.File], r.growth(p.File))
	if err != nil {
		return err
	}
	r.src, r.marks[p.File] = src, src.mark
	r.consumed.current.Store(src)
	r.win = newWindow(src, p, r.spec.MaxRecord)
	r.cut.reset()
	r.crlf = r.spec.coat(p.File).CRLF
	if p.Offset > 0 {
		return nil
	}
	if r.spec.coat(p.File).Pack == PackNone {
		return nil // it is brood's own, and nothing may be there yet
	}
	r.skipBOM()
	if r.spec.coat(p.File).Sep {
		return r.skipSep()
	}
	return nil
}

// growth is what may happen to a file while it is read.
func (r *Reader) growth(file int) growth {
	if !r.spec.Grows || file < len(r.marks)-1 {
		return staysAsItIs
	}
	if r.spec.WholeLines {
		return growsByLines
	}
	return growsAnyhow
}

// skipBOM drops a UTF-8 byte order mark from the start of a text file.
func (r *Reader) skipBOM() {
	if r.spec.kind() == jobs.Lines && !r.spec.coat(r.file).BOM {
		return
	}
	for len(r.win.unread()) < len(bomUTF8) && r.win.more() {
	}
	if bytes.HasPrefix(r.win.unread(), bomUTF8) {
		r.win.take(len(bomUTF8), 0)
	}
}
