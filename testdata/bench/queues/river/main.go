// Command river works off jobs that do nothing with River, in a PostgreSQL database of its own. It is measured beside brood, and
// is a module by itself so that brood does not need River.
//
//	river put URL JOBS
//	river work URL JOBS [WORKERS]
//
// The one makes River's tables if they are not there, and puts the jobs in; the other works them off, ends, and prints how many
// they were, and in how many seconds.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// nothing is a job.
type nothing struct {
	N int `json:"n"`
}

// Kind is its name.
func (nothing) Kind() string { return "nothing" }

// worker does it.
type worker struct {
	river.WorkerDefaults[nothing]
	left atomic.Int64
	last chan struct{}
}

// Work does nothing, and says when all have been there.
func (w *worker) Work(context.Context, *river.Job[nothing]) error {
	if w.left.Add(-1) == 0 {
		close(w.last)
	}
	return nil
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: river put URL JOBS, or river work URL JOBS [WORKERS]")
	}
	jobs, err := strconv.Atoi(args[2])
	if err != nil || jobs < 1 {
		return fmt.Errorf("%q is no number of jobs", args[2])
	}
	workers := 4
	if len(args) > 3 {
		if workers, err = strconv.Atoi(args[3]); err != nil || workers < 1 {
			return fmt.Errorf("%q is no number of workers", args[3])
		}
	}
	pool, err := pgxpool.New(ctx, args[1])
	if err != nil {
		return err
	}
	defer pool.Close()
	switch args[0] {
	case "put":
		return put(ctx, pool, jobs)
	case "work":
		return work(ctx, pool, jobs, workers)
	}
	return fmt.Errorf("%q: it is put or work", args[0])
}

func put(ctx context.Context, pool *pgxpool.Pool, jobs int) error {
	driver := riverpgxv5.New(pool)
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	client, err := river.NewClient(driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	for n := 0; n < jobs; {
		var some []river.InsertManyParams
		for ; n < jobs && len(some) < 1000; n++ {
			some = append(some, river.InsertManyParams{Args: nothing{N: n}})
		}
		if _, err := client.InsertManyFast(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func work(ctx context.Context, pool *pgxpool.Pool, jobs, workers int) error {
	w := &worker{last: make(chan struct{})}
	w.left.Store(int64(jobs))
	all := river.NewWorkers()
	river.AddWorker(all, w)
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger: slog.New(slog.DiscardHandler),
		// By default it asks for jobs ten times a second, which would be all that is measured.
		FetchCooldown: river.FetchCooldownMin,
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:       all,
	})
	if err != nil {
		return err
	}
	began := time.Now()
	if err := client.Start(ctx); err != nil {
		return err
	}
	<-w.last
	if err := client.Stop(ctx); err != nil { // what is done is then marked so
		return err
	}
	fmt.Printf("%d %.3f\n", jobs, time.Since(began).Seconds())
	return nil
}
