package command

import (
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/merge"
	"brood/runner/shard"
	"brood/runner/sink"
	"brood/runner/spec"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func (e *env) mergeCommand() *cli.Command {
	return &cli.Command{
		Name: "merge", Usage: "put the results of the shards of a run together", ArgsUsage: "DIR|NAME ...",
		Description: `DIR is the directory of the run of a shard, or one that has several of them in it, as a
state directory has; it may be a copy from another machine. NAME is what the shards are
called together, for those in this machine's state directory. All of them must be there,
each once, and be done. The file is what one run on one machine would have written.

The exit status is that of such a run: 3 if records are unknown, 1 if some have failed.

Example:
   for i in 1 2 3; do
     brood run echo --shard $i/3 --run all testdata/cities.csv -o all.csv
   done
   brood merge all -o /tmp/all.csv`,
		Flags: []cli.Flag{
			stateFlag(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`; - is standard output", DefaultText: "what -o of the shards has named"},
			&cli.StringFlag{Name: "run", Usage: "of several runs in the directories, merge the shards of `NAME`"},
			&cli.BoolFlag{Name: "force", Usage: "write also over the results of another run"},
			&cli.BoolFlag{Name: "json", Usage: "print the totals as JSON"},
		},
		OnUsageError: usageError,
		Action:       e.merge,
	}
}

func (e *env) merge(c *cli.Context) error {
	if c.NArg() == 0 {
		return usage("For example: brood merge shards/* -o results.csv", "say which shards: the directories of their runs, or what they are called together")
	}
	state, stateErr := home.State(c.String("state"))
	dirs, err := shardDirs(state, stateErr, c.Args().Slice(), c.String("run"))
	if err != nil {
		return err
	}
	set, err := merge.Open(c.Context, dirs)
	if err != nil {
		return cannotMerge(err)
	}
	path := c.String("output")
	if path == "" {
		path = set.Target()
	}
	if err := e.checkMerged(c, set, path); err != nil {
		return err
	}
	rows, err := e.writeMerged(c, set, path)
	if err != nil {
		return cannotMerge(err)
	}
	if def, err := e.registry.Lookup(set.Job()); err == nil && def.Revise != nil {
		_, _ = fmt.Fprintln(e.stderr, "brood: what only all results together tell, each shard was told of its own alone")
	}
	return e.tellMerged(c, set, path, rows)
}

// cannotMerge gives an error its exit status.
func cannotMerge(err error) error {
	var p *merge.Problem
	var we *spec.WriteError
	var sinkErr *sink.WriteError
	switch {
	case errors.As(err, &p):
		return &cliError{code: exitUsage, err: err}
	case errors.As(err, &we), errors.As(err, &sinkErr):
		return err
	}
	return fmt.Errorf("merge: %w", err)
}

// shardDirs are the directories of runs that arguments name.
func shardDirs(state string, stateErr error, args []string, base string) ([]string, error) {
	var dirs []string
	for _, arg := range args {
		st, err := os.Stat(arg)
		var found []string
		switch {
		case err == nil && !st.IsDir():
			return nil, usage("Name the directory that it is in.", "%s is a file", arg)
		case err == nil:
			found, err = runsIn(arg, base)
		case strings.ContainsRune(arg, filepath.Separator):
			return nil, usage("", "there is no directory %s", arg)
		case stateErr != nil:
			return nil, usage("", "%w", stateErr)
		default:
			found, err = runsCalled(state, arg)
		}
		if err != nil {
			return nil, err
		}
		for _, dir := range found {
			if dir, err = filepath.Abs(dir); err != nil {
				return nil, err
			}
			if !slices.Contains(dirs, dir) { // named twice is there once
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs, nil
}

// runsIn are the runs of a directory: itself, or those in it or, as in a state directory, in its runs.
func runsIn(dir, base string) ([]string, error) {
	if merge.IsRun(dir) {
		return []string{dir}, nil
	}
	if st, err := os.Stat(filepath.Join(dir, "runs")); err == nil && st.IsDir() {
		dir = filepath.Join(dir, "runs")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found, bases []string
	for _, x := range entries {
		name, part := baseOf(x.Name())
		path := filepath.Join(dir, x.Name())
		if !part || !merge.IsRun(path) || (base != "" && name != base) {
			continue
		}
		found = append(found, path)
		if !slices.Contains(bases, name) {
			bases = append(bases, name)
		}
	}
	switch {
	case len(found) == 0:
		return nil, usage("A shard is one that was begun with --shard; its directory is called NAME-2-of-8.", "no run of a shard is in %s", dir)
	case len(bases) > 1:
		return nil, usage("Say which: --run "+bases[0], "in %s are shards of several runs: %s", dir, listNames(bases))
	}
	return found, nil
}

// runsCalled are the shards of a run of this machine.
func runsCalled(state, name string) ([]string, error) {
	if merge.IsRun(home.RunPath(state, name)) {
		return []string{home.RunPath(state, name)}, nil
	}
	names, err := home.Names(state)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, n := range names {
		if base, part := baseOf(n); part && base == name && merge.IsRun(home.RunPath(state, n)) {
			found = append(found, home.RunPath(state, n))
		}
	}
	if len(found) == 0 {
		return nil, usage("The runs are listed by: brood runs", "there is no run %s in %s, nor a shard of one", name, state)
	}
	return found, nil
}

// baseOf is what the shards of a run are called together, of what one is called.
func baseOf(name string) (base string, part bool) {
	of := strings.LastIndex(name, "-of-")
	if of < 0 {
		return "", false
	}
	i := strings.LastIndexByte(name[:of], '-')
	if i < 1 {
		return "", false
	}
	p, err := shard.Parse(name[i+1:of] + "/" + name[of+len("-of-"):])
	return name[:i], err == nil && p.RunName(name[:i]) == name
}

// checkMerged refuses a file that is to be something else than the shards were told, or is something else.
func (e *env) checkMerged(c *cli.Context, set *merge.Set, path string) error {
	if path == sink.Stdout {
		if set.Kind() == spec.FormXLSX || set.Kind() == spec.FormGeoJSON {
			return usage("As in: -o results."+string(set.Kind()), "%s is made as a whole, and goes to a file", set.Kind())
		}
		return nil
	}
	kind := spec.FormOf(path)
	if kind == "" {
		kind = spec.FormKind(sink.FormatOf(path).String())
	}
	if kind != set.Kind() && filepath.Ext(path) != "" {
		return usage(fmt.Sprintf("Give the file another name, or run the shards with -o FILE%s.", filepath.Ext(path)), "the shards were run for a file like %s, and -o %s is another kind", filepath.Base(set.Target()), path)
	}
	if err := notAnInput(path, slices.DeleteFunc(set.Paths(), func(p string) bool { return p == dataset.Stdin })); err != nil {
		return err
	}
	for _, x := range set.Shards {
		if abs, err := filepath.Abs(path); err == nil && filepath.Dir(abs) == x.Dir {
			return usage("Give it another place.", "-o %s is in the directory of a shard", path)
		}
	}
	state, err := home.State(c.String("state"))
	if err != nil {
		return nil //nolint:nilerr // there is no run that could own it
	}
	return checkResults(c, state, "", path)
}

// writeMerged writes the file; what is there stays until it is whole.
func (e *env) writeMerged(c *cli.Context, set *merge.Set, path string) (rows uint64, err error) {
	tmp := filepath.Dir(path)
	if path == sink.Stdout {
		tmp = os.TempDir()
	}
	if !set.Plain() {
		return e.makeMerged(c, set, path, tmp)
	}
	dir := &home.Dir{}
	defer func() { err = errors.Join(err, dir.UnlockOutput()) }()
	out, err := openExport(path, func(st os.FileInfo) error { return dir.LockOutput(path, st) })
	if err != nil {
		return 0, err
	}
	defer func() { err = out.finish(err) }()
	return set.Write(c.Context, writes(out.Write), tmp)
}

// makeMerged makes a file of the results that is no copy of them.
func (e *env) makeMerged(c *cli.Context, set *merge.Set, path, tmp string) (rows uint64, err error) {
	f, err := os.CreateTemp(tmp, ".brood-merge-*")
	if err != nil {
		return 0, &spec.WriteError{Err: err}
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if rows, err = set.Write(c.Context, writes(func(b []byte) error {
		if _, err := f.Write(b); err != nil {
			return &spec.WriteError{Err: err}
		}
		return nil
	}), tmp); err != nil {
		return 0, err
	}
	say := func(format string, args ...any) {
		_, _ = fmt.Fprintln(e.stderr, e.stderr.Line("brood: "+fmt.Sprintf(format, args...)))
	}
	if path != sink.Stdout {
		return rows, set.Make(f.Name(), path, say)
	}
	made, err := os.CreateTemp(tmp, ".brood-merge-*")
	if err != nil {
		return 0, &spec.WriteError{Err: err}
	}
	defer func() { err = errors.Join(err, made.Close(), os.Remove(made.Name())) }()
	if err := set.Make(f.Name(), made.Name(), say); err != nil {
		return 0, err
	}
	b, err := os.Open(made.Name())
	if err != nil {
		return 0, err
	}
	defer func() { _ = b.Close() }() // of a read
	_, err = b.WriteTo(e.stdout)
	return rows, err
}

// writes is a function that writes.
type writes func([]byte) error

func (f writes) Write(b []byte) (int, error) {
	if err := f(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// merged is what brood merge --json prints.
type merged struct {
	Name    string `json:"name"`
	Shards  int    `json:"shards"`
	Input   uint64 `json:"input"`
	OK      uint64 `json:"ok"`
	Failed  uint64 `json:"failed"`
	Skipped uint64 `json:"skipped"`
	Unknown uint64 `json:"unknown"`
	Rows    uint64 `json:"rows"`
	Output  string `json:"output"`
}

// tellMerged tells the totals, and makes an exit status of them.
func (e *env) tellMerged(c *cli.Context, set *merge.Set, path string, rows uint64) error {
	t := set.Totals
	e.code = statusOfTotals(&t)
	out := merged{Name: set.Base(), Shards: len(set.Shards), Input: t.Input, OK: t.OK, Failed: t.Failed, Skipped: t.Skipped, Unknown: t.Unknown, Rows: rows, Output: path}
	line := fmt.Sprintf("%s: %d shards, %s; %s", out.Name, out.Shards, t, path)
	switch {
	case path == sink.Stdout:
		_, err := fmt.Fprintln(e.stderr, e.stderr.Line("brood: "+strings.TrimSuffix(line, "; "+path)))
		return err
	case c.Bool("json"):
		return e.printJSON(out)
	}
	_, err := fmt.Fprintln(e.stdout, e.stdout.Line(line))
	return err
}

// statusOfTotals is the exit status of a run that has ended so.
func statusOfTotals(t *ledger.Totals) int {
	switch {
	case t.Unknown > 0:
		return exitUnknown
	case t.Failed > 0:
		return exitFailed
	}
	return exitOK
}
