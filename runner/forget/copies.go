package forget

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/sink"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// isCopy reports whether a file of the dataset is brood's own: what came on standard input, or what stands in the state directory.
func (w *work) isCopy(path string) bool {
	if path == dataset.Stdin {
		return true
	}
	inside, err := filepath.Rel(w.Dir.State(), path)
	return err == nil && inside != ".." && !strings.HasPrefix(inside, "../")
}

func (w *work) hasCopies() bool { return slices.ContainsFunc(w.Config.Dataset.Paths, w.isCopy) }

// openDataset opens the dataset as it was read, but for groups of rows.
func (w *work) openDataset() (*intake.Input, error) {
	known, err := w.reader.Spooled(w.ctx)
	if err != nil {
		return nil, err
	}
	return intake.OpenCopy(w.Config.Dataset, w.Dir.StdinPath(), known)
}

// edit is a record that is another one in a copy of the dataset.
type edit struct {
	at       int64
	was, now []byte
}

// copies makes new versions of the copies of the dataset.
func (w *work) copies() error {
	if !w.hasCopies() {
		return nil
	}
	if w.Config.Dataset.GroupBy != nil || len(w.Config.Dataset.Sources) > 1 {
		return wrong("the records of run %s are made of several rows or lists (--group-by, :::), and one cannot be taken out of the copy of its dataset. Remove the whole run: brood rm %s", w.Config.Name, w.Config.Name)
	}
	edits, err := w.edits()
	if err != nil {
		return err
	}
	for file, list := range edits {
		if err := w.replaceCopy(file, list); err != nil {
			return err
		}
	}
	return nil
}

// edits are the records of copies, by file.
func (w *work) edits() (map[int][]edit, error) {
	in, err := w.openDataset()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	out := make(map[int][]edit)
	d := &w.Config.Dataset
	table := d.Format == dataset.FormatCSV || d.Format == dataset.FormatTSV
	table = table && d.ColSep == "" && len(d.Sources) == 0
	var rec dataset.Record
	for seq := jobs.Seq(0); seq <= w.which[len(w.which)-1]; seq++ {
		err := in.Reader.Next(&rec)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, intake.ReadError(err)
		}
		if !w.has(seq) || !w.isCopy(d.Paths[rec.Pos.File]) {
			continue
		}
		e := edit{at: rec.Pos.Offset, was: bytes.Clone(rec.Raw), now: bytes.Clone(rec.Raw)}
		maskOf(e.now, in.Reader.Shape(), table, d.Delimiter, rec.Err != nil, w.keeps)
		out[rec.Pos.File] = append(out[rec.Pos.File], e)
	}
	return out, nil
}

// replaceCopy makes the new version of a copy.
func (w *work) replaceCopy(file int, list []edit) error {
	given := w.Config.Dataset.Paths[file]
	path := given
	if given == dataset.Stdin {
		if path = w.Dir.StdinPath(); !isThere(path) {
			path += ".part" // all that was asked of it was read
		}
	}
	v, err := w.newVersion(path, func(to io.Writer, old io.ReaderAt) error { return copyEdited(to, old, path, list) })
	if err != nil {
		return err
	}
	if given != dataset.Stdin {
		return w.newInput(file, v.tmp)
	}
	known, err := w.reader.Spooled(w.ctx)
	if err != nil {
		return err
	}
	f, err := os.Open(v.tmp)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sum, err := sink.SumOf(f, known.Bytes)
	w.out.Spool = &ledger.Spooled{Bytes: known.Bytes, Sum: sum}
	return err
}

// newInput notes what a file of the dataset is like from now on.
func (w *work) newInput(file int, path string) error {
	fp, err := dataset.TakeFingerprint(path)
	if err != nil {
		return err
	}
	if w.out.Inputs == nil {
		w.out.Inputs = make(map[int]ledger.Input)
	}
	at := fp.ModTime.Format(time.RFC3339Nano)
	w.out.Inputs[file] = ledger.Input{Size: &fp.Size, ModTime: &at, Hash: &fp.Hash, Whole: &fp.Whole}
	return nil
}

// copyEdited copies a file with records of the same length in the place of others.
func copyEdited(to io.Writer, old io.ReaderAt, path string, list []edit) error {
	at := int64(0)
	for _, e := range list {
		if _, err := io.Copy(to, io.NewSectionReader(old, at, e.at-at)); err != nil {
			return err
		}
		is := make([]byte, len(e.was))
		if n, err := old.ReadAt(is, e.at); n < len(is) && !errors.Is(err, io.EOF) {
			return err
		}
		if !bytes.Equal(is, e.was) || len(e.now) != len(e.was) {
			return wrong("%s is packed, or in another encoding, and a record cannot be taken out of it. Remove the whole run: brood rm NAME", path)
		}
		if _, err := to.Write(e.now); err != nil {
			return err
		}
		at = e.at + int64(len(e.was))
	}
	_, err := io.Copy(to, io.NewSectionReader(old, at, 1<<62))
	return err
}

// elsewhere says where the records stand that is not brood's, or cannot be changed.
func (w *work) elsewhere() []string {
	var out []string
	for _, path := range w.Config.Dataset.Paths {
		if !w.isCopy(path) {
			out = append(out, path+": it is your own file, the dataset of the run")
		}
	}
	switch c := w.Config; {
	case c.Output == sink.Stdout:
		out = append(out, "what went to standard output")
	case c.OutputFormat == sink.FormatText:
		out = append(out, c.Output+": it is plain text, which does not say what is whose")
	case !w.hasTable():
		out = append(out, c.Output+": the results are not there any more; whoever has them has what is in them")
	}
	if c := w.Config; c.OncePer != "" && slices.ContainsFunc(c.Key.Columns, func(one string) bool { return !w.keeps(one) }) {
		out = append(out, fmt.Sprintf("the keys of scope %s: without them the same would be done again; brood keys %s forget KEY takes one out", c.OncePer, c.OncePer))
	}
	return out
}
