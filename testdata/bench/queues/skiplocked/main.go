// Command skiplocked is how a queue in a PostgreSQL table is worked off by hand. It is measured beside brood.
//
//	skiplocked URL TABLE [WORKERS [BATCH [within]]]
//
// Rows that nobody else has are locked and marked as taken in a short transaction, something is done (here: nothing), and they
// are marked as done. With "within" they are only locked, and stay so while it is done: one commit instead of two, and a
// transaction that lasts as long as the work.
//
// It ends when nothing is left, and prints how many rows it has worked off, and in how many seconds.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "skiplocked:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: skiplocked URL TABLE [WORKERS [BATCH [within]]]")
	}
	within := len(args) == 5 && args[4] == "within"
	if within {
		args = args[:4]
	}
	numbers := [2]int{1, 1}
	for i, a := range args[2:] {
		n, err := strconv.Atoi(a)
		if err != nil || i > 1 || n < 1 {
			return fmt.Errorf("%q is no number of workers or rows", a)
		}
		numbers[i] = n
	}
	g, ctx := errgroup.WithContext(context.Background())
	counts := make([]int, numbers[0])
	began := time.Now()
	for i := range counts {
		g.Go(func() (err error) {
			counts[i], err = work(ctx, args[0], pgx.Identifier{args[1]}.Sanitize(), numbers[1], within)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	all := 0
	for _, n := range counts {
		all += n
	}
	fmt.Printf("%d %.3f\n", all, time.Since(began).Seconds())
	return nil
}

// work works off rows until there are none.
func work(ctx context.Context, url, table string, batch int, within bool) (done int, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	mark := func(on interface {
		Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	}, ids []int64, status string,
	) error {
		_, err := on.Exec(ctx, "UPDATE "+table+" SET status = $2 WHERE id = ANY($1)", ids, status)
		return err
	}
	for {
		var ids []int64
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, "SELECT id, name FROM "+table+" WHERE status = 'new' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED", batch)
			if err != nil {
				return err
			}
			var id int64
			var name string
			if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
				ids = append(ids, id)
				return nil
			}); err != nil || len(ids) == 0 {
				return err
			}
			if within {
				return mark(tx, ids, "ok")
			}
			return mark(tx, ids, "running")
		})
		if err != nil || len(ids) == 0 {
			return done, err
		}
		if !within {
			if err := mark(conn, ids, "ok"); err != nil {
				return done, err
			}
		}
		done += len(ids)
	}
}
