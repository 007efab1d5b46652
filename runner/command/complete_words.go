package command

import (
	"brood/runner/runfile"
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// typing is a command line on which a word is missing.
type typing struct {
	e       *env
	cmd     *cli.Command // nil: none is named yet
	path    []string     // its words
	current string
	// operands are what stands on the line that is no flag, those before the cursor first.
	operands []string
	place    int               // how many of them stand before the cursor
	flags    map[string]string // what is given, by the first name of the flag; the last one counts
	pending  cli.Flag          // the flag whose value is missing; nil: none
	words    []string          // of a command behind "--", before the cursor
	behind   bool              // the cursor is behind "--"
	dataset  []string          // of @NAME; what is given beside it counts more
}

// choices is what may stand in the place of current, between the words before, the first of which is brood's name, and those after.
func (e *env) choices(before []string, current string, after []string) *manner {
	t := &typing{e: e, current: current, flags: make(map[string]string)}
	app := e.app()
	rest := before[1:]
	commands := app.Commands
	for len(rest) > 0 && (t.cmd == nil || len(t.cmd.Subcommands) > 0) {
		if rest[0] == "help" && t.cmd == nil {
			rest = rest[1:]
			continue
		}
		next := find(commands, rest[0])
		if next == nil && len(t.path) == 1 && t.path[0] == "run" {
			if next, rest = t.named(rest); next == nil && len(rest) == 0 {
				break // --config FILE, and no name yet
			}
		}
		if next == nil {
			return &manner{} // there is no such command
		}
		t.cmd, commands, rest = next, next.Subcommands, rest[1:]
		t.path = append(t.path, next.Name)
	}
	m := &manner{}
	if t.pending != nil {
		m.files = true
		return m
	}
	if t.cmd == nil || len(t.cmd.Subcommands) > 0 {
		t.commandsOf(m, commands)
		return m
	}
	t.scan(rest, after)
	if len(t.operands) == 0 {
		t.operands = t.dataset
	}
	t.fill(m)
	return m
}

// named goes on behind brood run with @NAME, before or behind which --config FILE may stand: with the job that it stands for, and with
// what is left, @NAME first. No job and nothing left: the name is missing yet.
func (t *typing) named(words []string) (job *cli.Command, rest []string) {
	path, rest, err := takeConfig(words)
	if err != nil { // the file is missing yet
		t.pending = namedFlag()
		return nil, nil
	}
	t.flags[configFlag] = path
	if len(rest) == 0 || !strings.HasPrefix(rest[0], "@") {
		return nil, rest
	}
	file, err := t.e.readRuns(path)
	if err != nil {
		return nil, rest
	}
	run := file.Run(rest[0][1:])
	if run == nil {
		return nil, rest
	}
	for _, d := range datasetArgs(run.Dataset) {
		if !filepath.IsAbs(d) && !filepath.IsAbs(run.Directory) {
			d = filepath.Join(filepath.Dir(path), run.Directory, d)
		}
		t.dataset = append(t.dataset, d)
	}
	return find(t.cmd.Subcommands, run.Job), rest
}

// commandsOf offers commands, or the verbs or jobs of one.
func (t *typing) commandsOf(m *manner, commands []*cli.Command) {
	if strings.HasPrefix(t.current, "-") {
		t.offer(m, "--help", "what there is")
		if t.cmd == nil {
			t.offer(m, "--version", "the version")
		}
		return
	}
	for _, g := range append(slices.Clone(commandGroups), group{}) {
		for _, c := range commands {
			grouped := slices.Contains(strings.Fields(g.names), c.Name)
			if !c.Hidden && (grouped || g.names == "" && !isGrouped(c.Name)) {
				t.offer(m, c.Name, c.Usage)
			}
		}
	}
	if len(t.path) == 1 && t.path[0] == "run" && strings.HasPrefix(t.current, "@") {
		t.namedRuns(m, cmp.Or(t.flags[configFlag], runfile.DefaultPath))
	}
}

// namedRuns offers the runs that the file of runs describes, as in brood run @nightly.
func (t *typing) namedRuns(m *manner, path string) {
	file, err := t.e.readRuns(path)
	if err != nil {
		return
	}
	for _, r := range file.Runs {
		t.offer(m, "@"+r.Name, "")
	}
}

// isGrouped reports whether a command has a group in the help.
func isGrouped(name string) bool {
	return slices.ContainsFunc(commandGroups, func(g group) bool { return slices.Contains(strings.Fields(g.names), name) })
}

// offer adds a word if it goes on as what is typed begins.
func (t *typing) offer(m *manner, word, what string) {
	if strings.HasPrefix(word, t.current) && !slices.ContainsFunc(m.words, func(c choice) bool { return c.word == word }) {
		m.add(word, what)
	}
}

// scan reads the words behind the command.
func (t *typing) scan(before, after []string) {
	if i := slices.Index(before, "--"); i >= 0 {
		t.behind, t.words, before = true, before[i+1:], before[:i]
		after = nil
	}
	t.pending = t.take(before)
	t.place = len(t.operands)
	if i := slices.Index(after, "--"); i >= 0 {
		after = after[:i]
	}
	t.take(after)
}

// take reads words, and returns the flag whose value would stand behind them.
func (t *typing) take(words []string) cli.Flag {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w == "-" || !strings.HasPrefix(w, "-") {
			t.operands = append(t.operands, w)
			continue
		}
		name, value, joined := strings.Cut(strings.TrimLeft(w, "-"), "=")
		f := flagOf(t.cmd, name)
		if f == nil && !strings.HasPrefix(w, "--") && len(w) > 2 { // -j4
			if f, value, joined = flagOf(t.cmd, w[1:2]), w[2:], true; f == nil {
				continue
			}
		}
		switch {
		case f == nil:
		case !valued(f):
			t.flags[f.Names()[0]] = "true"
		case f.Names()[0] == waitFlag && !joined, f.Names()[0] == tagFlag && !joined:
			t.flags[f.Names()[0]] = ""
		case joined:
			t.flags[f.Names()[0]] = value
		case i+1 == len(words):
			return f
		default:
			i++
			t.flags[f.Names()[0]] = words[i]
		}
	}
	return nil
}

