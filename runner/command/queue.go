package command

import (
	"brood/jobs"
	"brood/runner/arrivals"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/queue"
	"brood/runner/spec"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// namesQueue reports whether the dataset on a command line is a queue.
func namesQueue(c *cli.Context) bool {
	return slices.ContainsFunc(c.Args().Slice(), func(arg string) bool {
		_, err := os.Lstat(arg)
		return queue.IsURL(arg) && err != nil
	})
}

// notForQueues are flags for files.
var notForQueues = []string{"format", "null", "delimiter", "no-header", "encoding", "sheet", "max-args", "max-fit", "group-by", "colsep", "append", "arg-file", "header"}

// chooseQueue takes the queue that is the dataset, if it is one.
func (e *env) chooseQueue(c *cli.Context, cfg *spec.Config) error {
	if c.NArg() > 1 {
		return usage("Begin a run for each of them.", "a queue is a dataset of its own, and %s was named beside another", queueArg(c))
	}
	u, err := queue.ParseURL(c.Args().First())
	if err != nil {
		return usage("Such as beanstalk://127.0.0.1/tube, or postgres://user@host/db?table=jobs.", "%w", err)
	}
	if !c.IsSet("run") {
		return usage("For example: --run mails", "a run that works off a queue goes on from one time to the next: give it a name with --run")
	}
	for _, name := range notForQueues {
		if c.IsSet(name) {
			return usage("", "--%s is for files: what a queue has is JSON, or text as the member %s", name, jobs.LineColumn)
		}
	}
	if u.Scheme == queue.SQLite && !filepath.IsAbs(u.Path) {
		if u.Path, err = filepath.Abs(u.Path); err != nil {
			return fmt.Errorf("find the database: %w", err)
		}
	}
	q := &spec.Queue{URL: (&queue.URL{Scheme: u.Scheme, Host: u.Host, User: u.User, Path: u.Path, Query: u.Query}).String(), Password: u.Password}
	if q.Columns, err = pairs(c, "queue-columns", queue.TableColumns); err != nil {
		return err
	}
	if q.Words, err = pairs(c, "queue-words", queue.TableWords); err != nil {
		return err
	}
	for flag, to := range map[string]*time.Duration{"lease": &q.Lease, "poll": &q.Poll} {
		if *to, err = parseTime(flag, c.String(flag)); err != nil {
			return err
		}
		if *to < 10*time.Millisecond {
			return usage("", "--%s %s is too short", flag, c.String(flag))
		}
	}
	if q.Lease < 2*time.Second {
		return usage("A lease is renewed while its job is worked on.", "--lease %s is too short: two seconds at least", c.String("lease"))
	}
	if q.Forget, err = parseAge("forget", c.String("forget")); err != nil {
		return err
	}
	cfg.Queue = q
	if err := tuneQueue(c, q); err != nil {
		return err
	}
	d := &cfg.Dataset
	d.Paths, d.Format, d.Coats, d.Enveloped, d.Called = []string{dataset.Stdin}, dataset.FormatJSONL, []dataset.Coat{{Pack: dataset.PackNone}}, true, q.URL
	if d.MaxRecord, err = parseMaxRecord(c.String("max-record")); err != nil {
		return err
	}
	d.MaxDepth = c.Int("max-depth")
	if c.IsSet("fields") {
		d.Columns = []string{arrivals.JobColumn}
		for _, name := range strings.Split(c.String("fields"), ",") {
			name = strings.TrimSpace(name)
			if name == "" || slices.Contains(d.Columns, name) {
				return usage("As in --fields email,name", "--fields %q: a name is empty, or stands there twice", c.String("fields"))
			}
			d.Columns = append(d.Columns, name)
		}
	}
	return nil
}

func queueArg(c *cli.Context) string {
	for _, arg := range c.Args().Slice() {
		if queue.IsURL(arg) {
			if u, err := queue.ParseURL(arg); err == nil {
				return u.String()
			}
		}
	}
	return "a queue"
}

// withoutQueue refuses what means nothing without a queue.
func (e *env) withoutQueue(c *cli.Context) error {
	job, _ := e.registry.Lookup(c.Command.Name) // as it is called
	for _, f := range slices.Concat(queueFlags(), sessionFlags(job)) {
		if name := f.Names()[0]; name != within(c) && c.IsSet(name) {
			return usage("A queue is named by its URL, such as beanstalk://127.0.0.1/tube.", "--%s is for a run that works off a queue", name)
		}
	}
	return nil
}

// isAtWork reports whether the run is at work already, and that is all right: for who works a queue off by cron.
func isAtWork(c *cli.Context, err error) bool {
	var locked *home.LockedError
	return c.Bool("drain-queue") && errors.As(err, &locked) && locked.What == "run"
}

// queueOf is the queue of a run, to compare it.
func queueOf(cfg *spec.Config) []string {
	if cfg.Queue == nil {
		return nil
	}
	return []string{cfg.Queue.URL}
}

// goOnWithQueue tells a run that goes on what this session of it is told. Now is how the queue was named again, or nil.
func goOnWithQueue(c *cli.Context, cfg *spec.Config, now *spec.Queue) error {
	if cfg.Queue == nil {
		for _, f := range sessionFlags(nil) {
			if name := f.Names()[0]; name != within(c) && c.IsSet(name) {
				return usage("", "--%s is for a run that works off a queue, and %s does not", name, cfg.Name)
			}
		}
		return nil
	}
	if now != nil {
		if now.PasswordFile == "" {
			now.PasswordFile = cfg.Queue.PasswordFile
		}
		now.Taker, now.Place = cfg.Queue.Taker, cfg.Queue.Place
		*cfg.Queue = *now
	}
	return tuneQueue(c, cfg.Queue)
}

// settleQueue brings what a run with a queue has otherwise than others, when all else is known.
func settleQueue(_ *cli.Context, cfg *spec.Config) error {
	q := cfg.Queue
	if q == nil {
		return nil
	}
	cfg.Unordered, cfg.Dataset.FixedColumns = true, false
	if cfg.RecordLimit > 0 {
		q.Limit, cfg.RecordLimit = cfg.RecordLimit, 0
	}
	if cfg.Form != nil {
		return usage("Give -o FILE.jsonl or .csv, which grows.", "a run that works off a queue has no end at which -o %s could be made", cfg.Form.Path)
	}
	if cfg.Effect != jobs.EffectNone && len(cfg.Key.Columns) == 0 {
		cfg.Key.Columns = []string{arrivals.JobColumn}
	}
	return nil
}

// openQueue connects to a queue.
func openQueue(ctx context.Context, q *spec.Queue, owner string, doubts bool) (queue.Client, error) {
	u, err := queue.ParseURL(q.URL)
	if err != nil {
		return nil, usage("", "%w", err)
	}
	if u.Password, err = password(q); err != nil {
		return nil, err
	}
	s := queue.Spec{URL: u, Owner: owner, Lease: q.Lease, Poll: q.Poll, Columns: q.Columns, Words: q.Words, Doubts: doubts}
	open := openers[u.Scheme]
	if open == nil {
		return nil, usage("", "this brood cannot read queues of the kind %s", u.Scheme)
	}
	return open(ctx, s)
}

// arrive opens the desk of a run that works off a queue.
func (e *env) arrive(ctx context.Context, dir *home.Dir, cfg *spec.Config) (*arrivals.Desk, error) {
	q := cfg.Queue
	host, _ := os.Hostname() // for people
	owner := "brood/" + host + "/" + cfg.Name
	if err := nameTaker(dir, q); err != nil {
		return nil, err
	}
	if q.Taker != "" {
		owner += "/" + q.Taker
	}
	client, err := e.dial(ctx, q, owner, cfg.Effect == jobs.EffectOnce)
	if err != nil {
		return nil, err
	}
	traits := client.Traits()
	if traits.Single {
		if err := dir.HoldClaim(traits.Claim); err != nil {
			return nil, errors.Join(err, client.Close())
		}
	}
	takeColumns(cfg, traits)
	var desk *arrivals.Desk
	desk = arrivals.New(arrivals.Config{
		Client: client, Called: q.URL, Drain: q.Drain, Within: cfg.MaxTime, Poll: q.Poll, Limit: q.Limit,
		Doubts: cfg.Effect == jobs.EffectOnce && traits.Doubts && !traits.Names,
		First:  len(cfg.Dataset.Columns) == 0, Say: e.terminal.Logf,
		Idle: func() {
			e.terminal.Logf("waiting for a first job in %s, whose members are the columns (--fields names them before)", q.URL)
			e.tellWaiting(desk)
		},
	})
	return desk, nil
}

// nameTaker gives a run that begins a name of its own in the tables that it works off, so that what one has of it is told from what
// it has of another run that had its name.
func nameTaker(dir *home.Dir, q *spec.Queue) error {
	u, err := queue.ParseURL(q.URL)
	if err != nil || !u.Scheme.IsTable() {
		return nil //nolint:nilerr // what is wrong with it is said when it is opened
	}
	if begun, err := dir.Begun(); err != nil || begun {
		return err
	}
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	q.Taker, q.Place = hex.EncodeToString(b[:]), dir.Place()
	return nil
}

// tellWaiting tells the service manager that all is ready but for a first job, and goes on telling that until there is one.
func (e *env) tellWaiting(desk *arrivals.Desk) {
	s := e.takeService()
	if s == nil {
		return
	}
	if err := s.Tell("READY=1\nSTATUS=waiting for a first job"); err != nil {
		e.terminal.Logf("%v", err)
		return
	}
	go func() {
		t := time.NewTicker(s.Beat(5 * time.Second))
		defer t.Stop()
		for {
			select {
			case <-desk.Begun():
				return
			case <-t.C:
				_ = s.Tell("WATCHDOG=1") // it is asked again soon
			}
		}
	}()
}

// takeColumns takes the columns of a queue, where they are known and were not named.
func takeColumns(cfg *spec.Config, traits queue.Traits) {
	if len(cfg.Dataset.Columns) == 0 && len(traits.Columns) > 0 {
		cfg.Dataset.Columns = append([]string{arrivals.JobColumn}, slices.DeleteFunc(slices.Clone(traits.Columns), func(s string) bool { return s == arrivals.JobColumn })...)
	}
}

// dial connects to a queue, and waits for it if it is not there and the run is to stay.
func (e *env) dial(ctx context.Context, q *spec.Queue, owner string, doubts bool) (queue.Client, error) {
	wait := time.Second
	for {
		client, err := openQueue(ctx, q, owner, doubts)
		var down *queue.DownError
		switch {
		case err == nil:
			return client, nil
		case q.Drain || !errors.As(err, &down):
			return nil, queueError(err)
		}
		e.terminal.Logf("%v; trying again in %s", err, wait)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// queueError gives an error of opening a queue its exit status.
func queueError(err error) error {
	var ce *cliError
	if errors.As(err, &ce) {
		return err
	}
	return &spec.DatasetError{Err: err}
}

// sitting returns the runner's way to a desk.
func (e *env) sitting(dir *home.Dir) func(context.Context, *spec.Config) (*arrivals.Desk, error) {
	return func(ctx context.Context, cfg *spec.Config) (*arrivals.Desk, error) { return e.arrive(ctx, dir, cfg) }
}
