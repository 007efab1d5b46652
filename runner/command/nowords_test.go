package command

import (
	"brood/jobs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// said runs a command line and returns its exit status and what it says.
func said(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(t.TempDir(), "said"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	in, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	code = Main(jobs.NewRegistry(testJob()), append([]string{"brood"}, args...), in, files[0], files[1])
	var text [2]string
	for i, f := range files {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		text[i] = string(b)
	}
	return code, text[0], text[1]
}

// TestNoWords: each command that takes no command after -- refuses one, and does nothing.
func TestNoWords(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	t.Setenv("BROOD_STATE", state)
	e := &env{registry: jobs.NewRegistry(testJob())}
	var paths [][]string
	var collect func(list []*cli.Command, path []string)
	collect = func(list []*cli.Command, path []string) {
		for _, c := range list {
			at := append(slices.Clone(path), c.Name)
			if len(c.Subcommands) > 0 {
				collect(c.Subcommands, at)
			} else if c.Name != "lock" && c.Name != "shards" && path == nil {
				paths = append(paths, at)
			}
		}
	}
	collect(e.app().Commands, nil)
	if len(paths) < 15 {
		t.Fatalf("only %d commands: %q", len(paths), paths)
	}
	for _, p := range paths {
		for _, before := range [][]string{nil, {"demo"}} {
			code, stdout, stderr := said(t, append(append(slices.Clone(p), before...), "--", "touch", "x")...)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, "brood "+strings.Join(p, " ")+" takes no command after --: touch x") {
				t.Errorf("%q %q: status %d, %q, %q", p, before, code, stdout, stderr)
			}
		}
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("the state directory was made")
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"resume", "demo", "--", "x"}, "brood run JOB --resume --run NAME"},
		{[]string{"retry", "demo", "--", "x"}, "brood run JOB --resume --run NAME"},
		{[]string{"resume", "a", "b"}, "give the name of one run, not 2: a, b"},
		{[]string{"retry", "a", "b"}, "give the name of one run, not 2: a, b"},
		{[]string{"resume", "demo", "-o", "x"}, "It is a flag of brood run, and the run goes on as it was begun"},
		{[]string{"resume", "demo", "--" + testJob().Flags[0].Name}, "It is a flag of brood run " + testJob().Name + ", and the run goes on as it was begun"},
		{[]string{"--", "gzip", "{}"}, "brood run exec list.txt -- gzip {}"},
		{[]string{"rsume", "demo", "--", "x"}, "there is no command"},
	} {
		if code, _, stderr := said(t, c.args...); code != exitUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: status %d, %q", c.args, code, stderr)
		}
	}
}
