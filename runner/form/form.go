// Package form makes the file that the user asked for of the results of a run that is done: a workbook, GeoJSON,
// or a table without the engine's columns. Such a file cannot be written row by row and cut off
// anywhere, as results are; so the run keeps results of its own, and this makes the other one of them, again and
// again if need be.
//
// It promises that the file is at any moment what it was or the new one, whole, and that what it says
// depends on the results alone. It knows no ledger; that the run is done its caller knows.
package form

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/runner/dataset"
	"brood/runner/sink"
	"brood/runner/spec"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Logf tells the user something, as fmt.Printf would.
type Logf func(format string, args ...any)

// Make makes the form of a run's results, if it has one. The results are all there. An error is a
// *spec.WriteError.
func Make(cfg *spec.Config, say Logf) error {
	if cfg.Form == nil || cfg.Shard != nil { // which is made of all shards
		return nil
	}
	if err := makeForm(cfg, say); err != nil {
		return &spec.WriteError{Err: fmt.Errorf("make %s of the results, which are in %s: %w", cfg.Form.Path, cfg.Output, err)}
	}
	return nil
}

func makeForm(cfg *spec.Config, say Logf) (err error) {
	rows, err := Open(cfg.Output, cfg.OutputFormat)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	path, err := files.Follow(cfg.Form.Path)
	if err != nil {
		return err
	}
	f, err := files.Create(path, 0o644)
	if err != nil {
		return err
	}
	if st, statErr := os.Stat(path); statErr == nil {
		err = f.Like(st)
	}
	if err == nil {
		buf := bufio.NewWriterSize(f, 256<<10)
		if err = write(buf, cfg, rows, say); err == nil {
			err = buf.Flush()
		}
	}
	if err != nil {
		return errors.Join(err, f.Discard())
	}
	return f.Put(path)
}

// write writes the form.
func write(w io.Writer, cfg *spec.Config, rows *dataset.Reader, say Logf) error {
	switch cfg.Form.Kind {
	case spec.FormXLSX:
		return writeWorkbook(w, cfg, rows, say)
	case spec.FormGeoJSON:
		return writeGeoJSON(w, cfg, rows)
	case spec.FormCSV, spec.FormTSV:
		return writeTable(w, cfg, rows, say)
	case spec.FormJSONL:
		return writeLines(w, rows)
	case spec.FormText: // brood merge makes it, see package merge
	}
	return fmt.Errorf("this brood makes no %q", cfg.Form.Kind)
}

// Open opens results, a table or JSON Lines, as a dataset. What they are is known, whatever they look like.
func Open(path string, format sink.Format) (*dataset.Reader, error) {
	const longestRow = 1 << 30
	of := dataset.Spec{Paths: []string{path}, MaxRecord: longestRow, MaxDepth: jobs.DepthLimit}
	switch format {
	case sink.FormatTSV:
		of.Format, of.Delimiter = dataset.FormatTSV, '\t'
	case sink.FormatJSONL:
		of.Format = dataset.FormatJSONL
	default:
		of.Format, of.Delimiter = dataset.FormatCSV, ','
	}
	return dataset.Open(of, nil)
}

// Broken reports whether a row of results cannot be read. One that has only bytes that are no text can: they
// are the dataset's own.
func Broken(rows *dataset.Reader, rec *dataset.Record) bool {
	s := rows.Shape()
	return rec.Err != nil && (s.Kind != jobs.Fields || len(rec.Values) != len(s.Columns))
}

// each calls f for each row of results.
func each(rows *dataset.Reader, f func(*dataset.Record) error) error {
	var rec dataset.Record
	for {
		err := rows.Next(&rec)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case Broken(rows, &rec):
			return rec.Err
		}
		if err := f(&rec); err != nil {
			return err
		}
	}
}

// Check refuses a place where no form could be made: what is there and is no file, a directory that is not
// there or not the user's to write to.
func Check(path string) error {
	real, err := files.Follow(path)
	if err != nil {
		return err
	}
	if st, err := os.Stat(real); err == nil && !st.Mode().IsRegular() {
		return fmt.Errorf("%s is no file, and it is made as a whole", path)
	}
	f, err := files.Create(real, 0o600)
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if err != nil {
		return fmt.Errorf("no file can be made beside %s: %w", path, err)
	}
	return f.Discard()
}
