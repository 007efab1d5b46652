package forget

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/runner/dataset"
	"brood/runner/form"
	"brood/runner/ledger"
	"brood/runner/sink"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tidwall/gjson"
)

// hasTable reports whether the results are a table or JSON Lines, and there.
func (w *work) hasTable() bool {
	c := w.Config
	if c.Output == sink.Stdout || c.OutputFormat == sink.FormatText {
		return false
	}
	st, err := os.Stat(c.Output)
	return err == nil && st.Mode().IsRegular() && st.Size() > 0
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// results makes the new version of the results, and notes the hash of what is left of each record.
func (w *work) results() error {
	if !w.hasTable() {
		return nil
	}
	path, err := filepath.EvalSymlinks(w.Config.Output) // through a link the file is replaced, and not the link
	if err != nil {
		return err
	}
	rows, err := form.Open(path, w.Config.OutputFormat)
	if err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	defer func() { _ = rows.Close() }()
	left := make(map[jobs.Seq][]byte)
	v, err := w.newVersion(path, func(to io.Writer, old io.ReaderAt) error { return w.copyResults(to, old, rows, left) })
	if err != nil {
		return err
	}
	out := ledger.Output{Bytes: v.size, Sum: &v.sum}
	w.out.Output = &out
	for i := range w.out.Records {
		w.out.Records[i].Row = left[w.out.Records[i].Seq]
	}
	return nil
}

// copyResults copies rows, those of the records without what is personal.
func (w *work) copyResults(to io.Writer, old io.ReaderAt, rows *dataset.Reader, left map[jobs.Seq][]byte) error {
	format := w.Config.OutputFormat
	var rec dataset.Record
	for first := true; ; first = false {
		err := rows.Next(&rec)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read results: %w", err)
		}
		if first { // what stands before it is the header
			if _, err := io.Copy(to, io.NewSectionReader(old, 0, rec.Pos.Offset)); err != nil {
				return err
			}
		}
		row := slices.Concat(rec.Raw, []byte{'\n'})
		if seq, ok := format.SeqOf(rec.Raw, rec.Values); ok && !form.Broken(rows, &rec) && w.has(seq) {
			row = w.redacted(rows.Shape().Columns, &rec)
			left[seq] = addRow(left[seq], row)
		}
		if _, err := to.Write(row); err != nil {
			return err
		}
	}
}

// addRow goes on with the hash of a record's rows.
func addRow(before, row []byte) []byte {
	sum := sha256.Sum256(append(slices.Clone(before), row...))
	return sum[:]
}

// redacted is a row of results without what is personal, with its line end. What stood in a column of the input is marked; a column
// of the job becomes empty, as what reads it may expect a number.
func (w *work) redacted(columns []string, rec *dataset.Record) []byte {
	format := w.Config.OutputFormat
	ofJob := func(name string) bool {
		return slices.ContainsFunc(w.Config.Plan.Columns, func(c jobs.Column) bool { return c.Name == name })
	}
	said := func(text string) string {
		if text == "" {
			return ""
		}
		return ledger.ForgottenMark
	}
	_, status, _ := format.EndOf(rec.Raw, rec.Values)
	if format == sink.FormatJSONL {
		object := sink.WithoutOwn(rec.Raw)
		own := gjson.ParseBytes(append([]byte("{\"\":0"), rec.Raw[len(object):]...))
		raw := append(w.redactedMembers(append(slices.Clone(object), '}'), ofJob), rec.Raw[len(object):]...)
		return format.Patch(raw, nil, status, jobs.Class(own.Get("_class").String()), said(own.Get("_error").String()))
	}
	values := slices.Clone(rec.Values)
	own := len(values) - sink.OwnColumns
	for i := range values[:own] {
		switch name := columns[i]; {
		case len(values[i]) == 0 || w.keeps(name):
		case ofJob(name):
			values[i] = nil
		default:
			values[i] = []byte(ledger.ForgottenMark)
		}
	}
	class := jobs.Class(values[own+2])
	return format.Patch(nil, values, status, class, said(string(values[own+3])))
}

// redactedMembers is an object without what is personal, and without the brace at its end.
func (w *work) redactedMembers(object []byte, ofJob func(string) bool) []byte {
	out := []byte{'{'}
	gjson.ParseBytes(object).ForEach(func(name, v gjson.Result) bool {
		out = append(append(out, name.Raw...), ':')
		switch {
		case w.keeps(name.Str) || v.Type == gjson.Null || v.Raw == `""`:
			out = append(out, v.Raw...)
		case v.Type == gjson.String && !ofJob(name.Str):
			out = append(out, `"`+ledger.ForgottenMark+`"`...)
		default:
			out = append(out, "null"...)
		}
		out = append(out, ',')
		return true
	})
	return bytes.TrimSuffix(out, []byte{','})
}

// made is a new version of a file.
type made struct {
	path, tmp string
	size      int64
	sum       uint32 // CRC-32C
}

// newVersion writes a new version of a file, durable beside it, and notes it.
func (w *work) newVersion(path string, write func(to io.Writer, old io.ReaderAt) error) (v made, err error) {
	if err := files.Sweep(path); err != nil { // whom it was about then is in it still who is forgotten now
		return v, err
	}
	old, err := os.Open(path)
	if err != nil {
		return v, err
	}
	defer func() { _ = old.Close() }()
	st, err := old.Stat()
	if err != nil {
		return v, err
	}
	f, err := files.Create(path, 0o600)
	if err != nil {
		return v, err
	}
	buf := bufio.NewWriterSize(f, 256<<10)
	if err = errors.Join(write(buf, old), buf.Flush()); err == nil {
		err = f.Like(st)
	}
	if err == nil {
		v.size, err = f.Seek(0, io.SeekCurrent)
	}
	if err == nil {
		v.sum, err = sink.SumOf(f, v.size)
	}
	if err != nil {
		return v, errors.Join(err, f.Discard())
	}
	if v.tmp, err = f.Keep(); err != nil {
		return v, err
	}
	v.path = path
	w.out.Files = append(w.out.Files, ledger.Version{Path: path, New: v.tmp})
	return v, nil
}

// discard removes the new versions, of which none counts.
func (w *work) discard() error {
	var err error
	for _, v := range w.out.Files {
		if v.New != "" {
			if rmErr := os.Remove(v.New); rmErr != nil && !errors.Is(rmErr, os.ErrNotExist) {
				err = errors.Join(err, rmErr)
			}
		}
	}
	return err
}

// put gives a new version its name, or removes the file, unless that was done before.
func put(v ledger.Version) error {
	if v.New == "" {
		if err := os.RemoveAll(v.Path); err != nil {
			return err
		}
		return syncDirOf(v.Path)
	}
	st, err := os.Lstat(v.New)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if !isThere(v.Path) {
			return fmt.Errorf("%s is gone, and so is its new version %s", v.Path, v.New)
		}
		return syncDirOf(v.Path)
	case err != nil:
		return err
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s is no file: something has replaced the new version of %s", v.New, v.Path)
	}
	if err := os.Rename(v.New, v.Path); err != nil {
		return err
	}
	return syncDirOf(v.Path)
}

// syncDirOf makes the name of a file durable. A directory that is gone has no names.
func syncDirOf(path string) error {
	err := files.SyncDir(filepath.Dir(path))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
