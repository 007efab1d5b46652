package command

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/spec"
	"strings"

	"github.com/urfave/cli/v2"
)

// chooseKey reads what identifies a record, and what repeating one costs.
func (e *env) chooseKey(c *cli.Context, cfg *spec.Config) error {
	cfg.Key.Scope = c.String("key-scope")
	if cfg.Key.Scope == "" {
		cfg.Key.Scope = c.String("once-per")
	}
	if cfg.Key.Scope == "" {
		cfg.Key.Scope = cfg.Name
		if cfg.Shard != nil { // the keys are those of one run over all shards
			cfg.Key.Scope = cfg.Shard.Base
		}
	}
	if k := c.String("key"); k != "" {
		cfg.Key.Columns = strings.Split(k, ",")
	}
	if err := chooseScope(c, cfg); err != nil {
		return err
	}
	if c.IsSet("effect") {
		var err error
		if cfg.Effect, err = jobs.ParseEffect(c.String("effect")); err != nil {
			return usage("", "--effect: %w", err)
		}
	}
	return nil
}

func chooseScope(c *cli.Context, cfg *spec.Config) error {
	cfg.OncePer = c.String("once-per")
	if c.IsSet("once-per") {
		if err := home.CheckName(cfg.OncePer); err != nil {
			return usage("", "--once-per: %w", err)
		}
	}
	if len(cfg.Key.Columns) == 0 {
		return nil // the job may have one, see needsKey
	}
	var err error
	if cfg.Key.Normalize, err = jobs.ParseNormalize(c.String("key-normalize"), cfg.Key.Columns); err != nil {
		return usage("", "--key-normalize: %w", err)
	}
	return nil
}

// needsKey refuses flags that mean nothing without a key, of the user's or the
// job's.
func needsKey(c *cli.Context, cfg *spec.Config) error {
	for _, name := range []string{"once-per", "key-normalize"} {
		if c.IsSet(name) && len(cfg.Key.Columns) == 0 {
			return usage("Say which columns identify a record, as in --key email.", "--%s needs --key", name)
		}
	}
	return nil
}
