package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The commands wait for a file each, so that a screen stands still while it is looked at.
const (
	screensRun = `cd "$(dirname "$0")"
%s exec "%s" run exec --run demo -j 1 --effect none --halt never - -- sh -c '
	until test -e "go$1"; do sleep 0.02; done
	test "$1" != 2 || { echo "no such customer" >&2; exit 65; }
	test "$1" != 3 || { echo "this is a line that a command has printed" >&2; exit 0; }
	echo "result of $1"' _ {} <in.txt
`
	screensTop = `cd "$(dirname "$0")"
exec "%s" top demo
`
)

// changing covers what is different each time.
var changing = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`[0-9.]+ records/s`), "~ records/s"},
	{regexp.MustCompile(`, [0-9.]+s,`), ", ~s,"},
	{regexp.MustCompile(`[0-9.]+/s`), "~/s"},
	{regexp.MustCompile(`([0-9]+[hms])+ left`), "~ left"},
}

var progressLine = regexp.MustCompile(`^brood: \d+ records?, .* left *$`)

// covered is what stands on the screen, line by line as a terminal of so many columns
// would show it if what changes were one character.
func covered(screen string, columns int) string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(screen, "\n "), "\n") {
		if progressLine.MatchString(line) { // if it took ten seconds
			continue
		}
		for _, c := range changing {
			line = c.what.ReplaceAllString(line, c.as)
		}
		runes := []rune(strings.TrimRight(line, " "))
		for len(runes) > columns {
			out, runes = append(out, string(runes[:columns])), runes[columns:]
		}
		out = append(out, string(runes))
	}
	return strings.Join(out, "\n") + "\n"
}

// lines is the screen with lines that the terminal has broken put together.
func (w *terminal) lines() string { return w.tmux("capture-pane", "-p", "-J", "-t", "w") }

// golden compares a screen with a file of that name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "screens", name+".txt")
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: the screen is\n%s\nwant\n%s", name, got, want)
	}
}

// screens is a run in a terminal, whose records end as they are let.
type screens struct {
	*terminal
	t     *testing.T
	dir   string
	name  string
	width int
}

func startScreens(t *testing.T, name string, columns int, env string) *screens {
	t.Helper()
	dir := t.TempDir()
	s := &screens{t: t, dir: dir, name: name, width: columns}
	s.write("in.txt", "1\n2\n3\n4\n5\n")
	s.write("run.sh", fmt.Sprintf(screensRun, env, asBrood(t).Path))
	s.write("top.sh", fmt.Sprintf(screensTop, asBrood(t).Path))
	s.terminal = openTerminalOf(t, columns, "BROOD_STATE="+filepath.Join(dir, "state"))
	s.keys("run() { sh "+dir+"/run.sh; }; top() { sh "+dir+"/top.sh; }; clear; tmux -S "+s.socket+" clear-history", "Enter")
	waitFor(t, func() bool { return strings.TrimSpace(s.screen()) == "prompt>" })
	return s
}

func (s *screens) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screens) golden(what string) {
	s.t.Helper()
	golden(s.t, s.name+"-"+what, covered(s.lines(), s.width))
}

// TestScreens: what somebody sees of a run on terminals of 80 and 30 columns, without
// colours, and on one that can do nothing: results and log lines on the same terminal
// stand in lines of their own above the progress, and that is gone in the end.
func TestScreens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		columns int
		env     string
		bar     bool
	}{
		"80":   {80, "NO_COLOR=1", true},
		"30":   {30, "NO_COLOR=1", true},
		"dumb": {80, "NO_COLOR=1 TERM=dumb", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startScreens(t, name, c.columns, c.env)
			s.keys("run", "Enter")
			if c.bar {
				s.waits("0 records")
			}
			s.write("go1", "")
			s.waits("result of 1")
			s.write("go2", "")
			s.write("go3", "")
			waitFor(t, func() bool { return strings.Contains(s.lines(), "printed") })
			s.write("go4", "")
			s.waits("result of 4")
			if c.bar {
				s.waits("4 records")
			}
			s.golden("run")
			s.write("go5", "")
			waitFor(t, func() bool { return strings.Count(s.screen(), "prompt>") == 2 })
			s.golden("end")
		})
	}
}

// TestScreenResized: a bar that the terminal has broken, as it was made narrower, goes as
// a whole, and the lines above it stay.
func TestScreenResized(t *testing.T) {
	t.Parallel()
	s := startScreens(t, "resized", 80, "")
	s.keys("run", "Enter")
	s.waits("0 records")
	s.write("go1", "")
	s.waits("1 record,")
	for _, columns := range []string{"30", "80", "40"} {
		s.tmux("resize-window", "-t", "w", "-x", columns, "-y", "24")
		waitFor(t, func() bool { // what is left of the bar is one line, and below the result
			all := s.tmux("capture-pane", "-p", "-J", "-S", "-", "-t", "w") // and what has gone off the top
			lines := strings.Split(strings.TrimSpace(all), "\n")
			return len(lines) == 3 && strings.HasPrefix(lines[0], "prompt> run") && strings.HasPrefix(lines[1], "result of 1") && strings.HasPrefix(lines[2], "1 ")
		})
	}
	for _, n := range []string{"go2", "go3", "go4", "go5"} {
		s.write(n, "")
	}
	s.waits("see the failed")
}

// TestScreenOfTop: the live view on terminals of 80 and 30 columns.
func TestScreenOfTop(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string]int{"80": 80, "30": 30} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startScreens(t, name, columns, "NO_COLOR=1")
			run := asBrood(t, "run", "exec", "--run", "demo", "-j", "1", "--rate", "1000/s", "-o", filepath.Join(s.dir, "out.csv"), filepath.Join(s.dir, "in.txt"),
				"--", "sh", "-c", `until test -e "$1"; do sleep 0.02; done`, "_", filepath.Join(s.dir, "go{}"))
			run.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(s.dir, "state"))
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool {
				_, err := os.Stat(filepath.Join(s.dir, "state", "runs", "demo", "control.sock"))
				return err == nil
			})
			s.write("go1", "")
			s.keys("top", "Enter")
			waitFor(t, func() bool { // the second record is in hand
				return strings.Contains(s.screen(), "ok 1") && strings.Contains(maskTop(s.screen()), "\n    1 ~ 1 ~")
			})
			golden(t, name+"-top", maskTop(s.screen()))
			s.keys("d")
			s.waits("any other key: no")
			golden(t, name+"-top-drain", maskTop(s.screen()))
			s.keys("n")
			s.waits("q quit")
			s.keys("q")
			s.waits("prompt>")
			for _, n := range []string{"2", "3", "4", "5"} {
				s.write("go"+n, "")
			}
			if err := run.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

var topChanging = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(` +running \d+s`), " ~running ~s"},
	{regexp.MustCompile(`[#-]+\]`), "~]"},
	{regexp.MustCompile(` +(1(?: records?)?(?: final)?, )[0-9.]+/s`), " ~ $1~/s"},
	// PID, record and the rest of a worker.
	{regexp.MustCompile(`(?m)^ {4}1 +(?:\d+ +)?1 +[0-9.]+s(?: +1 +\d+ MiB +[0-9.]+s)?( +in\.txt:2)?$`), "    1 ~ 1 ~$1"},
}

func maskTop(screen string) string {
	screen = strings.TrimRight(screen, "\n ") + "\n"
	for _, c := range topChanging {
		screen = c.what.ReplaceAllString(screen, c.as)
	}
	return screen
}
