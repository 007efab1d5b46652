package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestNoPoints: SpamAssassin has nothing against the letters that brood brings along.
func TestNoPoints(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "spamassassin")
	dir := t.TempDir()
	cmd := asBrood(t, "run", "email", "--limit", "1", "--transport", "maildir:"+filepath.Join(dir, "Maildir"), "--template", "testdata/mail/hello.eml", "--html", "testdata/mail/hello.html",
		"--unsubscribe", "https://example.com/leave?a={{urlquery .email}}", "testdata/mail/people.csv")
	cmd.Dir = atRoot("")
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	noPoints(t, filepath.Join(dir, "Maildir"))
}

// points are in each of SpamAssassin's reports; there is one for each message.
var points = regexp.MustCompile(`\((-?[0-9.]+) points`)

// noPoints lets SpamAssassin judge the first message of each Maildir, by its local rules, which
// it takes seconds to read.
func noPoints(t *testing.T, maildirs ...string) {
	t.Helper()
	args := []string{"-L", "-t"}
	for _, maildir := range maildirs {
		messages, err := filepath.Glob(filepath.Join(maildir, "new", "*"))
		if err != nil || len(messages) == 0 {
			t.Errorf("no message in %s (%v)", maildir, err)
			continue
		}
		args = append(args, messages[0])
	}
	cmd := exec.Command("spamassassin", args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.Output()
	found := points.FindAllSubmatch(out, -1)
	if err != nil || len(found) != len(maildirs) {
		t.Fatalf("spamassassin: %v, %d reports of %d\n%s", err, len(found), len(maildirs), out)
	}
	for _, report := range found {
		if n, err := strconv.ParseFloat(string(report[1]), 64); err != nil || n > 0 {
			t.Errorf("it has %s points:\n%s", report[1], out)
		}
	}
}

// TestFrom does what the pages for those who come from another mailer say, in a copy of
// what that has written: in at most two commands there must be its messages in the Maildir.
func TestFrom(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "python3", "spamassassin")
	base := t.TempDir()
	var maildirs []string
	for name, left := range map[string]string{
		// What the commands say of what is left out, or to do.
		"mailmerge":   "",
		"listmonk":    "skipped 2",
		"mailchimp":   "skipped 1",
		"thunderbird": "the template needs first_name",
	} {
		t.Run(name, func(t *testing.T) {
			page, err := os.ReadFile(atRoot("docs/from-" + name + ".md"))
			if err != nil {
				t.Fatal(err)
			}
			var commands []string
			for _, block := range shellBlock.FindAllStringSubmatch(string(page), -1) {
				commands = append(commands, strings.Split(strings.TrimSpace(block[1]), "\n")...)
			}
			if len(commands) == 0 || len(commands) > 2 {
				t.Fatalf("%d commands", len(commands))
			}
			dir := filepath.Join(base, name)
			maildirs = append(maildirs, filepath.Join(dir, "Maildir"))
			if err := os.CopyFS(dir, os.DirFS(atRoot("testdata/mail/from/"+name))); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			for _, command := range commands {
				cmd := exec.Command("sh", "-c", strings.Replace(command, "brood ", asBrood(t).Path+" ", 1))
				cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &said, &said
				cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
				if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 {
					t.Fatalf("%s: %v\n%s", command, err, said.Bytes())
				}
			}
			if !strings.Contains(said.String(), left) {
				t.Errorf("it does not say %q:\n%s", left, said.Bytes())
			}
			read := exec.Command("python3", atRoot("testdata/mail/from/read.py"), filepath.Join(dir, "Maildir"))
			got, err := read.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, got, said.Bytes())
			}
			path := atRoot("testdata/mail/from/" + name + ".txt")
			if *updateGolden {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("the Maildir has\n%s\nwant (%v)\n%s", got, err, want)
			}
		})
	}
	noPoints(t, maildirs...)
}
