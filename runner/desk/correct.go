package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// The columns that an export adds to the dataset's own, see Why: they say which record a row
// is, and why it is here.
const (
	SeqColumn    = "_seq"
	StatusColumn = "_status"
	ClassColumn  = "_class"
	ErrorColumn  = "_error"
	PlaceColumn  = "_place"
	RawColumn    = "_raw" // of a record that cannot be read: all of it
)

// OwnColumns are those that exports and results have besides: they are passed over in a file of corrections.
var OwnColumns = []string{SeqColumn, StatusColumn, ClassColumn, ErrorColumn, PlaceColumn, RawColumn, "_attempts", "_ms"}

// Fixes is a file with corrected records of a run, read and not yet compared with it.
type Fixes struct {
	of     dataset.Spec
	shape  *jobs.Shape
	runs   *jobs.Shape // of the run's dataset
	fixes  []fix
	hasSeq bool
	// column is, for each column of the run's dataset, where it stands in the file; -1:
	// nowhere.
	column []int
	// passedOver are columns of the file that are none of a record.
	passedOver []string
}

// fix is a row of the file.
type fix struct {
	seq    jobs.Seq
	pos    dataset.Position
	raw    []byte
	values [][]byte
}

// ReadFixes reads a file of corrected records: rows with the columns of the run's dataset,
// or some of them, and with _seq, or the run's key, to know them by. Extra are columns
// that may be there and are not looked at. What is wrong is a dataset.InputError.
func ReadFixes(ctx context.Context, of dataset.Spec, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, extra []string) (*Fixes, error) {
	if cfg.Dataset.GroupBy != nil {
		return nil, errors.New("--with: the records of this run are groups of rows (--group-by), and cannot be corrected in place; correct the rows of an export, and begin a run of its own with them")
	}
	in, err := openCopy(ctx, dir, l, cfg)
	if err != nil {
		return nil, err
	}
	f := &Fixes{of: of, runs: in.Reader.Shape(), passedOver: slices.Concat(OwnColumns, extra)}
	if err := in.Close(); err != nil {
		return nil, err
	}
	r, err := dataset.Open(of, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	f.shape = r.Shape()
	if f.shape.Kind == jobs.Lines {
		return nil, f.bad(0, "it is plain lines, and nobody can tell which records they are; make it a table, with the column %s, as brood export -o FILE.csv writes it", SeqColumn)
	}
	if err := f.match(cfg); err != nil {
		return nil, err
	}
	var rec dataset.Record
	for {
		err := r.Next(&rec)
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err == nil && rec.Err != nil {
			err = rec.Err
		}
		if err != nil {
			return nil, err
		}
		x := fix{pos: rec.Pos, raw: bytes.Clone(rec.Raw)}
		for _, v := range rec.Values {
			x.values = append(x.values, bytes.Clone(v))
		}
		if f.hasSeq {
			text, _ := f.record(&x).Lookup(SeqColumn)
			n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 63)
			if err != nil {
				return nil, f.bad(x.pos.Line, "%s is %q, and not the number of a record; rows that are new go into the dataset, and are taken with --append", SeqColumn, text)
			}
			x.seq = jobs.Seq(n)
		}
		f.fixes = append(f.fixes, x)
	}
}

// match finds the columns of the run's dataset among those of the file.
func (f *Fixes) match(cfg *spec.Config) error {
	f.hasSeq = f.shape.Index(SeqColumn) >= 0
	if !f.hasSeq && len(cfg.Key.Columns) == 0 {
		return f.bad(1, "there is no column %s, and the run has no --key, so nobody can tell which records these are", SeqColumn)
	}
	f.column = make([]int, len(f.runs.Columns))
	any := false
	for i, c := range f.runs.Columns {
		f.column[i] = f.shape.Index(c)
		any = any || f.column[i] >= 0
	}
	if f.runs.Kind == jobs.Objects {
		return nil // members may differ from object to object
	}
	for _, c := range f.shape.Columns {
		if f.runs.Index(c) < 0 && !slices.Contains(f.passedOver, c) {
			return f.bad(1, "the dataset has no column %q; its columns are %s", c, strings.Join(f.runs.Columns, ", "))
		}
	}
	if !any && f.shape.Kind != jobs.Objects {
		return f.bad(1, "it has none of the dataset's columns, which are %s", strings.Join(f.runs.Columns, ", "))
	}
	return nil
}

