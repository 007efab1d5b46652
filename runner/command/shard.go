package command

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/pace"
	"brood/runner/shard"
	"brood/runner/sink"
	"brood/runner/spec"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// shardFlag says which part of the dataset a run works on.
const shardFlag = "shard"

// autoShard is --shard by the variables of a scheduler, with how many there are behind a slash or not.
const autoShard = "auto"

// chooseShard reads which part of the dataset this is, and names the run after it.
func (e *env) chooseShard(c *cli.Context, cfg *spec.Config) error {
	if !c.IsSet(shardFlag) {
		return nil
	}
	if d, err := e.registry.Lookup(cfg.Job); err == nil && (d.Dataset != nil || d.Begin != nil) {
		return usage("Run it on one machine.", "--shard: brood run %s takes what it works on as a whole, before the first record", d.Name)
	}
	text := c.String(shardFlag)
	part, auto, err := readShard(text, os.Getenv)
	if err != nil {
		return usage("", "--shard: %w", err)
	}
	if auto && !c.IsSet("run") {
		return usage("For example: --run NAME --resume", "--shard %s: what starts a shard may start it again, and it goes on then only under the same name: give the run one", text)
	}
	base := strings.TrimSuffix(cfg.Name, part.RunName(""))
	if base == "" {
		base = cfg.Name
	}
	cfg.Shard = &spec.Shard{Part: part, Base: base}
	cfg.Name = part.RunName(base)
	// Whoever reads the arguments again is not started by the scheduler.
	for i, a := range cfg.Args {
		switch {
		case i > 0 && cfg.Args[i-1] == "--"+shardFlag:
			cfg.Args[i] = part.String()
		case a == "--"+shardFlag+"="+text:
			cfg.Args[i] = "--" + shardFlag + "=" + part.String()
		}
	}
	return nil
}

// readShard reads I/N, auto or auto/N.
func readShard(text string, getenv func(string) string) (p shard.Part, auto bool, err error) {
	word, number, several := strings.Cut(text, "/")
	if word != autoShard {
		p, err = shard.Parse(text)
		return p, false, err
	}
	of := 0
	if several {
		if of, err = strconv.Atoi(number); err != nil || of < 1 {
			return p, true, fmt.Errorf("%q does not say how many shards there are, as auto/8 does", text)
		}
	}
	p, err = shard.Auto(getenv, of)
	return p, true, err
}

// keepResults has the results of a shard stay in its directory, so that all there is of it is in one place, and
// no two of them write to one file. What -o names is made by brood merge.
func (e *env) keepResults(c *cli.Context, cfg *spec.Config) error {
	if cfg.Shard == nil || cfg.Output == sink.Stdout || cfg.Form != nil {
		return nil
	}
	state, err := home.State(c.String("state"))
	if err != nil && !c.Bool("dry-run") {
		return usage("", "%w", err)
	}
	word := cfg.OutputFormat.String()
	cfg.Form = &spec.Form{Kind: spec.FormKind(word), Path: cfg.Output}
	cfg.Output = home.At(state, cfg.Name).ResultsPath(word)
	return nil
}

// checkShard refuses what several machines cannot share by parts.
func checkShard(cfg *spec.Config) error {
	switch {
	case cfg.Shard == nil:
		return nil
	case cfg.Queue != nil:
		return usage("Start as many of them as you like without --shard: the queue gives each job to one.", "--shard is for a dataset, and not for a queue")
	case cfg.Query != nil:
		return usage("Save the answer as a file first, and give that to all shards.", "--shard: a database may answer each shard in another order, so that records would be done twice, or by nobody")
	case cfg.Dataset.Group != nil && cfg.Dataset.Group.Fit != nil:
		return usage("Leave out -n and -X.", "--shard: how many lines fit on a command line is another number on each machine, and records would be others")
	}
	return nil
}

