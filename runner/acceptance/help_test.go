package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"cmp"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// helpOf is what brood says of a command.
func helpOf(t *testing.T, words ...string) string {
	t.Helper()
	out, err := asBrood(t, words...).Output()
	if err != nil {
		t.Fatalf("brood %s: %v", strings.Join(words, " "), err)
	}
	return string(out)
}

// listedIn are the commands, or jobs, that a help lists.
func listedIn(help string) (names []string) {
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z][a-z-]*)  `).FindAllStringSubmatch(help, -1) {
		names = append(names, m[1])
	}
	return names
}

// helps are all there are, by the words that they are about.
func helps(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"": helpOf(t, "--help")}
	for _, c := range listedIn(all[""]) {
		all[c] = helpOf(t, c, "--help")
		all[c+" --help-all"] = helpOf(t, c, "--help-all")
	}
	for of, text := range maps.Clone(all) {
		if of != "run" && !strings.Contains(text, "\nVerbs\n") || strings.HasSuffix(of, "--help-all") {
			continue
		}
		_, text, _ = strings.Cut(text, "\nVerbs\n")
		for _, under := range listedIn(cmp.Or(text, all[of])) {
			all[of+" "+under] = helpOf(t, of, under, "--help")
			all[of+" "+under+" --help-all"] = helpOf(t, of, under, "--help-all")
		}
	}
	if all["run exec"] == "" || all["template convert"] == "" || all["resume"] == "" || len(all) < 40 {
		t.Fatalf("%d helps", len(all))
	}
	return all
}

// TestHelpFits: no help of a command or a job is wider than a terminal of 80 columns, each
// shows an example, and nothing in it was forgotten when it was put into groups.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	for of, text := range helps(t) {
		if len(examples(text)) == 0 {
			t.Errorf("the help of brood %s has no example", of)
		}
		if strings.Contains(text, "\nOther\n") {
			t.Errorf("brood %s: something has no group", of)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("brood %s: %d columns: %q", of, n, line)
			}
		}
	}
}

// examples are the lines of a help that are meant to be pasted.
func examples(help string) (lines []string) {
	_, rest, _ := strings.Cut("\n"+help, "\nExample")
	_, rest, _ = strings.Cut(rest, "\n")
	for line := range strings.SplitSeq(rest, "\n") {
		if !strings.HasPrefix(line, "   ") {
			break
		}
		if line = strings.TrimSpace(line); len(lines) > 0 && strings.HasSuffix(lines[len(lines)-1], `\`) {
			last := &lines[len(lines)-1]
			*last = strings.TrimSuffix(*last, `\`) + line
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// outside says why the examples of a help cannot be pasted here.
var outside = map[string]string{
	"top":        "needs a terminal",
	"completion": "is for a shell that completes: see TestCompletion",
	"join":       "needs a run of another machine: see TestClusterGuide",
	"machines":   "needs a run that other machines work on: see TestClusterGuide",
	"run refund": "needs charges that Stripe has made",
}

// steers are the commands whose examples need a run that goes on.
var steers = map[string]bool{"pause": true, "continue": true, "drain": true, "stop": true, "scale": true, "rate": true, "workers": true, "reload": true}

// runs are what the examples take for granted: a run called demo, with a record that has
// failed and one that nobody knows about.
const (
	doneRun = `brood run exec --run demo --key id --limit 30 -o demo.csv testdata/cities.csv -- ` +
		`sh -c '[ $BROOD_SEQ != 17 ] || kill -9 $$; [ $BROOD_SEQ != 3 ]' _ {id}; [ $? = 3 ]`
	liveRun = `brood run echo --run demo --sleep 1h testdata/cities.csv > live.out 2> live.err &` +
		` until brood workers demo 2>&1 | grep -q MiB; do sleep 0.05; done`
)

// TestHelpExamples pastes the examples of every help, as somebody would who has just got
// brood and stands in its repository.
func TestHelpExamples(t *testing.T) {
	if raceEnabled {
		return // nothing here happens at the same time as something else
	}
	t.Parallel()
	for of, text := range helps(t) {
		if strings.HasSuffix(of, "--help-all") || outside[of] != "" {
			continue
		}
		t.Run(of, func(t *testing.T) {
			lines := examples(text)
			for _, program := range []string{"python3", "node", "make"} {
				if strings.Contains(strings.Join(lines, "\n"), program+" ") {
					needs.Programs(t, program)
				}
			}
			paste(t, of, lines)
		})
	}
}

// paste runs lines in a shell, in a folder that looks like the repository.
func paste(t *testing.T, of string, lines []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(atRoot("testdata"), filepath.Join(dir, "testdata")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"Makefile": "report:\n\techo made\n",
		"list.txt": "a\nb\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := "umask 077\n"
	switch {
	case steers[of]:
		script += liveRun + "\n"
	case !strings.Contains(strings.Join(lines, "\n"), "--run demo"):
		script += doneRun + " || exit\n"
	}
	for _, line := range lines {
		script += strings.ReplaceAll(line, "/tmp/", dir+"/") + "\n"
		if !strings.HasSuffix(line, "&") {
			// Some records may have failed, or be unknown: that is what is shown.
			script += `s=$?; [ $s -le 1 ] || [ $s = 3 ] || { echo "exit status $s"; exit $s; }` + "\n"
		}
	}
	if steers[of] {
		script += "brood stop demo 2> stop.err; wait; true\n"
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	cmd.WaitDelay = 10 * time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		t.Errorf("%v\n%s\n%s", err, strings.Join(lines, "\n"), &said)
	}
}
