package command

import (
	"brood/jobs"
	"brood/runner/daemon"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/spec"
	"brood/runner/term"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
)

const (
	groupData   = "Dataset"
	groupOut    = "Results"
	groupEngine = "The run"
	groupPace   = "Pace"
	groupJob    = "Job"
)

func stateFlag() cli.Flag {
	return &cli.StringFlag{Name: "state", Usage: "keep runs in `DIR` (default: $BROOD_STATE, $XDG_STATE_HOME/brood, ~/.local/state/brood)", Category: groupEngine}
}

// The flag that makes a command wait for a lock.
const (
	waitFlag    = "wait"
	waitForever = "forever"
)

// logFileFlag names where log lines go.
const logFileFlag = "log-file"

func waitingFlag() cli.Flag {
	return &cli.StringFlag{Name: waitFlag, Usage: "wait for the lock, at most `TIME` if one is given as in --wait=30s, instead of ending with status 75", Category: groupEngine}
}

func takeOverFlag() cli.Flag {
	return &cli.BoolFlag{Name: "take-over", Usage: "continue a run that another machine had begun: only if that has gone for good", Category: groupEngine}
}

// parseWait reads how long to wait for a lock.
func parseWait(c *cli.Context) (home.Wait, error) {
	switch s := c.String(waitFlag); s {
	case "":
		return 0, nil
	case waitForever:
		return home.WaitForever, nil
	default:
		d, err := parseTime(waitFlag, s)
		return home.Wait(d), err
	}
}

// openDir takes the lock of a run, and waits for it as --wait says.
func openDir(c *cli.Context, state, name string) (*home.Dir, error) {
	wait, err := parseWait(c)
	if err != nil {
		return nil, err
	}
	return home.Open(c.Context, state, name, wait)
}

// engineFlags are the flags that a run and a resume share.
func engineFlags() []cli.Flag {
	return slices.Concat(limitFlags(), holdFlags(), []cli.Flag{
		stateFlag(),
		waitingFlag(),
		takeOverFlag(),
		&cli.BoolFlag{Name: "force", Usage: "write the results also over those of another run", Category: groupOut},
		&cli.StringFlag{Name: "jobs", Aliases: []string{"j", "P", "max-procs"}, Usage: "work on `N` records at a time: a number, N% of the processors, +N or -N of them (default: one for each processor, times --per-worker; 10 for http)", Category: groupEngine},
		&cli.IntFlag{Name: perWorkerFlag, Usage: "a worker has up to `N` records in hand at a time, if its job can (echo, email, http, pipe)", Category: groupEngine, DefaultText: "1; 100 for http; for pipe, where repeating costs nothing, as many as its program is quick for, up to 64"},
		&cli.IntFlag{Name: "retries", Usage: "try a record `N` more times after the first", Category: groupEngine, DefaultText: "0 for exec, 3 for others"},
		&cli.StringFlag{Name: "backoff", Usage: "wait `MIN..MAX` before another try, doubling each time", Value: "1s..5m", Category: groupEngine},
		&cli.StringFlag{Name: "timeout", Usage: "stop a record that takes longer than `TIME`: 30s, 2m, seconds, or 200% of what the median of them takes", Category: groupEngine},
		&cli.StringFlag{Name: "kill-after", Usage: "a record that is to stop is first asked to, by SIGTERM to all that its worker has started; kill them `TIME` later (0: at once)", Value: "1s", Category: groupEngine},
		&cli.IntFlag{Name: "max-crashes", Usage: "give a record up after it has killed `N` workers, or was stopped at a limit as often", Value: 2, Category: groupEngine},
		&cli.StringFlag{Name: "halt", Usage: "stop `WHEN`: never, or soon (finish what is in hand) or now (kill it), and how many fail, success or done: soon,fail=1 or now,fail=10%", Value: "never", Category: groupEngine},
		&cli.BoolFlag{Name: "no-guard", Usage: "go on also if nothing works: by default a run stops when the first 20 records all end alike and not ok, or none can be worked on", Category: groupEngine},
		&cli.StringFlag{Name: "drain-timeout", Usage: "when the run is stopped, kill what is in hand after `TIME`; none is never", Category: groupEngine, DefaultText: "30s, or --timeout where that is longer"},
		&cli.Uint64Flag{Name: "max-tasks-per-worker", Usage: "replace a worker after about `N` records", Category: groupEngine},
		&cli.StringFlag{Name: "max-mem-per-worker", Usage: "replace a worker before it has `SIZE` of memory, with what it has started", Category: groupEngine},
		&cli.StringFlag{Name: "max-worker-age", Usage: "replace a worker after about `TIME`", Category: groupEngine},
		&cli.StringFlag{Name: "on-unknown", Usage: "if nobody can tell whether a record was done, `WHAT`: hold it, retry it (--max-crashes times) or skip it", Category: groupEngine, DefaultText: "hold for once, retry for none, and for keyed while its key lives"},
		&cli.StringFlag{Name: "resolve-with", Usage: "when resuming, ask `COMMAND` about each unknown record; see brood resolve --help", Category: groupEngine},
		&cli.StringFlag{Name: "key-lifetime", Usage: "the far side forgets a key after `TIME`; 0 is never", Category: groupEngine, DefaultText: "what the job knows; 24h for exec and pipe"},
		&cli.StringFlag{Name: "rate", Usage: "start at most `N/s`, N/m or N/h records, over all workers", Category: groupPace},
		&cli.IntFlag{Name: "burst", Usage: "of --rate, up to `N` at once", Category: groupPace, DefaultText: "a tenth of a second's"},
		&cli.StringFlag{Name: "rate-by", Usage: "at most so many for each value of a column, `COLUMN=N/s`, or domain(COLUMN)=N/s for what is behind an @; with other rates for some, as in 'domain(email)=5/s,gmail.com=20/s'; 0 is none", Category: groupPace},
		&cli.IntFlag{Name: "max-per-key", Usage: "at most `N` at a time for each value of the column of --rate-by, or else of --key", Category: groupPace},
		&cli.StringFlag{Name: "quota", Usage: "start at most `N/day`, then pause until midnight", Category: groupPace},
		&cli.StringFlag{Name: "warmup", Usage: "begin with a tenth of --rate and reach all of it after `TIME`", Category: groupPace},
		&cli.StringFlag{Name: "window", Usage: "start records only in these `HOURS`: 08:00-18:00, or 22:00-06:00@Europe/Vienna", Category: groupPace},
		&cli.StringFlag{Name: "metrics", Usage: "show metrics to Prometheus at `ADDRESS`, such as 127.0.0.1:9464, while it runs", Category: groupEngine},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print nothing if all goes well, and everything that was to be said if it does not: for cron", Category: groupEngine},
		&cli.StringFlag{Name: "progress", Usage: "show progress `WHEN`: auto, always or never", Value: "auto", Category: groupEngine},
		&cli.StringFlag{Name: "log-format", Usage: "write log lines as `FORMAT`: text or json", Value: "text", Category: groupEngine},
		&cli.StringFlag{Name: logFileFlag, Usage: "add log lines to `FILE`, which may be renamed by logrotate at any time, and not to standard error", Category: groupEngine},
	})
}

