package intake

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func lines(paths ...string) dataset.Spec {
	return dataset.Spec{Paths: paths, Format: dataset.FormatLines, MaxRecord: 1 << 10}
}

// all reads all records as text.
func all(t *testing.T, in *Input) []string {
	t.Helper()
	var out []string
	records, place := Records(in, 0, nil)
	for r, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, place()[strings.LastIndex(place(), "/")+1:]+" "+string(r.Raw))
	}
	return out
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// producer gives what it is told to, piece by piece.
type producer struct {
	pieces chan string
	err    error

	mu      sync.Mutex
	durable []int64
}

func (p *producer) Fill(ctx context.Context, spool *dataset.Spool) error {
	if _, err := spool.Adopt(); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case piece, more := <-p.pieces:
			if !more {
				return p.err
			}
			if err := spool.Append([]byte(piece)); err != nil {
				return err
			}
		}
	}
}

func (p *producer) Durable(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.durable = append(p.durable, n)
}

func TestFiles(t *testing.T) {
	path := write(t, "a\nb\n")
	in, err := Open(t.Context(), lines(path, path), nil, "", ledger.Spooled{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := all(t, in), []string{"data:1 a", "data:2 b", "data:1 a", "data:2 b"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if in.Produces() {
		t.Error("a file produces nothing")
	}
	if err := errors.Join(syncOf(in), in.Close()); err != nil {
		t.Error(err)
	}
}

// What a producer brings can be read at once; it is told what is durable; and the spool is
// whole when it has ended.
func TestProducer(t *testing.T) {
	spool := filepath.Join(t.TempDir(), "spool")
	p := &producer{pieces: make(chan string, 1)}
	p.pieces <- "aa\nb" // so much may be looked at to know what it is
	in, err := Open(t.Context(), lines(dataset.Stdin), p, spool, ledger.Spooled{})
	if err != nil {
		t.Fatal(err)
	}
	filled := make(chan error)
	go func() { filled <- in.Fill(t.Context()) }()
	var rec dataset.Record
	if err := in.Reader.Next(&rec); err != nil || string(rec.Raw) != "aa" {
		t.Errorf("%q, %v", rec.Raw, err)
	}
	if err := syncOf(in); err != nil {
		t.Fatal(err)
	}
	p.pieces <- "\nc\n"
	close(p.pieces)
	if err := <-filled; err != nil {
		t.Fatal(err)
	}
	if err := syncOf(in); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.durable, []int64{4, 7}) {
		t.Errorf("durable were %v bytes", p.durable)
	}
	if _, err := os.Stat(spool); err != nil {
		t.Errorf("the spool is not whole: %v", err)
	}
	if got := all(t, in); !slices.Equal(got, []string{"stdin:2 b", "stdin:3 c"}) {
		t.Errorf("%q", got)
	}
	_ = in.Close()

	// A whole spool needs no producer, and has all of it.
	again, err := Open(t.Context(), lines(dataset.Stdin), nil, spool, ledger.Spooled{})
	if err != nil {
		t.Fatal(err)
	}
	if got := all(t, again); len(got) != 3 || again.Produces() {
		t.Errorf("%q, produces %v", got, again.Produces())
	}
	_ = again.Close()
}

// A session that is drained leaves the spool as far as it came; the next one goes on with it.
func TestProducerIsCutOff(t *testing.T) {
	spool := filepath.Join(t.TempDir(), "spool")
	p := &producer{pieces: make(chan string, 1)}
	p.pieces <- "aaa\n"
	in, err := Open(t.Context(), lines(dataset.Stdin), p, spool, ledger.Spooled{})
	if err != nil {
		t.Fatal(err)
	}
	drain, stop := context.WithCancel(t.Context())
	stop()
	if err := in.Fill(drain); err != nil {
		t.Errorf("to be drained is no error: %v", err)
	}
	_ = in.Close()
	if _, err := os.Stat(spool + ".part"); err != nil {
		t.Fatal(err)
	}
	seen, err := OpenCopy(lines(dataset.Stdin), spool, ledger.Spooled{})
	if err != nil {
		t.Fatal(err)
	}
	if got := all(t, seen); !slices.Equal(got, []string{"stdin:1 aaa"}) {
		t.Errorf("a look at it shows %q", got)
	}
	_ = seen.Close()

	p = &producer{pieces: make(chan string, 1)}
	p.pieces <- "b\n"
	close(p.pieces)
	if in, err = Open(t.Context(), lines(dataset.Stdin), p, spool, ledger.Spooled{}); err != nil {
		t.Fatal(err)
	}
	if err := in.Fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(t, in); !slices.Equal(got, []string{"stdin:1 aaa", "stdin:2 b"}) {
		t.Errorf("%q", got)
	}
	_ = in.Close()
}

// A producer that fails ends the dataset: 65, and who reads is told.
func TestProducerFails(t *testing.T) {
	broken := errors.New("the queue's server has gone")
	p := &producer{pieces: make(chan string, 1), err: broken}
	p.pieces <- "aaa\n"
	close(p.pieces)
	in, err := Open(t.Context(), lines(dataset.Stdin), p, filepath.Join(t.TempDir(), "spool"), ledger.Spooled{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	var dataErr *spec.DatasetError
	if err := in.Fill(t.Context()); !errors.As(err, &dataErr) || !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	var rec dataset.Record
	for err = nil; err == nil; {
		err = in.Reader.Next(&rec)
	}
	if !errors.Is(err, broken) {
		t.Errorf("who reads is told %v", err)
	}
}

func TestStdin(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	spool := filepath.Join(t.TempDir(), "spool")
	go func() {
		_, _ = io.WriteString(w, "a\nb\n")
		_ = w.Close()
	}()
	in, err := Open(t.Context(), lines(dataset.Stdin), Stdin(r), spool, ledger.Spooled{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(in.Fill(t.Context()), syncOf(in)); err != nil {
		t.Fatal(err)
	}
	if got := all(t, in); len(got) != 2 {
		t.Errorf("%q", got)
	}
	_ = in.Close()
}

// What cannot be read is the dataset's fault, what cannot be written the disk's.
func TestErrors(t *testing.T) {
	var dataErr *spec.DatasetError
	if _, err := Open(t.Context(), lines("/no/such/file"), nil, "", ledger.Spooled{}); !errors.As(err, &dataErr) {
		t.Errorf("%v", err)
	}
	if _, err := OpenCopy(lines(dataset.Stdin), filepath.Join(t.TempDir(), "none"), ledger.Spooled{}); !errors.As(err, &dataErr) {
		t.Errorf("%v", err)
	}
	copied := write(t, "a\nb\n")
	for _, known := range []ledger.Spooled{{Bytes: 4, Sum: 1}, {Bytes: 5}} {
		if _, err := OpenCopy(lines(dataset.Stdin), copied, known); !errors.Is(err, dataset.ErrDamaged) || !errors.As(err, &dataErr) {
			t.Errorf("a copy that is not what the ledger has: %v", err)
		}
	}
	var writeErr *spec.WriteError
	if _, err := Open(t.Context(), lines(dataset.Stdin), &producer{}, "/no/such/folder/spool", ledger.Spooled{}); !errors.As(err, &writeErr) {
		t.Errorf("%v", err)
	}
	if err := ReadError(&dataset.WriteError{Err: io.ErrShortWrite}); !errors.As(err, &writeErr) || errors.As(err, &dataErr) {
		t.Errorf("%v", err)
	}
}

// Records gives bad rows with their error, and ends where it is told to, or at an error.
func TestRecords(t *testing.T) {
	path := write(t, "id,name\n1,ann\n2\n3,cem\n")
	of := dataset.Spec{Paths: []string{path}, Format: dataset.FormatCSV, Delimiter: ',', MaxRecord: 1 << 10}
	for _, c := range []struct {
		n    uint64
		want string
	}{{0, "ann bad cem"}, {2, "ann bad"}, {1, "ann"}} {
		in, err := Open(t.Context(), of, nil, "", ledger.Spooled{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		records, _ := Records(in, c.n, nil)
		for r, err := range records {
			if err != nil {
				got = append(got, "bad")
				continue
			}
			if r.Seq != jobs.Seq(len(got)) {
				t.Errorf("record %d is number %d", len(got), r.Seq)
			}
			got = append(got, string(r.First("name")))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("the first %d: %q, want %q", c.n, got, c.want)
		}
		_ = in.Close()
	}
}

func syncOf(in *Input) error {
	_, err := in.Sync()
	return err
}
