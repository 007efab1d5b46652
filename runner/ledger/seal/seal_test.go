package seal

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"
)

// sealed is a database in WAL mode with a seal, in a directory of its own. It holds one
// row, the number of the last transaction, and what makes it grow.
type sealed struct {
	t    *testing.T
	dir  string
	conn *sql.DB
	seal *Seal
	n    uint64
}

const boot = "this boot"

func (d *sealed) file(name string) string { return filepath.Join(d.dir, name) }

func newSealed(t *testing.T) *sealed {
	t.Helper()
	d := &sealed{t: t, dir: t.TempDir()}
	d.open()
	d.exec(`CREATE TABLE n (n INTEGER)`, `CREATE TABLE ballast (x BLOB)`, `INSERT INTO n VALUES (0)`)
	var err error
	if d.seal, err = Create(d.file(FileName), ID{1, 2, 3}, nil); err != nil {
		t.Fatal(err)
	}
	d.advance()
	t.Cleanup(d.close)
	return d
}

func (d *sealed) open() {
	d.t.Helper()
	var err error
	if d.conn, err = sql.Open("sqlite", "file:"+d.file("db")+"?_pragma=journal_mode(WAL)"); err != nil {
		d.t.Fatal(err)
	}
	d.conn.SetMaxOpenConns(1)
	d.exec(`PRAGMA wal_autocheckpoint = 20`)
}

func (d *sealed) exec(statements ...string) {
	d.t.Helper()
	for _, s := range statements {
		if _, err := d.conn.ExecContext(d.t.Context(), s); err != nil {
			d.t.Fatal(s, err)
		}
	}
}

func (d *sealed) close() {
	_ = d.conn.Close()
	_ = d.seal.Close()
}

// transact makes a transaction; seals says whether it is sealed.
func (d *sealed) transact(seals bool) {
	d.t.Helper()
	d.n++
	d.exec(fmt.Sprintf(`BEGIN; UPDATE n SET n = %d; INSERT INTO ballast VALUES (randomblob(%d)); COMMIT`, d.n, 3000*(d.n%3)))
	if seals {
		d.advance()
	}
}

func (d *sealed) advance() {
	d.t.Helper()
	if err := d.seal.Advance(d.file("db-wal"), d.n, 10*d.n, boot); err != nil {
		d.t.Fatal(err)
	}
}

