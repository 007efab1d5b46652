package dataset

import (
	"brood/jobs"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// byEmail groups by the column email as mail has it.
func byEmail() *GroupBy {
	return &GroupBy{Key: jobs.KeySpec{Columns: []string{"email"}, Normalize: [][]jobs.Normalization{{jobs.NormEmail}}}}
}

// grouped opens a dataset of files with texts and gathers its groups in dir.
func grouped(t *testing.T, dir string, by *GroupBy, format Format, texts ...string) (*Reader, error) {
	t.Helper()
	of := Spec{Format: format, MaxRecord: 1000, GroupBy: by}
	for i, text := range texts {
		path := filepath.Join(dir, fmt.Sprintf("%d.data", i))
		if old, err := os.ReadFile(path); err != nil || string(old) != text {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		of.Paths = append(of.Paths, path)
	}
	if err := of.Resolve(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(of, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, r.Gather(t.Context(), by, filepath.Join(dir, "groups"), true)
}

// groupsOf reads all groups: where each begins, and its rows, or what is wrong with it.
func groupsOf(t *testing.T, r *Reader) (out []string, at []Position) {
	t.Helper()
	var rec Record
	for {
		err := r.Next(&rec)
		if errors.Is(err, io.EOF) {
			return out, at
		}
		if err != nil {
			t.Fatal(err)
		}
		said := fmt.Sprintf("%d:%d", rec.Pos.File, rec.Pos.Line)
		one := jobs.Record{Raw: rec.Raw, Values: rec.Values, Shape: r.Shape()}
		for row := range one.Rows() {
			said += " "
			for i := range r.Shape().Columns {
				said += fmt.Sprintf("%s/", row.Value(i))
			}
		}
		if rec.Err != nil {
			said += " " + strings.TrimPrefix(rec.Err.Error(), filepath.Dir(rec.Err.File)+"/") + " raw " + string(rec.Raw)
		}
		out, at = append(out, said), append(at, rec.Pos)
	}
}

func TestGather(t *testing.T) {
	for _, c := range []struct {
		name   string
		format Format
		texts  []string
		want   []string
	}{
		{
			"anywhere in the file, and as mail has addresses", FormatCSV,
			[]string{"email,no\nada@example.com,1\nbob@example.com,2\nADA@Example.com,3\n\"Ada <ada@example.com>\",4\ncem@example.com,5\n"},
			[]string{"0:2 ada@example.com/1/ ADA@Example.com/3/ Ada <ada@example.com>/4/", "0:3 bob@example.com/2/", "0:6 cem@example.com/5/"},
		},
		{
			"over several files, with line ends in fields", FormatCSV,
			[]string{"email,no\nada@example.com,\"1\n1\"\nbob@example.com,\"say \"\"2\"\"\"\n", "email,no\r\nbob@example.com,3\r\nada@example.com,\"4,\"\"\"\r\n"},
			[]string{"0:2 ada@example.com/1\n1/ ada@example.com/4,\"/", "0:4 bob@example.com/say \"2\"/ bob@example.com/3/"},
		},
		{
			"what is bad or has no key stands alone, where it stood", FormatCSV,
			[]string{"email,no\nada@example.com,1\nbob@example.com\n,2\nada@example.com,3\nx,\"y\"z\n,4,5\nada@example.com,6"},
			[]string{
				"0:2 ada@example.com/1/ ada@example.com/3/ ada@example.com/6/",
				"0:3 bob@example.com// 0.data:3: the row has 1 field, the header has 2 raw bob@example.com",
				"0:4 /2/ 0.data:4: it belongs to no group: email is empty raw ,2",
				"0:6 // 0.data:6:6: text after the closing quote of a field; a quote inside a field is written twice raw x,\"y\"z",
				"0:7 /4/ 0.data:7:4: the row has 3 fields, the header has 2 raw ,4,5",
			},
		},
		{
			"objects", FormatJSONL,
			[]string{`{"email":"ada@example.com","no":1}` + "\n[1]\n" + `{"no":2,"email":"bob@example.com"}` + "\n" + `{"email":"Ada@example.com","no":"3"}` + "\n"},
			[]string{"0:1 ada@example.com/1/ Ada@example.com/3/", "0:2 // 0.data:2:1: a JSON object was expected, such as {\"name\": \"value\"} raw [1]", "0:3 bob@example.com/2/"},
		},
		{
			"a line that is too long", FormatCSV,
			[]string{"email,no\nada@example.com," + strings.Repeat("x", 1000) + "\nbob@example.com,1\n"},
			[]string{"0:2 // 0.data:2: the record has 1017 bytes, the limit is 1000; raise it with --max-record raw ", "0:3 bob@example.com/1/"},
		},
		{"nothing", FormatCSV, []string{"email,no\n"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := grouped(t, t.TempDir(), byEmail(), c.format, c.texts...)
			if err != nil {
				t.Fatal(err)
			}
			got, at := groupsOf(t, r)
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			for i, p := range at { // from anywhere, as after an interruption
				if err := r.SeekTo(p); err != nil {
					t.Fatal(err)
				}
				if rest, _ := groupsOf(t, r); !slices.Equal(rest, c.want[i:]) {
					t.Errorf("from record %d there are %q", i, rest)
				}
			}
			if done, all := r.Consumed(), r.Total(); done != all {
				t.Errorf("%d bytes of %d were read", done, all)
			}
		})
	}
}

// Rows that are to stand alone do, whatever their key is, and the others are as without them.
func TestGatherAlone(t *testing.T) {
	by := byEmail()
	by.Alone = func(r *jobs.Record) bool { return string(r.Value(1)) == "x" }
	r, err := grouped(t, t.TempDir(), by, FormatCSV, "email,no\nada@example.com,x\nada@example.com,1\nbad\n,x\nada@example.com,2\nada@example.com,x\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0:2 ada@example.com/x/", "0:3 ada@example.com/1/ ada@example.com/2/",
		"0:4 bad// 0.data:4: the row has 1 field, the header has 2 raw bad", "0:5 /x/", "0:7 ada@example.com/x/",
	}
	if got, _ := groupsOf(t, r); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Every row is in exactly one group, with those of its key and no others; order is kept among
// groups, by their first rows, and within them; whatever fits into memory.
func TestGatherAllRows(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 30 {
		people := 1 + random.IntN(20)
		var text strings.Builder
		text.WriteString("email,no\n")
		var order []int
		want := make(map[int][]string)
		for i := range random.IntN(200) {
			who := random.IntN(people)
			if want[who] == nil {
				order = append(order, who)
			}
			row := fmt.Sprintf("p%d@example.com,%d", who, i)
			text.WriteString(row + "\n")
			want[who] = append(want[who], row)
		}
		path := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(Spec{Paths: []string{path}, Format: FormatCSV, Delimiter: ',', MaxRecord: 10000, GroupBy: byEmail()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.orderIn = 10 << random.IntN(12)
		if err := r.Gather(t.Context(), byEmail(), "", false); err != nil {
			t.Fatal(err)
		}
		var rec Record
		for _, who := range order {
			if err := r.Next(&rec); err != nil {
				t.Fatal(err)
			}
			if got := string(rec.Raw); got != strings.Join(want[who], "\n") {
				t.Fatalf("round %d: person %d has\n%s\nwant\n%s", round, who, got, strings.Join(want[who], "\n"))
			}
		}
		if err := r.Next(&rec); !errors.Is(err, io.EOF) {
			t.Fatalf("and then %v", err)
		}
		_ = r.Close()
	}
}

// A second session reads what the first has written; if that is gone or damaged it makes the
// same again; and another dataset is noticed.
func TestGatherAgain(t *testing.T) {
	dir, by := t.TempDir(), byEmail()
	const text = "email,no\nada@example.com,1\nbob@example.com,2\nada@example.com,3\n"
	first, err := grouped(t, dir, by, FormatCSV, text)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := groupsOf(t, first)
	path := filepath.Join(dir, "groups")
	stored, err := os.ReadFile(path)
	if err != nil || int64(len(stored)) != by.Copy.Bytes {
		t.Fatal(err, len(stored), by.Copy)
	}
	for name, harm := range map[string]func() error{
		"it is there": func() error { return nil },
		"gone":        func() error { return os.Remove(path) },
		"cut":         func() error { return os.Truncate(path, 20) },
		"other bytes": func() error { return os.WriteFile(path, bytes.ToUpper(stored), 0o600) },
	} {
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		known := *by
		r, err := grouped(t, dir, &known, FormatCSV, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, _ := groupsOf(t, r); !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, stored) {
			t.Errorf("%s: it is another file now: %v", name, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	known := *by
	if _, err := grouped(t, dir, &known, FormatCSV, strings.Replace(text, "1", "9", 1)); !errors.Is(err, ErrChanged) {
		t.Errorf("other rows: %v", err)
	}
}

// A look at the groups of a run leaves nothing in its directory.
func TestGatherToLook(t *testing.T) {
	dir, by := t.TempDir(), byEmail()
	if _, err := grouped(t, dir, by, FormatCSV, "email,no\nada@example.com,1\n"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "groups")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r, err := Open(Spec{Paths: []string{filepath.Join(dir, "0.data")}, Format: FormatCSV, Delimiter: ',', MaxRecord: 1000, GroupBy: by}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Gather(t.Context(), by, path, false); err != nil {
		t.Fatal(err)
	}
	if got, _ := groupsOf(t, r); !slices.Equal(got, []string{"0:2 ada@example.com/1/"}) {
		t.Errorf("%q", got)
	}
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) > 0 {
		t.Errorf("it has left %q", left)
	}
}

// A group that is larger than a record may be is refused before anything is done, with its
// place; and who is interrupted leaves no groups.
func TestGatherRefuses(t *testing.T) {
	dir := t.TempDir()
	text := "email,no\nbob@example.com,1\n" + strings.Repeat("ada@example.com,1\n", 100)
	var bad *InputError
	if _, err := grouped(t, dir, byEmail(), FormatCSV, text); !errors.As(err, &bad) || bad.Line != 3 || !strings.Contains(bad.Reason, "too large") {
		t.Errorf("a large group: %v", err)
	}
	var disk *WriteError
	r, err := Open(Spec{Paths: []string{filepath.Join(dir, "0.data")}, Format: FormatCSV, Delimiter: ',', MaxRecord: 10000, GroupBy: byEmail()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Gather(t.Context(), byEmail(), filepath.Join(dir, "no", "folder"), true); !errors.As(err, &disk) {
		t.Errorf("no folder: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := r.Gather(ended, byEmail(), filepath.Join(dir, "groups"), true); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "groups")); err == nil {
		t.Error("groups were left that are not whole")
	}
	_ = r.Close()
}

// FuzzFrame: what is read of a frame is the same when it is written and read again, and its
// rows are all of its bytes.
func FuzzFrame(f *testing.F) {
	f.Add(appendRow(nil, &Record{Raw: []byte("a,b"), Pos: Position{File: 1, Line: 7}}))
	f.Add(appendRow(nil, &Record{Raw: []byte("a"), Pos: Position{Line: 7}, Err: &InputError{Line: 8, Column: 3, Reason: "bad"}}))
	f.Add([]byte{0, 2, 0, 1, 1, 0, 2, 1, 'a', '\n', 'b'})
	f.Add([]byte{1, 2, 0})
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, body []byte) {
		var one frame
		if err := one.parse(body); err != nil {
			if !errors.Is(err, errFrame) {
				t.Fatal(err)
			}
			return
		}
		total, rows := len(one.rows)-1, 0
		one.each(func(r rowAt, raw []byte) {
			if len(raw) != r.size {
				t.Fatalf("a row of %d bytes has %d", r.size, len(raw))
			}
			total, rows = total+len(raw), rows+1
		})
		if rows != len(one.rows) || rows == 0 || total != len(one.raw) {
			t.Fatalf("%d rows of %d bytes of %d", rows, total, len(one.raw))
		}
		again := one.appendTo(nil)
		var twin frame
		if _, n := binary.Uvarint(again); twin.parse(again[n:]) != nil {
			t.Fatalf("%q cannot be read again", again)
		}
		if !slices.Equal(twin.rows, one.rows) || !bytes.Equal(twin.raw, one.raw) || (twin.bad == nil) != (one.bad == nil) || one.bad != nil && *twin.bad != *one.bad {
			t.Fatalf("%+v became %+v", one, twin)
		}
	})
}
