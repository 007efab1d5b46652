package command

import (
	"brood/runner/dataset"
	"brood/runner/runfile"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// configFlag names the file of named runs.
const configFlag = "config"

// dateMark stands in the name of a run for the day on which it begins.
const dateMark = "{date}"

func namedFlag() cli.Flag {
	return &cli.StringFlag{Name: configFlag, Usage: "with brood run @NAME, the run is described in `FILE`, see brood config --help", DefaultText: runfile.DefaultPath, Category: groupEngine}
}

// named is the command line that a named run stands for.
type named struct {
	run       *runfile.Run
	directory string   // where it works, an absolute path
	args      []string // without the name of the program: run JOB …
}

// takeNamed makes of brood run @NAME the command line that NAME stands for in the file of named runs,
// and goes where that works. Others stay as they are, and cost nothing.
func (e *env) takeNamed(args []string) ([]string, error) {
	n, err := e.namedBy(args)
	if n == nil || err != nil {
		return args, err
	}
	if err := goTo(n.directory); err != nil {
		return nil, err
	}
	return append(args[:1:1], n.args...), nil
}

// namedBy is what brood run @NAME stands for; nil: the arguments are none of that.
func (e *env) namedBy(args []string) (*named, error) {
	if len(args) < 3 || args[1] != "run" {
		return nil, nil
	}
	before, words, hasWords := cutWords(args)
	path, rest, err := takeConfig(before[2:])
	if err != nil {
		return nil, err
	}
	if len(rest) == 0 || !strings.HasPrefix(rest[0], "@") {
		return nil, nil // --config is complained about when the flags are read
	}
	file, err := e.readRuns(path)
	if err != nil {
		return nil, err
	}
	run, err := namedRun(file, rest[0])
	if err != nil {
		return nil, err
	}
	return e.expand(path, run, rest[1:], words, hasWords)
}

// takeConfig takes --config FILE off arguments.
func takeConfig(args []string) (path string, rest []string, err error) {
	path = runfile.DefaultPath
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if name != "--"+configFlag && name != "-"+configFlag {
			rest = append(rest, args[i])
			continue
		}
		if !joined {
			if i++; i == len(args) {
				return "", nil, usage("As in: brood run --config "+runfile.DefaultPath+" @nightly", "--%s needs a value", configFlag)
			}
			value = args[i]
		}
		path = value
	}
	return path, rest, nil
}

// readRuns reads a file of named runs.
func (e *env) readRuns(path string) (*runfile.File, error) {
	schema := e.runSchema()
	file, err := runfile.Read(path, schema)
	var problem *runfile.Problem
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage("Name the file with --config FILE; what stands in it: brood config --help", "%w", err)
	case errors.As(err, &problem):
		return nil, usage("What may stand in it: brood config --help, and the flags of a job: brood run JOB --help-all", "%w", err)
	case err != nil:
		return nil, usage("", "%w", err)
	}
	return file, nil
}

// namedRun finds a run by @NAME.
func namedRun(file *runfile.File, word string) (*runfile.Run, error) {
	name := strings.TrimPrefix(word, "@")
	if run := file.Run(name); run != nil {
		return run, nil
	}
	var names []string
	for i := range file.Runs {
		names = append(names, "@"+file.Runs[i].Name)
	}
	hint := "They are listed by: brood config list"
	switch like := near("@"+name, names); {
	case len(names) == 0:
		hint = fmt.Sprintf("It has none; one begins with a line [run.%s]", orWord(runfile.ValidName(name), name))
	case len(like) > 0:
		hint = "Did you mean " + orList(like) + "?"
	case len(names) <= maxListed:
		hint = "There are " + strings.Join(names, ", ")
	}
	return nil, usage(hint, "%s has no run @%s", file.Path, name)
}

func orWord(ok bool, word string) string {
	if ok {
		return word
	}
	return "NAME"
}

// expand makes the command line of a named run, with what is given beside its name: flags stand for
// those of the file, all values of one that may be given several times; so do a dataset and a command.
func (e *env) expand(path string, run *runfile.Run, given, words []string, hasWords bool) (*named, error) {
	n := &named{run: run}
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the working directory: %w", err)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	n.directory = run.Directory
	if !filepath.IsAbs(n.directory) {
		n.directory = filepath.Join(filepath.Dir(full), n.directory)
	}
	job := find(e.runCommand().Subcommands, run.Job)
	given, lists := cutMarked(given)
	flags, operands := split(job, given)
	if len(flags) == 1 && len(operands) == 0 {
		if yes, _ := isHelp(flags[0]); yes {
			n.directory, n.args = here, []string{"run", run.Job, flags[0]}
			return n, nil
		}
	}
	set := make(map[string]bool)
	eachFlag(job, flags, func(name string, _ []string) { set[name] = true })
	n.args = []string{"run", run.Job}
	n.args = append(n.args, settingArgs(run, set, time.Now())...)
	if !sameFile(n.directory, here) {
		flags, operands, lists = fromHere(job, here, flags, operands, lists)
	}
	n.args = append(n.args, flags...)
	_, behind := cutMarked(words)
	if len(operands)+len(lists)+len(behind) == 0 && !set["arg-file"] {
		operands = datasetArgs(run.Dataset)
	}
	n.args = append(append(n.args, operands...), lists...)
	if !hasWords && len(run.Command) > 0 {
		words, hasWords = commandWords(run.Command), true
	}
	if hasWords {
		n.args = append(append(n.args, "--"), words...)
	}
	return n, nil
}

