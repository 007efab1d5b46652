package command

import (
	"brood/runner/pace"
	"brood/runner/spec"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// tunePace reads the limits of a run's pace. A resume may change each of them;
// 0 takes one away.
func tunePace(c *cli.Context, cfg *spec.Config) error {
	p := &cfg.Pace
	var err error
	if c.IsSet("rate") {
		if p.Rate, err = parseRate("rate", c.String("rate")); err != nil {
			return err
		}
	}
	if c.IsSet("rate-by") {
		if err := tuneRateBy(c.String("rate-by"), cfg); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name string
		to   *int
	}{{"burst", &p.Burst}, {"max-per-key", &p.MaxPerKey}} {
		if !c.IsSet(f.name) {
			continue
		}
		if *f.to = c.Int(f.name); *f.to < 0 {
			return usage("", "--%s %d: a number cannot be negative", f.name, *f.to)
		}
	}
	if c.IsSet("quota") {
		number, _ := strings.CutSuffix(c.String("quota"), "/day")
		if p.Quota, err = strconv.Atoi(number); err != nil || p.Quota < 0 {
			return usage("", "--quota %q is not a number of records a day, such as 2000/day", c.String("quota"))
		}
	}
	if c.IsSet("warmup") {
		if p.WarmUp, err = parseTime("warmup", c.String("warmup")); err != nil {
			return err
		}
	}
	if c.IsSet("window") {
		p.Window = nil
		if s := c.String("window"); s != "0" {
			if p.Window, err = pace.ParseWindow(s); err != nil {
				return usage("", "--window: %w", err)
			}
		}
	}
	return checkPace(cfg)
}

// tuneRateBy reads COLUMN=RATE and, behind commas, VALUE=RATE for values of the
// column with a rate of their own.
func tuneRateBy(s string, cfg *spec.Config) error {
	p := &cfg.Pace
	p.By, p.ByValue = nil, nil
	if s == "0" {
		return nil
	}
	for i, part := range strings.Split(s, ",") {
		name, text, ok := cutLast(part, "=")
		if !ok {
			return usage("For example: --rate-by 'domain(email)=5/s', or with exceptions 'domain(email)=5/s,example.com=20/s'", "--rate-by %q names no column and rate", part)
		}
		rate, err := parseRate("rate-by", text)
		switch {
		case err != nil:
			return err
		case i == 0:
			p.By, cfg.PaceKey = rate, spec.ParsePaceKey(name)
		case rate == nil || p.By == nil:
			return usage("", "--rate-by %s: an exception needs a rate, and another to be one from", part)
		default:
			if p.ByValue == nil {
				p.ByValue = make(map[string]pace.Rate)
			}
			p.ByValue[name] = *rate
		}
	}
	return nil
}

// checkPace refuses limits that lack what they refer to.
func checkPace(cfg *spec.Config) error {
	p := &cfg.Pace
	if p.Rate == nil && (p.Burst > 0 || p.WarmUp > 0) {
		return usage("", "--burst and --warmup need --rate")
	}
	if cfg.PaceKey.Column == "" && p.MaxPerKey > 0 {
		if len(cfg.Key.Columns) == 0 {
			return usage("Name the column with --rate-by COLUMN=N/s, or with --key.", "--max-per-key does not know of what")
		}
		cfg.PaceKey = spec.PaceKey{Column: cfg.Key.Columns[0]}
	}
	return nil
}

func parseRate(flag, s string) (*pace.Rate, error) {
	if s == "0" {
		return nil, nil
	}
	r, err := pace.ParseRate(s)
	if err != nil {
		return nil, usage("", "--%s: %w", flag, err)
	}
	return &r, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// tuneRecycle reads when workers are replaced; 0 is never.
func tuneRecycle(c *cli.Context, cfg *spec.Config) error {
	var err error
	r := &cfg.Recycle
	if c.IsSet("max-tasks-per-worker") {
		r.Tasks = c.Uint64("max-tasks-per-worker")
	}
	if c.IsSet("max-worker-age") {
		if r.Age, err = parseTime("max-worker-age", c.String("max-worker-age")); err != nil {
			return err
		}
	}
	if c.IsSet("max-mem-per-worker") {
		if r.Mem, err = parseMemory("max-mem-per-worker", c.String("max-mem-per-worker")); err != nil {
			return err
		}
	}
	return nil
}
