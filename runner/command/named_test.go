package command

import (
	"brood/jobs"
	"brood/jobs/echo"
	"brood/jobs/exec"
	"brood/runner/runfile"
	"brood/runner/term"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
	"pgregory.net/rapid"
)

func namedEnv() *env {
	return &env{registry: jobs.NewRegistry(exec.Definition(), echo.Definition()), stdin: os.Stdin, stdout: term.NewWriter(os.Stdout), stderr: term.NewWriter(os.Stderr)}
}

// TestSchemaKinds: each flag is of a kind that its text on a command line is read as, whatever cli makes of it.
func TestSchemaKinds(t *testing.T) {
	for _, job := range namedEnv().runSchema().Jobs {
		for _, f := range job.Flags {
			text := map[runfile.Kind]string{runfile.Switch: "true", runfile.Whole: "-3", runfile.Natural: "3", runfile.Number: "0.5", runfile.Text: "x"}[f.Kind]
			if slices.Contains(runfile.Keys(), f.Name) || text == "" {
				t.Errorf("%s: %+v", job.Name, f)
			}
			cmd := find(namedEnv().runCommand().Subcommands, job.Name)
			cmd.Action = func(c *cli.Context) error { return nil }
			if f.Kind == runfile.Text && isDuration(cmd, f.Name) {
				text = "3s"
			}
			s := runfile.Setting{Flag: f, Values: []string{text}}
			app := &cli.App{Commands: []*cli.Command{cmd}, ExitErrHandler: func(*cli.Context, error) {}, Writer: os.NewFile(^uintptr(0), ""), ErrWriter: os.NewFile(^uintptr(0), "")}
			if err := app.Run(append([]string{"brood", job.Name}, s.Args()...)); err != nil {
				t.Errorf("%s %q: %v", job.Name, s.Args(), err)
			}
		}
	}
}

func isDuration(c *cli.Command, name string) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { _, is := f.(*cli.DurationFlag); return is && f.Names()[0] == name })
}

// TestExpand: what a command line of a named run comes to is read again as what was written, whichever
// of it the file has and whichever stands beside the name.
func TestExpand(t *testing.T) {
	e := namedEnv()
	job := find(e.runCommand().Subcommands, "exec")
	word := rapid.StringMatching(`[a-zA-Z0-9 {}'"$:\\=-]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		run := &runfile.Run{Name: "a", Job: "exec", Directory: "/", Dataset: rapid.SliceOfN(rapid.StringMatching(`-?[a-z]{1,4}`), 1, 3).Draw(t, "dataset"), Command: append([]string{"true"}, rapid.SliceOfN(word, 0, 4).Draw(t, "command")...)}
		secrets := rapid.SliceOfN(rapid.StringMatching(`[A-Z]{1,3}`), 1, 3).Draw(t, "secrets")
		run.Settings = []runfile.Setting{{Flag: runfile.Flag{Name: "secret", Kind: runfile.Text, Many: true}, Values: secrets}, {Flag: runfile.Flag{Name: "where", Kind: runfile.Text}, Values: []string{word.Draw(t, "where")}}}
		var given []string
		other := rapid.Bool().Draw(t, "other secret")
		if other {
			given, secrets = []string{"--secret", "OTHER"}, []string{"OTHER"}
		}
		n, err := e.expand("/brood.toml", run, given, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		before, words, has := cutWords(n.args)
		flags, operands := split(job, before[2:])
		if !has || !slices.Equal(words, run.Command) || len(operands) != len(run.Dataset) {
			t.Fatalf("%q", n.args)
		}
		for i, o := range operands {
			if strings.TrimPrefix(o, "./") != run.Dataset[i] {
				t.Fatalf("%q", n.args)
			}
		}
		got := make(map[string][]string)
		eachFlag(job, flags, func(name string, words []string) {
			value := words[len(words)-1]
			if len(words) == 1 {
				_, value, _ = strings.Cut(value, "=")
			}
			got[name] = append(got[name], value)
		})
		if !slices.Equal(got["secret"], secrets) || !slices.Equal(got["where"], run.Settings[1].Values) || !slices.Equal(got["run"], []string{"a"}) {
			t.Fatalf("%q makes %q", n.args, got)
		}
	})
}

// TestFromHere: paths that are given beside a name are seen from where they were written.
func TestFromHere(t *testing.T) {
	job := find(namedEnv().runCommand().Subcommands, "exec")
	flags, operands, lists := fromHere(job, "/here", []string{"-o", "out.csv", "--joblog=+log", "--results", "/abs", "--secret", "A=key", "--secret=B", "--where", "a.csv", "-q", "--allow-write=x"}, []string{"a.csv", "-", "redis://h/q", "sqlite:x.db"}, []string{":::", "v", "::::", "w"})
	if want := []string{"-o", "/here/out.csv", "--joblog=+/here/log", "--results", "/abs", "--secret", "A=/here/key", "--secret=B", "--where", "a.csv", "-q", "--allow-write=/here/x"}; !slices.Equal(flags, want) {
		t.Errorf("%q", flags)
	}
	if want := []string{"/here/a.csv", "-", "redis://h/q", "sqlite:x.db"}; !slices.Equal(operands, want) {
		t.Errorf("%q", operands)
	}
	if want := []string{":::", "v", "::::", "/here/w"}; !slices.Equal(lists, want) {
		t.Errorf("%q", lists)
	}
}

func TestRunDate(t *testing.T) {
	run := &runfile.Run{Name: "a", Settings: []runfile.Setting{{Flag: runfile.Flag{Name: "run", Kind: runfile.Text}, Values: []string{"n-{date}"}}}}
	day := time.Date(2026, 11, 3, 23, 59, 0, 0, time.UTC)
	if got := settingArgs(run, map[string]bool{}, day); !slices.Equal(got, []string{"--run", "n-2026-11-03"}) {
		t.Errorf("%q", got)
	}
	if got := settingArgs(run, map[string]bool{"run": true}, day); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestIsSecret(t *testing.T) {
	for line, want := range map[string]bool{
		"-u me:pw": true, "-u {user}:{pw}": false, "-u me:$PW": false, "-u worker.py": false, "--basic me:{secret:PW}": false, "--basic me:pw": true,
		"--header Authorization: Bearer abc": true, "--header Authorization: Bearer {secret:T}": false, "--env API_KEY=x": true, "--env HOME=/x": false,
		"--secret API_KEY=file": false, "--password-file x": false, " postgres://me:pw@h/d": true, " postgres://me@h/d": false, " -u": false,
	} {
		argument, value, _ := strings.Cut(line, " ")
		if isSecret(argument, value) != want {
			t.Errorf("%q", line)
		}
	}
}
