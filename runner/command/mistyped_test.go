package command

import (
	"brood/jobs"
	execjob "brood/jobs/exec"
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// flagNames are the names of the flags of a command.
func flagNames(c *cli.Command) (names []string) {
	for _, f := range c.Flags {
		names = append(names, f.Names()...)
	}
	return append(names, "help", "h")
}

// commandAt finds a command by its words.
func commandAt(t *testing.T, words ...string) *cli.Command {
	t.Helper()
	e := &env{registry: jobs.NewRegistry(testJob(), execjob.Definition())}
	list := e.app().Commands
	var c *cli.Command
	for _, w := range words {
		if c = find(list, w); c == nil {
			t.Fatalf("there is no command %q", words)
		}
		list = c.Subcommands
	}
	return c
}

// listed reads the flags in a file of testdata/habits.
func listed(t *testing.T, program string) (flags []string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "habits", program+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if !strings.HasPrefix(sc.Text(), "#") {
			flags = append(flags, sc.Text())
		}
	}
	if sc.Err() != nil || len(flags) < 10 {
		t.Fatal(flags, sc.Err())
	}
	return flags
}

// TestHabits: each flag of the programs that brood may take the place of is one here as well,
// or gets an answer.
func TestHabits(t *testing.T) {
	for program, c := range map[string]struct {
		command *cli.Command
		habits  []habit
	}{
		"parallel": {commandAt(t, "run", "exec"), habits},
		"xargs":    {commandAt(t, "run", "exec"), habits},
		"rush":     {commandAt(t, "run", "exec"), habits},
		"make":     {commandAt(t, "run", "exec"), habits},
		"flock":    {commandAt(t, "lock"), lockHabits},
	} {
		names := flagNames(c.command)
		for _, f := range listed(t, program) {
			name := strings.TrimLeft(f, "-")
			if !slices.Contains(names, name) && answerTo(name, c.habits) == "" {
				t.Errorf("%s: nothing is known of %s", program, f)
			}
		}
	}
}

// TestHabitTables: a word stands in a table once, and an answer names only what there is.
func TestHabitTables(t *testing.T) {
	runFlags := flagNames(commandAt(t, "run", "exec"))
	e := &env{registry: jobs.NewRegistry(testJob())}
	commands := e.app().Commands
	named := regexp.MustCompile(`--([a-z][a-z-]*)`)
	called := regexp.MustCompile(`brood ([a-z]+)`)
	// An answer that nobody gets any more is taken out.
	for title, there := range map[string]struct {
		table []habit
		names []string
	}{"habits": {habits, runFlags}, "lock": {lockHabits, flagNames(commandAt(t, "lock"))}} {
		for _, name := range there.names {
			if answerTo(name, there.table) != "" {
				t.Errorf("%s: --%s is there now: take %s out of the table", title, name, name)
			}
		}
	}
	for title, table := range map[string][]habit{"habits": habits, "lock": lockHabits, "commands": commandHabits} {
		seen := make(map[string]bool)
		for _, h := range table {
			for _, w := range strings.Fields(h.words) {
				if seen[w] {
					t.Errorf("%s: %s stands there twice", title, w)
				}
				seen[w] = true
			}
			if title == "commands" {
				if find(commands, h.answer) == nil {
					t.Errorf("there is no command %s", h.answer)
				}
				continue
			}
			for _, m := range called.FindAllStringSubmatch(h.answer, -1) {
				if find(commands, m[1]) == nil && !slices.Contains([]string{"runs", "reads", "stays", "was", "writes"}, m[1]) {
					t.Errorf("%s: there is no brood %s", h.words, m[1])
				}
			}
			for _, m := range named.FindAllStringSubmatch(h.answer, -1) {
				if !slices.Contains(runFlags, m[1]) && !slices.Contains([]string{"status", "version", "with"}, m[1]) {
					t.Errorf("%s: there is no --%s", h.words, m[1])
				}
			}
		}
	}
}

// TestMeantFlag: a flag that is not known gets the answer that fits.
func TestMeantFlag(t *testing.T) {
	names := flagNames(commandAt(t, "run", "test"))
	for name, want := range map[string][2]string{
		"-k":             {"-k", "Results come in the order"},
		"--keep-order":   {"--keep-order", "Results come in the order"},
		"-kj4":           {"-k", "Results come in the order"},
		"-S3":            {"-S", "--ssh host1"},
		"--S3":           {"--S3", ""},
		"-0j4":           {"-0j4", "Short flags are written one by one: -0 -j4"},
		"--retrys":       {"--retrys", "Did you mean --retries?"},
		"--outptu":       {"--outptu", "Did you mean --output?"},
		"--max-crash":    {"--max-crash", "Did you mean --max-crashes?"},
		"--nothing-such": {"--nothing-such", ""},
		"-Z":             {"-Z", ""},
		"-9":             {"-9", ""},
	} {
		typed, hint := meantFlag(strings.TrimLeft(name, "-"), !strings.HasPrefix(name, "--"), names, habits)
		if typed != want[0] || !strings.HasPrefix(hint, want[1]) || (want[1] == "") != (hint == "") {
			t.Errorf("%s: %q, %q", name, typed, hint)
		}
	}
}

