package catalog

import (
	"brood/runner/ledger"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func sumOf(s string) uint32 {
	return crc32.Checksum([]byte(s), crc32.MakeTable(crc32.Castagnoli))
}

// A file belongs to the run whose results it holds, whatever it is called by now; not if it
// holds something else, is gone, or the run is.
func TestCheckOwner(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(w *world, path string) string // returns the path to ask about
		owned bool
	}{
		"as it was":       {func(_ *world, path string) string { return path }, true},
		"by a link":       {func(w *world, path string) string { w.must(os.Symlink(path, path+".ln")); return path + ".ln" }, true},
		"by another name": {func(w *world, path string) string { w.must(os.Link(path, path+"2")); return path + "2" }, true},
		"moved":           {func(w *world, path string) string { w.must(os.Rename(path, path+"2")); return path + "2" }, true},
		"a copy in its place": {func(w *world, path string) string {
			w.must(os.Rename(path, path+"2"))
			w.write(path, "the results\n")
			return path
		}, true},
		"more behind it": {func(w *world, path string) string { w.write(path, "the results\nand more\n"); return path }, true},
		"overwritten":    {func(w *world, path string) string { w.write(path, "something else\n"); return path }, false},
		"cut off":        {func(w *world, path string) string { w.write(path, ""); return path }, false},
		"removed":        {func(w *world, path string) string { w.must(os.Remove(path)); return path }, false},
		"the run removed": {func(w *world, path string) string {
			w.must(os.RemoveAll(filepath.Join(w.state, "runs", "a")))
			return path
		}, false},
		"another file": {func(w *world, path string) string { w.write(path+"2", "the results\n"); return path + "2" }, false},
		"no entry": {func(w *world, path string) string {
			w.must(os.Remove(filepath.Join(w.state, "runs", "a", fileName)))
			return path
		}, true},
		"a broken ledger": {func(w *world, path string) string {
			w.write(filepath.Join(w.state, "runs", "a", ledger.FileName), strings.Repeat("no database", 1000))
			return path
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			path := filepath.Join(t.TempDir(), "out.csv")
			w.run("a", with{output: path, bytes: "the results\n"})
			path = c.do(w, path)
			err := CheckOwner(t.Context(), w.state, "b", path)
			var owned *OwnedError
			if errors.As(err, &owned) != c.owned || (err != nil && owned == nil) {
				t.Errorf("%v", err)
			}
			if owned != nil && owned.Run != "a" {
				t.Errorf("%+v", owned)
			}
			if err := CheckOwner(t.Context(), w.state, "a", path); err != nil {
				t.Errorf("the run itself: %v", err)
			}
		})
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// What has become of the results is said, whoever it was.
func TestCondition(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w *world, path string)
		want Condition
		said string
	}{
		"nothing":    {func(*world, string) {}, ResultsThere, ""},
		"touched":    {func(w *world, path string) { w.write(path, "the results\n") }, ResultsThere, ""},
		"removed":    {func(w *world, path string) { w.must(os.Remove(path)) }, ResultsGone, "are gone"},
		"a shell":    {func(w *world, path string) { w.write(path, "date > out.csv, say\n") }, ResultsChanged, "have been overwritten: "},
		"cut off":    {func(w *world, path string) { w.write(path, "") }, ResultsChanged, "have been overwritten: "},
		"another":    {func(w *world, path string) { w.run("b", with{output: path, bytes: "results of b, which is another\n"}) }, ResultsChanged, "overwritten by run b: "},
		"its remake": {func(w *world, path string) { w.must(os.Rename(path, path+"2")); w.write(path, "the results\n") }, ResultsThere, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			path := filepath.Join(t.TempDir(), "out.csv")
			w.run("a", with{output: path, bytes: "the results\n"})
			c.do(w, path)
			e, err := Examine(t.Context(), w.state, "a")
			if err != nil {
				t.Fatal(err)
			}
			if got, said := e.Condition(t.Context(), w.state); got != c.want || !strings.Contains(said, c.said) || (c.said == "") != (said == "") {
				t.Errorf("%s: %s", got, said)
			}
		})
	}
}
