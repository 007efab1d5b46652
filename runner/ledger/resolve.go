package ledger

import (
	"brood/jobs"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Resolve records decisions about records that are unknown or failed, and changes the books
// accordingly. Those that are to be tried again are pending from then on, as they are, or
// as a correction says, which stands for one of them.
func (l *Ledger) Resolve(ctx context.Context, list []Resolution, corrections ...Correction) error {
	delivers, err := l.Reader().HasDeliveries(ctx)
	if err != nil {
		return err
	}
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		bits := make(map[uint64][]byte)
		ok := make(map[uint64]int)
		reopened := make(map[uint64]bool)
		for i := range list {
			r := &list[i]
			seq, chunk := uint64(r.Seq), uint64(r.Seq)/ChunkSize
			exec(`INSERT INTO resolutions (seq, at, by, decision, reason, was) VALUES (?, ?, ?, ?, ?, ?)`,
				seq, stamp(r.At), r.By, string(r.Decision), r.Reason, r.Was)
			values, err := encodeValues(r)
			if err != nil {
				return err
			}
			exec(`INSERT OR REPLACE INTO amendments VALUES (?, ?, ?, ?)`, seq, string(r.Decision), r.Reason, values)
			from := "unknown"
			if r.From == jobs.StatusFailed {
				from = "failed"
			}
			exec(`UPDATE run SET ` + from + ` = ` + from + ` - 1`)
			if delivers && r.Decision != DecideRetry { // that one is answered when it has been tried
				exec(decideOwed, verbOf[r.Decision], string(r.Decision), r.Reason, r.At.Unix(), seq)
			}
			switch r.Decision {
			case DecideOK:
				exec(`DELETE FROM outcomes WHERE seq = ?`, seq)
				exec(`UPDATE run SET ok = ok + 1`)
				if bits[chunk] == nil {
					b, err := l.chunkBits(ctx, chunk)
					if err != nil {
						return err
					}
					bits[chunk] = b
				}
				bits[chunk][seq%ChunkSize/8] |= 1 << (seq % 8)
				ok[chunk]++
			case DecideFailed:
				exec(`UPDATE outcomes SET status = 'failed', class = ?, error = ? WHERE seq = ?`, string(jobs.ClassResolved), r.Reason, seq)
				exec(`UPDATE run SET failed = failed + 1`)
			case DecideRetry:
				exec(`INSERT OR REPLACE INTO retries SELECT seq, attempts, 0, ?, ?, (SELECT ifnull(max(id), 0) FROM intents) FROM outcomes WHERE seq = ?`,
					stamp(r.At), stamp(r.At), seq)
				if len(reopened) == 0 {
					exec(again)
				}
				exec(`INSERT OR REPLACE INTO retried SELECT seq, attempts FROM outcomes WHERE seq = ?`, seq)
				exec(`DELETE FROM outcomes WHERE seq = ?`, seq)
				reopened[chunk] = true
			}
		}
		for chunk, b := range bits {
			exec(`UPDATE chunks SET ok = ok + ?, bits = CASE WHEN ok + ? < ? THEN ? END WHERE chunk = ?`, ok[chunk], ok[chunk], ChunkSize, b, chunk)
		}
		for chunk := range reopened {
			exec(`UPDATE chunks SET closed = 0 WHERE chunk = ?`, chunk)
		}
		for i := range corrections {
			c := &corrections[i]
			exec(`INSERT INTO corrections (seq, at, by, was, row) VALUES (?, ?, ?, ?, ?)`, uint64(c.Seq), stamp(c.At), c.By, notNull(c.Was), notNull(c.Row))
		}
		if len(reopened) > 0 {
			exec(`UPDATE run SET state = 'interrupted', reason = 'records are to be tried again' WHERE state = 'done'`)
		}
		return nil
	})
}

// encodeValues are the columns of a decision that is no retry, whose bytes are the row; nil: none change.
func encodeValues(r *Resolution) (any, error) {
	if len(r.Values) == 0 || r.Decision == DecideRetry {
		return nil, nil //nolint:nilnil // NULL
	}
	return json.Marshal(r.Values)
}

// notNull is b for a column that is never NULL, which nil would be.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// chunkBits reads which records of a chunk are ok. The writer's own connection
// has nothing of it in hand.
func (l *Ledger) chunkBits(ctx context.Context, chunk uint64) ([]byte, error) {
	var b []byte
	if err := l.db.QueryRowContext(ctx, `SELECT bits FROM chunks WHERE chunk = ?`, chunk).Scan(&b); err != nil {
		return nil, err
	}
	if len(b) != ChunkSize/8 {
		return nil, fmt.Errorf("chunk %d has %d bytes of bits", chunk, len(b))
	}
	return b, nil
}

