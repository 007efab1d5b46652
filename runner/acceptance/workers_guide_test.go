package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWorkersGuide does what docs/workers.md says, from top to bottom. The loops by hand, one in each language, have to
// give the same table.
func TestWorkersGuide(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is played by the scripts
	}
	t.Parallel()
	needs.Programs(t, "python3", "node", "php")
	guide, err := os.ReadFile(atRoot("docs/workers.md"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(guide), "\n### ")
	g := newGuide(t)
	begin := strings.Replace(g.script(parts[0]), "make build\nPATH=$PWD/bin:$PATH\nWORKERS=$PWD/testdata/workers\n", "WORKERS="+atRoot("testdata/workers")+"\n", 1)
	if !strings.HasPrefix(begin, "WORKERS=") {
		t.Fatal("the page does not begin as this test thinks")
	}
	out := g.run(begin)
	if want := "name,mail,text,length,_seq,_status,_class,_error,_attempts,_ms\nAda,ada@example.com,Hello Ada,3,0,ok,,,1,"; strings.Count(out, want) != 2 || strings.Count(out, "Bob,,,,1,failed,failed,there is no address,1,") != 2 {
		t.Errorf("it does not say %q twice:\n%s", want, out)
	}
	const want = "name,mail,text,length\nAda,ada@example.com,Hello Ada,3\nBob,,,\nGrace,grace@example.net,Hello Grace,5\n"
	languages := map[string]string{"Python": "python3", "PHP": "php", "JavaScript": "node", "Ruby": "ruby", "Go": "go"}
	for _, part := range parts[1:] {
		language, _, _ := strings.Cut(part, " by hand")
		program := languages[language]
		if program == "" {
			t.Errorf("which program is it that %s needs?", language)
			continue
		}
		delete(languages, language)
		if _, err := exec.LookPath(program); err != nil && language == "Ruby" { // all others are needed for more than this
			t.Logf("%s is not installed", program)
			continue
		}
		if out := g.run("cd work\n" + g.script(part)); !strings.HasSuffix(out, want) {
			t.Errorf("%s:\n%s", language, out)
		}
	}
	if len(languages) > 0 {
		t.Errorf("the page has nothing about %v", languages)
	}
}

// guide is a page whose commands are done in a folder.
type guide struct {
	t   *testing.T
	dir string
}

func newGuide(t *testing.T) *guide {
	t.Helper()
	asBrood(t)
	return &guide{t: t, dir: t.TempDir()}
}

// script is what a part of a page has for a shell.
func (g *guide) script(page string) string {
	script := ""
	for _, block := range shellBlock.FindAllStringSubmatch(page+"\n", -1) {
		script += block[1]
	}
	return script
}

// run does it, and returns what is said.
func (g *guide) run(script string) string {
	g.t.Helper()
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Stdin = g.dir, strings.NewReader("set -eu\n"+script)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(g.dir, "state"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		g.t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
