package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// pageBlock is what a page has for a shell; a chore of it has a name behind sh.
var pageBlock = regexp.MustCompile("(?ms)^```sh(?: ([a-z]+))?\n(.*?)^```$")

// followed does what a page says, from top to bottom, where brood is built already.
func followed(t *testing.T, name string) (g *guide, out string) {
	t.Helper()
	g = newGuide(t)
	page := string(readFile(t, atRoot("docs/"+name)))
	script := "brood() { '" + asBrood(t).Path + "' \"$@\"; }\n"
	for _, block := range pageBlock.FindAllStringSubmatch(page, -1) {
		script += block[2]
	}
	script = strings.Replace(script, "make build\nPATH=$PWD/bin:$PATH\n", "", 1)
	return g, g.run(script)
}

func says(t *testing.T, out string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// TestStrangersPath does what docs/getting-started.md says, and counts: three commands each, from nothing to something that is there.
func TestStrangersPath(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is played by the scripts
	}
	t.Parallel()
	needs.Programs(t, "sqlite3")
	chores := 0
	for _, block := range pageBlock.FindAllStringSubmatch(string(readFile(t, atRoot("docs/getting-started.md"))), -1) {
		if block[1] == "" {
			continue
		}
		chores++
		f, err := syntax.NewParser().Parse(strings.NewReader(block[2]), "")
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Stmts) > 3 {
			t.Errorf("%s takes %d commands", block[1], len(f.Stmts))
		}
	}
	if chores != 5 {
		t.Errorf("there are %d chores", chores)
	}
	g, out := followed(t, "getting-started.md")
	says(t, out, "Ada,ada@example.com,Hello Ada,0,ok", "letters: input 2, ok 2", "Munich, Bavaria, Germany", "1 succeeded (EUR=119.00)", "To grace@example.net\n", "1|ada@example.com|ok\n2|grace@example.net|ok\n")
	for pattern, n := range map[string]int{"Maildir/new/*": 2, "november-invoices/*.pdf": 1, "november-invoices/*.html": 1, "november.journal": 1, "letters.html": 1} {
		if found, err := filepath.Glob(filepath.Join(g.dir, "first", pattern)); err != nil || len(found) != n {
			t.Errorf("%s: %v, %v", pattern, found, err)
		}
	}
}

// TestQuestions does what docs/faq.md says.
func TestQuestions(t *testing.T) {
	if raceEnabled {
		return
	}
	t.Parallel()
	_, out := followed(t, "faq.md")
	says(t, out, "fine: input 2, ok 2", "killed: input 2, ok 0, failed 0, skipped 0, unknown 2", "2 records of run killed resolved as failed", "there is a run fine", "pipes: input 2, ok 2")
}

// TestLedgerPage does what docs/ledger.md says, and looks whether each table and view of the schema stands there.
func TestLedgerPage(t *testing.T) {
	if raceEnabled {
		return
	}
	t.Parallel()
	needs.Programs(t, "sqlite3")
	page := string(readFile(t, atRoot("docs/ledger.md")))
	files, err := filepath.Glob(atRoot("runner/ledger/*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		for _, m := range regexp.MustCompile(`(?m)^CREATE (?:TABLE|VIEW) (?:IF NOT EXISTS )?([a-z_]+)`).FindAllStringSubmatch(string(readFile(t, f)), -1) {
			n++
			if strings.Count(page, "| `"+m[1]+"` |") != 1 {
				t.Errorf("%s of %s stands there %d times", m[1], filepath.Base(f), strings.Count(page, "| `"+m[1]+"` |"))
			}
		}
	}
	if rows := strings.Count(page, "\n| `"); rows != n {
		t.Errorf("the schema has %d tables and views, the page %d", n, rows)
	}
	_, out := followed(t, "ledger.md")
	says(t, out, "│ three │ exec │ done  │ 3     │ 2  │ 1      │ 0", "three.csv:3", "exit:1")
}

// TestComingFrom does each command of docs/coming-from.md that is brood's, in a folder with the files that they name. Those with
// … are no whole commands, and the one of a queue is done by docs/queues.md with another.
func TestComingFrom(t *testing.T) {
	if raceEnabled {
		return
	}
	t.Parallel()
	g := newGuide(t)
	for name, text := range map[string]string{
		"a.log": "a\n", "b.log": "b\n", "list.txt": "a.log\nb.log\n", "people.csv": "email,name\nada@example.com,Ada\n", "shops.csv": "id,city,country\n1,London,GB\n",
		"letter.eml": "From: me@example.org\nSubject: Hello\n\nDear {{.name}}\n", "mailmerge_template.txt": "TO: {{email}}\nSUBJECT: Hello\nFROM: me@example.org\n\nDear {{name}}\n",
	} {
		if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := "brood() { '" + asBrood(t).Path + "' \"$@\"; }\n"
	commands := regexp.MustCompile("(?m)^\\| [^|]* \\| `(brood (?:run|template|retry)[^`]*)`").FindAllStringSubmatch(string(readFile(t, atRoot("docs/coming-from.md"))), -1)
	n := 0
	for _, c := range commands {
		if strings.Contains(c[1], "redis:") {
			continue
		}
		n++
		script += c[1] + "\n"
		if strings.HasPrefix(c[1], "brood run exec people") { // what is tried again then
			script += "brood run exec list.txt -- test {} = a.log || test $? = 1\n"
			script += "brood retry || test $? = 1\n"
		}
	}
	script = strings.Replace(script, "\nbrood retry\n", "\n", 1)
	if n != 8 {
		t.Errorf("%d commands are done", n)
	}
	out := g.run(script)
	says(t, out, "2 a.log\n", "Ada\n", "GeoNames")
	for _, name := range []string{"a.log.gz", "b.log.gz", "converted.eml", "out.csv", "Maildir/new", "preview"} {
		if _, err := os.Stat(filepath.Join(g.dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestPagesKnowCommands looks whether each brood command that a new page names, also in a sentence, is one.
func TestPagesKnowCommands(t *testing.T) {
	t.Parallel()
	known := listedIn(helpOf(t, "--help"))
	for _, name := range []string{"docs/getting-started.md", "docs/coming-from.md", "docs/faq.md", "docs/ledger.md", "docs/reliability.md", "docs/security.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		for _, m := range regexp.MustCompile("`brood ([a-z]+)").FindAllStringSubmatch(string(readFile(t, atRoot(name))), -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: there is no brood %s", name, m[1])
			}
		}
	}
}
