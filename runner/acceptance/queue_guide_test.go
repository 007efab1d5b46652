package acceptance

import (
	"brood/jobs/jobtest/needs"
	"brood/runner/queue/queuetest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestQueuesGuide does what docs/queues.md says, from top to bottom, with a beanstalkd of its own.
func TestQueuesGuide(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is played by the scripts
	}
	t.Parallel()
	needs.Programs(t, "beanstalkd", "sqlite3")
	guide, err := os.ReadFile(atRoot("docs/queues.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(guide), -1) {
		script += block[1]
	}
	const ours = "QUEUE=beanstalk://127.0.0.1:11300\n"
	if !strings.Contains(script, "make build\n") || !strings.Contains(script, ours) {
		t.Fatal("the page does not begin as this test thinks")
	}
	script = strings.Replace(script, "make build\n", "", 1)
	script = strings.Replace(script, ours, "QUEUE=beanstalk://"+queuetest.StartBeanstalkd(t, false).Addr+"\n", 1)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(asBrood(t).Path, filepath.Join(dir, "bin", "brood")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"Hello Ada, ada@example.com\n", "in all: input 3, ok 3", "<another \"word\">\n", `{"email":"ada@example.com","name":"Ada"}` + "\n", "mailbox full",
		`by post: {"email":"grace@example.net","name":"Grace"}` + "\n", "in all: input 2, ok 2, failed 0", "letters: input 2, ok 1, failed 0, skipped 0, unknown 1",
		"1 record of run letters resolved as ok", "CREATE INDEX \"mails_queue\"", "One to ada@example.com\n", "2|2\n", `1|ok|1||{"output":"sent\n"}`, "2|failed|1|exit status 1|",
		"2,grace@example.net,sent to grace@example.net,1,ok",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for name, want := range map[string]string{"sent.txt": "ada@example.com grace@example.net", "mail.txt": "ada@example.com grace@example.net ada@example.com", "letters.txt": "ada@example.com grace@example.net"} {
		b, err := os.ReadFile(filepath.Join(dir, "work", name))
		got := strings.Fields(string(b))
		if name != "mail.txt" { // two at a time
			slices.Sort(got)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
