package ledger

import (
	"brood/jobs"
	"context"
	"crypto/sha256"
	"database/sql"
	_ "embed"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"
)

// forgottenTables are there from when they are needed, as again.sql.
//
//go:embed forgotten.sql
var forgottenTables string

// ForgottenMark stands where personal data stood.
const ForgottenMark = "[forgotten]"

// Forgotten is a record whose personal data was taken out.
type Forgotten struct {
	Seq    jobs.Seq
	At     time.Time // in the precision that the ledger keeps
	By     string
	Reason string
	Row    []byte // SHA-256 of its rows in the results as they are since; empty: it has none there
	// Link is the SHA-256 of that of the record forgotten before it and of what stands above, each with its length
	// before it: whoever takes one out, or alters one, breaks those behind it.
	Link []byte
}

// follows is the link of a record that was forgotten after another.
func (f *Forgotten) follows(before []byte) []byte {
	h := sha256.New()
	putSized(h, before)
	putSized(h, fmt.Append(nil, uint64(f.Seq)))
	for _, text := range []string{stamp(f.At), f.By, f.Reason} {
		putSized(h, []byte(text))
	}
	putSized(h, f.Row)
	return h.Sum(nil)
}

func putSized(h hash.Hash, b []byte) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(b)))
	_, _ = h.Write(n[:])
	_, _ = h.Write(b)
}

// Version is a file of which a new version is whole and durable at New, and only has to be renamed to Path. New is empty
// if the file, or the directory, is to go.
type Version struct{ Path, New string }

// Forgetting is what is written of records that are forgotten, all of it or nothing.
type Forgetting struct {
	Records []Forgotten // without their links
	// Values are personal data of the records, to be taken out of what the ledger says of others as well.
	Values []string
	// Keys says that the idempotency keys of the records, which are hashes of personal data, go as well.
	Keys  bool
	Files []Version
	// Of the files that are replaced, nil where they stay: how much of the results and of the joblog is true then, the copy
	// of standard input, and files of the dataset by their place on the command line.
	Output      *Output
	JoblogBytes *int64
	Spool       *Spooled
	Inputs      map[int]Input
}

// hasForgotten reports whether the tables of forgotten.sql are there.
func (r *Reader) hasForgotten(ctx context.Context) (bool, error) {
	n, err := query(ctx, r, `SELECT count(*) FROM sqlite_schema WHERE name IN ('forgotten', 'forgetting')`, func(rows *sql.Rows) (n int, err error) {
		err = rows.Scan(&n)
		return n, err
	})
	return err == nil && n[0] == 2, err
}

// Forgotten reads the records that were forgotten, in that order. That their links do not follow one another is
// ErrDamaged, and all are returned.
func (r *Reader) Forgotten(ctx context.Context) ([]Forgotten, error) {
	if there, err := r.hasForgotten(ctx); err != nil || !there {
		return nil, err
	}
	list, err := query(ctx, r, `SELECT seq, at, by, reason, row, link FROM forgotten ORDER BY id`, func(rows *sql.Rows) (f Forgotten, err error) {
		var seq uint64
		var at string
		if err = rows.Scan(&seq, &at, &f.By, &f.Reason, &f.Row, &f.Link); err == nil {
			f.At, err = time.Parse(timeFormat, at)
		}
		f.Seq = jobs.Seq(seq)
		return f, err
	})
	var before []byte
	for i := range list {
		if !slices.Equal(list[i].follows(before), list[i].Link) {
			return list, fmt.Errorf("%w: what it says of forgotten record %d is not what was written", ErrDamaged, list[i].Seq)
		}
		before = list[i].Link
	}
	return list, err
}

// forgottenEvents reads when a record was forgotten, and by whom.
func (r *Reader) forgottenEvents(ctx context.Context, seq jobs.Seq) ([]Event, error) {
	if there, err := r.hasForgotten(ctx); err != nil || !there {
		return nil, err
	}
	return query(ctx, r, `SELECT at, by, reason FROM forgotten WHERE seq = ?`, func(rows *sql.Rows) (e Event, err error) {
		e.What = "forgotten"
		err = rows.Scan(&e.At, &e.By, &e.Text)
		return e, err
	}, uint64(seq))
}

// Unforgotten reads what is left to do of a forgetting that was cut off; jobLeft says that the job's part is, and it
// is where anything is.
func (r *Reader) Unforgotten(ctx context.Context) (files []Version, jobLeft bool, err error) {
	if there, err := r.hasForgotten(ctx); err != nil || !there {
		return nil, false, err
	}
	all, err := query(ctx, r, `SELECT path, version FROM forgetting ORDER BY path`, func(rows *sql.Rows) (v Version, err error) {
		err = rows.Scan(&v.Path, &v.New)
		return v, err
	})
	for _, v := range all {
		if v.Path == "" {
			jobLeft = true
		} else {
			files = append(files, v)
		}
	}
	return files, jobLeft, err
}

// ForgettingDone records that nothing is left to do.
func (l *Ledger) ForgettingDone(ctx context.Context) error {
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(`DELETE FROM forgetting`)
		return nil
	})
}

