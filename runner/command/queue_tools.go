package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/queue"
	"brood/runner/spec"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/urfave/cli/v2"
)

func (e *env) queueCommand() *cli.Command {
	return &cli.Command{
		Name: "queue", Usage: "look at a queue, or fill it", ArgsUsage: "VERB URL",
		Description: `URL names a queue: beanstalk://HOST/TUBE, gearman://HOST/FUNCTION,
redis://HOST/0?stream=NAME, mysql://USER@HOST/DB?table=NAME,
postgres://USER@HOST/DB?table=NAME or sqlite:FILE?table=NAME. It is worked off by
brood run JOB --run NAME URL.

Example:
   brood queue check 'sqlite:testdata/queues/jobs.db?table=jobs'`,
		HideHelpCommand: true, OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("The verbs are check, put and stats.", "no verb was named")
			}
			return usage("The verbs are check, put and stats.", "there is no brood queue %s", c.Args().First())
		},
		Subcommands: []*cli.Command{e.queueCheck(), e.queuePut(), e.queueStats()},
	}
}

// accessFlags are what it takes to open a queue.
func accessFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "queue-password-file", Usage: "the password for the queue is in `FILE`", DefaultText: "in " + passwordVariable},
		&cli.StringSliceFlag{Name: "queue-columns", Usage: "of a table, columns with other names: `ID=COLUMN`"},
		&cli.StringSliceFlag{Name: "queue-words", Usage: "of a table, what stands for a status: `STATUS=WORD`"},
	}
}

// openNamed opens the queue that the first argument names.
func (e *env) openNamed(c *cli.Context) (queue.Client, string, error) {
	if c.NArg() == 0 {
		return nil, "", usage("Such as beanstalk://127.0.0.1/mails.", "no queue was named")
	}
	hidePassword()
	u, err := queue.ParseURL(c.Args().First())
	if err != nil {
		return nil, "", usage("Such as beanstalk://127.0.0.1/mails.", "%w", err)
	}
	q := &spec.Queue{URL: u.String(), Password: u.Password, Lease: time.Minute, Poll: time.Second}
	if q.PasswordFile = c.String("queue-password-file"); q.PasswordFile != "" {
		if q.PasswordFile, err = filepath.Abs(q.PasswordFile); err != nil {
			return nil, "", fmt.Errorf("find the password: %w", err)
		}
	}
	if q.Columns, err = pairs(c, "queue-columns", queue.TableColumns); err != nil {
		return nil, "", err
	}
	if q.Words, err = pairs(c, "queue-words", queue.TableWords); err != nil {
		return nil, "", err
	}
	client, err := openQueue(c.Context, q, "brood", false)
	if err != nil {
		return nil, "", queueError(err)
	}
	return client, q.URL, nil
}

func (e *env) queueCheck() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "say what brood finds in a queue, and what it lacks", ArgsUsage: "URL",
		Description: `Prints the server and its version, and of a table its columns, how it is
claimed and what would make that faster, with the SQL to add it. Nothing is
changed. Exit status 1: something is missing without which it does not work.

Example:
   brood queue check 'sqlite:testdata/queues/jobs.db?table=jobs'`,
		Flags: accessFlags(), OnUsageError: usageError,
		Action: func(c *cli.Context) (err error) {
			client, url, err := e.openNamed(c)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, client.Close()) }()
			checker, ok := client.(queue.Checker)
			if !ok {
				return usage("", "%s: there is nothing to check", url)
			}
			found, err := checker.Check(c.Context)
			if err != nil {
				return queueError(err)
			}
			for _, f := range found {
				_, _ = fmt.Fprintf(e.stdout, "%-8s %s\n", levelWords[f.Level], f.Text)
				for line := range strings.Lines(f.Do) {
					_, _ = fmt.Fprintf(e.stdout, "%-8s   %s\n", "", strings.TrimRight(line, "\n"))
				}
				if f.Level == queue.Missing {
					e.code = exitFailed
				}
			}
			return e.stdout.Err()
		},
	}
}

var levelWords = map[queue.Level]string{queue.Fine: "ok", queue.Note: "note", queue.Slow: "slow", queue.Missing: "missing"}

func (e *env) queueStats() *cli.Command {
	return &cli.Command{
		Name: "stats", Usage: "say how many jobs a queue has", ArgsUsage: "URL",
		Description: `What the queue does not count is left out.

Example:
   brood queue stats 'sqlite:testdata/queues/jobs.db?table=jobs'`,
		Flags:        append(accessFlags(), &cli.BoolFlag{Name: "json", Usage: "print a JSON object"}),
		OnUsageError: usageError,
		Action: func(c *cli.Context) (err error) {
			client, url, err := e.openNamed(c)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, client.Close()) }()
			counter, ok := client.(queue.Counter)
			if !ok {
				return usage("", "%s: it does not count its jobs", url)
			}
			s, err := counter.Stats(c.Context)
			if err != nil {
				return queueError(err)
			}
			return e.printStats(s, c.Bool("json"))
		},
	}
}

func (e *env) printStats(s queue.Stats, asJSON bool) error {
	rows := []struct {
		name, json string
		n          int64
	}{
		{"ready", "ready", s.Ready},
		{"delayed", "delayed", s.Delayed},
		{"in hand", "in_hand", s.InHand},
		{"parked", "parked", s.Parked},
		{"done", "done", s.Done},
		{"failed", "failed", s.Failed},
		{"takers", "takers", s.Takers},
	}
	if asJSON {
		out := make(map[string]int64)
		for _, r := range rows {
			if r.n >= 0 {
				out[r.json] = r.n
			}
		}
		b, err := json.Marshal(out)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(e.stdout, "%s\n", b)
		return e.stdout.Err()
	}
	for _, r := range rows {
		if r.n >= 0 {
			_, _ = fmt.Fprintf(e.stdout, "%-8s %d\n", r.name, r.n)
		}
	}
	return e.stdout.Err()
}

