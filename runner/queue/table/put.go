package table

import (
	"brood/runner/queue"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Put inserts rows, some hundreds at a time: what it returns is there.
func (c *client) Put(ctx context.Context, puts []queue.Put) (int, error) {
	done := 0
	for done < len(puts) {
		first, err := c.layOut(puts[done])
		if err != nil {
			return done, c.fail(fmt.Errorf("job %d: %w", done+1, err))
		}
		rows := [][]*string{first.row}
		for _, p := range puts[done+1:] {
			next, err := c.layOut(p)
			if err != nil || !next.same(first) || len(rows) >= chunk || (len(rows)+1)*len(first.row) > 30000 {
				break
			}
			rows = append(rows, next.row)
		}
		err = c.tells.do(ctx, func(ctx context.Context, conn *sql.Conn) error {
			return c.kind.insert(ctx, conn, first.columns, c.fixed(first), rows)
		})
		if err != nil {
			return done, c.fail(err)
		}
		done += len(rows)
	}
	return done, nil
}

// laid is a job by columns.
type laid struct {
	columns []*column
	row     []*string
	delay   time.Duration
}

func (l *laid) same(as *laid) bool {
	return slices.Equal(l.columns, as.columns) && l.delay == as.delay
}

// layOut finds the columns of a job's fields.
func (c *client) layOut(p queue.Put) (*laid, error) {
	fields, values := p.Fields, p.Values
	if len(fields) == 0 {
		var err error
		if fields, values, err = members(p.Body); err != nil {
			return nil, err
		}
	}
	if len(values) != len(fields) {
		return nil, fmt.Errorf("%d values for %d columns", len(values), len(fields))
	}
	out := &laid{delay: p.Delay}
	add := func(col *column, value string) {
		out.columns = append(out.columns, col)
		if value == "" && col.kind != ofText && col.kind != ofBytes && col.kind != ofAny {
			out.row = append(out.row, nil)
		} else {
			out.row = append(out.row, &value)
		}
	}
	for i, f := range fields {
		col := c.shape.column(f)
		switch {
		case col == nil:
			return nil, fmt.Errorf("the table has no column %q; it has %s", f, strings.Join(names(c.shape.columns), ", "))
		case slices.Contains(out.columns, col):
			return nil, fmt.Errorf("column %q is there twice", f)
		case col.rigid:
			continue // the database makes it, also of what was exported with it
		}
		add(col, values[i])
	}
	if !slices.Contains(out.columns, c.cols.status) {
		add(c.cols.status, wordText(c.cols.word[wordNew]))
	}
	if p.Priority != nil {
		if c.cols.order == nil {
			return nil, errors.New("the table has no column for the order")
		}
		if !slices.Contains(out.columns, c.cols.order) {
			add(c.cols.order, strconv.FormatUint(uint64(*p.Priority), 10))
		}
	}
	if p.Delay > 0 && c.cols.runAt == nil {
		return nil, errors.New("the table has no column for when a job may be taken")
	}
	return out, nil
}

// fixed are expressions for columns that are the same for all rows: when they may be taken, and what the table wants of the
// columns that the queue is made of.
func (c *client) fixed(l *laid) map[*column]string {
	out := map[*column]string{}
	for _, p := range c.cols.parts() {
		col := *p.at
		if col == nil || slices.Contains(l.columns, col) {
			continue
		}
		switch {
		case col == c.cols.runAt && l.delay > 0:
			out[col] = c.kind.ahead(col, strconv.FormatInt(l.delay.Microseconds(), 10))
		case !col.wanted || col == c.cols.id:
		case col == c.cols.runAt || col == c.cols.until:
			out[col] = c.kind.now(col)
		case col == c.cols.tries || col == c.cols.order:
			out[col] = "0"
		case col.kind == ofJSON:
			out[col] = "'{}'"
		default:
			out[col] = "''"
		}
	}
	return out
}

// members are those of a JSON object; what is no text is as it is written.
func members(body []byte) (names, values []string, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errors.New("a row is made of fields, or of a JSON object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, nil, err
		}
		text := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, nil, err
			}
		}
		if text == "null" && raw[0] == 'n' {
			continue
		}
		names, values = append(names, fmt.Sprint(name)), append(values, text)
	}
	if len(names) == 0 {
		return nil, nil, errors.New("the object has no fields")
	}
	return names, values, nil
}

// wordText is a status's word as text.
func wordText(w any) string { return fmt.Sprint(w) }

// insert is one statement with a place for each value.
func (p *plain) insert(ctx context.Context, conn *sql.Conn, columns []*column, fixed map[*column]string, rows [][]*string) error {
	var into []string
	row := places(len(columns))
	for _, c := range columns {
		into = append(into, p.d.quote(c.name))
	}
	for c, expr := range fixed {
		into = append(into, p.d.quote(c.name))
		row += ", " + expr
	}
	var args []any
	for _, r := range rows {
		for _, v := range r {
			if v == nil {
				args = append(args, nil)
			} else {
				args = append(args, *v)
			}
		}
	}
	text := "INSERT INTO " + p.l.table + " (" + strings.Join(into, ", ") + ") VALUES " + strings.TrimSuffix(strings.Repeat("("+row+"), ", len(rows)), ", ")
	return within(ctx, conn, p.begin, func() error {
		_, err := conn.ExecContext(ctx, text, args...)
		return err
	})
}
