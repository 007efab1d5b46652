package runner

import (
	"brood/runner/spec"
	"context"
	"time"
)

// follow has further sessions follow one at whose end nothing was left to do but records that are to be tried again: machines came back that had
// them in hand, when it was thought that nobody knew what became of them. The report is of all.
//
// A record that was unknown has a row in the results and a place in the books of its session, and becomes what it was when these are closed: that
// is why it is tried again in another session, and not in that one. A run that works off a queue is stopped then, and a resume does it.
func follow(ctx context.Context, set *Setting, cfg *spec.Config, rep Report, err error) (Report, error) {
	for err == nil && rep.again && rep.Signal == 0 && cfg.Queue == nil && ctx.Err() == nil {
		set.Term.Logf("going on with records that are to be tried again, as machines say that came back")
		next := *set
		next.fleet, next.arrived = nil, nil
		same := *cfg
		if cfg.MaxTime > 0 {
			same.MaxTime = max(cfg.MaxTime-rep.Elapsed, time.Second)
		}
		was := rep
		if err := set.Dir.Rest(); err != nil {
			return rep, err
		}
		cfg, rep, err = resume(ctx, &next, &Resumption{Tune: func(c *spec.Config) error { *c = same; return nil }})
		rep.Before = was.Before
		rep.Elapsed += was.Elapsed
		rep.Worked += was.Worked
		rep.Usage.Workers += was.Usage.Workers
		rep.Usage.CPU += was.Usage.CPU
		rep.Usage.MaxRSS = max(rep.Usage.MaxRSS, was.Usage.MaxRSS)
		rep.Reasons = append(was.Reasons, rep.Reasons...)
		rep.OtherReasons += was.OtherReasons
	}
	return rep, err
}
