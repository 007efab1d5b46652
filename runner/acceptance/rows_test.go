package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readRows is how somebody else reads the results: files to read and how many rows each must
// have, as NAME=N; of those that hold what is asked for, nothing is said. With universal
// newlines, which is Python's default, a lone carriage return ends a line as well.
const readRows = `
import csv, json, sys
csv.field_size_limit(1 << 30)
for arg in sys.argv[1:]:
    path, want = arg.rsplit('=', 1)
    n = 0
    if path.endswith('.jsonl'):
        for line in open(path, encoding='utf-8'):
            row, n = json.loads(line), n + 1
            if type(row) is not dict:
                sys.exit(f'{path}: {line!r} is not an object')
    else:
        rows = csv.reader(open(path, newline='', encoding='utf-8', errors='surrogateescape'), delimiter='\t' if path.endswith('.tsv') else ',')
        header = next(rows)
        for row in rows:
            n += 1
            if len(row) != len(header):
                sys.exit(f'{path}: {row!r} under {header!r}')
    if n != int(want):
        sys.exit(f'{path}: {n} rows, want {want}')
`

// answers is a program for pipe whose results are as odd as the records.
const answers = `
import json, sys
odd = [b'{"a":[1,\r2]}', b'"\xff"', b'[]', b'null', b'5', b'{"_seq":{"_seq":1}}']
for line in sys.stdin:
    ask = json.loads(line)
    out = b'{"id":"%s","status":"%s","error":"\xfe","result":%s}\r\n' % (ask['id'].encode(), [b'ok', b'failed'][ask['seq'] % 2], odd[ask['seq'] % len(odd)])
    sys.stdout.buffer.write(out)
    sys.stdout.buffer.flush()
`

// oddRecords strings pieces together into n records that end with end, most of them no good
// in any format. There are zero bytes only as ends: with others nothing is begun.
func oddRecords(random *rand.Rand, n int, end string) []byte {
	pieces := []string{
		`{"a":`, `"a"`, `"b"`, `"_seq"`, `"\u0061"`, `"\ud800"`, "{", "}", "[", "]", ",", ":", "1", "null", `"`, `""`, `\`, "\t", "\r", " ", "\xff", "\xc3", "☃", "\u2028", "\u0085", "x",
	}
	whole := []string{`{"a":1,"b":"x"}`, "{\"a\":\r[1,\r2]}", `["x",{"a":2}]`, `"text"`, "17", "null", "{\"a\":\"\xff\"}", "1,2", "1\t2", "\"1\",\"2\r\"", "\"1\"\t\"2\""}
	var b bytes.Buffer
	for range n {
		record := "x" // no record is blank, as a blank line is none
		if random.IntN(2) == 0 {
			record = whole[random.IntN(len(whole))]
		} else {
			for range random.IntN(8) {
				record += pieces[random.IntN(len(pieces))]
			}
			record = record[random.IntN(min(2, len(record))):] + "x"
		}
		b.WriteString(strings.ReplaceAll(record, end, "") + end)
	}
	return b.Bytes()
}

// TestAnyRowIsRead: whatever stands in the dataset, and whatever a program answers, every
// line of a .jsonl is an object in UTF-8, and every row of a table has the width of its
// header, for Python's own readers. So is what is exported in another format, if it can be.
func TestAnyRowIsRead(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "python3")
	dir := t.TempDir()
	run := func(exit int, args ...string) {
		t.Helper()
		cmd := asBrood(t, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "BROOD_STATE="+dir+"/state")
		out, err := cmd.CombinedOutput()
		var ended *exec.ExitError
		if err != nil && (!errors.As(err, &ended) || ended.ExitCode() != exit) {
			t.Fatalf("brood %q: %v\n%s", args, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "answers.py"), []byte(answers), 0o600); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(7, 8))
	var written []string
	for _, in := range []struct{ format, header, end string }{
		{"csv", "a,b\n", "\n"}, {"tsv", "a\tb\n", "\n"}, {"jsonl", `{"a":1,"b":2}` + "\n", "\n"}, {"lines", "", "\n"}, {"nul", "", "\x00"},
	} {
		data := append([]byte(in.header), oddRecords(random, 400, in.end)...)
		if err := os.WriteFile(filepath.Join(dir, in.format), data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, out := range []string{"csv", "tsv", "jsonl"} {
			name := in.format + "." + out
			run(1, "run", "echo", "--format", in.format, "--retries", "0", "--run", name, "-o", name, in.format)
			run(1, "run", "pipe", "--format", in.format, "--retries", "0", "-o", "pipe-"+name, in.format, "--", "python3", "answers.py")
			n := recordsOf(t, dir, name)
			written = append(written, fmt.Sprint(name, "=", n[0]), fmt.Sprint("pipe-", name, "=", n[0]))
			if out != in.format { // its own is as it stands there
				run(0, "export", name, "--status", "ok", "-o", "ok-"+name)
				written = append(written, fmt.Sprint("ok-", name, "=", n[1]))
			}
		}
	}
	read := exec.Command("python3", append([]string{"-c", readRows}, written...)...)
	read.Dir = dir
	if out, err := read.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// recordsOf is how many records a run had, and how many were ok.
func recordsOf(t *testing.T, dir, run string) (n [2]int64) {
	t.Helper()
	for i, column := range []string{"input", "ok"} {
		queryRun(t, dir+"/state", run, "SELECT "+column+" FROM summary", &n[i])
	}
	return n
}
