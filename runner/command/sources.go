package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/spec"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// valueList is a list of values on the command line, and the word it stands behind.
type valueList struct {
	mark   string
	values []string
}

// marks are the words that begin a list: of values, or of files with values in them; with
// a + it goes along with the one before it.
var marks = []string{":::", "::::", ":::+", "::::+"}

// cutSources takes the lists off that end a command line, or the words behind "--". A mark
// that is to be a word itself has a backslash before it.
func cutSources(words []string) (before []string, lists []valueList) {
	for _, w := range words {
		word, escaped := strings.CutPrefix(w, `\`)
		switch {
		case slices.Contains(marks, w):
			lists = append(lists, valueList{mark: w})
			continue
		case escaped && slices.Contains(marks, word):
			w = word
		}
		if len(lists) == 0 {
			before = append(before, w)
		} else {
			last := &lists[len(lists)-1]
			last.values = append(last.values, w)
		}
	}
	return before, lists
}

// takeSources takes the lists off a command line of brood run.
func (e *env) takeSources(args []string) []string {
	if len(args) < 2 || args[1] != "run" {
		return args
	}
	args, e.lists = cutSources(args)
	words, behind := cutSources(e.words)
	e.twoLists = len(e.lists) > 0 && len(behind) > 0
	e.words, e.lists = words, append(e.lists, behind...)
	return args
}

// listFlags are the flags of lists, of several lines a record, and of their columns.
// A job's own flag of the same name comes before one of them: email has --header.
func listFlags(d *jobs.Definition) []cli.Flag {
	return slices.DeleteFunc([]cli.Flag{
		&cli.StringSliceFlag{Name: "arg-file", Aliases: []string{"a"}, Usage: "records are the lines of `FILE`, as behind ::::; several files are sources, and their combinations the records", Category: groupData},
		&cli.BoolFlag{Name: "link", Usage: "take the first value of each source, then the second, not all combinations; a shorter source begins again", Category: groupData},
		&cli.IntFlag{Name: "max-args", Aliases: []string{"n", "N"}, Usage: "up to `N` lines are one record, for one command, and share its outcome", Category: groupData},
		&cli.BoolFlag{Name: "max-fit", Aliases: []string{"X"}, Usage: "as many lines are one record as fit on a command line, with --max-args at most so many", Category: groupData},
		groupByFlag(),
		&cli.StringFlag{Name: "colsep", Aliases: []string{"C"}, Usage: "lines have columns 1, 2, …, separated by `REGEXP`, without quotes as CSV has them: ',' or '\\t' or ' +'", Category: groupData},
		&cli.StringFlag{Name: "header", Usage: "with `:` the first line names the columns, and the first value of a source that", Category: groupData},
	}, func(f cli.Flag) bool { return hasFlag(d, f.Names()[0]) })
}

// hasFlag reports whether a flag is one of the job's own.
func hasFlag(d *jobs.Definition, name string) bool {
	return slices.ContainsFunc(d.Flags, func(f jobs.Flag) bool { return f.Name == name })
}

// chooseSources makes the dataset of the lists on the command line, and of --arg-file.
func (e *env) chooseSources(c *cli.Context, data *dataset.Spec) error {
	lists := e.lists
	for _, f := range slices.Backward(c.StringSlice("arg-file")) {
		lists = slices.Insert(lists, 0, valueList{mark: "::::", values: []string{f}})
	}
	if c.NArg() > 0 {
		return usage("Leave one of them away; a file is a source behind ::::.", "both a dataset (%s) and sources (%s) were named", c.Args().First(), lists[0].mark)
	}
	if e.twoLists {
		return usage("Write all of them behind the command.", "sources (:::) stand both before -- and behind the command")
	}
	for _, l := range lists {
		link := dataset.LinkNone
		if strings.HasSuffix(l.mark, "+") {
			if len(data.Sources) == 0 {
				return usage("The first one is ::: or ::::.", "%s goes along with the source before it, and there is none", l.mark)
			}
			link = dataset.LinkShort
		}
		if strings.HasPrefix(l.mark, "::::") {
			if err := addFiles(data, l, link); err != nil {
				return err
			}
			continue
		}
		src := dataset.Source{Link: link, Values: make([]dataset.Value, len(l.values))}
		for i, v := range l.values {
			src.Values[i] = dataset.Value(v)
		}
		data.Sources = append(data.Sources, src)
	}
	if err := link(c, data); err != nil {
		return err
	}
	return checkSources(c, data)
}

// addFiles adds a source for each file of a list.
func addFiles(data *dataset.Spec, l valueList, link dataset.Link) error {
	if len(l.values) == 0 {
		return usage("Name it, or - for standard input.", "no file was named behind %s", l.mark)
	}
	for _, f := range l.values {
		abs, err := absolute(f)
		if err != nil {
			return err
		}
		data.Paths = append(data.Paths, abs)
		data.Sources = append(data.Sources, dataset.Source{Link: link, File: len(data.Paths)})
	}
	return nil
}

// link links all sources, for --link.
func link(c *cli.Context, data *dataset.Spec) error {
	if !c.Bool("link") {
		return nil
	}
	for i := range data.Sources {
		if data.Sources[i].Link != dataset.LinkNone {
			return usage("With --link a shorter source begins again, with :::+ the others end with it.", "--link and :::+ were both given")
		}
		if i > 0 {
			data.Sources[i].Link = dataset.LinkWrap
		}
	}
	return nil
}

// checkSources refuses what cannot be made of several sources, and makes a plain dataset of
// a single file.
func checkSources(c *cli.Context, data *dataset.Spec) error {
	if len(data.Sources) == 1 {
		if c.Bool("link") {
			return usage("", "--link is for several sources")
		}
		if data.Sources[0].File > 0 {
			data.Sources = nil
		}
		return nil
	}
	for _, name := range []string{"colsep", "max-args", "max-fit"} {
		if c.IsSet(name) {
			return usage("With one source it does: ::: a,b c,d", "--%s does not go together with several sources", name)
		}
	}
	for i, s := range data.Sources {
		if s.File == 0 && len(s.Values) == 0 {
			return usage("", "source %d (:::) has no values, so there is no combination", i+1)
		}
	}
	return nil
}

func absolute(path string) (string, error) {
	if path == dataset.Stdin {
		return path, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("open dataset %s: %w", path, err)
	}
	return abs, nil
}

// chooseLines reads what lines are made of: columns, or groups of them. The format is
// known.
func (e *env) chooseLines(c *cli.Context, cfg *spec.Config) error {
	data := &cfg.Dataset
	plain := data.Format == dataset.FormatLines || data.Format == dataset.FormatNUL
	if len(data.Sources) > 0 && (!plain || c.IsSet("delimiter")) {
		return usage("Name the file as the dataset, without ::: and ::::.", "sources are values and lines: they have no format but lines and nul")
	}
	d, err := e.registry.Lookup(cfg.Job)
	if err != nil {
		return err
	}
	if h := c.String("header"); c.IsSet("header") && !hasFlag(d, "header") {
		switch {
		case h != ":":
			return usage("It is --header : for the first line.", "--header %q is not known", h)
		case data.Format == dataset.FormatJSONL:
			return usage("", "--header is for lines and tables; each JSON object names its members")
		case data.NoHeader:
			return usage("", "--header and --no-header were both given")
		}
		data.Named = plain
	}
	if c.IsSet("colsep") {
		if !plain || c.IsSet("delimiter") {
			return usage("For CSV it is --delimiter.", "--colsep is for lines, the dataset is %s", data.Format)
		}
		if data.ColSep = c.String("colsep"); data.ColSep == "" {
			return usage("", "--colsep is empty, and would separate nothing")
		}
		if err := dataset.CheckColSep(data.ColSep); err != nil {
			return usage("", "--colsep %w", err)
		}
	}
	if err := chooseRows(c, cfg, d); err != nil {
		return err
	}
	return chooseGroups(c, cfg, plain)
}

// chooseGroups reads how many lines are a record.
func chooseGroups(c *cli.Context, cfg *spec.Config, plain bool) error {
	n := c.Int("max-args")
	switch {
	case !c.IsSet("max-args") && !c.Bool("max-fit"):
		return nil
	case c.IsSet("max-args") && n < 1:
		return usage("", "--max-args %d: a command gets one line at least", n)
	case !plain:
		return usage("", "--%s is for lines, the dataset is %s: a command of several rows could not say which column of which row it means", groupFlag(c), cfg.Dataset.Format)
	case cfg.Dataset.ColSep != "" || cfg.Dataset.Named:
		return usage("", "--%s is for lines, not for their columns", groupFlag(c))
	}
	for _, name := range []string{"key", "once-per", "rate-by"} {
		if c.IsSet(name) && n != 1 {
			return usage("", "--%s looks at single lines, with --%s a record is several", name, groupFlag(c))
		}
	}
	if n != 1 {
		cfg.Dataset.Group = &dataset.Group{Lines: n}
	}
	return nil
}

// groupFlag is the flag by which a record is several lines.
func groupFlag(c *cli.Context) string {
	if c.Bool("max-fit") {
		return "max-fit"
	}
	return "max-args"
}

// fit bounds groups of lines by what the job can take.
func fit(c *cli.Context, cfg *spec.Config) error {
	g := cfg.Dataset.Group
	if g == nil {
		return nil
	}
	if cfg.Plan.Fit == nil && c.Bool("max-fit") {
		return usage("Say how many: --max-args 100", "--max-fit is for commands that begin anew for each record; nothing bounds the lines that %s can take", cfg.Job)
	}
	cfg.Dataset.Group = &dataset.Group{Lines: g.Lines, Fit: cfg.Plan.Fit}
	return nil
}

// madeOf says in words what the records of a dataset are made of, for comparing.
func madeOf(of *dataset.Spec) []string {
	if len(of.Sources) == 0 {
		return of.Paths
	}
	var out []string
	for _, s := range of.Sources {
		mark := ":::"
		if s.File > 0 {
			mark = "::::"
		}
		switch s.Link {
		case dataset.LinkShort:
			mark += "+"
		case dataset.LinkWrap:
			mark = "--link " + mark
		case dataset.LinkNone:
		}
		out = append(out, mark)
		if s.File > 0 {
			out = append(out, of.Paths[s.File-1])
		}
		for _, v := range s.Values {
			out = append(out, string(v))
		}
	}
	return out
}

// howRead says in words how lines are read, for comparing.
func howRead(of *dataset.Spec) (groups, columns []string) {
	n := "1"
	if g := of.Group; g != nil && g.Lines == 0 {
		n = "as many as fit"
	} else if g != nil {
		n = fmt.Sprint(g.Lines)
	}
	return []string{n}, []string{of.ColSep}
}
