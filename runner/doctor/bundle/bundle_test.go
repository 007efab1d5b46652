package bundle

import (
	"archive/tar"
	"brood/jobs"
	"brood/runner/doctor"
	"brood/runner/home"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// unpack reads an archive.
func unpack(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimPrefix(h.Name, "brood-bundle/")] = string(b)
	}
}

// TestWithoutLedger: a run whose ledger cannot be read is one of which a bundle is wanted most; it says so,
// and still has nothing of the user's.
func TestWithoutLedger(t *testing.T) {
	state := t.TempDir()
	dir := home.RunPath(state, "anna")
	for name, text := range map[string]string{"ledger.db": "anna is no database", "notes-0.1": "anna", "anna.csv": "anna", "results.anna": "anna", "log": "anna"} {
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	r := &Request{State: state, Name: "anna", Build: "x", Now: time.Now(), Machine: []doctor.Finding{
		{Part: doctor.PartState, Check: "directory", Level: doctor.OK, Says: "/home/anna"},
		{Part: doctor.PartKernel, Check: "cgroups", Level: doctor.Warn, Says: "anna.slice"},
		{Part: doctor.PartEnvironment, Check: "PATH", Level: doctor.OK, Says: "anna"},
		{Part: doctor.PartLimits, Check: "files", Level: doctor.OK, Says: "1,024 descriptors"},
	}}
	if err := Write(context.Background(), &b, r); err != nil {
		t.Fatal(err)
	}
	files := unpack(t, b.Bytes())
	for name, text := range files {
		if strings.Contains(text, "anna") {
			t.Errorf("%s: %s", name, text)
		}
	}
	var run struct{ Ledger readable }
	if err := json.Unmarshal([]byte(files["run.json"]), &run); err != nil || run.Ledger == whole {
		t.Errorf("%+v, %v", run, err)
	}
	for name, want := range map[string]string{"files.json": "notes-0.1", "brood.json": "1,024 descriptors"} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s: %s", name, files[name])
		}
	}
	if n := strings.Count(files["files.json"], `"other"`); n != 2 {
		t.Errorf("%d others: %s", n, files["files.json"])
	}
}

// TestHash: the same path has the same hash within a bundle, and another one in the next.
func TestHash(t *testing.T) {
	a, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	b, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	once, again := a.path("/x/anna.csv"), a.path("/x/anna.csv")
	if once != again || a.path("/x/anna.csv") == b.path("/x/anna.csv") || a.path("/x/anna.csv") == a.path("/x/ann.csv") {
		t.Error("hashes")
	}
	if p := a.path("/x/a.anna"); strings.Contains(p, "anna") || !strings.HasSuffix(a.path("b.CSV"), ".csv") || a.path("-") != "-" || a.path("") != "" {
		t.Error(p)
	}
}

// TestClass: a class that is none of brood's is told only of jobs whose classes are their own, and only if it looks like one.
func TestClass(t *testing.T) {
	h, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		class jobs.Class
		own   bool
		told  bool
	}{{jobs.ClassTimeout, false, true}, {"exit:3", true, true}, {"exit:3", false, false}, {"Anna", true, false}, {"anna@example.com", true, false}, {"", false, true}} {
		if got := h.class(c.class, c.own); (got == string(c.class)) != c.told {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if h.word("done", "done") != "done" || strings.Contains(h.word("anna", "done"), "anna") {
		t.Error("words")
	}
}

// FuzzKnownFiles: a name that is shown has only words of brood's and numbers in it.
func FuzzKnownFiles(f *testing.F) {
	for _, s := range []string{"ledger.db-wal", "log.old", "results.anna", "notes-3.7", "anna", ""} {
		f.Add(s)
	}
	words := append(slices.Clone(knownFiles), "db", "wal", "shm", "seal", "lock", "json", "sock", "data", "old", "csv", "tsv", "jsonl", "txt")
	f.Fuzz(func(t *testing.T, name string) {
		if shownName(name) != name {
			return
		}
		for _, part := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(".-0123456789", r) }) {
			if !slices.Contains(words, part) {
				t.Errorf("%q", name)
			}
		}
	})
}