// runFlags are the flags that only a new run has.
func runFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write results to `FILE`: .csv, .tsv or .jsonl with all columns; .xlsx or .geojson, made when the run is done; anything else as plain text (default: plain text to standard output)", Category: groupOut},
		&cli.StringFlag{Name: "output-format", Usage: "write results as `FORMAT`: text, csv, tsv, jsonl, xlsx or geojson", Value: "auto", Category: groupOut},
		&cli.BoolFlag{Name: plainFlag, Usage: "leave out the columns of the run itself, _seq, _status, …: the file is then made when the run is done", Category: groupOut},
		&cli.BoolFlag{Name: likeFlag, Usage: "write .csv in the encoding of the dataset, with its line ends and what separates its fields; unless it is plain anyway, the file is then made when the run is done", Category: groupOut},
		&cli.StringFlag{Name: "joblog", Usage: "write a line for each record to `FILE`, in GNU parallel's columns; +FILE is added to", Category: groupOut},
		&cli.StringFlag{Name: "results", Usage: "keep what each command prints in `DIR`/SEQ/stdout and stderr, beside exit and record", Category: groupOut},
		&cli.BoolFlag{Name: "unordered", Usage: "write results as they come, not in the order of the input", Category: groupOut},
		&cli.StringFlag{Name: "run", Usage: "call the run `NAME`", Category: groupEngine},
		namedFlag(),
		&cli.BoolFlag{Name: "resume", Usage: "continue the run of that name if there is one", Category: groupEngine},
		&cli.StringFlag{Name: "keep", Usage: "remove the run `TIME` after it is done, such as 30d, when another one begins or by brood prune", Category: groupEngine},
		&cli.StringFlag{Name: "effect", Usage: "what repeating a record costs, `EFFECT`: none, keyed or once", Category: groupEngine},
		yesFlag(),
		&cli.Uint64Flag{Name: "limit", Usage: "stop after the first `N` records", Category: groupData},
		&cli.StringFlag{Name: shardFlag, Usage: "work only on part `I/N` of the dataset, such as 2/8, beside other machines that work on the others; auto or auto/N: by the variables of Slurm, Kubernetes or AWS Batch; see brood merge", Category: groupData},
		&cli.StringFlag{Name: "where", Usage: "work only on records for which `CONDITION` holds, as in 'status=enabled and age>=18'; the others end as skipped", Category: groupData},
		&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done with the first records, or for email count what would be with all, and do nothing", Category: groupEngine},
		&cli.StringFlag{Name: "format", Usage: "the dataset is `FORMAT`: csv, tsv, jsonl, lines or nul", Value: "auto", Category: groupData, DefaultText: "by the file's name, and what it is; lines for standard input"},
		&cli.StringFlag{Name: "delimiter", Aliases: []string{"d"}, Usage: "fields are separated by `CHARACTER`", Category: groupData, DefaultText: "a comma, or a tab for tsv"},
		&cli.StringFlag{Name: "encoding", Usage: "the dataset is written in `NAME`: windows-1252, iso-8859-2, utf-16le, …", Category: groupData, DefaultText: "UTF-8, or UTF-16 if its mark says so"},
		&cli.BoolFlag{Name: "no-header", Usage: "the first row is a record; columns are called 1, 2, …", Category: groupData},
		&cli.StringFlag{Name: "sheet", Usage: "of an Excel workbook (.xlsx), read the sheet `NAME`", Category: groupData, DefaultText: "the only one that has rows"},
		&cli.BoolFlag{Name: "null", Aliases: []string{"0"}, Usage: "records end with a zero byte, as from find -print0", Category: groupData},
		&cli.StringFlag{Name: "max-record", Usage: "a record longer than `SIZE` is bad input", Value: "16MiB", Category: groupData},
		&cli.IntFlag{Name: "max-depth", Usage: "JSON nested deeper than `N` levels is bad input", Value: dataset.DefaultMaxDepth, Category: groupData},
		&cli.StringFlag{Name: "key", Usage: "`COLUMN`[,COLUMN] that identifies a record: a second one with the same is skipped; a|b is a, or b where a is empty", Category: groupData},
		&cli.StringFlag{Name: "key-normalize", Usage: "compare keys after `RULES`: email, trim, lower, nfc; for one column as in address=email,name=trim+lower", Category: groupData},
		&cli.StringFlag{Name: "once-per", Usage: "skip what any run has done in `SCOPE` by the same key, such as a campaign", Category: groupData},
		&cli.StringFlag{Name: "key-scope", Usage: "keys are unique within `SCOPE`", Category: groupData, DefaultText: "that of --once-per, or the run's name"},
	}
}

