package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/spec"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func groupByFlag() cli.Flag {
	return &cli.StringFlag{Name: "group-by", Usage: "all rows with the same value in `COLUMN`[,COLUMN …], wherever they stand, are one record, and share its outcome; it has them in the list rows", Category: groupData}
}

// chooseRows reads which rows are one record. The format is known.
func chooseRows(c *cli.Context, cfg *spec.Config, d *jobs.Definition) error {
	if !c.IsSet("group-by") {
		return nil
	}
	data := &cfg.Dataset
	plain := data.Format == dataset.FormatLines || data.Format == dataset.FormatNUL
	columns := strings.Split(c.String("group-by"), ",")
	switch {
	case !d.TakesRows:
		return usage("Let a program read them, with the job pipe: each record has the list rows.", "--group-by is for the jobs email and pipe; a record of %s is one row", d.Name)
	case slices.Contains(columns, ""):
		return usage("As in --group-by email.", "--group-by %q does not name a column", c.String("group-by"))
	case len(data.Sources) > 0:
		return usage("Name the file as the dataset, without ::: and ::::.", "--group-by is for the rows of a dataset, not for sources")
	case c.IsSet("max-args") || c.IsSet("max-fit"):
		return usage("", "--group-by and --%s are two ways to make records of several lines: give one", groupFlag(c))
	case plain && data.ColSep == "" && !data.Named:
		return usage("Give it as a file called .csv, .tsv or .jsonl, or say --format csv.", "--group-by is for rows with columns, the dataset is %s", data.Format)
	}
	data.GroupBy = &dataset.GroupBy{Key: jobs.KeySpec{Columns: columns}}
	return nil
}

// groupRows makes the columns of --group-by the key of the records, unless the user says what
// that is: one record of a group is all there is. When the key is known, then says how its
// values are compared: as those of the key, or of the job's own key, if they are the same.
func groupRows(c *cli.Context, cfg *spec.Config, s *jobs.Shape) (then func(), err error) {
	by := cfg.Dataset.GroupBy
	if by == nil {
		return func() {}, nil
	}
	if err := by.Key.Check(s); err != nil {
		return nil, usage("", "--group-by: %w", err)
	}
	if s.Kind != jobs.Objects && s.Index(jobs.RowsColumn) >= 0 {
		return nil, usage("Call the dataset's otherwise.", "the dataset has a column %q, and that is what --group-by calls the rows of a record", jobs.RowsColumn)
	}
	columns := by.Key.Columns
	joined, normalize := strings.Join(columns, ","), ""
	if one := cfg.Plan.Defaults["key"]; joined == one || slices.Contains(strings.Split(one, "|"), joined) {
		normalize = cfg.Plan.Defaults["key-normalize"]
	}
	if !c.IsSet("key") {
		defaults := make(map[string]string)
		for name, value := range cfg.Plan.Defaults {
			if name != "key-normalize" || normalize != "" {
				defaults[name] = value
			}
		}
		defaults["key"] = joined
		cfg.Plan.Defaults = defaults
	}
	own, err := jobs.ParseNormalize(normalize, columns)
	if err != nil {
		return nil, fmt.Errorf("--group-by: %w", err)
	}
	return func() {
		if by.Key.Normalize = own; slices.Equal(cfg.Key.Columns, columns) {
			by.Key.Normalize = cfg.Key.Normalize
		}
	}, nil
}

// groupedBy says in words how rows are grouped, for comparing.
func groupedBy(of *dataset.Spec) []string {
	if of.GroupBy == nil {
		return []string{"nothing"}
	}
	return of.GroupBy.Key.Columns
}
