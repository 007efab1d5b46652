package command

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

// chooseJoblog reads where a log of the records goes.
func (e *env) chooseJoblog(c *cli.Context, cfg *spec.Config) error {
	name, more := strings.CutPrefix(c.String("joblog"), "+")
	switch name {
	case "":
		return nil
	case sink.Stdout:
		return usage("Give it a name, as in --joblog jobs.log.", "--joblog cannot go to standard output")
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return fmt.Errorf("--joblog %s: %w", name, err)
	}
	if err := notAnInput(path, cfg.Dataset.Paths); err != nil {
		return err
	}
	if path == cfg.Target() || sameFile(path, cfg.Target()) {
		return usage("Give one of them another name.", "--joblog %s is the output itself", name)
	}
	cfg.Joblog = path
	if st, err := os.Stat(path); err == nil && more && st.Mode().IsRegular() {
		cfg.JoblogFrom = st.Size()
	}
	return nil
}

// chooseResults reads where a directory with what commands print is to be.
func (e *env) chooseResults(c *cli.Context, cfg *spec.Config) error {
	name := c.String("results")
	if name == "" {
		return nil
	}
	def, err := e.registry.Lookup(cfg.Job)
	if err != nil {
		return err
	}
	ext := filepath.Ext(name)
	switch {
	case !def.Prints:
		return usage("Results with all columns: -o FILE.csv", "--results keeps what commands print, and the job %s runs none", cfg.Job)
	case ext == ".csv" || ext == ".tsv" || ext == ".json" || ext == ".jsonl":
		return usage("For a table say -o "+name, "--results %s: it is a directory", name)
	case strings.ContainsAny(name, "{}"):
		return usage("Each record has a directory in it, named after its number.", "--results %s: a value of a record does not become a path", name)
	}
	if cfg.Results, err = filepath.Abs(name); err != nil {
		return fmt.Errorf("--results %s: %w", name, err)
	}
	return nil
}

// sameOf tells records of a run that ask the same.
func (e *env) sameOf(cfg *spec.Config, s *jobs.Shape) (func(*jobs.Record) []byte, error) {
	def, err := e.registry.Lookup(cfg.Job)
	if err != nil || def.Same == nil {
		return nil, err
	}
	return def.Same(cfg.Plan.Config, s)
}

// revisionOf is what becomes of the results of a run that are all there.
func (e *env) revisionOf(dir *home.Dir, cfg *spec.Config) (*jobs.Revision, error) {
	def, err := e.registry.Lookup(cfg.Job)
	if err != nil || def.Revise == nil {
		return nil, err
	}
	return def.Revise(finished(dir, cfg, ledger.StateDone, ledger.Totals{}, e.terminal.Logf))
}

// commandOf says what is done with each record of a run, for its joblog.
func (e *env) commandOf(cfg *spec.Config, s *jobs.Shape) (func(*jobs.Record, int) string, error) {
	def, err := e.registry.Lookup(cfg.Job)
	if err != nil {
		return nil, err
	}
	if def.Command != nil {
		return def.Command(cfg.Plan.Config, s)
	}
	words := cfg.Job
	if len(cfg.Words) > 0 {
		words = strings.Join(cfg.Words, " ")
	}
	return func(*jobs.Record, int) string { return words }, nil
}