// DecideNotes records decisions about records that were taken over from an
// interrupted session and are not settled: the note becomes an answer, or goes.
func (l *Ledger) DecideNotes(ctx context.Context, list []Resolution, answers [][]byte) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		for i := range list {
			r := &list[i]
			exec(`INSERT INTO resolutions (seq, at, by, decision, reason, was) VALUES (?, ?, ?, ?, ?, ?)`,
				uint64(r.Seq), stamp(r.At), r.By, string(r.Decision), r.Reason, r.Was)
			if r.Decision == DecideRetry {
				exec(`DELETE FROM notes WHERE seq = ?`, uint64(r.Seq))
			} else {
				exec(`UPDATE notes SET kind = 'answer', payload = ? WHERE seq = ?`, answers[i], uint64(r.Seq))
			}
		}
		return nil
	})
}

// Amendments reads what has to be replaced in the output and can be.
func (r *Reader) Amendments(ctx context.Context) ([]Amendment, error) {
	return query(ctx, r, `SELECT seq, decision, reason, bytes FROM amendments WHERE decision != 'retry' OR bytes IS NOT NULL ORDER BY seq`, func(rows *sql.Rows) (a Amendment, err error) {
		var seq uint64
		var decision string
		err = rows.Scan(&seq, &decision, &a.Reason, &a.Bytes)
		a.Seq, a.Decision = jobs.Seq(seq), Decision(decision)
		if err == nil && a.Decision != DecideRetry && a.Bytes != nil {
			err = json.Unmarshal(a.Bytes, &a.Values)
			a.Bytes = nil
		}
		return a, err
	})
}

// Redone reads which records are tried again though they have a row in the
// output.
func (r *Reader) Redone(ctx context.Context) (map[jobs.Seq]bool, error) {
	list, err := query(ctx, r, `SELECT seq FROM amendments WHERE decision = 'retry' AND bytes IS NULL`, func(rows *sql.Rows) (seq uint64, err error) {
		err = rows.Scan(&seq)
		return seq, err
	})
	out := make(map[jobs.Seq]bool, len(list))
	for _, seq := range list {
		out[jobs.Seq(seq)] = true
	}
	return out, err
}

// Amend records that the output has been amended: it has size bytes now, with that CRC-32C. If
// replacement is not empty, that is the file to be renamed to the output's path,
// which Amended has to be told.
func (l *Ledger) Amend(ctx context.Context, size int64, sum *uint32, replacement string) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		var to any
		if replacement != "" {
			to = replacement
		}
		exec(`UPDATE outputs SET bytes = ?, amended = ? WHERE output = 0`, size, to)
		exec(`UPDATE progress SET output_sum = ?`, sum)
		exec(`DELETE FROM amendments WHERE decision != 'retry' OR bytes IS NOT NULL`)
		return nil
	})
}

// Amended records that the replacement of Amend is in its place.
func (l *Ledger) Amended(ctx context.Context) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(`UPDATE outputs SET amended = NULL WHERE output = 0`)
		return nil
	})
}

