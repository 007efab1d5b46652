package acceptance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChaosRetry kills brood while records are tried again, some of them corrected, and
// goes on until the run is done: each record has one row, in the order of the input, and
// says what a run of the corrected dataset would say.
func TestChaosRetry(t *testing.T) {
	t.Parallel()
	const records = 150
	dir := t.TempDir()
	var data, fixes, want strings.Builder
	data.WriteString("id,text\n")
	fixes.WriteString("_seq,text\n")
	want.WriteString("id,text,stdout,_seq,_status\n")
	for i := range records {
		text := fmt.Sprintf("row %d", i)
		switch i % 5 {
		case 2: // the command does not take it, until it is corrected
			fmt.Fprintf(&data, "%d,bad\n", i)
			fmt.Fprintf(&fixes, "%d,%s\n", i, text)
		case 4: // fails until all is calm
			text = "later " + text
			fmt.Fprintf(&data, "%d,%s\n", i, text)
			fmt.Fprintf(&fixes, "%d,%s\n", i, text)
		default:
			fmt.Fprintf(&data, "%d,%s\n", i, text)
		}
		fmt.Fprintf(&want, "%d,%s,done %s,%d,ok\n", i, text, text, i)
	}
	for name, text := range map[string]string{
		"in.csv": data.String(), "fix.csv": fixes.String(),
		"work.sh": "sleep 0.002\ncase $1 in\nbad) exit 65 ;;\nlater*) test -e calm || exit 1 ;;\nesac\necho done $1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := func(args ...string) *exec.Cmd {
		cmd := asBrood(t, args...)
		cmd.Dir, cmd.Stderr = dir, &bytes.Buffer{}
		cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
		return cmd
	}
	kills := chaosKills(t)
	killed := 0
	for round := 0; killed < kills; round++ {
		if round > 20*kills+20 {
			t.Fatalf("only %d of %d kills found a living process", killed, kills)
		}
		name, out := fmt.Sprintf("r%d", round), fmt.Sprintf("out%d.csv", round)
		_ = os.Remove(filepath.Join(dir, "calm"))
		finish(t, command("run", "exec", "--run", name, "--effect", "none", "-j", "3", "-o", out, "in.csv", "--", "sh", "work.sh", "{text}"))
		if err := os.WriteFile(filepath.Join(dir, "calm"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		// Nothing is half done: as long as the file is refused, nothing has changed.
		cmd := command("retry", name, "--with", "fix.csv", "-j", "3")
		done := false
		for !done && killed < kills {
			if done = !killLater(t, cmd, 0); done {
				break
			}
			killed++
			cmd = command("resume", name)
			if out, err := command("status", name, "--json").Output(); err != nil {
				t.Fatal(err)
			} else if bytes.Contains(out, []byte(`"pending":0`)) && !bytes.Contains(out, []byte(`"failed":0`)) {
				cmd = command("retry", name, "--with", "fix.csv", "-j", "3")
			}
		}
		if !done {
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %v\n%s", cmd.Args[1:], err, cmd.Stderr)
			}
		}
		got, err := os.ReadFile(filepath.Join(dir, out))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cutColumns(string(got), 5); diff != want.String() {
			t.Fatalf("after %d kills:\n%s", killed, firstDifference([]byte(want.String()), []byte(diff)))
		}
	}
	t.Logf("%d kills", killed)
}

// cutColumns leaves the first n columns of a table without quotes.
func cutColumns(table string, n int) string {
	var b strings.Builder
	for line := range strings.Lines(table) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ",")
		b.WriteString(strings.Join(fields[:min(n, len(fields))], ",") + "\n")
	}
	return b.String()
}