func (f *Fixes) bad(line int64, format string, args ...any) error {
	return &dataset.InputError{File: f.of.Paths[0], Line: line, Reason: fmt.Sprintf(format, args...)}
}

func (f *Fixes) record(x *fix) *jobs.Record {
	return &jobs.Record{Raw: x.raw, Values: x.values, Shape: f.shape}
}

// Corrected compares fixes with the run: what is to be decided about their records, which
// all have to be among those that are meant, and what stands in the place of those that are
// others now.
func (f *Fixes) Corrected(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, meant []jobs.Status, by string) ([]ledger.Outcome, []ledger.Correction, error) {
	ended, err := l.Ended(ctx)
	if err != nil {
		return nil, nil, err
	}
	gone, err := forgotten(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	bySeq := make(map[jobs.Seq]*ledger.Outcome, len(ended))
	var which []jobs.Seq
	for i := range ended {
		bySeq[ended[i].Seq] = &ended[i]
		which = append(which, ended[i].Seq)
	}
	if !f.hasSeq {
		if err := f.findByKey(ctx, dir, l, cfg, which); err != nil {
			return nil, nil, err
		}
	}
	fixOf := make(map[jobs.Seq]*fix, len(f.fixes))
	var chosen []ledger.Outcome
	which = which[:0]
	for i := range f.fixes {
		x := &f.fixes[i]
		if twice := fixOf[x.seq]; twice != nil {
			return nil, nil, f.bad(x.pos.Line, "record %d stands in line %d as well", x.seq, twice.pos.Line)
		}
		o := bySeq[x.seq]
		if gone[x.seq] {
			return nil, nil, f.bad(x.pos.Line, "record %d was forgotten, and nothing more is done with it; leave it out", x.seq)
		}
		if err := f.mayChange(ctx, l, x, o, meant); err != nil {
			return nil, nil, err
		}
		fixOf[x.seq] = x
		chosen, which = append(chosen, *o), append(which, x.seq)
	}
	var corrections []ledger.Correction
	err = visitAll(ctx, dir, l, cfg, which, func(r *dataset.Reader, seq jobs.Seq, rec *dataset.Record) error {
		was := bytes.Clone(rec.Raw)
		row, err := f.row(cfg, fixOf[seq], rec)
		if err != nil || bytes.Equal(row, was) {
			return err
		}
		if r.Parse(row, rec); rec.Err != nil {
			return f.bad(fixOf[seq].pos.Line, "record %d is still none: %s", seq, rec.Err.Reason)
		}
		corrections = append(corrections, ledger.Correction{Seq: seq, At: time.Now(), By: by, Was: was, Row: row})
		return nil
	})
	return chosen, corrections, err
}

// mayChange refuses to change a record that is not among those that are meant.
func (f *Fixes) mayChange(ctx context.Context, l *ledger.Reader, x *fix, o *ledger.Outcome, meant []jobs.Status) error {
	switch {
	case o == nil:
		status, err := l.StatusOf(ctx, x.seq)
		if err != nil {
			return err
		}
		return f.bad(x.pos.Line, "record %d has not failed, it is %s; leave it out", x.seq, status)
	case !slices.Contains(meant, o.Status) && o.Status == jobs.StatusUnknown:
		return f.bad(x.pos.Line, "record %d is unknown: it may have been done. If it was not, say so and how you know: --status failed,unknown --reason TEXT", x.seq)
	case !slices.Contains(meant, o.Status):
		return f.bad(x.pos.Line, "record %d is %s, and --status does not say so; leave it out, or say it", x.seq, o.Status)
	}
	return nil
}

// findByKey finds which records the rows are, by their key.
func (f *Fixes) findByKey(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, which []jobs.Seq) error {
	byKey := make(map[[16]byte]jobs.Seq)
	err := visitRecords(ctx, dir, l, cfg, which, func(rec *jobs.Record) error {
		if key, ok := cfg.Key.Sum(rec); ok {
			byKey[key] = rec.Seq
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range f.fixes {
		x := &f.fixes[i]
		key, ok := cfg.Key.Sum(f.record(x))
		if !ok {
			return f.bad(x.pos.Line, "it has no key: %s is empty", strings.Join(cfg.Key.Columns, ", "))
		}
		if x.seq, ok = byKey[key]; !ok {
			return f.bad(x.pos.Line, "no record that has failed or is unknown has this key; to change the key itself, keep the column %s of the export", SeqColumn)
		}
	}
	return nil
}

// row makes the record that stands in the place of one from now on, in the format of the
// dataset.
func (f *Fixes) row(cfg *spec.Config, x *fix, rec *dataset.Record) ([]byte, error) {
	switch f.runs.Kind {
	case jobs.Objects:
		return f.object(x, rec)
	case jobs.Lines:
		v, _ := f.record(x).Lookup(jobs.LineColumn)
		return f.lines(x, v, rec)
	case jobs.Fields:
	}
	values := make([][]byte, len(f.runs.Columns))
	same := rec.Err == nil
	for i := range values {
		if i < len(rec.Values) && rec.Err == nil {
			values[i] = rec.Values[i]
		}
		at := f.column[i]
		if at < 0 && rec.Err != nil {
			return nil, f.bad(x.pos.Line, "record %d cannot be read as it is (%s), so all of its columns are needed, and %q is not there", x.seq, rec.Err.Reason, f.runs.Columns[i])
		}
		if at < 0 {
			continue
		}
		v, _ := f.record(x).Lookup(f.runs.Columns[i])
		same = same && bytes.Equal(v, values[i])
		values[i] = v
	}
	if same {
		return bytes.Clone(rec.Raw), nil
	}
	if row, plain, err := cfg.Dataset.Line(values); plain && err != nil {
		return nil, f.bad(x.pos.Line, "record %d: %v", x.seq, err)
	} else if plain {
		return row, nil
	}
	return bytes.TrimSuffix(sink.AppendTableRow(nil, cfg.Dataset.Delimiter, values), []byte{'\n'}), nil
}

// lines is what a line, or a group of them, is made of. Where zero bytes separate those of
// a group, line ends stand for them in a table.
func (f *Fixes) lines(x *fix, v []byte, rec *dataset.Record) ([]byte, error) {
	if f.runs.Join != "\x00" {
		return v, nil
	}
	if bytes.IndexByte(rec.Raw, '\n') >= 0 {
		return nil, f.bad(x.pos.Line, "record %d is a group with a line end within a value, and a table does not say which is which; leave it out", x.seq)
	}
	return bytes.ReplaceAll(v, []byte{'\n'}, []byte{0}), nil
}

// object makes an object of one, or of the columns of a table: a member whose text is the
// same stays as it was, and one that was a number, or true or false, and can still be
// one is one.
func (f *Fixes) object(x *fix, rec *dataset.Record) ([]byte, error) {
	given := f.record(x)
	var out []byte
	member := func(name string, raw []byte) {
		out = append(append(jobs.AppendJSONString(append(out, ','), []byte(name)), ':'), raw...)
	}
	done := make(map[string]bool)
	if f.shape.Kind == jobs.Objects {
		gjson.ParseBytes(x.raw).ForEach(func(k, v gjson.Result) bool {
			if !slices.Contains(f.passedOver, k.Str) {
				member(k.Str, []byte(v.Raw))
			}
			return true
		})
		return closeObject(out), nil
	}
	if rec.Err == nil {
		gjson.ParseBytes(rec.Raw).ForEach(func(k, v gjson.Result) bool {
			done[k.Str] = true
			text, there := given.Lookup(k.Str)
			if !there {
				member(k.Str, []byte(v.Raw))
				return true
			}
			member(k.Str, asMember(text, v))
			return true
		})
	}
	for _, c := range f.shape.Columns {
		text, _ := given.Lookup(c)
		if !done[c] && len(text) > 0 && !slices.Contains(f.passedOver, c) {
			member(c, jobs.AppendJSONString(nil, text))
		}
	}
	return closeObject(out), nil
}

func closeObject(members []byte) []byte {
	return append(append([]byte{'{'}, bytes.TrimPrefix(members, []byte{','})...), '}')
}

// asMember is what a member becomes that is said to be text now.
func asMember(text []byte, was gjson.Result) []byte {
	old := jobs.JSONText(was)
	switch {
	case bytes.Equal(text, old):
		return []byte(was.Raw)
	case was.Type == gjson.Number || was.Type == gjson.True || was.Type == gjson.False:
		if is := gjson.ParseBytes(text); gjson.ValidBytes(text) && (is.Type == gjson.Number || is.Type == gjson.True || is.Type == gjson.False) {
			return text
		}
	case was.Type == gjson.JSON && gjson.ValidBytes(text):
		return text
	}
	return jobs.AppendJSONString(nil, text)
}
