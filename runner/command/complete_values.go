package command

import (
	"brood/runner/dataset"
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// suggested are words for flags whose usage does not tell them in a list.
func suggested(name string) []string {
	switch name {
	case "halt":
		return []string{"never", "soon,fail=1", "now,fail=1", "soon,fail=10%", "soon,success=1"}
	case "encoding":
		return []string{"utf-16le", "utf-16be", "windows-1250", "windows-1251", "windows-1252", "iso-8859-1", "iso-8859-2", "iso-8859-15", "shift_jis", "gbk"}
	case "delimiter":
		return []string{"tab"}
	case waitFlag:
		return []string{waitForever}
	case "drain-timeout":
		return []string{"auto", "none"}
	}
	return nil
}

// closedValues are the words that the value of a flag may be, as far as its usage lists them: a, b or c behind its
// value. Empty: it lists none, or not all.
func closedValues(f cli.Flag) []string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok || !d.TakesValue() || suggested(f.Names()[0]) != nil {
		return nil
	}
	_, rest, _ := strings.Cut(d.GetUsage(), "`")
	value, rest, quoted := strings.Cut(rest, "`")
	if !quoted || slices.Contains([]string{"N", "TIME", "SIZE", "FILE", "DIR", "N/s", "REGEXP", "COLUMN", "RUN"}, value) {
		return nil
	}
	if strings.HasPrefix(rest, " or ") && strings.ToUpper(value) == value && strings.ToLower(value) == "yes" {
		return listedWords("yes" + rest)
	}
	rest = strings.TrimPrefix(rest, "[,"+value+"]")
	before, list, found := strings.Cut(rest, ": ")
	if !found || len(strings.Fields(before)) > 3 || strings.ContainsAny(before, ",;(") {
		return nil
	}
	return listedWords(list)
}

