package table

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// channel is where a table's trigger says that jobs have come. PostgreSQL's names have at most 63 bytes.
func channel(table string) string {
	name := "brood_" + table
	for len(name) > 63 {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}

// trigger is the SQL of one.
func (d *postgres) trigger(s *shape) string {
	name, ch := d.quote(channel(s.name)), strings.ReplaceAll(channel(s.name), "'", "''")
	return "CREATE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('" + ch + "', ''); RETURN NULL; END $$;\n" +
		"CREATE TRIGGER " + name + " AFTER INSERT ON " + s.full + " FOR EACH STATEMENT EXECUTE PROCEDURE " + name + "();"
}

// hasTrigger looks for one, whatever its name: its function has the channel's name, or makes it of the table's.
func (d *postgres) hasTrigger(ctx context.Context, conn *sql.Conn, s *shape) (has bool, err error) {
	// Bit 2 of tgtype is INSERT (src/include/catalog/pg_trigger.h); D is disabled.
	err = conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
		WHERE t.tgrelid = to_regclass($1) AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 4 <> 0
		AND p.prosrc ~* 'notify' AND (strpos(p.prosrc, $2) > 0 OR p.prosrc ~* '''brood_''\s*\|\|\s*TG_(TABLE_NAME|RELNAME)'))`, s.full, channel(s.name)).Scan(&has)
	return has, err
}

// listen has somebody ring when a job arrives, if there is a trigger. It ends with stop.
func (d *postgres) listen(ctx context.Context, conn *sql.Conn, s *shape) (*bell, error) {
	has, err := d.hasTrigger(ctx, conn, s)
	if err != nil || !has {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	b := &bell{stop: func() { cancel(); wg.Wait() }}
	first, err := d.attend(ctx, s)
	if err != nil {
		cancel()
		return nil, err
	}
	wg.Go(func() {
		for c := first; ; {
			for ctx.Err() == nil {
				if _, err := c.WaitForNotification(ctx); err != nil {
					break
				}
				b.wake()
			}
			hangUp(c)
			for c = nil; c == nil; {
				if c, _ = d.attend(ctx, s); c == nil && pause(ctx, deaf) != nil {
					return
				}
			}
			b.wake() // for who came in the meantime
		}
	})
	return b, nil
}

// deaf is how long it lasts until a connection that has ended is made anew. Meanwhile it is looked as if there were none.
const deaf = time.Second

// attend opens a connection that hears.
func (d *postgres) attend(ctx context.Context, s *shape) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, d.cfg)
	if err != nil {
		return nil, err
	}
	if _, err := c.Exec(ctx, "LISTEN "+d.quote(channel(s.name))); err != nil {
		hangUp(c)
		return nil, fmt.Errorf("listen: %w", err)
	}
	return c, nil
}

func hangUp(c *pgx.Conn) {
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
}