func flagOf(c *cli.Command, name string) cli.Flag {
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// valued reports whether a flag takes a value.
func valued(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// fill finds what may stand at the cursor.
func (t *typing) fill(m *manner) {
	switch {
	case t.behind && len(t.words) == 0 && !strings.Contains(t.current, "{"):
		m.commands = true
	case t.behind:
		if !t.placeholders(m) {
			m.files = true
		}
	case t.pending != nil:
		t.valuesOf(m, t.pending, "")
	case strings.HasPrefix(t.current, "-") && strings.Contains(t.current, "="):
		name, value, _ := strings.Cut(t.current, "=")
		if f := flagOf(t.cmd, strings.TrimLeft(name, "-")); f != nil && valued(f) {
			m.joined = true
			t.current = value
			t.valuesOf(m, f, name+"=")
		}
	case strings.HasPrefix(t.current, "-"):
		t.flagNames(m)
	default:
		t.operand(m)
	}
}

// flagNames offers the flags, by their long names: those of the job first, as the help has them.
func (t *typing) flagNames(m *manner) {
	for _, g := range groupFlags(t.cmd.Flags) {
		for _, f := range g.flags {
			_, text := fullText(f)
			t.offer(m, dashed(f.Names()[0]), text)
		}
	}
	t.offer(m, helpFlag, "what there is")
	if isLong(t.cmd) {
		t.offer(m, helpAll, "all flags")
	}
	if strings.Contains(t.cmd.ArgsUsage, "-- COMMAND") {
		t.offer(m, "--", "the command stands behind it")
	}
}

// operand offers what stands where no flag does.
func (t *typing) operand(m *manner) {
	usage := t.cmd.ArgsUsage
	first := strings.Trim(firstWord(strings.ReplaceAll(usage, "[flags] ", "")), "[].")
	switch {
	case t.path[0] == "run":
		m.files = true
	case t.path[0] == "config" && strings.HasPrefix(usage, "@NAME"):
		t.namedRuns(m, cmp.Or(t.flags[configFlag], runfile.DefaultPath))
	case t.path[0] == "completion":
		for _, s := range []shell{bash, zsh, fish} {
			t.offer(m, string(s), "")
		}
	case t.path[0] == "keys" && t.place == 1:
		for _, verb := range []string{"list", "forget", "repair"} {
			t.offer(m, verb, "")
		}
	case t.path[0] == "keys" && t.place == 0:
		t.namesIn(m, "keys")
	case t.path[0] == "lock" && t.place == 0:
		t.namesIn(m, "locks")
	case first == "NAME" && t.ofRun() && (t.place == 0 || strings.Contains(usage, "...") || t.place == 1 && strings.Contains(usage, "NAME2")):
		t.runNames(m)
	case strings.Contains(usage, "FILE") || strings.Contains(usage, "MAILBOX"):
		m.files = true
	}
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// ofRun reports whether NAME is that of a run, of this command.
func (t *typing) ofRun() bool {
	for _, d := range t.e.registry.All() {
		for _, tool := range d.Tools {
			if tool.OfRun != nil {
				continue
			}
			path := []string{tool.Name}
			if tool.Of != nil {
				path = []string{tool.Of.Name, tool.Name}
			}
			if slices.Equal(path, t.path) {
				return false
			}
		}
	}
	return true
}