// Replacement is a file that has to be renamed to the output's path, or empty.
func (r *Reader) Replacement(ctx context.Context) (string, error) {
	var s sql.NullString
	if err := r.db.QueryRowContext(ctx, `SELECT amended FROM outputs WHERE output = 0`).Scan(&s); err != nil {
		return "", fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return s.String, nil
}

// Unknowns reads the records that are unknown.
func (r *Reader) Unknowns(ctx context.Context) ([]Outcome, error) {
	return query(ctx, r, `SELECT seq, class, error, attempts FROM outcomes WHERE status = 'unknown' ORDER BY seq`, func(rows *sql.Rows) (o Outcome, err error) {
		var seq uint64
		var class string
		err = rows.Scan(&seq, &class, &o.Error, &o.Attempts)
		o.Seq, o.Class, o.Status = jobs.Seq(seq), jobs.Class(class), jobs.StatusUnknown
		return o, err
	})
}

// Ended reads the records that have failed or are unknown, in the order of the dataset.
func (r *Reader) Ended(ctx context.Context) ([]Outcome, error) {
	return query(ctx, r, `SELECT seq, status, class, error, attempts, crashes, file, line, offset FROM outcomes WHERE status IN ('failed', 'unknown') ORDER BY seq`,
		func(rows *sql.Rows) (o Outcome, err error) {
			var seq uint64
			var status, class string
			if err = rows.Scan(&seq, &status, &class, &o.Error, &o.Attempts, &o.Crashes, &o.Place.File, &o.Place.Line, &o.Place.Offset); err == nil {
				o.Status, err = jobs.ParseStatus(status)
			}
			o.Seq, o.Class = jobs.Seq(seq), jobs.Class(class)
			return o, err
		})
}

// CountClass counts the records that ended otherwise than ok in a class.
func (r *Reader) CountClass(ctx context.Context, class jobs.Class) (n int, err error) {
	if err = r.db.QueryRowContext(ctx, `SELECT count(*) FROM outcomes WHERE class = ?`, string(class)).Scan(&n); err != nil {
		err = fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return n, err
}

// Outcome reads how a record ended otherwise than ok, or nil.
func (r *Reader) Outcome(ctx context.Context, seq jobs.Seq) (*Outcome, error) {
	o := Outcome{Seq: seq}
	var status, class, at string
	err := r.db.QueryRowContext(ctx, `SELECT status, class, error, attempts, crashes, file, line, offset, finished_at FROM outcomes WHERE seq = ?`, uint64(seq)).
		Scan(&status, &class, &o.Error, &o.Attempts, &o.Crashes, &o.Place.File, &o.Place.Line, &o.Place.Offset, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		o.Status, err = jobs.ParseStatus(status)
	}
	if err == nil {
		o.At, err = time.Parse(timeFormat, at)
	}
	if err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	o.Class = jobs.Class(class)
	return &o, nil
}

// Event is one thing that has happened to a record.
type Event struct {
	At      string     `json:"at"` // UTC
	What    string     `json:"what"`
	Attempt int        `json:"attempt,omitempty"`
	Session int64      `json:"session,omitempty"`
	Slot    int        `json:"slot,omitempty"`
	MS      int64      `json:"ms,omitempty"`
	Class   jobs.Class `json:"class,omitempty"`
	By      string     `json:"by,omitempty"`
	Text    string     `json:"text,omitempty"`
	// Of a correction: the record until then, and from then on.
	Was string `json:"was,omitempty"`
	Row string `json:"row,omitempty"`
}

// Events reads all that the ledger has about a record, in order of time: the
// intents to do it, its tries as far as they are remembered, the deaths of
// workers that had it in hand, what was decided about it, and how it was put right.
func (r *Reader) Events(ctx context.Context, seq jobs.Seq) ([]Event, error) {
	events, err := r.events(ctx, seq)
	if err != nil {
		return nil, err
	}
	corrected, err := r.correctionEvents(ctx, seq)
	if err != nil {
		return events, err
	}
	gone, err := r.forgottenEvents(ctx, seq)
	if corrected = append(corrected, gone...); len(corrected) > 0 {
		events = append(events, corrected...)
		slices.SortStableFunc(events, func(x, y Event) int { return strings.Compare(x.At, y.At) })
	}
	return events, err
}

func (r *Reader) events(ctx context.Context, seq jobs.Seq) ([]Event, error) {
	return query(ctx, r, `
		SELECT at, 'intent', attempt, epoch, 0, 0, '', '', '' FROM intents
			WHERE first_seq <= ?1 AND first_seq >= ?1 - ?1 % ?2 AND first_seq + count > ?1
		UNION ALL SELECT at, verdict, attempt, 0, slot, ms, class, '', error FROM attempts WHERE seq = ?1
		UNION ALL SELECT at, 'worker died', 0, 0, slot, 0, '', '', 'process ' || pid || ': ' || how FROM deaths WHERE seq = ?1
		UNION ALL SELECT at, 'resolved', 0, 0, 0, 0, decision, by, reason FROM resolutions WHERE seq = ?1
		ORDER BY 1`, func(rows *sql.Rows) (e Event, err error) {
		err = rows.Scan(&e.At, &e.What, &e.Attempt, &e.Session, &e.Slot, &e.MS, &e.Class, &e.By, &e.Text)
		return e, err
	}, uint64(seq), ChunkSize)
}

// FindKey looks for the record that was about to be done under a key. Found is
// false if there is none.
func (r *Reader) FindKey(ctx context.Context, key [KeySize]byte) (seq jobs.Seq, found bool, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT first_seq, keys FROM intents WHERE keys IS NOT NULL`)
	if err != nil {
		return 0, false, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var first uint64
		var keys sql.RawBytes
		if err := rows.Scan(&first, &keys); err != nil {
			return 0, false, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
		}
		for i := 0; i+KeySize <= len(keys); i += KeySize {
			if [KeySize]byte(keys[i:]) == key {
				return jobs.Seq(first) + jobs.Seq(i/KeySize), true, nil
			}
		}
	}
	return 0, false, rows.Err()
}

// StatusOf reads where a record stands that the run has read.
func (r *Reader) StatusOf(ctx context.Context, seq jobs.Seq) (jobs.Status, error) {
	o, err := r.Outcome(ctx, seq)
	if err != nil || o != nil {
		if o != nil {
			return o.Status, err
		}
		return jobs.StatusPending, err
	}
	var closed bool
	var bits []byte
	var ok int
	err = r.db.QueryRowContext(ctx, `SELECT closed, ok, bits FROM chunks WHERE chunk = ?`, uint64(seq/ChunkSize)).Scan(&closed, &ok, &bits)
	if errors.Is(err, sql.ErrNoRows) {
		return jobs.StatusPending, nil
	}
	if err != nil {
		return jobs.StatusPending, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	at := uint64(seq % ChunkSize)
	if ok == ChunkSize || (len(bits) > int(at/8) && bits[at/8]>>(at%8)&1 != 0) {
		return jobs.StatusOK, nil
	}
	return jobs.StatusPending, nil
}
