package command

import (
	"brood/jobs"
	"brood/runner/pace"
	"brood/runner/shard"
	"brood/runner/spec"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestSharePace: what is asked for all shards is divided, as far as a flag is given; what one shard alone decides is not.
func TestSharePace(t *testing.T) {
	all := func(string) bool { return true }
	config := func(i, n int) *spec.Config {
		return &spec.Config{
			Shard: &spec.Shard{Part: shard.Part{Index: i, Of: n}}, PaceKey: spec.PaceKey{Column: "email", Domain: true},
			Pace: pace.Spec{Rate: &pace.Rate{N: 10, Per: time.Second}, Burst: 9, By: &pace.Rate{N: 1, Per: time.Minute}, ByValue: map[string]pace.Rate{"x": {N: 2, Per: time.Hour}}, MaxPerKey: 9, Quota: 11},
		}
	}
	cfg := config(3, 4)
	if err := sharePace(cfg, all); err != nil || cfg.Pace.Rate.N != 2.5 || cfg.Pace.Burst != 2 || cfg.Pace.By.N != 0.25 || cfg.Pace.ByValue["x"].N != 0.5 || cfg.Pace.MaxPerKey != 2 || cfg.Pace.Quota != 3 {
		t.Errorf("%v, %+v", err, cfg.Pace)
	}
	if err := sharePace(cfg, func(f string) bool { return f == "quota" }); err == nil || cfg.Pace.Rate.N != 2.5 {
		t.Errorf("a resume: %v, %v", err, cfg.Pace.Rate)
	}
	cfg = config(1, 4)
	cfg.Key.Columns, cfg.PaceKey = []string{"email"}, spec.PaceKey{Column: "email"}
	if err := sharePace(cfg, all); err != nil || cfg.Pace.By.N != 1 || cfg.Pace.MaxPerKey != 9 || cfg.Pace.Rate.N != 2.5 {
		t.Errorf("by the key: %v, %+v", err, cfg.Pace)
	}
	cfg = config(1, 10)
	if err := sharePace(cfg, all); err == nil || !strings.Contains(err.Error(), "--max-per-key 9 is fewer than there are shards") {
		t.Error(err)
	}
	if err := sharePace(&spec.Config{}, all); err != nil {
		t.Error(err)
	}
	rapid.Check(t, func(t *rapid.T) { // all shards together do what was asked for
		n := rapid.IntRange(1, 50).Draw(t, "n")
		quota := rapid.IntRange(n, 10000).Draw(t, "quota")
		sum := 0
		for i := range n {
			cfg := &spec.Config{Shard: &spec.Shard{Part: shard.Part{Index: i + 1, Of: n}}, Pace: pace.Spec{Quota: quota}}
			if err := sharePace(cfg, all); err != nil || cfg.Pace.Quota == 0 {
				t.Fatal(err)
			}
			sum += cfg.Pace.Quota
		}
		if sum != quota {
			t.Errorf("%d a day, and %d asked for", sum, quota)
		}
	})
}

// TestBaseOf: what the shards of a run are called together.
func TestBaseOf(t *testing.T) {
	for name, want := range map[string]string{"big-2-of-8": "big", "a-b-10-of-10": "a-b", "x-1-of-2-1-of-3": "x-1-of-2", "big": "", "big-9-of-8": "", "big-02-of-8": "", "-1-of-2": "", "big-of-8": "", "big-1-of-": ""} {
		base, part := baseOf(name)
		if part != (want != "") || part && base != want {
			t.Errorf("%s: %q, %v; want %q", name, base, part, want)
		}
	}
}

// TestStartOf: what is told to a scheduler is what was said, without what it says itself.
func TestStartOf(t *testing.T) {
	e := &env{registry: jobs.NewRegistry(testJob())}
	for _, c := range []struct {
		words, before, after, name string
		err                        string
	}{
		{"run test a.csv --run big -o x.csv --resume -j 4 -- echo --run {}", "run test a.csv -o x.csv -j 4", "-- echo --run {}", "big", ""},
		{"run test --run=big --output=x.csv --effect once a.csv", "run test --output=x.csv --effect once a.csv", "", "big", ""},
		{"run test a.csv -o x.csv", "", "", "", "give the run a name"},
		{"run test a.csv --run big", "", "", "", "say with -o"},
		{"run test a.csv --run big -o -", "", "", "", "say with -o"},
		{"run test --run big -o x - ", "", "", "", "no standard input"},
		{"run test --run big --shard 1/2 -o x a", "", "", "", "and not --shard"},
		{"run test --run " + strings.Repeat("a", 60) + " -o x a", "", "", "", "cannot be a name"},
		{"run test --run big -o x a --effect twice", "", "", "", "--effect"},
		{"run nosuch --run big -o x a", "", "", "", "nosuch"},
	} {
		e.words = strings.Fields(c.words)
		s, err := e.startOf(8)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", c.words, err, c.err)
			}
		case err != nil || !slices.Equal(s.Before, strings.Fields(c.before)) || !slices.Equal(s.After, strings.Fields(c.after)) || s.Name != c.name || s.Once != strings.Contains(c.words, "once"):
			t.Errorf("%s: %+v, %v", c.words, s, err)
		}
	}
	if _, err := e.startOf(0); err == nil {
		t.Error("no shards")
	}
}
