package command

import (
	"brood/jobs"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// titles are those of a help: lines that are not indented, behind an empty one.
func titles(text string) (out []string) {
	lines := strings.Split(text, "\n")
	for i, line := range lines[1:] {
		if lines[i] == "" && line != "" && line[0] != ' ' {
			out = append(out, line)
		}
	}
	return out
}

// TestGroups: what no table knows and what has no category is seen under a title of its own;
// what has a group is under that, in their order.
func TestGroups(t *testing.T) {
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "forgotten"},
		&cli.BoolFlag{Name: "new", Category: "A category of its own"},
		&cli.BoolFlag{Name: "rate", Category: "ignored"},
		&cli.BoolFlag{Name: "burst", Category: groupPace},
		&cli.BoolFlag{Name: "output"},
		&cli.BoolFlag{Name: "limit", Category: groupJob}, // a job's own, of a name of ours
	}
	var got []string
	for _, g := range groupFlags(flags) {
		for _, f := range g.flags {
			got = append(got, g.title+"/"+f.Names()[0])
		}
	}
	if want := []string{"Job/limit", "Results/output", "Pace/burst", "ignored/rate", "A category of its own/new", "Other/forgotten"}; !slices.Equal(sorted(got), sorted(want)) || got[0] != want[0] || got[len(got)-1] != "Other/forgotten" {
		t.Errorf("%q", got)
	}
	app := &cli.App{Name: "brood", Commands: []*cli.Command{{Name: "frobnicate", Usage: "x"}, {Name: "hidden", Hidden: true}, {Name: "status"}, {Name: "run"}}}
	if got, want := titles(appHelp(app)), []string{"Usage: brood COMMAND [flags] [arguments]", "Work", "Look", "Other", "More: brood COMMAND --help, brood run JOB --help, brood --version"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if text := appHelp(app); !strings.Contains(text, "Other\n  frobnicate  x\n") || strings.Contains(text, "hidden") {
		t.Error(text)
	}
}

func sorted(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return words
}

// TestGroupsKnowAll: no flag of a run and no command has been forgotten.
func TestGroupsKnowAll(t *testing.T) {
	for _, words := range [][]string{{"run", "test"}, {"resume"}} {
		if left := ofGroup(commandAt(t, words...).Flags, groupOther); len(left) > 0 {
			t.Errorf("brood %s: %q has no group: give it a Category", words, left[0].Names())
		}
	}
	e := &env{registry: jobs.NewRegistry(testJob())}
	if slices.Contains(titles(appHelp(e.app())), groupOther) {
		t.Error("a command has no group: put it into commandGroups")
	}
}

// TestCommonFlags: the common flags of a run are there, and take one line each.
func TestCommonFlags(t *testing.T) {
	run, resume := commandAt(t, "run", "test"), commandAt(t, "resume")
	for _, common := range commonFlags {
		if !slices.ContainsFunc(slices.Concat(run.Flags, resume.Flags), func(f cli.Flag) bool { return f.Names()[0] == common.name }) {
			t.Errorf("there is no --%s", common.name)
		}
	}
	for _, c := range []*cli.Command{run, resume} {
		common := commonOf(c.Flags)
		if text := flagTable(common, commonText); strings.Count(text, "\n") != len(common) {
			t.Error(text)
		}
	}
}

// TestHelpFits: no help is wider than a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	e := &env{registry: jobs.NewRegistry(testJob())}
	app := e.app()
	texts := map[string]string{"": appHelp(app)}
	var walk func(path string, commands []*cli.Command)
	walk = func(path string, commands []*cli.Command) {
		for _, c := range commands {
			texts[path+" "+c.Name] = commandHelp(c, "brood"+path+" "+c.Name, false)
			texts[path+" "+c.Name+" --help-all"] = commandHelp(c, "brood"+path+" "+c.Name, true)
			walk(path+" "+c.Name, c.Subcommands)
		}
	}
	walk("", app.Commands)
	if len(texts) < 30 {
		t.Errorf("%d helps", len(texts))
	}
	for of, text := range texts {
		for line := range strings.SplitSeq(text, "\n") {
			if n := utf8.RuneCountInString(line); n > helpWidth || strings.TrimRight(line, " ") != line {
				t.Errorf("brood%s: %d columns: %q", of, n, line)
			}
		}
	}
}

// TestHelpWanted: what asks for help, and for which.
func TestHelpWanted(t *testing.T) {
	t.Setenv("BROOD_STATE", t.TempDir())
	for line, want := range map[string]string{
		"--help": "brood - run", "-h": "brood - run", "help": "brood - run", "": "brood - run",
		"help run": "brood run - ", "help run test": "brood run test - ", "run test --help": "brood run test - ", "run test x -j 4 -h -- a": "brood run test - ",
		"run test --nosuch --help": "brood run test - ", "status -h": "brood status - ", "status --help-all": "brood status - ", "run --help": "brood run - ",
		"version": "brood version ", "--version": "brood version ", "-V": "brood version ",
	} {
		code, out, said := call(t, strings.Fields(line)...)
		if code != exitOK || !strings.HasPrefix(out, want) || said != "" {
			t.Errorf("%s: %d, %q, %q", line, code, out, said)
		}
	}
	for _, line := range []string{"run test --key -h", "help nosuch", "run nosuch --help"} { // a value is none
		if code, out, _ := call(t, strings.Fields(line)...); code != exitUsage || out != "" {
			t.Errorf("%s: %d, %q", line, code, out)
		}
	}
	_, short, _ := call(t, "run", "test", "--help")
	_, all, _ := call(t, "run", "test", "--help-all")
	if !slices.Equal(titles(short)[1:], []string{"DATASET is a file, or - for standard input.", "Example:", "Flags of test", "Common flags", "All flags: brood run test --help-all"}) {
		t.Errorf("%q", titles(short))
	}
	for _, c := range commandAt(t, "run", "test").Flags {
		if !strings.Contains(all, "--"+c.Names()[0]+" ") && !strings.Contains(all, "--"+c.Names()[0]+"\n") {
			t.Errorf("--help-all does not have --%s", c.Names()[0])
		}
	}
}

// TestWrap: lines break at spaces, and only there.
func TestWrap(t *testing.T) {
	long := strings.Repeat("word ", 30)
	for _, line := range strings.Split(wrap("  name  "+long, 8), "\n")[1:] {
		if !strings.HasPrefix(line, "        word") || len(line) > helpWidth || strings.HasSuffix(line, " ") {
			t.Errorf("%q", line)
		}
	}
	if unbroken := strings.Repeat("x", 100); wrap(unbroken, 0) != unbroken || wrap("", 4) != "" {
		t.Error(wrap(unbroken, 0))
	}
	text := "One\ntwo.\n\nExample:\n   a  b " + strings.TrimSpace(long) + "\nThree\nfour"
	if got, want := reflow(text), strings.NewReplacer("One\ntwo", "One two", "Three\nfour", "Three four").Replace(text); got != want {
		t.Errorf("%q", got)
	}
}
