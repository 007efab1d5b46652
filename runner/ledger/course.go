package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Wait is what holds a run up.
type Wait string

// What holds it up. For most of the time it should be nothing: the workers work.
const (
	WaitNothing  Wait = ""
	WaitPaused   Wait = "paused"   // by somebody, or by a guard of the first records
	WaitMachine  Wait = "machine"  // memory or load: --hold-back
	WaitThrottle Wait = "throttle" // the far side has told everybody to wait
	WaitLimit    Wait = "limit"    // rates, quotas, hours, the breaker
	WaitFewer    Wait = "fewer"    // fewer at a time than there are places, as the far side takes no more
	WaitRetry    Wait = "retry"    // all that is left waits for its next try
	WaitInput    Wait = "input"    // the dataset comes slower than it is worked on
	WaitIntent   Wait = "intent"   // the disk, before records may leave
)

// Stretch is what has happened in a stretch of a session: a second or more, see Book. Records count where they
// have become final. A try that is not the last of its record is in Again.
type Stretch struct {
	At                           time.Time // when it began
	Lasted                       time.Duration
	OK, Failed, Skipped, Unknown uint64
	// Again is how many tries were followed by another, and Throttled how many of them ended as the far side had
	// asked to go slower.
	Again, Throttled uint64
	// Busy is how long the tries took that ended in it, all together, and Took counts them.
	Busy time.Duration
	Took Took
	// Commits is how many there were, and Committing how long they took.
	Commits    int
	Committing time.Duration
	// Waits is for how long what held the run up.
	Waits map[Wait]time.Duration
}

// Empty reports whether nothing has happened in it.
func (s *Stretch) Empty() bool {
	return s.OK+s.Failed+s.Skipped+s.Unknown+s.Again == 0 && s.Busy == 0
}

// courseTable is in schema.sql as well. Ledgers of before there was such a table get it when a session begins.
const courseTable = `CREATE TABLE IF NOT EXISTS course (
    id        INTEGER PRIMARY KEY,
    session   INTEGER NOT NULL,
    at        TEXT NOT NULL,
    ms        INTEGER NOT NULL,
    ok        INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    skipped   INTEGER NOT NULL,
    unknown   INTEGER NOT NULL,
    again     INTEGER NOT NULL,
    throttled INTEGER NOT NULL,
    busy_ms   INTEGER NOT NULL,
    commits   INTEGER NOT NULL,
    commit_ms INTEGER NOT NULL,
    waits     TEXT NOT NULL,
    took      BLOB NOT NULL
) STRICT`

const addStretch = `INSERT INTO course (session, at, ms, ok, failed, skipped, unknown, again, throttled, busy_ms, commits, commit_ms, waits, took)
	VALUES ((SELECT max(session) FROM sessions), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// values are a row of the table course, behind its session.
func (s *Stretch) values() []any {
	waits := make(map[Wait]int64, len(s.Waits))
	for w, d := range s.Waits {
		if w != WaitNothing && d > 0 {
			waits[w] = d.Milliseconds()
		}
	}
	text, _ := json.Marshal(waits) // of words and numbers
	return []any{
		stamp(s.At), s.Lasted.Milliseconds(), s.OK, s.Failed, s.Skipped, s.Unknown, s.Again, s.Throttled, s.Busy.Milliseconds(),
		s.Commits, s.Committing.Milliseconds(), string(text), s.Took.encode(),
	}
}

// Course calls visit for each stretch of a run that is known, in order, with the number of its session. Known is
// false for a ledger of before they were kept.
func (r *Reader) Course(ctx context.Context, visit func(session int64, s *Stretch)) (known bool, err error) {
	var there int
	if err := r.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'course'`).Scan(&there); err != nil {
		return false, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	if there == 0 {
		return false, nil
	}
	rows, err := r.db.QueryContext(ctx, `SELECT session, at, ms, ok, failed, skipped, unknown, again, throttled, busy_ms, commits, commit_ms, waits, took FROM course ORDER BY id`)
	if err != nil {
		return false, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var session, ms, busy, committing int64
		var at, waits string
		var took []byte
		var s Stretch
		if err = rows.Scan(&session, &at, &ms, &s.OK, &s.Failed, &s.Skipped, &s.Unknown, &s.Again, &s.Throttled, &busy, &s.Commits, &committing, &waits, &took); err == nil {
			s.At, err = time.Parse(timeFormat, at)
		}
		if err == nil {
			err = s.Took.decode(took)
		}
		words := make(map[Wait]int64)
		if err == nil {
			err = json.Unmarshal([]byte(waits), &words)
		}
		if err != nil {
			return false, fmt.Errorf("read ledger %s: course: %w", r.path, explain(err))
		}
		s.Lasted, s.Busy, s.Committing = millis(ms), millis(busy), millis(committing)
		s.Waits = make(map[Wait]time.Duration, len(words))
		for w, n := range words {
			s.Waits[w] = millis(n)
		}
		visit(session, &s)
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("read ledger %s: %w", r.path, explain(err))
	}
	return true, nil
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
