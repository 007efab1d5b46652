package places

import (
	"brood/jobs"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// given are options as a command line gives them.
type given map[string]any

func (g given) String(name string) string      { s, _ := g[name].(string); return s }
func (g given) Bool(name string) bool          { b, _ := g[name].(bool); return b }
func (g given) Int(string) int                 { return 0 }
func (g given) Float64(string) float64         { return 0 }
func (g given) Duration(string) time.Duration  { return 0 }
func (g given) StringSlice(n string) []string  { s, _ := g[n].([]string); return s }
func (g given) IsSet(name string) bool         { _, ok := g[name]; return ok }
func (g given) Command() []string              { return nil }
func (g given) Text() bool                     { return false }
func (g given) StateDir() string               { return g.String("state") }
func (g given) with(name string, v any) given  { g[name] = v; return g }
func places(state, name string, m given) given { return m.with("state", state).with("name", name) }

// TestTools makes an index, lists it, replaces it and removes it.
func TestTools(t *testing.T) {
	dir := t.TempDir()
	file, state := filepath.Join(dir, "a.csv"), filepath.Join(dir, "state")
	if err := os.WriteFile(file, []byte(small+"0,0,1,Main St,,Springfield,,IL,62701,US\n1,1,\x1b[31m5 Main Road,,,,,,,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	say := func(o given, verb string, args ...string) (string, string, error) {
		var stdout, stderr bytes.Buffer
		for _, tool := range Tools() {
			if tool.Name == verb {
				err := tool.Run(o, args, &stdout, &stderr)
				return stdout.String(), stderr.String(), err
			}
		}
		t.Fatal("there is no tool", verb)
		return "", "", nil
	}
	has := func(what, text string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s says\n%s\nand not %q", what, text, w)
			}
		}
	}
	_, stderr, err := say(places(state, "", given{}), "list")
	if err != nil {
		t.Fatal(err)
	}
	has("list of none", stderr, "there are none")
	rejects := filepath.Join(dir, "r.csv")
	stdout, stderr, err := say(places(state, "home", given{"rejects": rejects}), "import", file)
	if err != nil {
		t.Fatal(err)
	}
	has("import", stdout, "places home: 25 house numbers in 13 streets of 9 towns", "; 2 rows left out")
	has("import", stderr, "a.csv: CSV, --columns lat=lat,lon=lon,number=number,street=street,unit=unit,city=city,", "of no certain country",
		"the first: 100, Main St, 62701, Springfield, IL at 39.78000, -89.65000", "0,0, left out: 1\n  a.csv:28: 0, 0", "street in the number column, left out: 1\n  a.csv:29: �[31m5 Main Road", "no number: taken for the street, taken: 1")
	if b, err := os.ReadFile(rejects); err != nil || bytes.Count(b, []byte("\n")) < 4 {
		t.Errorf("%s, %v", b, err)
	}
	if st, err := os.Stat(Path(state, "home")); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st, err)
	}
	if stdout, _, err = say(places(state, "", given{}), "list"); err != nil {
		t.Fatal(err)
	}
	has("list", stdout, "NAME", "home", "25 ", "DE,FJ,FR,IT,US", "a.csv")
	if _, _, err = say(places(state, "home", given{}), "import", file); err == nil || !strings.Contains(err.Error(), "--replace") {
		t.Error(err)
	}
	if _, _, err = say(places(state, "home", given{"replace": true, "country": "us", "columns": []string{"lat=lat", "number=number"}}), "import", file); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(Path(state, "broken"), bytes.Repeat([]byte("x"), 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err = say(places(state, "", given{}), "list")
	if partly := (*jobs.PartlyError)(nil); !errors.As(err, &partly) {
		t.Error(err)
	}
	has("list with one that is damaged", stdout+stderr, "home", "broken.places: the index is damaged; import it again with --replace")
	if _, _, err := say(places(state, "", given{}), "rm", "home", "broken"); err != nil {
		t.Error(err)
	}
	if names, err := Names(state); err != nil || len(names) > 0 {
		t.Error(names, err)
	}
	for want, o := range map[string]struct {
		options given
		args    []string
	}{
		"say brood places list":               {places(state, "", given{}), []string{"list", "x"}},
		"say which places":                    {places(state, "", given{}), []string{"rm"}},
		"which files":                         {places(state, "x", given{}), []string{"import"}},
		"--name NAME":                         {places(state, "", given{}), []string{"import", file}},
		"cannot be a name":                    {places(state, "../x", given{}), []string{"import", file}},
		"cannot be a name: ":                  {places(state, "", given{}), []string{"rm", "../x"}},
		"there are no places":                 {places(state, "", given{}), []string{"rm", "x"}},
		"--country Germany":                   {places(state, "x", given{"country": "Germany"}), []string{"import", file}},
		"--columns":                           {places(state, "x", given{"columns": []string{"height=H"}}), []string{"import", file}},
		"no column \"H\"":                     {places(state, "x", given{"columns": []string{"lat=H"}}), []string{"import", file}},
		"none.csv: no such file or directory": {places(state, "x", given{}), []string{"import", filepath.Join(dir, "none.csv")}},
	} {
		if _, _, err := say(o.options, o.args[0], o.args[1:]...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", o.args, err, want)
		}
	}
	if _, err := Named(state, "x"); err == nil || !strings.Contains(err.Error(), "make them with brood places import FILE --name x") {
		t.Error(err)
	}
}
