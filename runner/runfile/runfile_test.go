package runfile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var schema = &Schema{
	Jobs: []Job{
		{Name: "exec", Command: true, Flags: []Flag{
			{Name: "jobs", Other: []string{"j"}, Kind: Text, Numeric: true},
			{Name: "output", Other: []string{"o"}, Kind: Text},
			{Name: "quiet", Kind: Switch},
			{Name: "retries", Kind: Whole},
			{Name: "limit", Kind: Natural},
			{Name: "secret", Kind: Text, Many: true},
			{Name: "wait", Kind: Text, Numeric: true, Bare: true},
			{Name: "ports", Kind: Natural, Many: true},
		}},
		{Name: "echo", Flags: []Flag{{Name: "fail-rate", Kind: Number}, {Name: "jobs", Kind: Text, Numeric: true}, {Name: "sleep", Kind: Text}}},
	},
	Near: func(word string, among []string) (out []string) {
		for _, w := range among {
			if len(word) > 2 && strings.HasPrefix(w, word[:3]) {
				out = append(out, w)
			}
		}
		return out
	},
	Refuse: func(key, before, value string) string {
		if strings.Contains(value, "hunter2") || before == "-u" {
			return key + ": a secret"
		}
		return ""
	},
}

const good = `# a comment
[defaults]
jobs = 4
fail-rate = 1
directory = "work"

[run.nightly]
job = "exec"
dataset = "orders.csv"
command = ["./send", "", "{id}", "-x"]
secret = ["KEY=key", 'B']
quiet = true
retries = -1
limit = 0x10
wait = true
ports = [1_000, 2]
output = "-out.csv"

[run."a.b"]
job = "echo"
dataset = ["a.csv", "b.csv"]
directory = "/srv"
fail-rate = 2.50
sleep = '''1s'''
`

