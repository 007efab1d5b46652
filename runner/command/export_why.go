package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/sink"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// whyColumns stand behind the dataset's own where an export says which record a row is and
// why it is there.
var whyColumns = []string{desk.SeqColumn, desk.StatusColumn, desk.ClassColumn, desk.ErrorColumn, desk.PlaceColumn}

// whyOf is what whyColumns say of a record that has ended otherwise than ok; of others what is
// known.
func (x *exporter) whyOf(seq jobs.Seq, rec *dataset.Record, o *ledger.Outcome) []string {
	out := []string{strconv.FormatUint(uint64(seq), 10), "", "", "", intake.Place(&x.spec, rec.Pos)}
	if o != nil {
		out[1], out[2], out[3] = o.Status.String(), string(o.Class), o.Error
	}
	return out
}

// withWhy is a row with what whyColumns say. Of one that cannot be read it has what there
// is of its columns, and all of it in the last column.
func (x *exporter) withWhy(s *jobs.Shape, seq jobs.Seq, rec *dataset.Record, o *ledger.Outcome) []byte {
	r := &jobs.Record{Seq: seq, Raw: rec.Raw, Values: rec.Values, Shape: s}
	why := x.whyOf(seq, rec, o)
	if rec.Err != nil || !s.Rows {
		return x.rowWithWhy(r, rec, why)
	}
	for _, row := range single(r) {
		x.buf = x.rowWithWhy(row, rec, why)
	}
	return x.buf
}

// rowWithWhy is one row of withWhy, behind those that are there.
func (x *exporter) rowWithWhy(r *jobs.Record, rec *dataset.Record, why []string) []byte {
	if x.format == dataset.FormatJSONL {
		return x.objectWithWhy(r, rec.Err != nil, why)
	}
	s := r.Shape
	values := make([][]byte, len(s.Columns), len(s.Columns)+len(whyColumns)+1)
	switch {
	case rec.Err != nil:
		copy(values, rec.Values)
	default:
		if x.cells == nil {
			x.cells = jobs.NewCells(s)
		}
		copy(values, x.cells.Values(r))
	}
	values = append(values, asBytes(why)...)
	if x.raw {
		var raw []byte
		if rec.Err != nil {
			raw = rec.Raw
		}
		values = append(values, raw)
	}
	return sink.AppendTableRow(x.buf, x.delimiter(), values)
}

func (x *exporter) objectWithWhy(r *jobs.Record, bad bool, why []string) []byte {
	out := x.buf
	out = append(out, '{')
	if !bad {
		out = append(out[:len(out)-1], r.AppendJSON(nil)...)
		out = out[:len(out)-1]
	}
	put := func(name string, value []byte) {
		if out[len(out)-1] != '{' {
			out = append(out, ',')
		}
		out = append(append(jobs.AppendJSONString(out, []byte(name)), ':'), value...)
	}
	for i, name := range whyColumns {
		value := jobs.AppendJSONString(nil, []byte(strings.ToValidUTF8(why[i], "\uFFFD")))
		if name == desk.SeqColumn {
			value = []byte(why[i])
		}
		put(name, value)
	}
	if bad {
		put(desk.RawColumn, jobs.AppendJSONString(nil, []byte(strings.ToValidUTF8(string(r.Raw), "\uFFFD"))))
	}
	return append(out, '}', '\n')
}

// wantsWhy reports whether an export says why its records are there: one of records that
// have ended otherwise than ok that goes into a table or a file of objects does.
func wantsWhy(want map[jobs.Status]bool) bool {
	return want[jobs.StatusFailed] || want[jobs.StatusUnknown] || want[jobs.StatusSkipped]
}

// chooseWhy decides whether an export says why, by the flags, the records that are wanted and
// where they go.
func (x *exporter) chooseWhy(c *cli.Context, l *ledger.Reader, want map[jobs.Status]bool, toFile bool) error {
	possible := x.table() || x.format == dataset.FormatJSONL
	switch {
	case c.Bool("original") && c.Bool("reasons"):
		return usage("", "--original and --reasons cannot go together")
	case c.Bool("reasons") && !possible:
		return usage("Write to a table, as in -o fix.csv.", "--reasons: %s has no place for them", x.format)
	case c.Bool("original"):
		return nil
	}
	x.why = possible && (c.Bool("reasons") || (toFile && wantsWhy(want)))
	if !x.why || x.format == dataset.FormatJSONL {
		return nil
	}
	bad, err := l.CountClass(c.Context, jobs.ClassInput)
	x.raw = bad > 0
	return err
}
