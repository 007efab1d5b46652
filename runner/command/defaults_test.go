package command

import (
	"brood/jobs"
	"brood/runner/spec"
	"brood/runner/term"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/urfave/cli/v2"
)

// given are values that differ from those that each flag of the engine has by itself.
var given = map[string]string{
	"jobs": "7", "per-worker": "1", "retries": "9", "backoff": "3s..4s", "timeout": "17s", "kill-after": "7s", "max-crashes": "8",
	"halt": "soon,fail=3", "drain-timeout": "40s", "no-guard": "true", "max-tasks-per-worker": "10", "max-mem-per-worker": "2GiB",
	"max-worker-age": "5m", "on-unknown": "skip", "resolve-with": "ask", "key-lifetime": "2h", "rate": "5/s",
	"burst": "3", "rate-by": "name=2/s", "max-per-key": "2", "quota": "11/day", "warmup": "2m",
	"window": "08:00-18:00", "metrics": "127.0.0.1:0", "limit-mem": "3GiB", "limit-cpu-time": "9s",
	"limit-procs": "12", "limit-files": "64", "nice": "3", "user": "", "sandbox": "", "allow-write": "",
	"allow-connect": "", "env": "LANG", "secret": "", "adaptive": "true", "breaker": "50%/20 for 1m",
	"load": "90", "memfree": "1MiB", "pressure": "cpu=99",
	"effect": "keyed", "limit": "5", "unordered": "true", "key": "name", "key-normalize": "lower",
	"once-per": "spring", "key-scope": "summer", plainFlag: "true", likeFlag: "", // which says nothing before the dataset is open
}

// needs are the flags without which another means nothing.
var needs = map[string][]string{
	"burst": {"--rate", "1/s"}, "warmup": {"--rate", "1/s"}, "max-per-key": {"--key", "name"},
	"key-normalize": {"--key", "name"}, "once-per": {"--key", "name"}, plainFlag: {"-o", "out.csv"},
}

// planned runs the flags through what a run does before it begins, with a job that has
// defaults, and returns the configuration.
func planned(t *testing.T, defaults map[string]string, args ...string) *spec.Config {
	t.Helper()
	def := &jobs.Definition{
		Name: "test", Effect: jobs.EffectOnce,
		Plan: func(jobs.Options, *jobs.Shape) (jobs.Plan, error) { return jobs.Plan{Defaults: defaults}, nil },
	}
	e := &env{registry: jobs.NewRegistry(def), stdin: os.Stdin, stdout: term.NewWriter(os.Stdout), stderr: term.NewWriter(os.Stderr)}
	var cfg *spec.Config
	app := e.app()
	run := app.Command("run").Subcommands[0]
	run.Action = func(c *cli.Context) error {
		var err error
		if cfg, err = e.config(c, def); err != nil {
			return err
		}
		p, err := def.Plan(nil, nil)
		if err != nil {
			return err
		}
		cfg.Plan = p
		return e.takeDefaults(c, cfg)
	}
	if err := app.Run(append([]string{"brood", "run", "test", "--run", "x"}, append(args, "data.csv")...)); err != nil {
		t.Fatalf("defaults %v, flags %v: %v", defaults, args, err)
	}
	cfg.Plan = jobs.Plan{}
	return cfg
}

// A default of a job comes to the same as the flag by the user's hand, whatever flag of
// the engine it is.
func TestJobsHaveDefaultsForEveryFlag(t *testing.T) {
	flags := slices.Concat(engineFlags(), runFlags(), appendFlags())
	for _, f := range flags {
		name := f.Names()[0]
		value, listed := given[name]
		if !mayDefault(name) || name == "progress" || name == "log-format" || (listed && value == "") {
			continue // those of the terminal are not in the configuration, some need root
		}
		if !listed {
			t.Errorf("--%s: the test has no value for it", name)
			continue
		}
		byUser := planned(t, nil, append(needs[name], "--"+name+"="+value)...)
		byJob := planned(t, map[string]string{name: value}, needs[name]...)
		if !reflect.DeepEqual(byUser, byJob) {
			t.Errorf("--%s: by the user %+v\nby the job %+v", name, byUser, byJob)
		}
		if without := planned(t, nil, needs[name]...); reflect.DeepEqual(without, byJob) {
			t.Errorf("--%s=%s: the default changes nothing", name, value)
		}
	}
}

func TestUsersFlagBeatsDefault(t *testing.T) {
	cfg := planned(t, map[string]string{"retries": "9", "effect": "none"}, "--retries", "1")
	if cfg.Retries != 1 || cfg.Effect != jobs.EffectNone || cfg.OnUnknown != spec.OnUnknownRetry {
		t.Errorf("retries %d, effect %s, on unknown %s", cfg.Retries, cfg.Effect, cfg.OnUnknown)
	}
}

func TestDefaultsThatComeTooLate(t *testing.T) {
	for _, name := range []string{"state", "wait", "take-over", "output", "format", "run", "no-such-flag"} {
		if mayDefault(name) {
			t.Errorf("a job may have a default for --%s", name)
		}
	}
}
