package ssh

import (
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shells are those that users may have as their login shell, of which this machine has some.
var shells = []string{"sh", "bash", "dash", "zsh", "ksh", "fish", "csh", "tcsh"}

// TestCommand: whatever shell the user has there, a script gets its variables and arguments as they
// are, whatever is in them.
func TestCommand(t *testing.T) {
	for _, name := range shells {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				value := string(rapid.SliceOfN(rapid.SampledFrom([]byte("a'\"\\!$`=%\n\t *~#\xff\x01{}%s-")), 0, 30).Draw(t, "value"))
				text, err := command(given{"name": "n", "workdir": "", "value": value}.script(`printf '%s|' "$value" "$@"`, value, "-n"))
				if err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command(path, "-c", text).CombinedOutput()
				if want := marker + "\n" + value + "|" + value + "|-n|"; err != nil || string(out) != want {
					t.Fatalf("%v: %q, want %q", err, out, want)
				}
			})
		})
	}
	if _, err := command(strings.Repeat("x", mostCommand)); err == nil {
		t.Error("a script of any length is a command")
	}
}

// TestScripts: shellcheck, where it is, has nothing to say.
func TestScripts(t *testing.T) {
	for name, body := range map[string]string{"probe": probeScript, "check": checkScript, "store": storeScript, "start": startScript, "begin": beginScript, "inner": innerScript, "watch": watchScript, "ended": endedScript, "stop": stopScript, "clear": clearScript, "call": callScript} {
		text := given{"name": "n", "workdir": "", "hash": "", "size": "", "new": "", "packed": "", "from": "", "grace": "", "begin": "", "inner": "", "cleanup": ""}.script(body)
		cmd := exec.Command("sh", "-n")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