func TestParse(t *testing.T) {
	f, err := Parse("x.toml", []byte("\ufeff"+good), schema)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Runs) != 2 || f.Run("a.b") != &f.Runs[1] || f.Run("nightl") != nil {
		t.Fatalf("%+v", f.Runs)
	}
	args := func(r *Run) (out []string) {
		for i := range r.Settings {
			out = append(out, r.Settings[i].Args()...)
		}
		return out
	}
	n := f.Run("nightly")
	if n.Job != "exec" || n.Directory != "work" || n.At != (Position{7, 6}) || !slices.Equal(n.Dataset, []string{"orders.csv"}) || !slices.Equal(n.Command, []string{"./send", "", "{id}", "-x"}) {
		t.Errorf("%+v", n)
	}
	if got, want := args(n), []string{"--jobs", "4", "--secret", "KEY=key", "--secret", "B", "--quiet", "--retries=-1", "--limit", "16", "--wait", "--ports", "1000", "--ports", "2", "--output=-out.csv"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	b := &f.Runs[1]
	if b.Directory != "/srv" || !slices.Equal(b.Dataset, []string{"a.csv", "b.csv"}) || b.Command != nil {
		t.Errorf("%+v", b)
	}
	if got, want := args(b), []string{"--jobs", "4", "--fail-rate", "2.5", "--sleep", "1s"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestProblems: what is wrong is said with its place, and what was probably meant.
func TestProblems(t *testing.T) {
	const run = "[run.a]\njob = \"exec\"\ncommand = [\"x\"]\n"
	for text, want := range map[string]string{
		run + "outptu = 1":                     `4:1: the job exec has no flag "outptu"; did you mean output?`,
		run + "datset = 'x'":                   `4:1: the job exec has no flag "datset"; did you mean dataset?`,
		run + "out_puts = 'x'":                 `4:1: the job exec has no flag "out_puts"; did you mean output?`,
		run + "o = 'x'":                        `4:1: o has its long name in a file: output`,
		run + "fail-rate = 1":                  `4:1: the job exec has no flag "fail-rate"`,
		run + "output = 5":                     `4:10: output is a text, in quotes, not 5`,
		run + "output = ['a']":                 `4:1: output takes one value, not a list`,
		run + "secret = ['a', 5]":              `4:16: secret is a text, in quotes, not 5`,
		run + "secret = []":                    `4:1: secret is an empty list`,
		run + "secret = [['a']]":               `4:1: secret is a text, in quotes, not a list`,
		run + "secret = 'hunter2'":             `4:10: secret: a secret`,
		run + "quiet = 'yes'":                  `4:9: quiet is true or false, without quotes, not a text`,
		run + "ä = 1":                          `4:1: invalid`,
		run + "retries = 1.5":                  `4:11: retries is a whole number, without quotes, not 1.5`,
		run + "limit = -1":                     `4:9: limit is a whole number from 0, without quotes, not -1`,
		run + "jobs = 2026-01-01":              `4:8: jobs is a number, or a text in quotes, not 2026-01-01`,
		run + "jobs = inf":                     `4:8: jobs is a number, or a text in quotes, not inf`,
		run + "jobs = { a = 1 }":               `4:8: jobs is a number, or a text in quotes, not a table`,
		run + "wait = false":                   `4:8: wait = false says nothing`,
		run + "jobs = 1\njobs = 2":             `5:1: `,
		run + "command.x = 1":                  `4:`,
		run + "jobs.x = 1":                     `4:6: run.a.jobs.x: a run has no tables in it`,
		run + "dataset = 3":                    `4:11: dataset is a list of texts, not a whole number`,
		run + "dataset = []":                   `4:1: dataset is an empty list`,
		run + "dataset = ['', 'b']":            `4:12: dataset is empty`,
		run + "directory = 1":                  `4:13: directory is a text, in quotes, not a whole number`,
		run + "output = \"a\\u0000\"":          `4:10: no argument can have a zero byte`,
		"[run.a]\njob = 'exec'":                `1:6: run a has no command, which exec needs`,
		"[run.a]\njob = 'exec'\ncommand = 'x'": `3:11: command is a list of words`,
		"[run.a]\njob = 'exec'\ncommand = ['curl', '-u', 'me:x']": `3:26: command: a secret`,
		"[run.a]\njob = 'echo'\ncommand = ['x']":                  `3:1: the job echo takes no command`,
		"[run.a]\njob = 'execc'":                                  `2:7: there is no job "execc"; did you mean exec?`,
		"[run.a]\njob = 1":                                        `2:7: job is a text`,
		"[run.a]\nquiet = true":                                   `1:6: run a names no job`,
		"[run.'ä b']\njob = 'echo'":                               `1:6: "ä b" cannot be the name of a run`,
		"[run.ä]\njob = 'echo'":                                   `1:`,
		"[[run.a]]\njob = 'echo'":                                 `1:7: a run begins with a line [run.NAME]`,
		"run.a = { job = 'echo' }":                                `1:5: a run begins with a line [run.NAME]`,
		"run.a = 1":                                               `1:5: "a" stands in no run`,
		"[nightly]\njob = 'echo'":                                 `1:2: there is no table [nightly]; a run of that name is [run.nightly]`,
		"[default]\njobs = 4":                                     `1:2: there is no table [default]; a run of that name is [run.default]; did you mean defaults?`,
		"jobs = 4":                                                `1:1: "jobs" stands in no table`,
		"[runs.a]\njob = 'echo'":                                  `1:7: there is no table [runs.a]: a run is [run.NAME]; did you mean run?`,
		"[defaults]\njob = 'echo'":                                `2:1: job belongs into a run`,
		"[defaults]\njbos = 4":                                    `2:1: no job has a flag "jbos"`,
		"[defaults]\nfail_rate = 4":                               `2:1: no job has a flag "fail_rate"; did you mean fail-rate?`,
		"[defaults]\nfail-rate = 'x'":                             `2:13: fail-rate is a number, without quotes, not a text`,
		"[defaults.x]\na = 1":                                     `1:11: defaults.x: [defaults] has no tables`,
		"[run.a]\n\"\"\" = 1":                                     `2:`,
	} {
		_, err := Parse("x.toml", []byte(text), schema)
		if err == nil || !strings.HasPrefix(err.Error(), "x.toml:"+want) {
			t.Errorf("%s\n got %v\nwant x.toml:%s", text, err, want)
		}
	}
}

// TestAllProblems: they are told together, in the order of the file, and not without end.
func TestAllProblems(t *testing.T) {
	_, err := Parse("x", []byte("[run.a]\njob = 'exec'\nx1 = 1\nx2 = 2\n[run.b]\njob = 'nothing'\n"), schema)
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.HasPrefix(err.Error(), "x:3:1") || !strings.Contains(err.Error(), "\nx:6:7: there is no job") {
		t.Error(err)
	}
	_, err = Parse("x", []byte("[run.a]\njob = 'echo'\n"+manyKeys(100)), schema)
	if err == nil || strings.Count(err.Error(), "\n") != maxProblems || !strings.HasSuffix(err.Error(), "and 80 more") {
		t.Error(err)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("k" + strings.Repeat("x", i) + " = 1\n")
	}
	return b.String()
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string][]string{
		good: {"nightly", "a.b"},
		"[run.one]\njob = 'exec'\n[run.two]\nx = [1,": {"one", "two"}, // while somebody writes
		"run.x.job = 'echo'":                          {"x"},
		"":                                            nil,
	} {
		path := filepath.Join(dir, "x.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Names(path); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := Names(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "large"), make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(filepath.Join(dir, "large"), schema); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Error(err)
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{"a": true, "2026-11": true, "a.b_c-D": true, "": false, ".a": false, "-a": false, "a b": false, "ä": false, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false} {
		if ValidName(name) != want {
			t.Errorf("%q", name)
		}
	}
}

// FuzzParse: a file is read as it is meant, or every complaint has a place in it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{good, "", "a = 1", "[run.a]\njob = 'exec'\ncommand = ['x']\nports = [[[1]]]", "[run.a]\nx = {a={b=[1]}}", "[run.\"\\u0000\"]", "[defaults]\r\njobs = 1e400", "\ufeff[run.a]", "[[defaults]]", "run = {a={job='echo'}}", "[run.a]\njob='echo'\nsleep=\"\"\"\n\xff\"\"\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("x", text, schema)
		if err != nil {
			checkProblems(t, text, err)
			return
		}
		seen := make(map[string]bool)
		for i := range file.Runs {
			r := &file.Runs[i]
			job := schema.job(r.Job)
			if seen[r.Name] || !ValidName(r.Name) || job == nil || job.Command != (len(r.Command) > 0) {
				t.Fatalf("%q makes %+v", text, r)
			}
			seen[r.Name] = true
			for j := range r.Settings {
				s := &r.Settings[j]
				if job.flag(s.Flag.Name) == nil || len(s.Args()) == 0 || !s.Flag.Many && len(s.Values) > 1 || slices.ContainsFunc(s.Args(), func(a string) bool { return strings.ContainsRune(a, 0) }) {
					t.Fatalf("%q makes %+v", text, s)
				}
			}
		}
	})
}

func checkProblems(t *testing.T, text []byte, err error) {
	t.Helper()
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, e := range all {
		var p *Problem
		if !errors.As(e, &p) {
			if !strings.HasSuffix(e.Error(), " more") {
				t.Fatalf("%q: %v is no problem", text, e)
			}
			continue
		}
		lines := strings.SplitAfter(strings.TrimPrefix(string(text), "\ufeff"), "\n")
		if p.At.Line < 1 || p.At.Line > len(lines) || p.At.Column < 1 || p.At.Column > utf8.RuneCountInString(lines[p.At.Line-1])+1 {
			t.Fatalf("%q: %v is no place of it", text, p)
		}
	}
}
