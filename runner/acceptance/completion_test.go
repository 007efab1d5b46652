package acceptance

import (
	"brood/jobs/jobtest/needs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompletionAtATerminal: in each shell, as a person who presses TAB: commands, flags, runs, and the columns of
// the dataset that stands on the line.
func TestCompletionAtATerminal(t *testing.T) {
	if raceEnabled {
		return // one process, and no two things at the same time
	}
	for shell, begin := range map[string]string{
		"bash": "source <(brood completion bash)",
		"zsh":  `PS1='%%'"> " exec zsh -f`, // to which %% is a %
		"fish": `exec fish --no-config -C 'function fish_prompt; echo "%""> "; end'`,
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			needs.Programs(t, shell)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "people.csv"), []byte("id,first name,mailbox\n1,a,b\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			w := openTerminal(t, "BROOD_STATE="+filepath.Join(dir, "state"), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "HISTFILE=", "fish_history=")
			w.keys("cd "+dir+"; brood run exec -q --run winter people.csv -- true {id} && echo r'e'ady", "Enter")
			w.waits("ready")
			w.keys(begin, "Enter")
			switch shell {
			case "zsh":
				w.waits("%>")
				w.keys("autoload -Uz compinit; compinit -u -d "+dir+"/dump; source <(brood completion zsh); echo lo'a'ded", "Enter")
			case "fish":
				w.waits("%>")
				w.keys("brood completion fish | source; echo lo'a'ded", "Enter")
			default:
				w.keys("bind 'set show-all-if-ambiguous on'; echo lo'a'ded", "Enter")
			}
			w.waits("loaded")
			// Ctrl-U and not Ctrl-C clears the line: that would reach the shell at a time of its own.
			press := func(line string, want ...string) {
				t.Helper()
				w.keys("C-u", "C-l", line, "Tab")
				for _, text := range want {
					w.waits(text)
				}
			}
			// A word that can go on in one way only stands on the line.
			press("brood reconc", "brood reconcile")
			press("brood status win", "brood status winter")
			press("brood run exec people.csv --key m", "brood run exec people.csv --key mailbox")
			press("brood run exec people.csv --key=m", "--key=mailbox")
			press("brood run exec people.csv --key f", `--key first\ name`)
			press("brood run exec people.csv --rate-by ma", "--rate-by mailbox=")
			press("brood run exec --format js", "--format jsonl")
			if shell == "zsh" { // which takes an open brace for its own, unless it is quoted
				press("brood run exec people.csv -- echo '{mai", "echo '{mailbox}")
			} else { // fish writes the brace behind it as \}
				press("brood run exec people.csv -- echo {mai", "echo {mailbox")
			}
			press("brood run exec peo", "brood run exec people.csv")
			press("brood run exec -o peo", "brood run exec -o people.csv")
			press("brood runs --job geo", "--job geocode")
			press("brood export winter --status unk", "--status unknown")
			// Where there are several they are listed.
			press("brood run exec --unsafe", "--unsafe-quotes")
			press("brood re", "brood re", "reconcile", "report", "resolve", "retry")
			press("brood run exec --on-unknown ", "hold", "retry", "skip")
		})
	}
}

// TestCompletionBehind: the dataset may stand behind the flag.
func TestCompletionBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "people.csv"), []byte("id,mailbox\n1,a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := asBrood(t, "completion", "--answer", "bash", "brood run exec --key m", " people.csv -- echo", "=:")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(out)) != "mailbox" {
		t.Errorf("%q, %v", out, err)
	}
}
