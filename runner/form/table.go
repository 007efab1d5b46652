package form

import (
	"brood/runner/dataset"
	"brood/runner/sink"
	"brood/runner/spec"
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
func writeTable(w io.Writer, cfg *spec.Config, rows *dataset.Reader) error {
	delim := byte(',')
	if cfg.Form.Kind == spec.FormTSV {
		delim = '\t'
	}
	columns := plain(cfg, rows.Shape().Columns)
	header := make([][]byte, len(columns))
	for i, c := range columns {
		header[i] = []byte(c)
	}
	buf := sink.AppendTableRow(nil, delim, header)
	if _, err := w.Write(buf); err != nil {
		return err
	}
	return each(rows, func(rec *dataset.Record) error {
		buf = sink.AppendTableRow(buf[:0], delim, rec.Values[:min(len(columns), len(rec.Values))])
		_, err := w.Write(buf)
		return err
	})
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
