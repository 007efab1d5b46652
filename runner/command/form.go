package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/form"
	"brood/runner/home"
	"brood/runner/sink"
	"brood/runner/spec"
	"slices"

	"github.com/urfave/cli/v2"
)

// plainFlag leaves the engine's own columns out of the results.
const plainFlag = "no-run-columns"

// likeFlag writes a table as the dataset is written.
const likeFlag = "like-input"

// outputFormat reads --output-format: how results are written, or what is made of them in the end.
func outputFormat(word string) (sink.Format, spec.FormKind, error) {
	if kind := spec.FormKind(word); kind == spec.FormXLSX || kind == spec.FormGeoJSON {
		return sink.FormatAuto, kind, nil
	}
	f, err := sink.ParseFormat(word)
	if err != nil {
		err = usage("", "--output-format: %w, %s, %s", err, spec.FormXLSX, spec.FormGeoJSON)
	}
	return f, "", err
}

// formed has a file made of the results when the run is done. It returns the format of these.
func (e *env) formed(c *cli.Context, cfg *spec.Config, kind spec.FormKind) (sink.Format, error) {
	if cfg.Output == sink.Stdout {
		return 0, usage("As in: -o results."+string(kind), "%s is made as a whole, and goes to a file", kind)
	}
	f := sink.FormatCSV
	if kind == spec.FormGeoJSON || kind == spec.FormJSONL { // whose values have types
		f = sink.FormatJSONL
	}
	state, err := home.State(c.String("state"))
	if err != nil && !c.Bool("dry-run") {
		return 0, usage("", "%w", err)
	}
	cfg.Form = &spec.Form{Kind: kind, Path: cfg.Output}
	cfg.Output = home.At(state, cfg.Name).ResultsPath(f.String())
	return f, nil
}

// chooseForm reads what is left out of the results. It may be asked again, when the job has had its say.
func (e *env) chooseForm(c *cli.Context, cfg *spec.Config) (err error) {
	if !c.Bool(plainFlag) || cfg.OutputFormat == sink.FormatText || cfg.Output == sink.Stdout {
		return nil
	}
	if cfg.Form == nil {
		kind := map[sink.Format]spec.FormKind{sink.FormatCSV: spec.FormCSV, sink.FormatTSV: spec.FormTSV, sink.FormatJSONL: spec.FormJSONL}[cfg.OutputFormat]
		if cfg.OutputFormat, err = e.formed(c, cfg, kind); err != nil {
			return err
		}
	}
	cfg.Form.Plain = true
	return nil
}

// completeForm settles what is made of the results, now that their columns are known and what the dataset looks like, and
// refuses what cannot be made.
func (e *env) completeForm(c *cli.Context, cfg *spec.Config, s *jobs.Shape) error {
	if err := e.dress(c, cfg); err != nil || cfg.Form == nil {
		return err
	}
	if !c.Bool("dry-run") && cfg.Shard == nil {
		if err := form.Check(cfg.Form.Path); err != nil {
			return usage("Give the results another name.", "-o: %w", err)
		}
	}
	columns := slices.Clone(s.Columns)
	for _, c := range cfg.Plan.Columns {
		if !slices.Contains(columns, c.Name) {
			columns = append(columns, c.Name)
		}
	}
	if n := len(columns) + sink.OwnColumns; cfg.Form.Kind == spec.FormXLSX && n > form.MostColumns {
		return usage("Write them as .csv.", "-o %s: %d columns are more than the %d that a workbook can have", cfg.Form.Path, n, form.MostColumns)
	}
	if cfg.Form.Kind != spec.FormGeoJSON {
		return nil
	}
	if cfg.Form.Point = cfg.Plan.Point; cfg.Form.Point != (jobs.Point{}) {
		return nil
	}
	var ok bool
	if cfg.Form.Point, ok = form.PointOf(columns); !ok {
		return usage("Call them lat and lon, or latitude and longitude.", "-o %s: no columns of the results have coordinates", cfg.Form.Path)
	}
	return nil
}

// dress has a table written as the dataset is, if that is asked for and makes a difference.
func (e *env) dress(c *cli.Context, cfg *spec.Config) (err error) {
	d := cfg.Dataset.Dress
	kind, table := spec.FormCSV, cfg.OutputFormat == sink.FormatCSV
	if cfg.OutputFormat == sink.FormatTSV {
		kind, table = spec.FormTSV, true
	}
	if cfg.Form != nil {
		kind = cfg.Form.Kind
		table = kind == spec.FormCSV || kind == spec.FormTSV
	}
	if kind == spec.FormTSV || cfg.Dataset.Format == dataset.FormatTSV {
		d.Delimiter = 0 // that of its own format
	}
	if !c.Bool(likeFlag) || !table || cfg.Output == sink.Stdout || d == (dataset.Dress{}) {
		return nil
	}
	if cfg.Form == nil {
		if cfg.OutputFormat, err = e.formed(c, cfg, kind); err != nil {
			return err
		}
	}
	cfg.Form.Dress = d
	return nil
}

// tellUnformed says where the results are of a run whose file is not made yet.
func (e *env) tellUnformed(cfg *spec.Config) {
	if cfg.Form != nil && cfg.Shard == nil {
		e.terminal.Logf("%s is made when the run is done; what there is so far: %s", cfg.Form.Path, cfg.Output)
	}
}