func (e *env) queuePut() *cli.Command {
	return &cli.Command{
		Name: "put", Usage: "put the rows of a file into a queue", ArgsUsage: "URL [FILE]",
		Description: `Each row of FILE, or of standard input, is a job: a JSON object of its columns,
or of plain lines the line itself; in a table, a row with the same columns. It is for
tests, for moving from one queue to another, and for who has no client at hand.

Example:
   cp testdata/queues/jobs.db /tmp/jobs.db
   brood queue put 'sqlite:/tmp/jobs.db?table=jobs' testdata/queues/more.csv`,
		Flags: append(accessFlags(),
			&cli.Uint64Flag{Name: "priority", Usage: "jobs have the priority `N`", DefaultText: "that of the queue"},
			&cli.StringFlag{Name: "delay", Usage: "jobs are to be had after `TIME`"},
			&cli.StringFlag{Name: "ttr", Usage: "of beanstalkd: who takes a job has `TIME` for it, or more if it says that it goes on", Value: "60s"},
			&cli.StringFlag{Name: "format", Usage: "FILE is `FORMAT`: csv, tsv, jsonl, lines or nul", Value: "auto", DefaultText: "by its name"},
		),
		OnUsageError: usageError,
		Action: func(c *cli.Context) (err error) {
			client, url, err := e.openNamed(c)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, client.Close()) }()
			putter, ok := client.(queue.Putter)
			if !ok {
				return usage("", "%s: brood cannot put jobs there", url)
			}
			n, err := e.put(c, putter)
			_, _ = fmt.Fprintf(e.stderr, "brood: %d jobs are in %s\n", n, url)
			return err
		},
	}
}

// putAtOnce is how many jobs are put at a time.
const putAtOnce = 1000

// put puts the rows of a file.
func (e *env) put(c *cli.Context, to queue.Putter) (n int, err error) {
	blank, err := blankPut(c)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "brood-put-")
	if err != nil {
		return 0, &spec.WriteError{Err: err}
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	in, err := e.openRows(c, filepath.Join(dir, "rows"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var list []queue.Put
	flush := func() error {
		if len(list) == 0 {
			return nil
		}
		m, err := to.Put(c.Context, list)
		n += m
		list = list[:0]
		if err != nil {
			return queueError(err)
		}
		return nil
	}
	var rec dataset.Record
	for {
		err := in.Reader.Next(&rec)
		if errors.Is(err, io.EOF) {
			return n, flush()
		}
		if err == nil && rec.Err != nil {
			err = rec.Err
		}
		if err != nil {
			return n, errors.Join(flush(), intake.ReadError(err))
		}
		p := blank
		p.Body, p.Fields, p.Values = bodyOf(&jobs.Record{Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()})
		if list = append(list, p); len(list) == putAtOnce {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
}

// blankPut is what all jobs have that are put.
func blankPut(c *cli.Context) (p queue.Put, err error) {
	if c.IsSet("priority") {
		n := c.Uint64("priority")
		if n > math.MaxUint32 {
			return p, usage("", "--priority %d: it is 0 (first) to %d", n, uint32(math.MaxUint32))
		}
		of := uint32(n)
		p.Priority = &of
	}
	if s := c.String("delay"); s != "" {
		if p.Delay, err = parseTime("delay", s); err != nil {
			return p, err
		}
	}
	p.Lease, err = parseTime("ttr", c.String("ttr"))
	return p, err
}

// openRows opens what is to be put; standard input is copied to spool.
func (e *env) openRows(c *cli.Context, spool string) (*intake.Input, error) {
	path := dataset.Stdin
	if c.NArg() > 1 {
		path = c.Args().Get(1)
	}
	if c.NArg() > 2 {
		return nil, usage("", "one file at a time, and %d were named", c.NArg()-1)
	}
	of := dataset.Spec{Paths: []string{path}}
	var err error
	if of.Format, err = dataset.ParseFormat(c.String("format")); err != nil {
		return nil, usage("", "--format: %w", err)
	}
	if err := of.Resolve(); err != nil {
		return nil, usage("", "%w", err)
	}
	in, err := intake.Open(c.Context, of, intake.Stdin(e.stdin), spool, ledger.Spooled{})
	if err != nil {
		return nil, err
	}
	return in, nil
}

// bodyOf is a record as a job.
func bodyOf(rec *jobs.Record) (body []byte, fields, values []string) {
	if rec.Shape.Kind == jobs.Lines {
		text := string(rec.Raw)
		return []byte(text), []string{jobs.LineColumn}, []string{text}
	}
	exported := rec.Shape.Index(jobs.JobColumn) >= 0
	rec.Each(func(name string, value []byte) {
		if !exported || !isExports(name) {
			fields, values = append(fields, name), append(values, string(value))
		}
	})
	if !exported {
		return rec.AppendJSON(nil), fields, values
	}
	if len(fields) == 1 && fields[0] == jobs.LineColumn {
		return []byte(values[0]), fields, values
	}
	return withoutExports(rec.AppendJSON(nil)), fields, values
}

// isExports reports whether brood export has added a column to what a queue had.
func isExports(name string) bool {
	return name == jobs.JobColumn || slices.Contains(desk.OwnColumns, name)
}

// withoutExports takes those off an object.
func withoutExports(object []byte) []byte {
	out := []byte{'{'}
	gjson.ParseBytes(object).ForEach(func(k, v gjson.Result) bool {
		if isExports(k.Str) {
			return true
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, k.Raw...), ':'), v.Raw...)
		return true
	})
	return append(out, '}')
}
