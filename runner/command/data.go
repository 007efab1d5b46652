package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/spec"
	"slices"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

func (e *env) chooseDataset(c *cli.Context, cfg *spec.Config) error {
	if namesQueue(c) {
		def, err := e.registry.Lookup(cfg.Job)
		if err == nil && def.Dataset != nil {
			return usage("See: brood run "+cfg.Job+" --help", "brood run %s takes no queue: what it works on is checked as a whole before it begins", cfg.Job)
		}
		if c.IsSet(queryName(c)) {
			return e.chooseQuery(c, cfg)
		}
		return e.chooseQueue(c, cfg)
	}
	if c.IsSet(queryName(c)) {
		return e.chooseQuery(c, cfg) // which says what is missing
	}
	if err := otherQueue(c); err != nil {
		return err
	}
	if err := e.withoutQueue(c); err != nil {
		return err
	}
	data := &cfg.Dataset
	var err error
	if data.Format, err = dataset.ParseFormat(c.String("format")); err != nil {
		return usage("", "--format: %w", err)
	}
	if c.Bool("null") {
		data.Format = dataset.FormatNUL
	}
	switch def, lookupErr := e.registry.Lookup(cfg.Job); {
	case lookupErr == nil && def.Dataset != nil:
		err = e.chooseOwn(c, def, data)
	case len(e.lists) > 0 || c.IsSet("arg-file"):
		err = e.chooseSources(c, data)
	default:
		err = e.chooseFiles(c, data)
	}
	if err != nil {
		return err
	}
	if i := slices.Index(data.Paths, dataset.Stdin); i >= 0 && slices.Contains(data.Paths[i+1:], dataset.Stdin) {
		return usage("", "standard input (-) was named more than once")
	}
	if err := checkAppend(c, data); err != nil {
		return err
	}
	data.Grows, data.WholeLines = c.Bool("append"), c.Bool("append")
	data.Lines = len(e.lists) > 0 || c.IsSet("arg-file") || c.IsSet("colsep")
	if err := e.chooseFormat(c, data); err != nil {
		return err
	}
	return e.chooseLines(c, cfg)
}

// chooseOwn takes what the job itself says that the dataset is.
func (e *env) chooseOwn(c *cli.Context, def *jobs.Definition, data *dataset.Spec) error {
	if len(e.lists) > 0 || c.IsSet("arg-file") {
		return usage("See: brood run "+def.Name+" --help", "brood run %s takes no lists of words", def.Name)
	}
	state, err := home.State(c.String("state"))
	if err != nil {
		return usage("", "%w", err)
	}
	if data.Paths, err = def.Dataset(options{Context: c, words: e.words, state: state}, c.Args().Slice()); err != nil {
		return usage("See: brood run "+def.Name+" --help", "%w", err)
	}
	return nil
}

// chooseFiles takes what the dataset is from the arguments.
func (e *env) chooseFiles(c *cli.Context, data *dataset.Spec) error {
	if c.Bool("link") {
		return usage("As in: brood run exec -- COMMAND {1} {2} ::: a b ::: 1 2", "--link is for several sources")
	}
	paths := c.Args().Slice()
	if len(paths) == 0 {
		if term.IsTerminal(int(e.stdin.Fd())) {
			return usage("Name a file, or - for standard input.", "no dataset was named, and standard input is a terminal")
		}
		paths = []string{dataset.Stdin}
	}
	for _, p := range paths {
		abs, err := absolute(p)
		if err != nil {
			return err
		}
		data.Paths = append(data.Paths, abs)
	}
	return nil
}

// chooseFormat reads how the dataset is written down.
func (e *env) chooseFormat(c *cli.Context, data *dataset.Spec) error {
	var err error
	if c.IsSet("delimiter") && c.String("delimiter") == "" {
		return usage("For an equals sign write -d '='.", "-d was given no character")
	}
	if data.Delimiter, err = parseDelimiter(c.String("delimiter")); err != nil {
		return err
	}
	if c.IsSet("encoding") {
		if data.Charset, err = dataset.ParseCharset(c.String("encoding")); err != nil {
			return usage("", "--encoding: %w", err)
		}
	}
	data.NoHeader, data.Sheet = c.Bool("no-header"), c.String("sheet")
	if data.MaxRecord, err = parseMaxRecord(c.String("max-record")); err != nil {
		return err
	}
	if data.MaxRecord > spec.MaxRecordLimit {
		return usage("", "--max-record %s is too large: at most %d bytes", c.String("max-record"), spec.MaxRecordLimit)
	}
	if data.MaxDepth = c.Int("max-depth"); data.MaxDepth < 1 || data.MaxDepth > jobs.DepthLimit {
		return usage("", "--max-depth %d: it is from 1 to %d", data.MaxDepth, jobs.DepthLimit)
	}
	if err := data.Resolve(); err != nil {
		return usage("", "%w", err)
	}
	if c.IsSet("delimiter") && data.Format != dataset.FormatCSV && data.Format != dataset.FormatTSV {
		if data.Format != dataset.FormatLines || c.IsSet("format") {
			return usage("", "--delimiter is for csv and tsv, the dataset is %s", data.Format)
		}
		data.Format = dataset.FormatCSV
	}
	return nil
}
