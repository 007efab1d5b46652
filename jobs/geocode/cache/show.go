package cache

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Tally is what is kept of a provider.
type Tally struct {
	Provider string
	BaseURL  string // without what may be a secret
	Answers  int64  // in all
	Nothing  int64  // of these, of questions to which there was no place
	Expired  int64  // of these, those that do not count any more
	Bytes    int64  // of the answers, as they are stored
	Oldest   time.Time
	Newest   time.Time
}

// Show returns what is kept, of each provider, in the order of the alphabet. A cache that is not
// there is empty, and is not made.
func (c *Cache) Show(ctx context.Context, now time.Time) ([]Tally, error) {
	var out []Tally
	err := c.look(ctx, now, func(conn *sql.Conn) error {
		rows, err := conn.QueryContext(ctx, `SELECT provider, base, count(*), sum(outcome = 'nothing'),
	coalesce(sum(expires <= ?), 0), sum(length(answer)), min(at), max(at)
FROM answers GROUP BY provider, base ORDER BY provider, base`, now.Unix())
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var t Tally
			var oldest, newest int64
			if err := rows.Scan(&t.Provider, &t.BaseURL, &t.Answers, &t.Nothing, &t.Expired, &t.Bytes, &oldest, &newest); err != nil {
				return err
			}
			t.Oldest, t.Newest = time.Unix(oldest, 0).UTC(), time.Unix(newest, 0).UTC()
			out = append(out, t)
		}
		return rows.Err()
	})
	return out, err
}

// Entry is a question with its answer.
type Entry struct {
	Provider, BaseURL, Query string
	Answer                   Answer
}

// List calls visit for the answers to questions that have some words in them, of a provider if
// one is named, the newest first.
func (c *Cache) List(ctx context.Context, now time.Time, provider string, words []string, visit func(*Entry) error) error {
	where, args := []string{"1"}, []any{}
	if provider != "" {
		where, args = append(where, "provider = ?"), append(args, provider)
	}
	for _, w := range words {
		where, args = append(where, "instr(lower(query), ?) > 0"), append(args, strings.ToLower(w))
	}
	return c.look(ctx, now, func(conn *sql.Conn) error {
		rows, err := conn.QueryContext(ctx, `SELECT provider, base, query, outcome, form, answer, at, expires
FROM answers WHERE `+strings.Join(where, " AND ")+` ORDER BY at DESC, id DESC`, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var r row
			if err := rows.Scan(&r.provider, &r.base, &r.query, &r.outcome, &r.form, &r.answer, &r.at, &r.expires); err != nil {
				return err
			}
			a, err := r.decode()
			if err != nil {
				return err
			}
			if err := visit(&Entry{Provider: r.provider, BaseURL: r.base, Query: r.query, Answer: *a}); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// look gives f a connection to what is there, if anything is.
func (c *Cache) look(ctx context.Context, now time.Time, f func(*sql.Conn) error) error {
	if _, err := os.Stat(c.path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	db, err := c.use(ctx, now)
	if err != nil {
		return err
	}
	defer db.release()
	conn, err := db.third(ctx)
	if err == nil {
		err = errors.Join(f(conn), conn.Close())
	}
	if isDamage(err) {
		return c.renew(db, err)
	}
	if err != nil {
		return fmt.Errorf("cache %s: %w", c.path, err)
	}
	return nil
}
