package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/spec"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

func (e *env) chooseDataset(c *cli.Context, cfg *spec.Config) error {
	paths := c.Args().Slice()
	if len(paths) == 0 {
		if term.IsTerminal(int(e.stdin.Fd())) {
			return usage("Name a file, or - for standard input.", "no dataset was named, and standard input is a terminal")
		}
		paths = []string{dataset.Stdin}
	}
	if i := slices.Index(paths, dataset.Stdin); i >= 0 && slices.Contains(paths[i+1:], dataset.Stdin) {
		return usage("", "standard input (-) was named more than once")
	}
	if err := checkAppend(c, paths); err != nil {
		return err
	}
	data := &cfg.Dataset
	data.Grows, data.WholeLines = c.Bool("append"), c.Bool("append")
	for _, p := range paths {
		if p != dataset.Stdin {
			abs, err := filepath.Abs(p)
			if err != nil {
				return fmt.Errorf("open dataset %s: %w", p, err)
			}
			p = abs
		}
		data.Paths = append(data.Paths, p)
	}
	var err error
	if data.Format, err = dataset.ParseFormat(c.String("format")); err != nil {
		return usage("", "--format: %w", err)
	}
	if c.Bool("null") {
		data.Format = dataset.FormatNUL
	}
	if c.IsSet("delimiter") && c.String("delimiter") == "" {
		return usage("For an equals sign write -d '='.", "-d was given no character")
	}
	if data.Delimiter, err = parseDelimiter(c.String("delimiter")); err != nil {
		return err
	}
	data.NoHeader = c.Bool("no-header")
	if data.MaxRecord, err = parseSize("max-record", c.String("max-record")); err != nil {
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