// jobFlags translates a job's own flags.
func jobFlags(d *jobs.Definition) []cli.Flag {
	var out []cli.Flag
	for _, f := range d.Flags {
		switch v := f.Default.(type) {
		case string:
			out = append(out, &cli.StringFlag{Name: f.Name, Aliases: f.Aliases, Usage: f.Usage, Value: v, Category: groupJob})
		case bool:
			out = append(out, &cli.BoolFlag{Name: f.Name, Aliases: f.Aliases, Usage: f.Usage, Value: v, Category: groupJob})
		case int:
			out = append(out, &cli.IntFlag{Name: f.Name, Aliases: f.Aliases, Usage: f.Usage, Value: v, Category: groupJob})
		case float64:
			out = append(out, &cli.Float64Flag{Name: f.Name, Aliases: f.Aliases, Usage: f.Usage, Value: v, Category: groupJob})
		case time.Duration:
			out = append(out, &cli.DurationFlag{Name: f.Name, Aliases: f.Aliases, Usage: f.Usage, Value: v, Category: groupJob})
		case []string:
			out = append(out, &cli.StringSliceFlag{Name: f.Name, Aliases: f.Aliases, Usage: f.Usage, Category: groupJob})
		default:
			panic(fmt.Sprintf("job %s, flag %s: no flag of type %T", d.Name, f.Name, v))
		}
	}
	return out
}

// yielding takes the short names from flags of the engine that a job has for its own: in brood run http -d
// and -X are those of curl. Their long names stay.
func yielding(d *jobs.Definition, flags []cli.Flag) []cli.Flag {
	var own []string
	for _, f := range d.Flags {
		own = append(own, f.Aliases...)
	}
	taken := func(alias string) bool { return slices.Contains(own, alias) }
	for _, f := range flags {
		switch f := f.(type) {
		case *cli.StringFlag:
			f.Aliases = slices.DeleteFunc(f.Aliases, taken)
		case *cli.BoolFlag:
			f.Aliases = slices.DeleteFunc(f.Aliases, taken)
		case *cli.IntFlag:
			f.Aliases = slices.DeleteFunc(f.Aliases, taken)
		case *cli.StringSliceFlag:
			f.Aliases = slices.DeleteFunc(f.Aliases, taken)
		}
	}
	return flags
}

