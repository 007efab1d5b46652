package spec

import (
	"brood/jobs"
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// TestLower: an effect goes down and never up, and what is done about unknown records goes
// with it unless the user has said something else.
func TestLower(t *testing.T) {
	at := time.Date(2026, 11, 30, 1, 2, 3, 0, time.FixedZone("here", 3600))
	for _, c := range []struct {
		from, to   jobs.Effect
		was, want  OnUnknown
		raised     bool
		remembered int
	}{
		{jobs.EffectOnce, jobs.EffectNone, OnUnknownHold, OnUnknownRetry, false, 1},
		{jobs.EffectOnce, jobs.EffectKeyed, OnUnknownHold, OnUnknownRetry, false, 1},
		{jobs.EffectKeyed, jobs.EffectNone, OnUnknownRetry, OnUnknownRetry, false, 1},
		{jobs.EffectKeyed, jobs.EffectNone, OnUnknownHold, OnUnknownHold, false, 1}, // he has said so
		{jobs.EffectOnce, jobs.EffectNone, OnUnknownSkip, OnUnknownSkip, false, 1},
		{jobs.EffectOnce, jobs.EffectOnce, OnUnknownHold, OnUnknownHold, false, 0},
		{jobs.EffectNone, jobs.EffectOnce, OnUnknownRetry, OnUnknownRetry, true, 0},
		{jobs.EffectNone, jobs.EffectKeyed, OnUnknownRetry, OnUnknownRetry, true, 0},
		{jobs.EffectKeyed, jobs.EffectOnce, OnUnknownRetry, OnUnknownRetry, true, 0},
	} {
		cfg := &Config{Effect: c.from, OnUnknown: c.was}
		err := cfg.Lower(c.to, at, "ann@home")
		if errors.Is(err, ErrRaised) != c.raised || (err != nil) != c.raised {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
		}
		want := c.to
		if c.raised {
			want = c.from
		}
		if cfg.Effect != want || cfg.OnUnknown != c.want || len(cfg.Lowered) != c.remembered {
			t.Errorf("%s to %s: %+v", c.from, c.to, cfg)
		}
	}
}

// TestWithEffect: what is stored changes in that alone, also what this version knows
// nothing of.
func TestWithEffect(t *testing.T) {
	cfg := &Config{Effect: jobs.EffectOnce, OnUnknown: OnUnknownHold}
	if err := cfg.Lower(jobs.EffectNone, time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC), "ann@home"); err != nil {
		t.Fatal(err)
	}
	got, err := WithEffect([]byte(`{"effect":"once","from_later":[1,2],"name":"x","on_unknown":"hold"}`), cfg)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"effect":"none","from_later":[1,2],"lowered":[{"from":"once","to":"none","at":"2026-11-30T01:02:03Z","by":"ann@home"}],"name":"x","on_unknown":"retry"}`
	if string(got) != want {
		t.Errorf("%s", got)
	}
	back := &Config{}
	if err := json.Unmarshal(got, back); err != nil || back.Effect != jobs.EffectNone || len(back.Lowered) != 1 {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := WithEffect([]byte("{"), cfg); err == nil {
		t.Error("no error")
	}
}