// otherShards refuses to deal a dataset among another number of shards than it was dealt among.
func otherShards(state string, cfg *spec.Config) error {
	if cfg.Shard == nil {
		return nil
	}
	names, err := home.Names(state)
	if err != nil {
		return err
	}
	for _, name := range names {
		base, part := baseOf(name)
		if of := name[strings.LastIndexByte(name, '-')+1:]; part && base == cfg.Shard.Base && of != strconv.Itoa(cfg.Shard.Of) {
			return usage("Go on with as many shards as there were, or choose another name with --run.", "run %s was dealt among %s shards, and records would be done again: there is %s", base, of, name)
		}
	}
	return nil
}

// sharePace divides what was asked for all shards together by their number, as far as a flag is given.
func sharePace(cfg *spec.Config, given func(flag string) bool) error {
	if cfg.Shard == nil {
		return nil
	}
	p, n := &cfg.Pace, cfg.Shard.Of
	share := func(r *pace.Rate) *pace.Rate {
		if r == nil {
			return nil
		}
		return &pace.Rate{N: r.N / float64(n), Per: r.Per}
	}
	if given("rate") {
		p.Rate = share(p.Rate)
	}
	if p.Burst > 0 && given("burst") {
		p.Burst = max(1, p.Burst/n)
	}
	if p.Quota > 0 && given("quota") {
		if p.Quota < n {
			return usage("Take fewer shards, or a larger quota.", "--quota %d/day is fewer than there are shards: %d", p.Quota, n)
		}
		left := p.Quota % n
		if p.Quota /= n; cfg.Shard.Index <= left {
			p.Quota++
		}
	}
	if meets(cfg) {
		return nil // all records of a value are here
	}
	if given("rate-by") {
		p.By = share(p.By)
		values := make(map[string]pace.Rate, len(p.ByValue))
		for v, r := range p.ByValue {
			values[v] = *share(&r)
		}
		if len(values) > 0 {
			p.ByValue = values
		}
	}
	if p.MaxPerKey > 0 && given("max-per-key") {
		if p.MaxPerKey < n {
			return usage("Have all records of a value in one shard: --key "+cfg.PaceKey.Column, "--max-per-key %d is fewer than there are shards, and each of the %d may have one of the same %s in hand", p.MaxPerKey, n, cfg.PaceKey)
		}
		p.MaxPerKey /= n
	}
	return nil
}

// meets reports whether all records of a value that the pace goes by are in one shard.
func meets(cfg *spec.Config) bool {
	return !cfg.PaceKey.Domain && slices.Equal(cfg.Key.Columns, []string{cfg.PaceKey.Column})
}

// warnShard says what of the limits is this shard's, and what a scheduler may do to it.
func (e *env) warnShard(cfg *spec.Config) {
	s := cfg.Shard
	if s == nil {
		return
	}
	var own []string
	p := &cfg.Pace
	if p.Rate != nil {
		own = append(own, fmt.Sprintf("%s (--rate)", p.Rate))
	}
	if p.By != nil && !meets(cfg) {
		own = append(own, fmt.Sprintf("%s for each %s (--rate-by)", p.By, cfg.PaceKey))
	}
	if p.Quota > 0 {
		own = append(own, fmt.Sprintf("%d a day (--quota)", p.Quota))
	}
	if p.MaxPerKey > 0 && !meets(cfg) {
		own = append(own, fmt.Sprintf("%d at a time for each %s (--max-per-key)", p.MaxPerKey, cfg.PaceKey))
	}
	if len(own) > 0 {
		e.terminal.Logf("shard %s: of what all %d may start together, this one starts at most %s", s.Part, s.Of, strings.Join(own, ", "))
	}
	if platform, err := shard.Detect(os.Getenv); err == nil && platform != "" && cfg.Effect == jobs.EffectOnce {
		e.terminal.Logf("%s may start a shard again on another machine, which knows nothing of what this one has done: the effect once holds only where the state directory goes with the shard, on a disk of its own, and is gone on with by --resume --take-over; or in one run with agents (--listen)", platform)
	}
}

// mergedOf is what is to be made of all shards.
func mergedOf(cfg *spec.Config) []string {
	if cfg.Shard == nil || cfg.Form == nil {
		return nil
	}
	return []string{cfg.Form.Path}
}

// dirOf is the directory of a shard, in which its results are.
func dirOf(cfg *spec.Config) string { return filepath.Dir(cfg.Output) }
