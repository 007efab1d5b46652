package wire

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestEnviron holds that a job sees the environment that was made for it, and its worker one
// processor and the mark.
func TestEnviron(t *testing.T) {
	if os.Getenv(EnvMark) != "" { // this is the worker
		RestoreEnviron()
		_, _ = os.Stdout.WriteString(strings.Join(os.Environ(), "\x00"))
		os.Exit(0)
	}
	for name, job := range map[string][]string{
		"nothing is said": {"A=1", "B=GOMAXPROCS=3"},
		"eight are meant": {"A=1", "GOMAXPROCS=8", "B="},
		"an empty value":  {"GOMAXPROCS=", "A=1"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestEnviron$")
			cmd.Env = Environ(job)
			if !slices.Contains(cmd.Env, "GOMAXPROCS=1") || slices.Contains(cmd.Env, "GOMAXPROCS=8") {
				t.Errorf("the worker has %q", cmd.Env)
			}
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Split(string(out), "\x00")
			want := slices.Sorted(slices.Values(job))
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("the job sees %q, want %q", got, want)
			}
		})
	}
}