// TestMistyped: what a command line gets that nobody can read. No message has a flag with one
// dash that is written with two.
func TestMistyped(t *testing.T) {
	t.Setenv("BROOD_STATE", t.TempDir())
	for line, want := range map[string]string{
		"run test x --nosuch -- a":  "brood: brood run test has no flag --nosuch\n  Its flags are listed by: brood run test --help\n",
		"run test x --retries":      "brood: --retries needs a value\n  See: brood run test --help\n",
		"run test x --retries abc":  "brood: --retries \"abc\": it is a whole number\n  See: brood run test --help\n",
		"run test x --limit=-1":     "brood: --limit \"-1\": it is a whole number, from 0\n  See: brood run test --help\n",
		"run test x -9 -k":          "brood: brood run test has no flag -9\n  The command is written after --, as in: brood run test list.txt -- gzip -9 {}\n",
		"run test x --unordered=no": "brood: --unordered \"no\": it is true or false, and may be left out\n  See: brood run test --help\n",
		"run test x ---j":           "brood: ---j is no flag\n  A flag is written as in: -j 4, -j4, --jobs 4, --jobs=4\n",
		"run test x -j 2 -P 3":      "brood: -P and -j are the same flag\n  Give one of them.\n",
		"run test x --backoff 1s...5m -- a": "brood: --backoff 1s...5m: there are more than two dots\n" +
			"  Give two times with two dots between them, as in 1s..5m.\n",
		"run test x -d= -- a":   "brood: -d was given no character\n  For an equals sign write -d '='.\n",
		"run test x -P 0 -- a":  "brood: --jobs \"0\" is not a number of workers\n",
		"status --jsno":         "brood: brood status has no flag --jsno\n  Did you mean --json?\n",
		"status --nosuch":       "brood: brood status has no flag --nosuch\n  Its flags are listed by: brood status --help\n",
		"lock x --shared":       "brood: brood lock has no flag --shared\n  The lock is never shared.\n",
		"--nosuch":              "brood: brood has no flag --nosuch\n  Its flags are listed by: brood --help\n",
		"rsume demo":            "brood: there is no command \"rsume\"\n  Did you mean brood resume?\n",
		"ls":                    "brood: there is no command \"ls\"\n  brood runs may be what you want; all are listed by: brood --help\n",
		"test x":                "brood: there is no command \"test\"\n  It is a job: brood run test\n",
		"frobnicate":            "brood: there is no command \"frobnicate\"\n  The commands are listed by: brood --help\n",
		"run tset x":            "brood: there is no job \"tset\"\n  Did you mean brood run test?\n",
		"run gzip x":            "brood: there is no job \"gzip\"\n  For a command: brood run exec -- gzip; the jobs are listed by: brood run --help\n",
		"run --nosuch test":     "brood: brood run has no flag --nosuch\n  Its flags are listed by: brood run --help\n",
		"run test x --progress": "brood: --progress needs a value\n  See: brood run test --help\n",
	} {
		if code, _, said := call(t, strings.Fields(line)...); code != exitUsage || !strings.HasPrefix(said, want) {
			t.Errorf("%s: %d, %q, want %q", line, code, said, want)
		}
	}
}

// TestCheckWords: one word with spaces was meant for a shell, or as several.
func TestCheckWords(t *testing.T) {
	none := func(string) (string, error) { return "", exec.ErrNotFound }
	there := func(name string) (string, error) { return name, nil }
	for line, want := range map[string]string{
		"echo {} | wc -c": "For a line that a shell is to read add --shell.",
		"gzip -9 {}":      "Write it as several words: -- gzip -9 {}. For a line that a shell is to read add --shell.",
	} {
		err := checkWords([]string{line}, none, "add --shell.")
		var ce *cliError
		if !errors.As(err, &ce) || ce.hint != want || !strings.HasSuffix(err.Error(), "no such program: "+line) {
			t.Errorf("%q: %v, %+v", line, err, ce)
		}
		if err := checkWords([]string{line}, there, ""); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	for _, words := range [][]string{nil, {"gzip"}, {"gzip -9", "{}"}, {" gzip "}, {""}} {
		if err := checkWords(words, none, ""); err != nil {
			t.Errorf("%q: %v", words, err)
		}
	}
}
