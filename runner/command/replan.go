package command

import (
	"brood/jobs"
	"brood/runner/spec"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// changePlan lets what the job's flags say now count where a run may go on in another
// way, and refuses to go on where it may not. It reports whether anything is another.
func (e *env) changePlan(c *cli.Context, cfg *spec.Config, def *jobs.Definition, s *jobs.Shape, replan replanner) (bool, error) {
	p, err := replan(s)
	if err != nil {
		return false, usage("Give the flags as they were, and what is to be changed; or none, as in: brood resume "+cfg.Name, "%w", err)
	}
	then, now := make(map[string]json.RawMessage), make(map[string]json.RawMessage)
	if err := errors.Join(members(cfg.Plan.Config, &then), members(p.Config, &now)); err != nil {
		return false, fmt.Errorf("read the configuration of the job: %w", err)
	}
	var changed []string
	for _, name := range differing(then, now) {
		how, may := def.Resumable[name]
		_, was := then[name]
		_, is := now[name]
		switch {
		case !may || (how.Stays && (!was || !is)):
			return false, usage("Choose another name with --run, or continue it as it is: brood resume "+cfg.Name,
				"run %s was begun with something else for: %s", cfg.Name, strings.ReplaceAll(name, "_", "-"))
		case !c.IsSet(how.Flag):
			continue // it stays as it was
		default:
			if then[name] = now[name]; !is { // what is empty is left out
				delete(then, name)
			}
			changed = append(changed, strings.ReplaceAll(name, "_", "-"))
		}
	}
	if len(changed) == 0 {
		return false, nil
	}
	if cfg.Plan.Config, err = json.Marshal(then); err != nil {
		return false, err
	}
	e.terminal.Logf("from here on as said now: %s", strings.Join(changed, ", "))
	return true, nil
}

// members reads a JSON object; null has none.
func members(text json.RawMessage, to *map[string]json.RawMessage) error {
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, to)
}

// differing are the names of the members that two objects do not have in common.
func differing(x, y map[string]json.RawMessage) []string {
	var out []string
	for name := range x {
		if !bytes.Equal(x[name], y[name]) {
			out = append(out, name)
		}
	}
	for name := range y {
		if _, there := x[name]; !there {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
