package remote

import (
	"brood/jobs"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func shelfFile(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Any part of a file that is asked for is that of the file, of at most PartBytes; beyond its end there is none.
func TestShelfParts(t *testing.T) {
	dir := t.TempDir()
	content := make([]byte, 2*PartBytes+777)
	_, _ = rand.Read(content) // it never fails
	path := shelfFile(t, dir, "list", content)
	s, err := OpenShelf([]jobs.File{{Path: "as-called", At: path}, {Path: path}, {Path: path}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Files()
	if err != nil || len(list) != 2 || list[0].Path != "as-called" || list[0].Size != int64(len(content)) || list[0].Sum != list[1].Sum {
		t.Fatalf("the files are %+v, %v", list, err)
	}
	rapid.Check(t, func(r *rapid.T) {
		from := rapid.Int64Range(-10, int64(len(content))+10).Draw(r, "from")
		b, err := s.Part(&Part{Sum: list[0].Sum, From: from})
		if from < 0 || from >= int64(len(content)) {
			if err == nil {
				r.Fatalf("byte %d was given", from)
			}
			return
		}
		if want := content[from:min(from+PartBytes, int64(len(content)))]; err != nil || !bytes.Equal(b, want) {
			r.Fatalf("%d bytes from %d, %v; want %d", len(b), from, err, len(want))
		}
	})
}

// Nobody is given what no worker opens, and of a file that has changed neither the old nor the new, until its new sum was told.
func TestShelfGivesNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := shelfFile(t, dir, "list", []byte("one\n"))
	other := shelfFile(t, dir, "other", []byte("other\n"))
	s, err := OpenShelf([]jobs.File{{Path: path}})
	if err != nil {
		t.Fatal(err)
	}
	o, err := OpenShelf([]jobs.File{{Path: other}})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := o.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, sum := range []string{foreign[0].Sum, "", path, other, "../" + other} {
		if b, err := s.Part(&Part{Sum: sum}); err == nil {
			t.Errorf("for %q it gives %q", sum, b)
		}
	}
	first, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	shelfFile(t, dir, "list", []byte("one\ntwo\n"))
	var changed *ChangedError
	if b, err := s.Part(&Part{Sum: first[0].Sum}); !errors.As(err, &changed) || changed.Path != path {
		t.Errorf("of a file that has changed: %q, %v", b, err)
	}
	again, err := s.Files()
	if err != nil || again[0].Sum == first[0].Sum || again[0].Size != 8 {
		t.Fatalf("it is told as %+v, %v", again, err)
	}
	if b, err := s.Part(&Part{Sum: again[0].Sum}); err != nil || string(b) != "one\ntwo\n" {
		t.Errorf("then it is %q, %v", b, err)
	}
	if _, err := s.Part(&Part{Sum: first[0].Sum}); err == nil {
		t.Error("what it was is given")
	}
}

// A run whose files cannot be sent is not begun with machines.
func TestShelfRefuses(t *testing.T) {
	dir := t.TempDir()
	var many []jobs.File
	for i := range mostFiles + 1 {
		many = append(many, jobs.File{Path: fmt.Sprint(i)})
	}
	large := shelfFile(t, dir, "large", make([]byte, mostSecret+1))
	for name, c := range map[string]struct {
		list []jobs.File
		want string
	}{
		"not there":    {[]jobs.File{{Path: filepath.Join(dir, "none")}}, "no such file"},
		"a folder":     {[]jobs.File{{Path: dir}}, "no plain file"},
		"a device":     {[]jobs.File{{Path: "/dev/null"}}, "no plain file"},
		"many":         {many, "1000 at most"},
		"large secret": {[]jobs.File{{Path: large, Use: jobs.FileSecret}}, "secret files"},
	} {
		if _, err := OpenShelf(c.list); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	s, err := OpenShelf([]jobs.File{{Path: dir, Use: jobs.FileThere}, {Path: filepath.Join(dir, "out"), Use: jobs.FileWrite}})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.Files(); err != nil || !list[0].IsFolder() || list[0].Sum != "" || list[1].Sum != "" {
		t.Errorf("%+v, %v", list, err)
	}
}

// A machine that others may read along with is not let in where there are secrets, nor one whose files cannot be had.
func TestDeskFiles(t *testing.T) {
	dir := t.TempDir()
	key := shelfFile(t, dir, "key", []byte("secret"))
	s, err := OpenShelf([]jobs.File{{Path: key, Use: jobs.FileSecret}})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	d := NewDesk(&Describe{Welcome: Welcome{Run: "r", Epoch: 7}, Build: "b", Shelf: s, Logf: func(f string, a ...any) { fmt.Fprintf(&log, f+"\n", a...) }})
	d.SetPost(&world{t: t, works: make(map[uint64]bool), ports: make(map[string]*port)})
	ask := func(q Question) (w Welcome) {
		if err := json.Unmarshal(d.Ask("m", encode(q)), &w); err != nil {
			t.Fatal(err)
		}
		return w
	}
	if w := ask(Question{Join: &Join{Build: "b", Instance: 1, Slots: 1, Clear: true}}); !strings.Contains(w.Refused, "tls://") || w.Files != nil {
		t.Errorf("others may read along: %+v", w)
	}
	w := ask(Question{Files: true})
	if len(w.Files) != 1 || string(w.Config) != "null" {
		t.Fatalf("the files are %+v", w)
	}
	if b := d.Ask("m", encode(Question{Part: &Part{Sum: w.Files[0].Sum}})); string(b) != "secret" {
		t.Errorf("it is %q", b)
	}
	if w := ask(Question{Join: &Join{Build: "b", Instance: 1, Slots: 1}}); w.Refused != "" || len(w.Files) != 1 {
		t.Errorf("it is told %+v", w)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if w := ask(Question{Join: &Join{Build: "b", Instance: 2, Slots: 1}}); !strings.Contains(w.Refused, key) {
		t.Errorf("without the file it is told %+v", w)
	}
	if b := d.Ask("m", encode(Question{Part: &Part{Sum: w.Files[0].Sum}})); len(b) != 0 || !strings.Contains(log.String(), key) {
		t.Errorf("and given %q; the log: %s", b, log.String())
	}
}
