package command

import (
	"brood/jobs"
	"brood/runner/catalog"
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

func (e *env) exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write out the records of a run that have a status, ready to be fed in again",
		ArgsUsage: "[NAME]",
		Description: `On standard output the records come as they stand in the dataset, with its
columns and in its format. Into a FILE that is a table (.csv, .tsv) or JSON
Lines those that have failed, are unknown or were skipped come with which they
are and why: _seq, _status, _class, _error, _place, and _raw if some cannot be
read. Corrected, it is what brood retry --with takes. --original leaves those columns out.
Without a name: those of the newest run, or of the newest that is running.

Example:
   brood export demo --status failed -o fix.csv
   brood export demo --status failed,unknown > again.csv
   brood export demo --class timeout -o slow.csv`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "status", Usage: "records with `STATUS`[,STATUS]: ok, failed, skipped, unknown, pending"},
			&cli.StringSliceFlag{Name: "class", Usage: "only those of `CLASS`, or a pattern such as 'exit:*'; may be given several times"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE` (default: standard output)"},
			&cli.BoolFlag{Name: "force", Usage: "write also over the results of another run"},
			&cli.BoolFlag{Name: "original", Usage: "write the dataset's own columns only, byte for byte where the format is its own"},
			&cli.BoolFlag{Name: "reasons", Usage: "say which records they are and why they ended so on standard output too"},
		},
		OnUsageError: usageError,
		Action:       e.export,
	}
}

func (e *env) export(c *cli.Context) error {
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return err
	}
	want, err := wanted(c, name)
	if err != nil {
		return err
	}
	// What a damaged ledger, or an older one, calls pending may have been done.
	path := home.LedgerPath(state, name)
	if !home.Alive(state, name) {
		// It may be that somebody begins to write to it meanwhile.
		if err := ledger.Compare(path); err != nil && !home.Alive(state, name) {
			return err
		}
	}
	l, err := ledger.OpenReader(c.Context, path)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	cfg, _, err := desk.ReadConfig(c.Context, l)
	if err != nil {
		return err
	}
	if err := desk.CheckInputs(c.Context, l, cfg.Dataset.MayGrow()); err != nil {
		return err
	}
	if !home.Alive(state, name) {
		if err := desk.CheckNewest(c.Context, l, cfg); err != nil {
			return err
		}
	}
	entry, err := catalog.Examine(c.Context, state, name)
	if err != nil {
		return err
	}
	if _, said := entry.Condition(c.Context, state); said != "" {
		_, _ = fmt.Fprintln(e.stderr, e.stderr.Line("brood: run "+name+": "+said))
	}
	return e.writeExport(c, home.At(state, name), l, cfg, want)
}

// wanted are the statuses of the records to be exported; with --class alone all that have one.
func wanted(c *cli.Context, name string) (map[jobs.Status]bool, error) {
	if err := desk.CheckClasses(c.StringSlice("class")); err != nil {
		return nil, usage("", "%w", err)
	}
	if !c.IsSet("status") {
		if c.IsSet("class") {
			return map[jobs.Status]bool{jobs.StatusFailed: true, jobs.StatusUnknown: true, jobs.StatusSkipped: true}, nil
		}
		return nil, usage("For example: brood export "+name+" --status failed,unknown", "say which records with --status, or --class")
	}
	want := make(map[jobs.Status]bool)
	for _, s := range strings.Split(c.String("status"), ",") {
		st, err := jobs.ParseStatus(strings.TrimSpace(s))
		if err != nil {
			return nil, usage("", "--status: %w", err)
		}
		if want[st] = true; c.IsSet("class") && (st == jobs.StatusOK || st == jobs.StatusPending) {
			return nil, usage("Leave out --class, or that status.", "--class: a record that is %s has no class", st)
		}
	}
	return want, nil
}

func (e *env) writeExport(c *cli.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, want map[jobs.Status]bool) (err error) {
	path := c.String("output")
	if path == "" {
		path = sink.Stdout
	}
	format := exportFormat(&cfg.Dataset)
	if path != sink.Stdout {
		if err := notAnInput(path, cfg.Dataset.Paths); err != nil {
			return err
		}
		if err := checkResults(c, dir.State(), cfg.Name, path); err != nil {
			return err
		}
		if sameFile(path, cfg.Output) || sameFile(path, cfg.Target()) {
			return usage("Give the export another name.", "%s holds the results of run %s", path, cfg.Name)
		}
		switch filepath.Ext(path) {
		case ".csv", ".tsv", ".tab", ".jsonl", ".ndjson":
			format = dataset.FormatOf(path)
		}
	}
	// Bytes, not rows: the encoder of results adds columns of its own.
	defer func() { err = errors.Join(err, dir.UnlockOutput()) }()
	out, err := openExport(path, func(st os.FileInfo) error { return dir.LockOutput(path, st) })
	if err != nil {
		return err
	}
	defer func() { err = out.finish(err) }()
	write := out.Write
	if path == sink.Stdout && e.stdout.IsTerminal() {
		write = func(b []byte) error {
			_, err := e.stdout.Write(b)
			return err
		}
	}
	x := &exporter{format: format, spec: cfg.Dataset}
	if err := x.chooseWhy(c, l, want, path != sink.Stdout); err != nil {
		return err
	}
	cfg.Dataset = x.reading()
	shape, err := desk.Export(c.Context, dir, l, cfg, want, func(s *jobs.Shape, seq jobs.Seq, rec *dataset.Record, o *ledger.Outcome) error {
		if c.IsSet("class") && (o == nil || !desk.InClasses(c.StringSlice("class"), o.Class)) {
			return nil
		}
		if rec.Err != nil && rec.Raw == nil {
			_, _ = fmt.Fprintln(e.stderr, e.stderr.Line(fmt.Sprintf("brood: left out: %v", rec.Err)))
			return nil
		}
		b, err := x.record(s, seq, rec, o)
		if err != nil {
			return err
		}
		if err := write(b); err != nil {
			return &spec.WriteError{Err: err}
		}
		return nil
	})
	if err == nil {
		// Nobody having that status is a dataset too: a header alone.
		if err = write(x.header(shape)); err != nil {
			err = &spec.WriteError{Err: err}
		}
	}
	return err
}

// exporter writes records as a dataset.
type exporter struct {
	format dataset.Format
	spec   dataset.Spec
	begun  bool
	buf    []byte
	cells  *jobs.Cells
	// why says that the rows have whyColumns, and raw that they have what cannot be read.
	why, raw bool
}

// reading is how the dataset is read for an export. What the new format has no place for, a
// member without a column or bytes that are no text, is refused and not left out.
func (x *exporter) reading() dataset.Spec {
	of := x.spec
	if !x.copied() {
		of.FixedColumns = x.table()
		of.Text = of.Text || x.format == dataset.FormatJSONL || len(of.Sources) > 0 && x.table()
	}
	return of
}

func (x *exporter) table() bool {
	return x.format == dataset.FormatCSV || x.format == dataset.FormatTSV
}

func (x *exporter) record(s *jobs.Shape, seq jobs.Seq, rec *dataset.Record, o *ledger.Outcome) ([]byte, error) {
	x.buf = append(x.buf[:0], x.header(s)...)
	if x.why && (rec.Err == nil || (o != nil && o.Class == jobs.ClassInput)) {
		return x.withWhy(s, seq, rec, o), nil
	}
	if x.copied() {
		x.buf = append(x.buf, rec.Raw...)
		return append(x.buf, s.End...), nil
	}
	if rec.Err != nil {
		return nil, usage("Export it in the dataset's own format.", "%w; it cannot be turned into %s", rec.Err, x.format)
	}
	for _, r := range single(&jobs.Record{Seq: seq, Raw: rec.Raw, Values: rec.Values, Shape: s}) {
		switch x.format {
		default:
			if bytes.IndexByte(r.Raw, '\n') >= 0 {
				return nil, usage("Export it as .csv or .jsonl.", "record %d is a value with a line end in it, and a list of lines has no place for that", seq)
			}
			x.buf = append(append(x.buf, r.Raw...), '\n')
		case dataset.FormatJSONL:
			x.buf = append(r.AppendJSON(x.buf), '\n')
		case dataset.FormatCSV, dataset.FormatTSV:
			if x.cells == nil {
				x.cells = jobs.NewCells(s)
			}
			x.buf = sink.AppendTableRow(x.buf, x.delimiter(), x.cells.Values(r))
		}
	}
	return x.buf, nil
}

// single are the lines of a group, or its rows, each as a record; another record is itself.
func single(r *jobs.Record) []*jobs.Record {
	if r.Shape.Rows {
		var out []*jobs.Record
		for row := range r.Rows() {
			one := *row
			out = append(out, &one)
		}
		return out
	}
	if r.Shape.Join == "" || r.Shape.Kind != jobs.Lines {
		return []*jobs.Record{r}
	}
	shape := *r.Shape
	shape.Join = ""
	var out []*jobs.Record
	for _, line := range r.Several() {
		out = append(out, &jobs.Record{Seq: r.Seq, Raw: line, Shape: &shape})
	}
	return out
}

// exportFormat is in which format records are given back, if the name of the file does not
// say another: that of the dataset. Combinations are rows of a table, and a list of values
// is one of lines.
func exportFormat(of *dataset.Spec) dataset.Format {
	switch len(of.Sources) {
	case 0:
		return of.Format
	case 1:
		return dataset.FormatLines
	default:
		return dataset.FormatCSV
	}
}

// copied reports whether the bytes of the dataset are copied.
func (x *exporter) copied() bool { return x.format == x.spec.Format && len(x.spec.Sources) == 0 }

// header returns the header of the file, once.
func (x *exporter) header(s *jobs.Shape) []byte {
	if x.begun {
		return nil
	}
	x.begun = true
	if s.Header != "" && !x.table() && x.format != dataset.FormatJSONL {
		return []byte(s.Header + s.End)
	}
	if !x.table() || (x.format == x.spec.Format && x.spec.NoHeader && !x.why) {
		return nil
	}
	columns := asBytes(s.Columns)
	if x.why {
		columns = append(columns, asBytes(whyColumns)...)
	}
	if x.raw {
		columns = append(columns, []byte(desk.RawColumn))
	}
	return sink.AppendTableRow(nil, x.delimiter(), columns)
}

// delimiter is the dataset's own where the format is.
func (x *exporter) delimiter() byte {
	switch x.format {
	case x.spec.Format:
		return x.spec.Delimiter
	case dataset.FormatTSV:
		return '\t'
	default:
		return ','
	}
}

func asBytes(words []string) [][]byte {
	out := make([][]byte, len(words))
	for i, w := range words {
		out[i] = []byte(w)
	}
	return out
}