// listedWords reads a list as people write it: a (why), b it or c, and then more text. What is no word of such a list
// ends it; an ellipsis says that there are others, and none is returned.
func listedWords(list string) (out []string) {
	plain, depth := "", 0
	for _, r := range list {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			plain += string(r)
		}
	}
	plain, _, _ = strings.Cut(plain, ";")
	last := false
	for _, item := range strings.Split(strings.NewReplacer(", or ", ", or ", " or ", ", or ").Replace(plain), ", ") {
		item, isLast := strings.CutPrefix(strings.TrimSpace(item), "or ")
		words := strings.Fields(item)
		if strings.Contains(item, "…") {
			return nil
		}
		if last && !isLast || len(words) == 0 || len(words) > 2 && !isLast || !isWord(words[0]) {
			break
		}
		out, last = append(out, words[0]), isLast
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// isWord reports whether a value can be written so: small letters, digits, dashes and underscores.
func isWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// valuesOf offers values of a flag, behind what is typed of the word before them.
func (t *typing) valuesOf(m *manner, f cli.Flag, before string) {
	name := f.Names()[0]
	kind, _ := fullText(f)
	if !t.placeholders(m) {
		t.byKind(m, f, name, kind)
	}
	for i := range m.words {
		m.words[i].word = before + m.words[i].word
	}
}

func (t *typing) byKind(m *manner, f cli.Flag, name, kind string) {
	closed := closedValues(f)
	switch {
	case name == "state" && len(closed) == 0, kind == "DIR":
		m.dirs = true
	case name == "job":
		for _, d := range t.e.registry.All() {
			t.offer(m, d.Name, d.Usage)
		}
	case name == "run", kind == "RUN":
		t.runNames(m)
	case name == "once-per", name == "key-scope":
		t.namesIn(m, "keys")
	case len(closed) > 0:
		t.list(m, closed)
		m.dirs = name == "state"
	case strings.HasPrefix(kind, "COLUMN"), kind == "CONDITION", kind == "NAMES":
		t.columns(m, kind)
	case strings.HasPrefix(kind, "FILE"), kind == "PATH":
		m.files = true
	case kind == "COMMAND":
		m.commands = true
	default:
		t.list(m, suggested(name))
	}
}

// list offers words, of which there may be several with commas between.
func (t *typing) list(m *manner, words []string) {
	for _, w := range words {
		t.offer(m, w, "")
	}
	i := strings.LastIndex(t.current, ",")
	if i < 0 || len(m.words) > 0 {
		return
	}
	before := t.current[:i+1]
	for _, w := range words {
		if !slices.Contains(strings.Split(before, ","), w) {
			t.offer(m, before+w, "")
		}
	}
}

// columns offers the columns of the dataset: one, or a list, or what a rate or a condition begins with.
func (t *typing) columns(m *manner, kind string) {
	before := ""
	if i := strings.LastIndexAny(t.current, ",|("); i >= 0 {
		before = t.current[:i+1]
	}
	end := ""
	switch {
	case strings.HasPrefix(kind, "COLUMN="):
		end, m.open = "=", true
		if strings.HasSuffix(before, "(") {
			end = ")="
		}
	case kind == "CONDITION":
		before = t.current[:strings.LastIndexAny(t.current, " (!")+1]
		m.open = true
	}
	for _, c := range t.datasetColumns() {
		t.offer(m, before+c+end, "")
	}
}

// placeholders offers {column}, if a brace is open. It reports whether one is.
func (t *typing) placeholders(m *manner) bool {
	i := strings.LastIndex(t.current, "{")
	if i < 0 || strings.Contains(t.current[i:], "}") {
		return false
	}
	m.open = true
	for _, c := range t.datasetColumns() {
		t.offer(m, t.current[:i+1]+c+"}", "")
	}
	return true
}

// mostSheet is how large a workbook may be that is opened for the sake of its columns.
const mostSheet = 8 << 20

// datasetColumns are the columns of the dataset that the line names, or of the run that it is about. Only files are
// opened: a queue or a database is not asked while somebody types.
func (t *typing) datasetColumns() []string {
	data := dataset.Spec{NoHeader: t.flags["no-header"] != "", Sheet: t.flags["sheet"], ColSep: t.flags["colsep"], MaxRecord: dataset.DefaultMaxRecord, Guesses: true}
	if t.path[0] != "run" {
		if len(t.operands) == 0 {
			return nil
		}
		return t.columnsOfRun(t.operands[0])
	}
	for _, o := range t.operands {
		if path := expandHome(o); isData(path) {
			data.Paths = append(data.Paths, path)
			break // the others have the same columns
		}
	}
	if len(data.Paths) == 0 {
		return nil
	}
	var err error
	if f, given := t.flags["format"]; given {
		if data.Format, err = dataset.ParseFormat(f); err != nil {
			return nil
		}
	}
	if c, given := t.flags["delimiter"]; given {
		if data.Delimiter, err = parseDelimiter(c); err != nil {
			return nil
		}
	}
	if c, given := t.flags["encoding"]; given {
		if data.Charset, err = dataset.ParseCharset(c); err != nil {
			return nil
		}
	}
	return columnsOf(data, true)
}

// columnsOf opens a dataset, and reads what its columns are.
func columnsOf(data dataset.Spec, fresh bool) []string {
	if fresh {
		if data.Resolve() != nil {
			return nil
		}
		if data.Delimiter != 0 && data.Format == dataset.FormatLines {
			data.Format = dataset.FormatCSV
		}
	}
	r, err := dataset.Open(data, nil)
	if err != nil {
		return nil
	}
	defer func() { _ = r.Close() }()
	return slices.DeleteFunc(slices.Clone(r.Shape().Columns), func(c string) bool { return c == "" })
}

// isData reports whether a path is a file that can be opened while somebody waits.
func isData(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && (st.Size() <= mostSheet || !strings.EqualFold(filepath.Ext(path), ".xlsx"))
}

// expandHome puts the home directory in the place of a ~, as a shell will.
func expandHome(path string) string {
	if rest, is := strings.CutPrefix(path, "~/"); is {
		if dir, err := os.UserHomeDir(); err == nil {
			return filepath.Join(dir, rest)
		}
	}
	return path
}

// columnsOfRun are the columns of a run's dataset, as long as that is a file.
func (t *typing) columnsOfRun(name string) []string {
	state, err := t.state()
	if err != nil || home.CheckName(name) != nil {
		return nil
	}
	ctx := context.Background()
	l, err := ledger.OpenReader(ctx, home.LedgerPath(state, name))
	if err != nil {
		return nil
	}
	defer func() { _ = l.Close() }()
	cfg, _, err := desk.ReadConfig(ctx, l)
	if err != nil || len(cfg.Dataset.Paths) == 0 || len(cfg.Dataset.Sources) > 0 || !isData(cfg.Dataset.Paths[0]) {
		return nil
	}
	data := cfg.Dataset
	data.Paths, data.GroupBy = data.Paths[:1], nil
	return columnsOf(data, false)
}

// state is the directory in which runs are kept, as the line says it.
func (t *typing) state() (string, error) {
	given := expandHome(t.flags["state"])
	if given != "" && len(closedValues(flagOf(t.cmd, "state"))) > 0 && !strings.Contains(given, "/") {
		given = "" // of rm and prune it may be a state
	}
	return home.State(given)
}

// runNames offers the names of runs, newest first: of those that the command can do something with.
func (t *typing) runNames(m *manner) {
	state, err := t.state()
	if err != nil {
		return
	}
	all, err := home.ByAge(state)
	if err != nil {
		return
	}
	steer := slices.ContainsFunc(commandGroups, func(g group) bool {
		return g.title == "Steer" && slices.Contains(strings.Fields(g.names), t.path[0])
	})
	for _, r := range all {
		if steer && !r.Running {
			continue
		}
		what := r.Begun.Local().Format(time.DateTime)
		if r.Running {
			what = "running, since " + what
		}
		t.offer(m, r.Name, what)
	}
}

// namesIn offers the names of what is kept in a folder of the state directory.
func (t *typing) namesIn(m *manner, folder string) {
	state, err := t.state()
	if err != nil {
		return
	}
	files, err := os.ReadDir(filepath.Join(state, folder))
	if err != nil {
		return
	}
	for _, f := range files {
		name, _, _ := strings.Cut(f.Name(), ".")
		t.offer(m, name, "")
	}
}
