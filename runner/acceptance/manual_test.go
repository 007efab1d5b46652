package acceptance

import (
	"brood/jobs/jobtest/needs"
	"brood/runner/command"
	"brood/runner/command/manual"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// referenceNow is what the program knows of its own commands and flags.
func referenceNow(t *testing.T) *command.Reference {
	t.Helper()
	out, err := asBrood(t, "reference").Output()
	if err != nil {
		t.Fatal(err)
	}
	var r command.Reference
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// TestReferenceIsCurrent: docs/reference.md is what the flags are now. With -update it is written anew.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	path := atRoot("docs/reference.md")
	text := manual.Markdown(referenceNow(t))
	if *updateGolden {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	there, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(there) != text {
		t.Error("docs/reference.md is not what the flags are: make docs")
	}
}

// TestManualPages: every command that the helps list has a page, that of a job has all its flags, and groff, which
// man shows pages by, has nothing to warn of.
func TestManualPages(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "groff")
	r := referenceNow(t)
	pages := make(map[string]manual.Page)
	for _, p := range manual.Pages(r) {
		pages[p.Name] = p
	}
	dir := t.TempDir()
	var shown []string
	for name, p := range pages {
		path := filepath.Join(dir, name+".1")
		if err := os.WriteFile(path, []byte(p.Roff("1.2.3", "2026-11-30")), 0o644); err != nil {
			t.Fatal(err)
		}
		shown = append(shown, path)
	}
	for _, c := range listedIn(helpOf(t, "--help")) {
		if _, there := pages["brood-"+c]; !there {
			t.Errorf("brood %s has no page", c)
		}
	}
	cmd := exec.Command("groff", append([]string{"-K", "utf8", "-man", "-Tutf8", "-ww", "-rLL=80n", "-P-c"}, shown...)...) // as man does, in one process
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || said.String() != "" {
		t.Errorf("%v: %s", err, said.String())
	}
	text := string(out)
	for _, job := range listedIn(helpOf(t, "run", "--help")) {
		if !strings.Contains(text, "brood-"+job+" - ") {
			t.Errorf("the job %s has no page", job)
		}
	}
	page := pages["brood-email"]
	email := page.Roff("1", "")
	for _, f := range flagsIn(helpOf(t, "run", "email", "--help-all")) {
		if !strings.Contains(email, `\-\-`+strings.ReplaceAll(f[2:], "-", `\-`)) {
			t.Errorf("the page of email has no %s", f)
		}
	}
	if len(shown) < 40 {
		t.Errorf("%d pages", len(shown))
	}
}

// flagsIn are the flags that stand at the beginning of a help's lines.
func flagsIn(help string) (flags []string) {
	for line := range strings.SplitSeq(help, "\n") {
		for i, word := range strings.Fields(line) {
			if i < 2 && strings.HasPrefix(word, "--") && len(word) > 2 && strings.HasPrefix(line, "  ") {
				flags = append(flags, strings.TrimRight(word, ",:;."))
				break
			}
		}
	}
	return flags
}
