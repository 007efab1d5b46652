package command

import (
	"brood/runner"
	"brood/runner/gauge"
	"brood/runner/pace"
	"brood/runner/spec"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// holdFlags say when less is done at a time, or nothing new is begun.
func holdFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "adaptive", Usage: "find out how many records at a time the far side can do, up to -j: fewer when it refuses, is too slow or out of reach, more when all goes well", Category: groupPace},
		&cli.StringFlag{Name: "breaker", Usage: "when so many of the last tries fail, pause, then try one record, as `SHARE/TRIES for TIME`: '50%/20 for 1m'; or only failures of a class count: '50%/20 of policy for 15m'", Category: groupPace},
		&cli.StringFlag{Name: "load", Usage: "begin nothing new while `N` processes of the machine run, or N% for each processor", Category: groupPace},
		&cli.StringFlag{Name: "memfree", Usage: "begin nothing new, and let idle workers go, while less than `SIZE` of memory is available", Category: groupPace},
		&cli.StringFlag{Name: "pressure", Usage: "begin nothing new while processes wait for `RESOURCE=N` percent of the time, or more: cpu=80,memory=10,io=50", Category: groupPace},
	}
}

// tuneHold reads them; a resume may change each, and 0 takes it away.
func tuneHold(c *cli.Context, cfg *spec.Config) error {
	h := &cfg.Headroom
	var err error
	if c.IsSet("adaptive") {
		cfg.Adaptive = c.Bool("adaptive")
	}
	if c.IsSet("breaker") {
		cfg.Breaker = pace.BreakerSpec{}
		if s := c.String("breaker"); s != "0" {
			if cfg.Breaker, err = pace.ParseBreaker(s); err != nil {
				return usage("", "--breaker: %w", err)
			}
		}
	}
	if c.IsSet("load") {
		if h.Load, err = parseLoad(c.String("load")); err != nil {
			return err
		}
	}
	if c.IsSet("memfree") {
		if h.MemFree, err = parseMemory("memfree", c.String("memfree")); err != nil {
			return err
		}
	}
	if c.IsSet("pressure") {
		if h.Pressure, err = parsePressure(c.String("pressure")); err != nil {
			return err
		}
	}
	if err := runner.CheckHeadroom(h); err != nil {
		return usage("", "%w", err)
	}
	return nil
}

// parseLoad reads N, or N% of the processors.
func parseLoad(s string) (float64, error) {
	number, share := strings.CutSuffix(s, "%")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n >= 0) || math.IsInf(n, 0) {
		return 0, usage("Give a number of processes such as 4, or a share of the processors such as 100%; 0 is no limit.", "--load %q is not a load", s)
	}
	if share {
		n *= float64(runtime.NumCPU()) / 100
	}
	return n, nil
}

func parsePressure(s string) (map[gauge.Resource]float64, error) {
	if s == "0" {
		return nil, nil
	}
	out := make(map[gauge.Resource]float64)
	for word := range strings.SplitSeq(s, ",") {
		name, number, ok := strings.Cut(word, "=")
		n, err := strconv.ParseFloat(strings.TrimSuffix(number, "%"), 64)
		if !ok || err != nil || !(n > 0 && n <= 100) || !slices.Contains(gauge.Resources, gauge.Resource(name)) {
			return nil, usage("The resources are cpu, memory and io: --pressure cpu=80,memory=10,io=50", "--pressure: %q is not a resource and a share of the time in percent", word)
		}
		out[gauge.Resource(name)] = n
	}
	return out, nil
}
