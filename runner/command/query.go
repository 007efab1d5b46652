package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/intake"
	"brood/runner/query"
	"brood/runner/queue"
	"brood/runner/queue/dsn"
	"brood/runner/spec"
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"
)

// The flag for a dataset that is what a database answers, and its name where a job has a flag of that name: http has one.
const (
	queryFlag      = "query"
	otherQueryFlag = "sql-query"
)

// queryName is the name of that flag in a command.
func queryName(c *cli.Context) string {
	if hasFlagOf(c, otherQueryFlag) {
		return otherQueryFlag
	}
	return queryFlag
}

// hasFlagOf reports whether a command has a flag.
func hasFlagOf(c *cli.Context, name string) bool {
	return slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return f.Names()[0] == name })
}

func queryFlags(d *jobs.Definition) []cli.Flag {
	name := queryFlag
	if hasFlag(d, name) {
		name = otherQueryFlag
	}
	return []cli.Flag{
		&cli.StringFlag{Name: name, Usage: "the dataset is what `SELECT` gives in the database of the URL: postgres://USER@HOST/DB, mysql://USER@HOST/DB or sqlite:FILE", Category: groupData},
	}
}

// chooseQuery takes a query as the dataset: all of what it gives is copied before it is forgotten, so the run is as any other.
func (e *env) chooseQuery(c *cli.Context, cfg *spec.Config) error {
	if c.NArg() != 1 {
		return usage("As in: --query 'SELECT id, email FROM people' postgres://me@db/shop", "--%s goes with the URL of one database, and %d datasets were named", queryName(c), c.NArg())
	}
	u, err := queue.ParseURL(c.Args().First())
	if err != nil {
		return usage("Such as postgres://user@host/db, or sqlite:FILE.", "%w", err)
	}
	if !dsn.IsDatabase(u) {
		return usage("It is postgres, mysql or sqlite.", "--%s: %s is no database", queryName(c), u)
	}
	for _, name := range slices.Concat(notForQueues, []string{"fields", "queue-columns", "queue-words", "lease", "poll", "forget", "drain-queue", within(c)}) {
		if c.IsSet(name) {
			return usage("", "--%s does not go together with --%s", name, queryName(c))
		}
	}
	if u.Scheme == queue.SQLite {
		if u.Path, err = filepath.Abs(u.Path); err != nil {
			return usage("", "find the database: %w", err)
		}
	}
	q := &spec.Query{SQL: c.String(queryName(c)), Password: u.Password}
	u.Password = ""
	q.URL = u.String()
	if file := c.String("queue-password-file"); file != "" {
		if q.PasswordFile, err = filepath.Abs(file); err != nil {
			return usage("", "find the password: %w", err)
		}
	}
	cfg.Query = q
	d := &cfg.Dataset
	d.Paths, d.Format, d.Coats, d.Called = []string{dataset.Stdin}, dataset.FormatJSONL, []dataset.Coat{{Pack: dataset.PackNone}}, q.URL
	if d.MaxRecord, err = parseMaxRecord(c.String("max-record")); err != nil {
		return err
	}
	d.MaxDepth = c.Int("max-depth")
	return nil
}

// ask asks the database of a run. Where its answer is known as a whole it is not asked again.
func ask(ctx context.Context, cfg *spec.Config) (intake.Producer, error) {
	if len(cfg.Dataset.Columns) > 0 {
		return &later{cfg: cfg}, nil
	}
	p, err := open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	cfg.Dataset.Columns = p.Columns()
	return p, nil
}

func open(ctx context.Context, cfg *spec.Config) (*query.Producer, error) {
	u, err := queue.ParseURL(cfg.Query.URL)
	if err != nil {
		return nil, usage("", "%w", err)
	}
	if u.Password, err = password(&spec.Queue{Password: cfg.Query.Password, PasswordFile: cfg.Query.PasswordFile}); err != nil {
		return nil, err
	}
	p, err := query.Open(ctx, u, cfg.Query.SQL)
	var down *queue.DownError
	switch {
	case errors.As(err, &down):
		return nil, queueError(err)
	case err != nil:
		return nil, usage("", "%w", err)
	}
	return p, nil
}

// later is a query that is sent when its answer is needed: a run that goes on may have all of it.
type later struct{ cfg *spec.Config }

func (l *later) Fill(ctx context.Context, spool *dataset.Spool) error {
	p, err := open(ctx, l.cfg)
	if err != nil {
		return err
	}
	return p.Fill(ctx, spool)
}

func (*later) Durable(int64) {}

// queryOf is the query of a run, to compare it.
func queryOf(cfg *spec.Config) []string {
	if cfg.Query == nil {
		return nil
	}
	return []string{cfg.Query.URL, cfg.Query.SQL}
}