// kill leaves the files as a process does that is killed, in another directory.
func (d *sealed) kill() *sealed {
	d.t.Helper()
	x := &sealed{t: d.t, dir: d.t.TempDir(), n: d.n}
	for _, name := range []string{"db", "db-wal", FileName} {
		b, err := os.ReadFile(d.file(name))
		if err == nil {
			err = os.WriteFile(x.file(name), b, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			d.t.Fatal(err)
		}
	}
	return x
}

// look opens the seal, and then the database, and reads the number that it has come to. Ok
// is false if anything refuses.
func (d *sealed) look(boot string) (n uint64, ok bool) {
	d.t.Helper()
	s, err := Open(d.file(FileName), d.file("db"), boot)
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrBroken) && !errors.Is(err, ErrNone) {
			d.t.Fatal(err)
		}
		return 0, false
	}
	defer func() { _ = s.Close() }()
	db, err := sql.Open("sqlite", "file:"+d.file("db"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(d.t.Context(), `SELECT n FROM n`).Scan(&n); err != nil || n < s.State().Number {
		return n, false
	}
	return n, true
}

// TestWhole: a ledger that was left by a process that ended, or was killed, at whatever
// moment is found whole, and can go on.
func TestWhole(t *testing.T) {
	d := newSealed(t)
	for i := range 60 {
		d.transact(true)
		x := d.kill()
		for range 2 { // the second time after somebody has looked, and so emptied the log
			if n, ok := x.look(boot); !ok || n != d.n {
				t.Fatalf("killed after transaction %d: %d, %v", d.n, n, ok)
			}
		}
		if i%7 == 0 {
			d.transact(false)
			if n, ok := d.kill().look(boot); !ok || n != d.n {
				t.Fatalf("killed before transaction %d was sealed: %d, %v", d.n, n, ok)
			}
			d.advance()
		}
		if i%20 == 19 { // a clean end, and another session
			if err := d.conn.Close(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(d.seal.Sync(), d.seal.Close()); err != nil {
				t.Fatal(err)
			}
			if n, ok := d.kill().look("another boot"); !ok || n != d.n {
				t.Fatalf("ended after transaction %d: %d, %v", d.n, n, ok)
			}
			var err error
			if d.seal, err = Open(d.file(FileName), d.file("db"), boot); err != nil {
				t.Fatal(err)
			}
			if got := d.seal.State(); got.Number != d.n || got.Issued != 10*d.n {
				t.Errorf("%+v", got)
			}
			d.open()
		}
	}
}

// TestAnotherBoot: after a power failure the sums mean nothing, and the number all the same.
func TestAnotherBoot(t *testing.T) {
	d := newSealed(t)
	for range 5 {
		d.transact(true)
	}
	x := d.kill()
	flip(t, x.file(FileName), sumsAt+2)
	if _, ok := x.look(boot); ok {
		t.Error("a sum that is wrong is believed")
	}
	if n, ok := x.look("another boot"); !ok || n != d.n {
		t.Errorf("%d, %v", n, ok)
	}
	refused := 0
	for range 10 {
		d.transact(true)
		x := d.kill()
		if err := os.Remove(x.file("db-wal")); err != nil {
			t.Fatal(err)
		}
		n, ok := x.look("another boot")
		if !ok {
			refused++
		} else if n != d.n { // otherwise SQLite had just moved it all into the database
			t.Errorf("without its log it goes as far as %d, not %d", n, d.n)
		}
	}
	if refused == 0 {
		t.Error("a log that is gone is never missed")
	}
}

func flip(t *testing.T, path string, at int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1 << (at % 8)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamage: whatever is done to one of the files, the ledger is refused, or holds what it
// held.
func TestDamage(t *testing.T) {
	d := newSealed(t)
	for range 12 {
		d.transact(true)
	}
	older := d.kill()
	for range 23 {
		d.transact(true)
	}
	killed := d.kill()
	if err := errors.Join(d.conn.Close(), d.seal.Sync()); err != nil {
		t.Fatal(err)
	}
	ended := d.kill()
	copyFile := func(from, to string) error {
		b, err := os.ReadFile(from)
		if errors.Is(err, os.ErrNotExist) {
			return os.Remove(to)
		}
		return errors.Join(err, os.WriteFile(to, b, 0o600))
	}
	refused := 0
	for state, d := range map[string]*sealed{"killed": killed, "ended": ended} {
		for _, name := range []string{"db", "db-wal", FileName} {
			for kind, harm := range map[string]func(path string) error{
				"removed": os.Remove,
				"empty":   func(path string) error { return os.Truncate(path, 0) },
				"half": func(path string) error {
					st, err := os.Stat(path)
					if err != nil {
						return err
					}
					return os.Truncate(path, st.Size()/2)
				},
				"older": func(path string) error { return copyFile(older.file(name), path) },
				"zeros": func(path string) error { return os.WriteFile(path, make([]byte, 1<<16), 0o600) },
			} {
				x := d.kill()
				if err := harm(x.file(name)); errors.Is(err, os.ErrNotExist) {
					continue
				} else if err != nil {
					t.Fatal(err)
				}
				switch n, ok := x.look(boot); {
				case !ok:
					refused++
				case n != d.n:
					t.Errorf("%s, %s %s: it goes as far as %d, not %d", state, name, kind, n, d.n)
				}
			}
		}
	}
	if refused < 15 {
		t.Errorf("only %d were refused", refused)
	}
}

// TestFlips: a bit that flips is found, or does not matter.
func TestFlips(t *testing.T) {
	d := newSealed(t)
	for range 30 {
		d.transact(true)
	}
	killed := d.kill()
	if err := errors.Join(d.conn.Close(), d.seal.Sync()); err != nil {
		t.Fatal(err)
	}
	flips := 120
	if testing.Short() {
		flips = 30
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, d := range []*sealed{killed, d.kill()} {
		for _, name := range []string{"db", "db-wal", FileName} {
			st, err := os.Stat(d.file(name))
			if err != nil {
				continue
			}
			found := 0
			for range flips {
				at := rng.Int64N(st.Size())
				x := d.kill()
				flip(t, x.file(name), at)
				n, ok := x.look(boot)
				if ok && n != d.n {
					t.Errorf("%s, byte %d: it goes as far as %d, not %d", name, at, n, d.n)
				}
				if !ok {
					found++
				}
				if name == "db" && ok && d == killed {
					// The page may stand in the log as well; then the file does not matter.
					continue
				}
				if name == "db" && ok {
					t.Errorf("%s, byte %d: nobody has noticed", name, at)
				}
			}
			t.Logf("%s of %d bytes: %d of %d refused", name, st.Size(), found, flips)
		}
	}
}

// TestOtherRun: a seal knows its run, and cannot be opened through a link.
func TestOtherRun(t *testing.T) {
	d := newSealed(t)
	id, at, err := Peek(d.file(FileName))
	if err != nil || id != (ID{1, 2, 3}) || at.Number != d.n {
		t.Errorf("%v, %+v, %v", id, at, err)
	}
	if _, _, err := Peek(d.file("none")); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if err := os.Symlink(d.file(FileName), d.file("link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(d.file("link"), d.file("db"), boot); err == nil || errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if !d.seal.InPlace() {
		t.Error("it is in its place")
	}
	if err := os.Remove(d.file(FileName)); err != nil {
		t.Fatal(err)
	}
	if d.seal.InPlace() {
		t.Error("it is gone")
	}
}

// FuzzSeal: no file makes it panic, or allocate without end.
func FuzzSeal(f *testing.F) {
	f.Add([]byte(magic), []byte{0x37, 0x7f, 6, 0x82})
	f.Add(make([]byte, sumsAt+8), make([]byte, 4200))
	f.Fuzz(func(t *testing.T, seal, log []byte) {
		dir := t.TempDir()
		for name, b := range map[string][]byte{FileName: seal, "db-wal": log, "db": log} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(filepath.Join(dir, FileName), filepath.Join(dir, "db"), boot)
		if err == nil {
			_ = s.Advance(filepath.Join(dir, "db-wal"), 2, 3, boot)
			_ = s.Close()
		}
	})
}