// Forget records that records are forgotten, and takes out what the ledger itself has of them. From then on it
// counts; what is left is to give the new versions of files their names. Bytes of what was taken out, or was removed before, are not
// left in the database: the tables that may hold any are written anew on pages of their own, and each page
// that is free then is overwritten. (VACUUM would do the same, and make the file shorter than its seal says.)
func (l *Ledger) Forget(ctx context.Context, f *Forgetting) error {
	r := l.InTurn()
	before, err := r.Forgotten(ctx)
	if err != nil {
		return err
	}
	keys, err := r.withoutKeys(ctx, f)
	if err != nil {
		return err
	}
	if _, err := l.write.ExecContext(ctx, `PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY`); err != nil {
		return fmt.Errorf("write ledger %s: %w", l.path, explain(err))
	}
	tables := []string{"outcomes", "attempts", "resolutions", "deaths", "amendments", "notes", "held", "intents", "freed"}
	again := r.hasAgain(ctx)
	if again {
		tables = append(tables, "corrections")
	}
	return l.tx(ctx, func(exec func(string, ...any) int64) error {
		exec(forgottenTables)
		var link []byte
		if len(before) > 0 {
			link = before[len(before)-1].Link
		}
		exec(`CREATE TEMP TABLE gone (seq INTEGER PRIMARY KEY)`)
		for i := range f.Records {
			x := &f.Records[i]
			link = x.follows(link)
			exec(`INSERT INTO forgotten (seq, at, by, reason, row, link) VALUES (?, ?, ?, ?, ?, ?)`, uint64(x.Seq), stamp(x.At), x.By, x.Reason, notNull(x.Row), link)
			exec(`INSERT INTO gone VALUES (?)`, uint64(x.Seq))
		}
		exec(`INSERT INTO forgetting VALUES ('', '')`)
		for _, v := range f.Files {
			exec(`INSERT INTO forgetting VALUES (?, ?)`, v.Path, v.New)
		}
		f.texts(exec)
		if again {
			exec(`DELETE FROM corrections WHERE seq IN gone`)
		}
		for _, k := range keys {
			exec(`UPDATE intents SET keys = ? WHERE id = ?`, k.keys, k.id)
		}
		f.places(exec)
		for _, t := range tables {
			exec(`CREATE TEMP TABLE anew AS SELECT * FROM main.` + t)
			exec(`DELETE FROM main.` + t)
			exec(`INSERT INTO main.` + t + ` SELECT * FROM anew`)
			exec(`DROP TABLE anew`)
		}
		exec(`DROP TABLE gone`)
		const most = 512 << 20 // of a value
		exec(`CREATE TABLE room (bytes BLOB)`)
		exec(`INSERT INTO room SELECT zeroblob(min((SELECT freelist_count FROM pragma_freelist_count) * (SELECT page_size FROM pragma_page_size), ?))`, most)
		exec(`DROP TABLE room`)
		return nil
	})
}

// texts takes out what the ledger says of the records, and their data of what it says of others.
func (f *Forgetting) texts(exec func(string, ...any) int64) {
	const mark = ForgottenMark
	exec(`UPDATE outcomes SET error = ? WHERE error <> '' AND seq IN gone`, mark)
	exec(`UPDATE attempts SET error = ? WHERE error <> '' AND seq IN gone`, mark)
	exec(`UPDATE resolutions SET reason = ?1, was = ?1 WHERE seq IN gone`, mark)
	exec(`UPDATE deaths SET said = ? WHERE said <> '' AND seq IN gone`, mark)
	for _, t := range []string{"amendments", "notes"} {
		exec(`DELETE FROM ` + t + ` WHERE seq IN gone`)
	}
	for _, v := range f.Values {
		for _, c := range []string{"outcomes.error", "attempts.error", "resolutions.reason", "resolutions.was", "deaths.said", "run.reason"} {
			table, column, _ := strings.Cut(c, ".")
			exec(`UPDATE `+table+` SET `+column+` = replace(`+column+`, ?1, ?2) WHERE instr(`+column+`, ?1) > 0`, v, mark)
		}
	}
}

// places records what is true of the files that are replaced.
func (f *Forgetting) places(exec func(string, ...any) int64) {
	if f.Output != nil {
		exec(`UPDATE outputs SET bytes = ? WHERE output = 0`, f.Output.Bytes)
		exec(`UPDATE progress SET output_sum = ?`, f.Output.Sum)
	}
	if f.JoblogBytes != nil {
		exec(`UPDATE outputs SET bytes = ? WHERE output = 1`, *f.JoblogBytes)
	}
	if f.Spool != nil {
		exec(`UPDATE progress SET spool = ?, spool_sum = ?`, f.Spool.Bytes, f.Spool.Sum)
	}
	for file, in := range f.Inputs {
		exec(`UPDATE inputs SET size = ?, mtime = ?, hash = ?, whole = ? WHERE file = ?`, in.Size, in.ModTime, in.Hash, in.Whole, file)
	}
}

// keysOf are the keys of a row of intents.
type keysOf struct {
	id   int64
	keys []byte
}

// withoutKeys are the rows of intents that have keys of the records, with zeros in their place.
func (r *Reader) withoutKeys(ctx context.Context, f *Forgetting) ([]keysOf, error) {
	if !f.Keys {
		return nil, nil
	}
	gone := make([]uint64, len(f.Records))
	for i := range f.Records {
		gone[i] = uint64(f.Records[i].Seq)
	}
	slices.Sort(gone)
	all, err := query(ctx, r, `SELECT id, first_seq, keys FROM intents WHERE keys IS NOT NULL`, func(rows *sql.Rows) (k keysOf, err error) {
		var first uint64
		if err = rows.Scan(&k.id, &first, &k.keys); err != nil {
			return k, err
		}
		changed := false
		for i := uint64(0); (i+1)*KeySize <= uint64(len(k.keys)); i++ {
			if _, is := slices.BinarySearch(gone, first+i); is {
				clear(k.keys[i*KeySize : (i+1)*KeySize])
				changed = true
			}
		}
		if !changed {
			k.keys = nil
		}
		return k, nil
	})
	return slices.DeleteFunc(all, func(k keysOf) bool { return k.keys == nil }), err
}
