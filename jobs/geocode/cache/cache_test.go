package cache

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// open makes a cache ready, with a list of what it warns of, and closes it after the test.
func open(t testing.TB, path string) (*Cache, *[]string) {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	said := &[]string{}
	c.Warn = func(s string) { *said = append(*said, s) }
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, said
}

func put(t testing.TB, c *Cache, k Key, a *Answer) {
	t.Helper()
	if err := c.Put(context.Background(), k, a); err != nil {
		t.Fatal(err)
	}
}

// get is the answer, or nothing.
func get(t testing.TB, c *Cache, k Key, now time.Time) *Answer {
	t.Helper()
	a, ok, err := c.Get(context.Background(), k, now)
	if err != nil || ok != (a != nil) {
		t.Fatal(a, ok, err)
	}
	return a
}

func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "cache", FileName)
	c, said := open(t, path)
	long := []byte(strings.Repeat(`{"lat":"52.5","lon":"13.4","display_name":"Berlin"}`, 200))
	answers := map[string]*Answer{
		"berlin":  {Outcome: Found, Raw: []byte(`[{"lat":"52.5"}]`), At: noon},
		"nowhere": {Outcome: Nothing, Raw: []byte(`[]`), At: noon, Expires: noon.Add(DefaultNothing)},
		"silence": {Outcome: Nothing, At: noon},
		"long":    {Outcome: Found, Raw: long, At: noon.Add(time.Hour), Expires: noon.Add(48 * time.Hour)},
	}
	if get(t, c, Key{Provider: "nominatim", Query: "berlin"}, noon) != nil {
		t.Error("an empty cache has an answer")
	}
	for q, a := range answers {
		put(t, c, Key{Provider: "nominatim", Query: q}, a)
	}
	again, _ := open(t, path) // as another process
	for q, want := range answers {
		for _, from := range []*Cache{c, again} {
			got := get(t, from, Key{Provider: "nominatim", Query: q}, noon)
			if got == nil || got.Outcome != want.Outcome || !bytes.Equal(got.Raw, want.Raw) || !got.At.Equal(want.At) || !got.Expires.Equal(want.Expires) {
				t.Errorf("%s: %+v, want %+v", q, got, want)
			}
		}
	}
	if get(t, c, Key{Provider: "nominatim", Query: "nowhere"}, noon.Add(DefaultNothing)) != nil {
		t.Error("an answer that has expired is found")
	}
	put(t, c, Key{Provider: "nominatim", Query: "nowhere"}, answers["berlin"])
	if a := get(t, again, Key{Provider: "nominatim", Query: "nowhere"}, noon); a == nil || a.Outcome != Found || !a.Expires.IsZero() {
		t.Errorf("an answer that was replaced is %+v", a)
	}
	for _, end := range append([]string{""}, fileEnds...) {
		if st, err := os.Stat(path + end); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v, want a file of this user alone", end, st, err)
		}
	}
	if st, err := os.Stat(filepath.Dir(path)); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("its directory: %v %v", st, err)
	}
	if c.Unkept() != 0 || len(*said) > 0 {
		t.Error(c.Unkept(), *said)
	}
}

// TestKey holds that no part of a question may be left out, and that no secret is stored.
func TestKey(t *testing.T) {
	full := Key{"nominatim", "https://a.test/search", "de", "DE,AT", "address", "1,2,3,4", "limit=5", "berlin"}
	seen := map[string]string{string(full.hash()): "the question itself"}
	for name, k := range map[string]Key{
		"provider": {"photon", full.BaseURL, full.Language, full.Countries, full.Level, full.Bounds, full.Options, full.Query},
		"base URL": {full.Provider, "https://b.test/search", full.Language, full.Countries, full.Level, full.Bounds, full.Options, full.Query},
		"path":     {full.Provider, "https://a.test/v1", full.Language, full.Countries, full.Level, full.Bounds, full.Options, full.Query},
		"language": {full.Provider, full.BaseURL, "en", full.Countries, full.Level, full.Bounds, full.Options, full.Query},
		"country":  {full.Provider, full.BaseURL, full.Language, "DE", full.Level, full.Bounds, full.Options, full.Query},
		"level":    {full.Provider, full.BaseURL, full.Language, full.Countries, "city", full.Bounds, full.Options, full.Query},
		"bounds":   {full.Provider, full.BaseURL, full.Language, full.Countries, full.Level, "", full.Options, full.Query},
		"options":  {full.Provider, full.BaseURL, full.Language, full.Countries, full.Level, full.Bounds, "", full.Query},
		"query":    {full.Provider, full.BaseURL, full.Language, full.Countries, full.Level, full.Bounds, full.Options, "bern"},
		"a border": {full.Provider, full.BaseURL, "", full.Language + full.Countries, full.Level, full.Bounds, full.Options, full.Query},
	} {
		h := string(k.hash())
		if other, ok := seen[h]; ok || len(h) != 16 {
			t.Errorf("another %s is found by the same key as %s", name, other)
		}
		seen[h] = name
	}
	same := full
	same.BaseURL = "HTTPS://user:secret@A.test/search/?key=secret#secret"
	if !bytes.Equal(same.hash(), full.hash()) {
		t.Error("the secret of an account is a part of the key")
	}
	if b := same.base(); b != "https://a.test/search" {
		t.Errorf("what is stored of it is %s", b)
	}
}