// parseSlots reads -j as GNU parallel does: N, N% of the processors, or the
// processors +N or -N; at least one.
func parseSlots(s string) (int, error) {
	cpus := runtime.NumCPU()
	bad := usage("Give a number such as 4, a share such as 50%, or +1 or -1 for one more or fewer than there are processors; as many as possible is none.", "--jobs %q is not a number of workers", s)
	if s == "" {
		return cpus, nil
	}
	if share, ok := strings.CutSuffix(s, "%"); ok {
		f, err := strconv.ParseFloat(share, 64)
		if err != nil || !(f > 0) || f > 100000 {
			return 0, bad
		}
		return checkSlots(max(1, int(math.Round(f/100*float64(cpus)))))
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return 0, bad
	case s[0] == '+' || s[0] == '-':
		n = max(1, min(n, spec.MaxSlots)+cpus)
	case n == 0:
		return 0, usage("At least one. (0 is for a run that other machines work on, with --listen or --nats.)", "--jobs %q is not a number of workers", s)
	case n < 1:
		return 0, bad
	}
	return checkSlots(n)
}

func checkSlots(n int) (int, error) {
	if n > spec.MaxSlots {
		return 0, usage("", "--jobs %d is too much: at most %d", n, spec.MaxSlots)
	}
	return n, nil
}

// parseTime reads a duration; a bare number is seconds.
func parseTime(flag, s string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f < 1e9 {
		return time.Duration(f * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, usage("Give a time such as 30s, 1.5m or 2h; a bare number is seconds.", "--%s %q is not a time", flag, s)
	}
	return d, nil
}

// parseDrain reads --drain-timeout: a time, auto, or none as 0 is.
func parseDrain(s string) (spec.Drain, error) {
	switch s {
	case spec.DrainAuto:
		return spec.Drain{Auto: true}, nil
	case spec.DrainForever:
		return spec.Drain{}, nil
	}
	d, err := parseTime("drain-timeout", s)
	return spec.Drain{Limit: d}, err
}

func parseBackoff(s string) (from, to time.Duration, err error) {
	a, b, ok := strings.Cut(s, "..")
	if !ok {
		b = a
	}
	if strings.HasPrefix(b, ".") {
		return 0, 0, usage("Give two times with two dots between them, as in 1s..5m.", "--backoff %s: there are more than two dots", s)
	}
	if from, err = parseTime("backoff", a); err != nil {
		return 0, 0, err
	}
	if to, err = parseTime("backoff", b); err != nil {
		return 0, 0, err
	}
	if to < from {
		return 0, 0, usage("Give the shorter time first, as in 1s..5m.", "--backoff %s ends before it begins", s)
	}
	return from, to, nil
}

func parseMaxRecord(s string) (int, error) {
	n, err := humanize.ParseBytes(s)
	if err != nil || n < 1 || n > math.MaxInt32 {
		return 0, usage("Give a size such as 64KiB, 16MiB or a number of bytes.", "--max-record %q is not a size", s)
	}
	return int(n), nil
}

func parseDelimiter(s string) (byte, error) {
	switch s {
	case "":
		return 0, nil
	case `\t`, "tab":
		return '\t', nil
	}
	if s == "\n" || s == `\n` || s == `\0` {
		return 0, usage("Records are lines anyway, and end with a zero byte with --null (-0).", "--delimiter %q: it separates the fields of a record, not the records", s)
	}
	if len(s) != 1 || strings.ContainsAny(s, "\"\r\n") {
		return 0, usage(`Give one character, such as ';' or '|' or '\t'.`, "--delimiter %q cannot separate fields", s)
	}
	return s[0], nil
}

// isDumb says whether a terminal of that type cannot move its cursor.
func isDumb(name string) bool { return name == "" || name == "dumb" }

func (e *env) term(c *cli.Context) (*term.Term, error) {
	p, err := term.ParseProgress(c.String("progress"))
	if err != nil {
		return nil, usage("A terminal shows it by itself; elsewhere say --progress=always.", "--progress: %w", err)
	}
	f, err := term.ParseLogFormat(c.String("log-format"))
	if err != nil {
		return nil, usage("", "--log-format: %w", err)
	}
	how := term.Options{Out: e.stderr.File(), Progress: p, Log: f, Quiet: c.Bool("quiet"), Dumb: isDumb(os.Getenv("TERM"))}
	if how.Quiet && !c.IsSet("progress") {
		how.Progress = term.ProgressNever
	}
	if e.terminal == nil {
		how.Journal = daemon.IsJournal(os.Getenv(daemon.JournalVariable), e.stderr.File())
		if path := c.String(logFileFlag); path != "" {
			path, err := filepath.Abs(path) // it is opened again and again
			if err != nil {
				return nil, err
			}
			l, err := term.OpenLog(path)
			if err != nil {
				return nil, usage("Give a file that can be written, in a directory that is there.", "--%s: %w", logFileFlag, err)
			}
			how.Out = l
		}
		return term.New(how), nil
	}
	e.terminal.Set(how)
	return e.terminal, nil
}
