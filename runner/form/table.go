package form

import (
	"brood/runner/dataset"
	"brood/runner/sink"
	"brood/runner/spec"
	"cmp"
	"io"
)

// plain are the columns of a table without the engine's own, which stand at its end.
func plain(cfg *spec.Config, columns []string) []string {
	if !cfg.Form.Plain {
		return columns
	}
	return columns[:max(len(columns)-sink.OwnColumns, 0)]
}

// writeTable writes CSV or TSV.
func writeTable(w io.Writer, cfg *spec.Config, rows *dataset.Reader, say Logf) error {
	delim := cmp.Or(cfg.Form.Dress.Delimiter, ',')
	if cfg.Form.Kind == spec.FormTSV {
		delim = '\t'
	}
	d, err := newDresser(w, cfg.Form.Dress, delim)
	if err != nil {
		return err
	}
	columns := plain(cfg, rows.Shape().Columns)
	header := make([][]byte, len(columns))
	for i, c := range columns {
		header[i] = []byte(c)
	}
	buf := sink.AppendTableRow(nil, delim, header)
	if err := d.row(buf); err != nil {
		return err
	}
	err = each(rows, func(rec *dataset.Record) error {
		buf = sink.AppendTableRow(buf[:0], delim, rec.Values[:min(len(columns), len(rec.Values))])
		return d.row(buf)
	})
	if d.replaced > 0 && err == nil {
		say("%s is in %s like the dataset: %d characters that it does not have are written without their marks, or as ?; as they are they stand in %s",
			cfg.Form.Path, cfg.Form.Dress.Charset, d.replaced, cfg.Output)
	}
	return err
}

// writeLines writes JSON Lines without the engine's own members.
func writeLines(w io.Writer, rows *dataset.Reader) error {
	var buf []byte
	return each(rows, func(rec *dataset.Record) error {
		buf = append(buf[:0], sink.WithoutOwn(rec.Raw)...)
		_, err := w.Write(append(buf, '}', '\n'))
		return err
	})
}
