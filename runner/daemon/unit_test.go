package daemon

import (
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// odd are the words that formats stumble over.
var odd = []string{
	"plain", "", "a b", "100%", "%n", "%%", "$HOME", "${x}", "$$", `"`, `'`, `\`, `a\nb`, ";", "a ;b", "#", " #c", "\t;", "{name}", "~", "*", "!", "-", "--", "ä€", "`date`", "&&", "a=b", "%(x)s", `\%`, "|", "(", ")",
}

func of(words []string) *Unit {
	return &Unit{Name: "demo", Program: "/usr/local/bin/brood", Args: words, Reload: []string{"reload", "demo"}, Dir: "/srv/a 100%", User: "ann", Drain: 30 * time.Second, Secrets: []string{"TOKEN"}}
}

// lineOf is what follows a word at the beginning of a line.
func lineOf(t *testing.T, text, key string) string {
	t.Helper()
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), key); ok {
			return value
		}
	}
	t.Fatalf("%s has no %s", text, key)
	return ""
}

// TestCronQuotes: what cron makes of the line, and then a shell, are the words again.
func TestCronQuotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom(odd), 1, 8).Draw(t, "words")
		line, err := of(words).Cron()
		if err != nil {
			t.Fatal(err)
		}
		// crontab(5): a % that has no backslash is a line's end, and one that has is a %.
		if strings.Contains(strings.ReplaceAll(line, `\%`, ""), "%") {
			t.Fatalf("%q ends too early", line)
		}
		command := strings.ReplaceAll(line, `\%`, "%")
		_, command, _ = strings.Cut(command, "exec /usr/local/bin/brood ")
		out, err := exec.Command("sh", "-c", `printf '%s\0' `+command).Output()
		if err != nil {
			t.Fatalf("%q: %v", command, err)
		}
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, words) {
			t.Fatalf("%q becomes %q", words, got)
		}
	})
	if _, err := of([]string{strings.Repeat("x", 1000)}).Cron(); err == nil {
		t.Error("the line is longer than cron takes")
	}
}

// TestSupervisordQuotes: what supervisord's own parser makes of the file are the words again.
func TestSupervisordQuotes(t *testing.T) {
	needs.Programs(t, "supervisord")
	text, err := of(odd).Supervisord()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "s.conf")
	if err := os.WriteFile(conf, []byte("[supervisord]\n"+strings.Replace(text, "user=ann\n", "", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	script := `import sys, shlex
from supervisor.options import ServerOptions
o = ServerOptions(); o.realize(["-c", sys.argv[1]])
p = o.configroot.supervisord.process_group_configs[0].process_configs[0]
sys.stdout.write("\0".join(shlex.split(p.command) + [p.directory, str(p.stopwaitsecs), str(p.killasgroup), str(p.exitcodes)]))`
	cmd := exec.Command("/usr/bin/python3", "-c", script, conf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, text, err.(*exec.ExitError).Stderr)
	}
	want := slices.Concat([]string{"/usr/local/bin/brood"}, odd, []string{"/srv/a 100%", "60", "True", "[0, 1, 3, 143]"})
	if got := strings.Split(string(out), "\x00"); !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// TestSystemdQuotes undoes what systemd.service(5) says is done to a command line.
func TestSystemdQuotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom(odd), 1, 8).Draw(t, "words")
		text, err := of(words).Systemd()
		if err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(text, "\nExecStart=/usr/local/bin/brood ")
		line, _, _ = strings.Cut(line, "\n")
		if got := asSystemd(t, line); !slices.Equal(got, words) {
			t.Fatalf("%q is written %s, and becomes %q", words, line, got)
		}
	})
}

// asSystemd reads a command line as systemd does: words between spaces, quotes with C's escapes in
// them, then specifiers, then variables.
func asSystemd(t *rapid.T, line string) (words []string) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		var w strings.Builder
		quote := byte(0)
		i := 0
		for ; i < len(line) && (quote != 0 || line[i] != ' '); i++ {
			switch c := line[i]; {
			case c == '\\':
				i++
				w.WriteByte(map[byte]byte{'t': '\t', '\\': '\\', '"': '"'}[line[i]])
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case c == quote:
				quote = 0
			default:
				w.WriteByte(c)
			}
		}
		if quote != 0 {
			t.Fatalf("a quote has no end: %s", line)
		}
		line = line[i:]
		for _, double := range []string{"%", "$"} {
			if strings.Contains(strings.ReplaceAll(w.String(), double+double, ""), double) {
				t.Fatalf("%s is not doubled in %s", double, w.String())
			}
		}
		words = append(words, strings.NewReplacer("%%", "%", "$$", "$").Replace(w.String()))
	}
	return words
}

// TestSystemdVerifies: systemd-analyze has nothing to say about the unit.
func TestSystemdVerifies(t *testing.T) {
	needs.Programs(t, "systemd-analyze")
	for _, ofUser := range []bool{false, true} {
		u := of(odd)
		u.Program, u.User, u.OfUser, u.Dir = "/bin/sh", "", ofUser, "/"
		text, err := u.Systemd()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "brood-demo.service")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("systemd-analyze", "verify", "--man=no", path).CombinedOutput()
		if err != nil || strings.Contains(string(out), "brood-demo") {
			t.Errorf("%v\n%s\n%s", err, out, text)
		}
		if got := lineOf(t, text, "TimeoutStopSec="); got != "60" {
			t.Errorf("%q", got)
		}
		if got := lineOf(t, text, "EnvironmentFile="); got != map[bool]string{false: "/etc/brood/demo.env", true: "%h/.config/brood/demo.env"}[ofUser] {
			t.Errorf("%q", got)
		}
	}
}

// TestUnitRefuses what cannot be written down.
func TestUnitRefuses(t *testing.T) {
	for _, w := range []string{"a\nb", "\x00", "\xff", "\x7f"} {
		u := of([]string{w})
		for i, f := range []func() (string, error){u.Systemd, u.Supervisord, u.Cron} {
			if text, err := f(); err == nil {
				t.Errorf("%d takes %q: %s", i, w, text)
			}
		}
	}
	u := of(nil)
	u.Dir = "/srv/a ;b"
	if _, err := u.Supervisord(); err == nil {
		t.Error("supervisord would cut the directory off")
	}
	u.Drain = 0
	if text, err := u.Systemd(); err != nil || lineOf(t, text, "TimeoutStopSec=") != "infinity" {
		t.Errorf("%v: %s", err, text)
	}
}