func TestLife(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		life    Life
		outcome Outcome
		want    time.Duration // 0: for ever
	}{
		{Life{}, Found, 0},
		{Life{}, Nothing, 7 * day},
		{Life{Nothing: day}, Nothing, day},
		{Life{Found: 30 * day}, Found, 30 * day},
		{Life{Found: 30 * day}, Nothing, 7 * day},
		{Life{Found: 2 * day}, Nothing, 2 * day}, // a provider's terms hold for both
	} {
		want := time.Time{}
		if c.want > 0 {
			want = noon.Add(c.want)
		}
		if got := c.life.Expires(c.outcome, noon); !got.Equal(want) {
			t.Errorf("%+v, %s: until %v, want %v", c.life, c.outcome, got, want)
		}
	}
}

// TestRefused holds that what is no answer is not kept.
func TestRefused(t *testing.T) {
	c, _ := open(t, filepath.Join(t.TempDir(), FileName))
	for name, a := range map[string]*Answer{
		"an error": {Outcome: "error", At: noon},
		"a flood":  {Outcome: Found, Raw: make([]byte, maxAnswer+1), At: noon},
	} {
		if err := c.Put(context.Background(), Key{Query: name}, a); !errors.Is(err, ErrNotKept) {
			t.Errorf("%s: %v", name, err)
		}
		if get(t, c, Key{Query: name}, noon) != nil {
			t.Errorf("%s is kept", name)
		}
	}
	if c.Unkept() != 2 {
		t.Error(c.Unkept())
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	c, err := OpenRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, c, Key{Query: "a"}, &Answer{Outcome: Found, At: noon})
	if get(t, c, Key{Query: "a"}, noon) == nil {
		t.Error("it is not found")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := RemoveRun(dir); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v of it is left; %v", left, err)
	}
	if err := RemoveRun(dir); err != nil {
		t.Error("none is there: ", err)
	}
}

func TestShowAndPrune(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), FileName)
	c, _ := open(t, path)
	if all, err := c.Show(ctx, noon); err != nil || len(all) > 0 {
		t.Fatal(all, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("to look at a cache makes one")
	}
	raw := make([]byte, 300)
	for i := range raw {
		raw[i] = byte(i * i)
	}
	day := 24 * time.Hour
	// Who opens a cache removes what has expired by then, meanwhile: so it is opened before that is anything.
	if _, _, err := c.Get(ctx, Key{}, noon.Add(-20*day)); err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		k := Key{Provider: "photon", BaseURL: "https://p.test", Query: strings.Repeat("x", 3) + time.Duration(i).String()}
		a := &Answer{Outcome: Found, Raw: raw, At: noon.Add(-time.Duration(i%10) * day)}
		if i%3 == 0 {
			a.Outcome, a.Expires = Nothing, a.At.Add(5*day)
		}
		if i%2 == 0 {
			k.Provider, k.BaseURL = "google", "https://g.test?key=secret"
		}
		put(t, c, k, a)
	}
	all, err := c.Show(ctx, noon.Add(-20*day))
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	if g := all[0]; g.Provider != "google" || g.BaseURL != "https://g.test" || g.Answers != 1500 || g.Nothing != 500 || g.Expired != 0 ||
		g.Bytes != 1500*300 || !g.Oldest.Equal(noon.Add(-8*day)) || !g.Newest.Equal(noon) {
		t.Errorf("%+v", g)
	}
	var queries []string
	if err := c.List(ctx, noon, "photon", []string{"XXX1ns"}, func(e *Entry) error {
		queries = append(queries, e.Query)
		return nil
	}); err != nil || !slices.Equal(queries, []string{"xxx1ns"}) {
		t.Error(queries, err)
	}
	if _, _, err := c.Prune(ctx, Filter{}, noon); !errors.Is(err, ErrNoFilter) {
		t.Error("what is not said is removed:", err)
	}
	for _, step := range []struct {
		f     Filter
		left  int64
		frees bool // whole pages
	}{
		{Filter{Expired: true, Provider: "google"}, 3000 - 200, false},
		{Filter{Before: noon.Add(-8 * day)}, 3000 - 200 - 300, false}, // of the ninth day, all photon
		{Filter{Provider: "photon"}, 1500 - 200, false},
		{Filter{All: true}, 0, true},
	} {
		before := count(t, c)
		n, freed, err := c.Prune(ctx, step.f, noon)
		if left := count(t, c); err != nil || n != before-left || left != step.left || freed < 0 || step.frees && freed < 100<<10 {
			t.Errorf("%+v: %d gone, %d left of %d, %d bytes; %v", step.f, n, left, before, freed, err)
		}
	}
	if st, err := os.Stat(path); err != nil || st.Size() > 64<<10 {
		t.Errorf("an empty cache has %d bytes; %v", st.Size(), err)
	}
}

func count(t testing.TB, c *Cache) (n int64) {
	t.Helper()
	all, err := c.Show(context.Background(), noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		n += one.Answers
	}
	return n
}

// TestSweep holds that what may not be kept any longer is gone from the disk, without being
// asked for.
func TestSweep(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	c, _ := open(t, path)
	for i := range 500 {
		put(t, c, Key{Query: time.Duration(i).String()}, &Answer{Outcome: Found, At: noon, Expires: noon.Add(time.Hour)})
	}
	put(t, c, Key{Query: "stays"}, &Answer{Outcome: Found, At: noon})
	later, _ := open(t, path)
	if get(t, later, Key{Query: "stays"}, noon.Add(2*time.Hour)) == nil {
		t.Error("the other one is gone")
	}
	later.mu.Lock()
	later.db.tending.Wait()
	later.mu.Unlock()
	if n := count(t, c); n != 1 {
		t.Errorf("%d answers are there, want 1", n)
	}
}
