package bundle

import "time"

// config is the configuration of the run, as far as it is numbers, switches and words of closed sets; of the rest whether there is any, or
// how many.
func (b *book) config() any {
	type switches struct {
		NoHeader, Grows, Lines, Named, Text                    bool
		Unordered, NoGuard, Adaptive                           bool
		HasWhere, HasCommand, HasQueue, HasQuery, HasForm      bool
		HasResolveWith, HasMetrics, HasJoblog, HasResults      bool
		HasOncePer, HasUser, Sandbox, HasColSep, HasDelimiter  bool
		NeedsRaw, NeedsText, HasHalt, HasBreaker, DrainAuto    bool
		HasRate, HasRateBy, HasWindow, RateByDomain, TimeShare bool
	}
	c := b.cfg
	out := struct {
		Effect       string           `json:"effect"`
		OnUnknown    string           `json:"on_unknown"`
		OutputFormat string           `json:"output_format"`
		Output       string           `json:"output"`
		WorkDir      string           `json:"work_dir"`
		Dataset      []string         `json:"dataset"`
		Format       string           `json:"format"`
		Numbers      map[string]int64 `json:"numbers"`
		MS           map[string]int64 `json:"ms"`
		Switches     switches         `json:"switches"`
		JobConfig    int              `json:"job_config_bytes"` // its members are the user's words as well
	}{
		Effect: c.Effect.String(), OnUnknown: b.h.word(string(c.OnUnknown), "hold", "retry", "skip"), OutputFormat: c.OutputFormat.String(),
		Output: b.h.path(c.Output), WorkDir: b.h.path(c.WorkDir), Format: c.Dataset.Format.String(),
		Numbers: map[string]int64{
			"slots": int64(c.Slots), "per_worker": int64(c.PerWorker), "retries": int64(c.Retries), "max_crashes": int64(c.MaxCrashes), "limit": int64(c.RecordLimit),
			"max_record": int64(c.Dataset.MaxRecord), "max_depth": int64(c.Dataset.MaxDepth), "sources": int64(len(c.Dataset.Sources)), "command_words": int64(len(c.Words)),
			"key_columns": int64(len(c.Key.Columns)), "job_columns": int64(len(c.Plan.Columns)), "in_hand": int64(c.Plan.InHand), "window": int64(c.Plan.Window),
			"limit_mem": c.Limits.Mem, "limit_procs": int64(c.Limits.Procs), "limit_files": int64(min(c.Limits.Files, 1<<62)), "nice": int64(c.Limits.Nice),
			"secrets": int64(len(c.Limits.Secrets)), "env": int64(len(c.Limits.Env)), "allow_write": int64(len(c.Limits.Write)), "allow_connect": int64(len(c.Limits.Connect)),
			"recycle_tasks": int64(min(c.Recycle.Tasks, 1<<62)), "recycle_mem": c.Recycle.Mem, "burst": int64(c.Pace.Burst), "max_per_key": int64(c.Pace.MaxPerKey), "quota": int64(c.Pace.Quota),
			"lowered": int64(len(c.Lowered)), "rates_by_value": int64(len(c.Pace.ByValue)),
		},
		MS: map[string]int64{
			"backoff_min": ms(c.BackoffMin), "backoff_max": ms(c.BackoffMax), "timeout": ms(c.Timeout), "kill_after": ms(c.KillAfter), "drain": ms(c.DrainTimeout.Limit),
			"key_lifetime": ms(c.KeyLifetime), "keep": ms(c.Keep), "limit_cpu": ms(c.Limits.CPU), "recycle_age": ms(c.Recycle.Age), "warm_up": ms(c.Pace.WarmUp),
		},
		Switches: switches{
			NoHeader: c.Dataset.NoHeader, Grows: c.Dataset.Grows, Lines: c.Dataset.Lines, Named: c.Dataset.Named, Text: c.Dataset.Text,
			Unordered: c.Unordered, NoGuard: c.NoGuard, Adaptive: c.Adaptive, HasWhere: c.Where != "", HasCommand: len(c.Words) > 0, HasQueue: c.Queue != nil, HasQuery: c.Query != nil,
			HasForm: c.Form != nil, HasResolveWith: c.ResolveWith != "", HasMetrics: c.Metrics != "", HasJoblog: c.Joblog != "", HasResults: c.Results != "", HasOncePer: c.OncePer != "",
			HasUser: c.Limits.User != "", Sandbox: c.Limits.Sandbox, HasColSep: c.Dataset.ColSep != "", HasDelimiter: c.Dataset.Delimiter != 0, NeedsRaw: c.Plan.NeedsRaw, NeedsText: c.Plan.NeedsText,
			HasHalt: c.Halt.On != "", HasBreaker: c.Breaker.Of > 0, DrainAuto: c.DrainTimeout.Auto, HasRate: c.Pace.Rate != nil, HasRateBy: c.Pace.By != nil, HasWindow: c.Pace.Window != nil,
			RateByDomain: c.PaceKey.Domain, TimeShare: c.TimeoutPercent > 0,
		},
		JobConfig: len(c.Plan.Config),
	}
	for _, p := range c.Dataset.Paths {
		out.Dataset = append(out.Dataset, b.h.path(p))
	}
	if c.Queue != nil {
		out.MS["lease"], out.MS["poll"], out.MS["forget"] = ms(c.Queue.Lease), ms(c.Queue.Poll), ms(c.Queue.Forget)
	}
	return out
}

func ms(d time.Duration) int64 { return d.Milliseconds() }
