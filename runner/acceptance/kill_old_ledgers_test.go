package acceptance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver
)

// madeAt is where the runs of testdata/ledgers were, see make.sh there.
const madeAt = "/tmp/brood-ledgers"

// TestOldLedgers: runs that earlier versions began, and that were killed with all their
// workers in the middle, are resumed by this one: to the same books as by the version that
// began them, with a row for every record, in order. They hold ledgers, pages and notes of
// each job and effect, as those versions wrote them.
func TestOldLedgers(t *testing.T) {
	want := map[string]books{ // what the version that began them makes of them
		"echo-none":   {OK: 41},
		"echo-keyed":  {OK: 41},
		"echo-once":   {OK: 39, Unknown: 2},
		"email-none":  {OK: 40, Skipped: 1},
		"email-keyed": {OK: 40, Skipped: 1},
		"email-once":  {OK: 40, Skipped: 1}, // none was in hand, as the rate made them wait
		"exec-none":   {OK: 36, Failed: 5},
		"exec-keyed":  {OK: 36, Failed: 5},
		"exec-once":   {OK: 34, Failed: 4, Skipped: 1, Unknown: 2},
		"pipe-none":   {OK: 36, Failed: 5},
		"pipe-keyed":  {OK: 36, Failed: 5},
		"pipe-once":   {OK: 35, Failed: 4, Unknown: 2},
	}
	archives, err := filepath.Glob(atRoot("testdata/ledgers/*/*.tar.gz"))
	versions := make(map[string]bool)
	for _, archive := range archives {
		versions[filepath.Dir(archive)] = true
	}
	if err != nil || len(archives) == 0 || len(archives) != len(versions)*len(want) {
		t.Fatalf("there are %d runs of %d versions, %v", len(archives), len(versions), err)
	}
	for _, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".tar.gz")
		t.Run(filepath.Base(filepath.Dir(archive))+"/"+name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			unpack(t, archive, dir)
			bringHere(t, filepath.Join(dir, "state/runs", name, "ledger.db"), dir)
			if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			before := booksOf(t, dir, name)
			if before.State != "interrupted" || before.OK+before.Failed+before.Skipped+before.Unknown == 0 || before.Pending == 0 {
				t.Fatalf("this was no run in the middle: %+v", before)
			}
			status := 0
			cmd := oldRun(dir, "resume", name, "--retries", "9", "--rate", "0")
			var exit *exec.ExitError
			if out, err := cmd.CombinedOutput(); errors.As(err, &exit) {
				status = exit.ExitCode()
			} else if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			w := want[name]
			wantStatus := map[bool]int{true: 1}[w.Failed > 0]
			if w.Unknown > 0 {
				wantStatus = 3
			}
			got := booksOf(t, dir, name)
			w.Input, w.State = 41, "done"
			if got != w || status != wantStatus {
				t.Errorf("%+v, status %d; want %+v, status %d", got, status, w, wantStatus)
			}
			wholeOutput(t, dir, name, got)
		})
	}
}

// books are those of brood status --json.
type books struct {
	State                                        string
	Input, OK, Failed, Skipped, Unknown, Pending int
}

func booksOf(t *testing.T, dir, name string) (b books) {
	t.Helper()
	out, err := oldRun(dir, "status", name, "--json").Output()
	if err == nil {
		err = json.Unmarshal(out, &b)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return b
}

func oldRun(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	return cmd
}

// wholeOutput checks that the output has what belongs there, once.
func wholeOutput(t *testing.T, dir, name string, b books) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "out.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	seen := make(map[int]bool)
	last := -1
	for i, line := range lines {
		var seq int
		switch ext := filepath.Ext(files[0]); {
		case ext == ".txt":
			if seq, err = strconv.Atoi(strings.TrimPrefix(line, "did ")); err != nil {
				t.Fatalf("line %d is %q", i+1, line)
			}
		case ext == ".jsonl":
			var row struct {
				Seq *int `json:"_seq"`
			}
			if err := json.Unmarshal([]byte(line), &row); err != nil || row.Seq == nil {
				t.Fatalf("line %d is %q: %v", i+1, line, err)
			}
			seq = *row.Seq
		case i == 0:
			continue // the header
		default:
			fields := strings.Split(line, map[string]string{".csv": ",", ".tsv": "\t"}[ext])
			if seq, err = strconv.Atoi(fields[len(fields)-6]); err != nil {
				t.Fatalf("line %d is %q", i+1, line)
			}
		}
		if seen[seq] {
			t.Errorf("record %d is there twice", seq)
		}
		seen[seq] = true
		if seq < last && name != "pipe-none" { // which is --unordered
			t.Errorf("record %d stands behind %d", seq, last)
		}
		last = seq
	}
	rows := b.Input
	if filepath.Ext(files[0]) == ".txt" {
		rows = b.OK
	}
	if len(seen) != rows {
		t.Errorf("%d rows, want %d", len(seen), rows)
	}
}

// bringHere changes what a ledger says of where it is: its paths, and that this boot of this
// machine is the one it was written in.
func bringHere(t *testing.T, path, dir string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		text string
		args []any
	}{
		{"UPDATE run SET config = replace(config, ?, ?)", []any{madeAt, dir}},
		{"UPDATE inputs SET path = replace(path, ?, ?)", []any{madeAt, dir}},
		{"UPDATE outputs SET path = replace(path, ?, ?)", []any{madeAt, dir}},
		{"UPDATE sessions SET boot_id = ?, host = ?", []any{string(bytes.TrimSpace(boot)), host}},
		{"UPDATE owner SET boot_id = ?, host = ?", []any{string(bytes.TrimSpace(boot)), host}},
	} {
		if _, err := db.Exec(q.text, q.args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// unpack unpacks a .tar.gz.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(z)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Clean("/"+h.Name))
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(path, h.FileInfo().Mode().Perm()); err != nil {
				t.Fatal(err)
			}
			continue
		}
		b, err := io.ReadAll(in)
		if err == nil {
			err = os.WriteFile(path, b, h.FileInfo().Mode().Perm())
		}
		if err == nil {
			err = os.Chtimes(path, h.ModTime, h.ModTime)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
