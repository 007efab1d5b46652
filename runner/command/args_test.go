package command

import (
	"brood/jobs"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// testJob is a job with a flag of each kind.
func testJob() *jobs.Definition {
	return &jobs.Definition{
		Name: "test", Usage: "for tests", Help: "Example:\n   brood run test", TakesCommand: true,
		Flags: []jobs.Flag{
			{Name: "text", Default: "a"},
			{Name: "switch", Default: false},
			{Name: "number", Default: 1},
			{Name: "share", Default: 0.5},
			{Name: "pause", Default: time.Second},
			{Name: "list", Default: []string(nil)},
			{Name: tagFlag, Default: ""},
		},
		Plan: func(jobs.Options, *jobs.Shape) (jobs.Plan, error) {
			return jobs.Plan{}, errors.New("no run begins here")
		},
	}
}

func testApp() *cli.App {
	e := &env{registry: jobs.NewRegistry(testJob())}
	return e.app()
}

func TestCutWords(t *testing.T) {
	for _, c := range []struct {
		in, before, words string
		found             bool
	}{
		{"brood run exec list", "brood run exec list", "", false},
		{"brood run exec list -- echo {}", "brood run exec list", "echo {}", true},
		{"brood lock x --", "brood lock x", "", true},
		{"brood lock x -- sh -- -c", "brood lock x", "sh -- -c", true}, // the first one counts
		{"brood run exec --dry-run ---", "brood run exec --dry-run ---", "", false},
		{"-- x", "", "x", true},
	} {
		before, words, found := cutWords(strings.Fields(c.in))
		if strings.Join(before, " ") != c.before || strings.Join(words, " ") != c.words || found != c.found {
			t.Errorf("%q: %q, %q, %v", c.in, before, words, found)
		}
	}
}

// TestPermute: flags may stand anywhere, with their values in any of the usual
// places, and all else comes behind them.
func TestPermute(t *testing.T) {
	for in, want := range map[string]string{
		"run test a.csv":                            "run test -- a.csv",
		"run test --tag a.csv -j4":                  "run test --tag= -j 4 -- a.csv",
		"run test a.csv -tag=name":                  "run test -tag=name -- a.csv",
		"run test":                                  "run test",
		"run test a.csv -j 4 b.csv":                 "run test -j 4 -- a.csv b.csv",
		"run test a.csv -j4":                        "run test -j 4 -- a.csv",
		"run test a.csv -j-2 --jobs -3":             "run test -j -2 --jobs -3 -- a.csv",
		"run test -o- - x":                          "run test -o - -- - x",
		"run test -oout.csv=1 x":                    "run test -o out.csv=1 -- x",
		"run test -j=4 x --jobs=5":                  "run test -j=4 --jobs=5 -- x",
		"run test -0 x --unordered y":               "run test -0 --unordered -- x y",
		"run test --switch x --text y z":            "run test --switch --text y -- x z",
		"run test x -j":                             "run test -j",
		"run test x --nosuch y":                     "run test --nosuch -- x y",
		"run test x -z4":                            "run test -z4 -- x",
		"run test --wait x":                         "run test --wait=forever -- x",
		"run test --wait 30s x":                     "run test --wait=30s -- x",
		"run test --wait 1h2.5m x":                  "run test --wait=1h2.5m -- x",
		"run test --wait 30 x":                      "run test --wait=30 -- x",
		"run test --wait .5s x":                     "run test --wait=.5s -- x",
		"run test --wait . x":                       "run test --wait=forever -- . x",
		"run test --wait 30x x":                     "run test --wait=forever -- 30x x",
		"run test --wait=5 x":                       "run test --wait=5 -- x",
		"run test x --wait":                         "run test --wait=forever -- x",
		"status demo --wait --json":                 "status --wait --json -- demo",
		"run test a --help b":                       "run test --help",
		"run test a -h":                             "run test -h",
		"status demo --state dir --json":            "status --state dir --json -- demo",
		"resolve demo --seq 1 --seq 2 --as retry x": "resolve --seq 1 --seq 2 --as retry -- demo x",
		"run --help":                                "run --help",
		"run nosuch -j 4 x":                         "run nosuch -j 4 x",
		"--version":                                 "--version",
		"nosuch x --y":                              "nosuch x --y",
		"":                                          "",
	} {
		args := append([]string{"brood"}, strings.Fields(in)...)
		given := slices.Clone(args)
		if got := strings.Join(permute(testApp(), args)[1:], " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
		if !slices.Equal(args, given) {
			t.Errorf("%s: the arguments have become %q", in, args)
		}
	}
}

// TestPermuteOddValues: an argument is one, whatever is in it.
func TestPermuteOddValues(t *testing.T) {
	got := permute(testApp(), []string{"brood", "run", "test", "", "a b", "--text", "--switch", "-d", "", "--key", "x y"})
	want := []string{"brood", "run", "test", "--text", "--switch", "-d", "", "--key", "x y", "--", "", "a b"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestJobFlags: a job's flags become those of its command, with their defaults, and
// are asked for by the job.
func TestJobFlags(t *testing.T) {
	var got options
	app := &cli.App{Flags: jobFlags(testJob()), Action: func(c *cli.Context) error {
		got = options{Context: c, words: []string{"w"}, text: true}
		return nil
	}}
	for _, c := range []struct {
		args string
		want []any
	}{
		{"", []any{"a", false, 1, 0.5, time.Second}},
		{"--text= --switch --number -3 --share 1e-3 --pause 2m", []any{"", true, -3, 1e-3, 2 * time.Minute}},
	} {
		if err := app.Run(append([]string{"x"}, strings.Fields(c.args)...)); err != nil {
			t.Fatal(err)
		}
		have := []any{got.String("text"), got.Bool("switch"), got.Int("number"), got.Float64("share"), got.Duration("pause")}
		if !slices.Equal(have, c.want) || got.IsSet("number") != (c.args != "") {
			t.Errorf("%q: %v, want %v", c.args, have, c.want)
		}
	}
	if err := app.Run([]string{"x", "--list", "a,b", "--list", "c"}); err != nil {
		t.Fatal(err)
	}
	if list := jobs.SplitList(got.StringSlice("list")); !slices.Equal(list, []string{"a", "b", "c"}) || !got.Text() || got.Command()[0] != "w" {
		t.Errorf("%q, text %v, command %q", list, got.Text(), got.Command())
	}
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "job odd, flag x: no flag of type uint8") {
			t.Errorf("a flag of a kind there is not: %q", said)
		}
	}()
	jobFlags(&jobs.Definition{Name: "odd", Flags: []jobs.Flag{{Name: "x", Default: uint8(1)}}})
}
