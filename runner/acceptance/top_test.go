package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// terminal is a tmux server of its own, with one window.
type terminal struct {
	t      *testing.T
	socket string
}

func (w *terminal) tmux(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", w.socket, "-f", os.DevNull}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (w *terminal) keys(keys ...string) {
	w.t.Helper()
	w.tmux(append([]string{"send-keys", "-t", "w"}, keys...)...)
}

func (w *terminal) screen() string {
	w.t.Helper()
	return w.tmux("capture-pane", "-p", "-t", "w")
}

// waits waits until the screen shows something.
func (w *terminal) waits(what string) string {
	w.t.Helper()
	var screen string
	defer func() {
		if w.t.Failed() {
			w.t.Logf("the screen:\n%s", screen)
		}
	}()
	waitFor(w.t, func() bool {
		screen = w.screen()
		return strings.Contains(screen, what)
	})
	return screen
}

func openTerminal(t *testing.T, env ...string) *terminal {
	t.Helper()
	return openTerminalOf(t, 100, env...)
}

// openTerminalOf opens one of so many columns, and 24 lines.
func openTerminalOf(t *testing.T, columns int, env ...string) *terminal {
	t.Helper()
	needs.Programs(t, "tmux")
	w := &terminal{t, filepath.Join(t.TempDir(), "tmux")}
	cmd := exec.Command("tmux", "-S", w.socket, "-f", os.DevNull, "new-session", "-d", "-x", strconv.Itoa(columns), "-y", "24", "-n", "w", "bash --norc --noprofile")
	cmd.Env = append(os.Environ(), append(env, "TERM=screen", "LC_ALL=C.UTF-8")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	t.Cleanup(func() { w.tmux("kill-server") })
	w.keys("PS1='prompt> '; clear", "Enter")
	w.waits("prompt>")
	return w
}

// masks cover what is different each time, in as many columns.
var masks = []*regexp.Regexp{
	regexp.MustCompile(`running \d+s`),
	regexp.MustCompile(`[0-9.]+/s$`),
	// PID, RECORD, FOR, MEMORY, CPU and WHERE of a worker.
	regexp.MustCompile(`^ +\d+ +(\d+) +(\d+) +([0-9.]+s) +\d+ +(\d+ MiB) +([0-9.]+s)(?:  (\S+))?$`),
}

func masked(screen string) string {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	for i, line := range lines {
		b := []byte(line)
		for _, m := range masks {
			at := m.FindSubmatchIndex(b)
			if at == nil {
				continue
			}
			if len(at) > 2 {
				at = at[2:]
			}
			for j := 0; j < len(at); j += 2 {
				if at[j] < 0 {
					continue
				}
				copy(b[at[j]:at[j+1]], bytes.Repeat([]byte{'~'}, at[j+1]-at[j]))
			}
		}
		// How many columns the numbers take differs.
		lines[i] = regexp.MustCompile(` *~+( *~+)*`).ReplaceAllString(string(b), " ~")
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestTop steers a run from the live view in a terminal: its screen is compared
// with a golden one, the books balance, and the terminal is left as it was.
func TestTop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := "BROOD_STATE=" + filepath.Join(dir, "state")
	input, output := filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.csv")
	if err := os.WriteFile(input, []byte(strings.Repeat("x\n", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	gate := filepath.Join(dir, "gate")
	run := asBrood(t, "run", "exec", "--run", "demo", "-j", "3", "--rate", "1000/s", "--no-append", "-o", output, input, "--",
		"sh", "-c", "while ! test -e "+gate+"; do sleep 0.05; done")
	run.Env = append(os.Environ(), state)
	var said bytes.Buffer
	run.Stderr = &said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	w := openTerminal(t, state)
	waitFor(t, func() bool { // it can be talked to
		_, err := os.Stat(filepath.Join(dir, "state", "runs", "demo", "control.sock"))
		return err == nil
	})
	w.keys("echo before; stty -g > "+dir+"/stty.before", "Enter")
	w.waits("before\nprompt>")
	before := w.screen()
	w.keys(asBrood(t).Path+" top demo; stty -g > "+dir+"/stty.after", "Enter")
	w.waits("3 workers of 3")
	waitFor(t, func() bool { // all have a record in hand
		got := masked(w.screen())
		return strings.Count(got, "\n    ") == 3 && !strings.Contains(got, " -  ")
	})
	got, golden := masked(w.screen()), atRoot("testdata/golden/top.txt")
	if *updateGolden {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the screen is\n%s\nwant\n%s", got, want)
	}

	// Scale 2 → 50 → 3, by keys and by the command beside.
	w.keys("-")
	w.waits("of 2 ")
	brood := func(args ...string) {
		t.Helper()
		cmd := asBrood(t, args...)
		cmd.Env = append(os.Environ(), state)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("brood %v: %v\n%s", args, err, out)
		}
	}
	brood("scale", "demo", "-j", "50")
	w.waits("50 workers of 50")
	waitFor(t, func() bool { // as soon as all are in the list
		w.keys("PageDown")
		return strings.Contains(w.screen(), "\n   50 ")
	})
	w.keys("s")
	w.waits("s sort: time in hand")
	w.keys("p")
	w.waits("paused")
	brood("rate", "demo", "40/s")
	w.waits("at most 40/s")
	brood("scale", "demo", "-j", "3")
	w.waits("of 3 ")
	w.keys("p")
	w.waits("running")
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { // the others have left
		return strings.Contains(w.screen(), "\n3 workers of 3")
	})
	w.keys("d")
	w.waits("end the run when the records in hand are finished?")
	w.keys("n")
	w.waits("q quit")
	w.keys("d", "y")
	w.waits("interrupted (stopped by terminated)")
	if err := run.Wait(); run.ProcessState.ExitCode() != 143 {
		t.Fatalf("the run: %v\n%s", err, &said)
	}
	checkTerminal(t, w, dir, before)

	// The books, and the rest of the records.
	brood("resume", "demo")
	rows := readCSV(t, output)
	for i, row := range rows {
		if row["_seq"] != strconv.Itoa(i) || row["_status"] != "ok" {
			t.Fatalf("row %d is %v", i, row)
		}
	}
	if len(rows) != 200 {
		t.Errorf("%d rows", len(rows))
	}
}

// checkTerminal compares the terminal with what it was before.
func checkTerminal(t *testing.T, w *terminal, dir, before string) {
	t.Helper()
	var modes [2]string
	for i, name := range []string{"stty.before", "stty.after"} {
		path := filepath.Join(dir, name)
		waitFor(t, func() bool { st, err := os.Stat(path); return err == nil && st.Size() > 0 })
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		modes[i] = string(b)
	}
	if modes[0] != modes[1] {
		t.Errorf("the modes of the terminal were %s, and are %s", modes[0], modes[1])
	}
	shown := w.waits("prompt>")
	top := strings.TrimRight(before, "\n ")
	top = strings.TrimSuffix(top, "prompt>")
	if !strings.HasPrefix(shown, strings.TrimRight(top, " ")) {
		t.Errorf("the screen was\n%s\nand is\n%s", before, shown)
	}
	if flags := w.tmux("display-message", "-p", "-t", "w", "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag}"); flags != "0 1 0 0\n" {
		t.Errorf("alternate screen, cursor, mouse, keypad: %s", flags)
	}
}