// settingArgs are the flags of the file that are not given otherwise, the name of the run before them:
// if nobody says another it is that in the file.
func settingArgs(run *runfile.Run, set map[string]bool, now time.Time) (args []string) {
	for i := range run.Settings {
		s := run.Settings[i]
		if set[s.Flag.Name] {
			continue
		}
		if s.Flag.Name == "run" {
			set["run"] = true
			s.Values = []string{strings.ReplaceAll(s.Values[0], dateMark, now.Format(time.DateOnly))}
		}
		args = append(args, s.Args()...)
	}
	if !set["run"] {
		args = append([]string{"--run", run.Name}, args...)
	}
	return args
}

// datasetArgs are the files of a dataset as arguments: none of them is taken for a flag or a mark.
func datasetArgs(paths []string) (args []string) {
	for _, p := range paths {
		if (strings.HasPrefix(p, "-") && p != dataset.Stdin) || slices.Contains(marks, p) {
			p = "./" + p
		}
		args = append(args, p)
	}
	return args
}

// commandWords are the words of a command as they stand behind --: a mark of lists has a backslash before it.
func commandWords(words []string) []string {
	out := slices.Clone(words)
	for i, w := range out {
		if slices.Contains(marks, w) {
			out[i] = `\` + w
		}
	}
	return out
}

// fromHere makes paths absolute that were given on the command line, and mean files as they are seen from
// there: the run works somewhere else.
func fromHere(job *cli.Command, here string, flags, operands, lists []string) (f, o, l []string) {
	abs := func(path string) string {
		if path == "" || path == dataset.Stdin || filepath.IsAbs(path) || strings.Contains(path, "://") || strings.HasPrefix(path, "sqlite:") {
			return path
		}
		return filepath.Join(here, path)
	}
	eachFlag(job, flags, func(name string, words []string) {
		if len(words) == 2 {
			f = append(f, words[0], pathFrom(abs, job, name, words[1]))
			return
		}
		flag, value, joined := strings.Cut(words[0], "=")
		if joined {
			flag += "=" + pathFrom(abs, job, name, value)
		}
		f = append(f, flag)
	})
	files := false
	for _, w := range lists {
		if slices.Contains(marks, w) {
			files = strings.HasPrefix(w, "::::")
		} else if files {
			w = abs(w)
		}
		l = append(l, w)
	}
	for _, w := range operands {
		o = append(o, abs(w))
	}
	return f, o, l
}

// pathFrom makes a path absolute that the value of a flag is, or that is in it.
func pathFrom(abs func(string) string, job *cli.Command, name, value string) string {
	switch word := placeholderOf(job, name); {
	case name == "secret":
		if variable, file, inFile := strings.Cut(value, "="); inFile {
			return variable + "=" + abs(file)
		}
	case name == "joblog" && strings.HasPrefix(value, "+"):
		return "+" + abs(value[1:])
	case name == "transport":
		if dir, ok := strings.CutPrefix(value, "maildir:"); ok {
			return "maildir:" + abs(dir)
		}
	case name == "plan": // or its hash
		if _, err := os.Stat(value); err == nil {
			return abs(value)
		}
	case strings.HasPrefix(value, "@") && slices.Contains([]string{"json", "data", "data-binary"}, name):
		return "@" + abs(value[1:])
	case isPath(word):
		return abs(value)
	}
	return value
}

// isPath reports whether a flag with that placeholder takes a path.
func isPath(placeholder string) bool {
	for _, word := range []string{"FILE", "DIR", "PATH"} {
		if placeholder == word || strings.HasPrefix(placeholder, word+"/") {
			return true
		}
	}
	return false
}

// goTo changes the working directory, if it is another.
func goTo(directory string) error {
	here, err := os.Getwd()
	if err == nil && sameFile(here, directory) {
		return nil
	}
	if state := os.Getenv("BROOD_STATE"); state != "" && err == nil && !filepath.IsAbs(state) {
		_ = os.Setenv("BROOD_STATE", filepath.Join(here, state)) // its name is one
	}
	if err := os.Chdir(directory); err != nil {
		return usage("The directory is that of the file, or what directory = … says.", "work there: %w", err)
	}
	_ = os.Setenv("PWD", directory) // the same
	return nil
}
