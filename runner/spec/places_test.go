package spec

import (
	"brood/jobs"
	"testing"
)

// TestPlaces: how many records a worker can have in hand, and how many workers that makes.
func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		name      string
		perWorker int
		window    int
		effect    jobs.Effect
		places    int
		fitted    bool
		workers   int // of -j 10
		crew      string
	}{
		{"nobody has asked", 0, 0, jobs.EffectNone, 1, false, 10, "10 workers"},
		{"one", 1, 64, jobs.EffectNone, 1, false, 10, "10 workers"},
		{"four", 4, 0, jobs.EffectOnce, 4, false, 3, "10 records, in 3 workers,"},
		{"more than -j", 50, 0, jobs.EffectNone, 50, false, 1, "10 records, in one worker,"},
		{"a program's own window", 0, 64, jobs.EffectNone, 64, true, 10, "10 workers"},
		{"not where repeating costs something", 0, 64, jobs.EffectKeyed, 1, false, 10, "10 workers"},
		{"unless it is asked for", 8, 64, jobs.EffectOnce, 8, false, 10, "10 workers"},
	} {
		cfg := Config{PerWorker: c.perWorker, Effect: c.effect, Plan: jobs.Plan{Window: c.window}}
		places, fitted := cfg.Places()
		if places != c.places || fitted != c.fitted || cfg.Workers(10) != c.workers || cfg.Crew(10) != c.crew {
			t.Errorf("%s: %d places, fitted %v, %d workers, %q", c.name, places, fitted, cfg.Workers(10), cfg.Crew(10))
		}
	}
}
