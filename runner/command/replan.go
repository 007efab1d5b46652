package command

import (
	"brood/jobs"
	"brood/runner"
	"brood/runner/ledger"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// changePlan lets what the job's flags say now count where a run may go on in another
// way, keeps that in the ledger, and refuses to go on where it may not.
func (e *env) changePlan(ctx context.Context, l *ledger.Ledger, cfg *runner.Config, def *jobs.Definition, in *runner.Input, replan replanner) error {
	p, err := replan(in.Reader.Shape())
	if err != nil {
		return usage("Give the flags as they were, and what is to be changed; or none, as in: brood resume "+cfg.Name, "%w", err)
	}
	changed, err := differing(cfg.Plan.Config, p.Config)
	if err != nil {
		return err
	}
	for _, name := range changed {
		if !slices.Contains(def.Resumable, name) {
			return usage("Choose another name with --run, or continue it as it is: brood resume "+cfg.Name,
				"run %s was begun with something else for: %s", cfg.Name, strings.ReplaceAll(name, "_", "-"))
		}
	}
	if len(changed) == 0 {
		return nil
	}
	cfg.Plan.Config = p.Config
	if err := runner.KeepJobConfig(ctx, l, p.Config); err != nil {
		return err
	}
	cfg.Term.Logf("from here on as said now: %s", strings.ReplaceAll(strings.Join(changed, ", "), "_", "-"))
	return nil
}

// differing are the members that two JSON objects do not have in common.
func differing(a, b json.RawMessage) ([]string, error) {
	var x, y map[string]json.RawMessage
	for _, o := range []struct {
		text json.RawMessage
		to   *map[string]json.RawMessage
	}{{a, &x}, {b, &y}} {
		if bytes.Equal(bytes.TrimSpace(o.text), []byte("null")) || len(o.text) == 0 {
			continue
		}
		if err := json.Unmarshal(o.text, o.to); err != nil {
			return nil, fmt.Errorf("read the configuration of the job: %w", err)
		}
	}
	var out []string
	for name := range maps.Keys(x) {
		if !bytes.Equal(x[name], y[name]) {
			out = append(out, name)
		}
	}
	for name := range maps.Keys(y) {
		if _, there := x[name]; !there {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}
