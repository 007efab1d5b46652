package acceptance

import (
	"brood/jobs"
	"brood/worker/wire"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// misbehave is a job that does what a record says, and that is nothing good.
var misbehaviour = map[string]func(){
	"panic":    func() { panic("told to") },
	"segfault": func() { _ = syscall.Kill(os.Getpid(), syscall.SIGSEGV); select {} },
	"nil":      func() { var p *int; *p = 1 },
	// The kernel's OOM killer sends SIGKILL, which nothing can tell from
	// another.
	"oom-killed": func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
	"no-memory": func() {
		debug.SetGCPercent(-1)
		_ = unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: 1 << 30, Max: 1 << 30})
		for keep := [][]byte{}; ; {
			keep = append(keep, make([]byte, 64<<20))
		}
	},
	"exit-0":      func() { os.Exit(0) },
	"exit-3":      func() { os.Exit(3) },
	"hang":        func() { select {} },
	"ignore-term": func() { signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP); select {} },
	"spin": func() {
		for i := 0; i >= 0; i = (i + 1) % 10 {
			runtime.KeepAlive(i)
		}
	},
	"half-answer": func() { _, _ = syscall.Write(wire.AnswersFD, []byte{200, 0, 0, 0, 5, 1}); os.Exit(0) },
	"garbage":     func() { _, _ = syscall.Write(wire.AnswersFD, bytes.Repeat([]byte{255}, 100)); select {} },
	// A frame of 250 MiB is announced, and what comes is the answer to this record.
	"long-frame": func() { _, _ = syscall.Write(wire.AnswersFD, []byte{0, 0, 0xa0, 0x0f, 5}) },
	"good-then-garbage": func() {
		// A frame that breaks behind its first answer, which is for this record.
		frame := wire.AppendAnswersHead(wire.Begin(nil, wire.TypeAnswers), 2, 2, 0)
		frame = append(wire.AppendAnswer(frame, &jobs.Result{}), 0xff)
		if err := wire.End(frame, 0); err != nil {
			panic(err)
		}
		_, _ = syscall.Write(wire.AnswersFD, frame)
		select {}
	},
	"shut-answers": func() {
		_ = syscall.Close(wire.AnswersFD)
		select {}
	},
	"flood": func() {
		line := strings.Repeat("x", 1000) + "\n"
		for range 1000 {
			fmt.Print(line)
			fmt.Fprint(os.Stderr, line)
		}
	},
	"print": func() { fmt.Println("printed by this record"); fmt.Fprint(os.Stderr, "unfinished line") },
	"grandchild": func() {
		// It has left the group and holds both streams.
		cmd := exec.Command("sleep", "1000")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
	},
	"grandchild-and-die": func() {
		cmd := exec.Command("sh", "-c", "sleep 1000 & sleep 1000")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		os.Exit(1)
	},
}

type misbehaving struct{}

func (misbehaving) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	if f := misbehaviour[string(rec.Raw)]; f != nil {
		f()
	}
	if string(rec.Raw) == "error" {
		return fmt.Errorf("the job is broken")
	}
	res.Text = append(res.Text, rec.Raw...)
	return nil
}

func (misbehaving) Close() error { return nil }

// TestWorkersThatMisbehave: the right record is blamed, the others finish, and
// no process and no descriptor is left.
func TestWorkersThatMisbehave(t *testing.T) {
	for _, c := range []struct{ what, status, class, says string }{
		{"panic", "failed", "crash", "panic: told to"},
		{"segfault", "failed", "crash", ""},
		{"nil", "failed", "crash", "panic: runtime error: invalid memory address"},
		{"oom-killed", "failed", "crash", "signal: killed"},
		{"no-memory", "failed", "crash", "fatal error: "},
		{"exit-0", "failed", "crash", "exit status 0"},
		{"exit-3", "failed", "crash", "exit status 3"},
		{"error", "failed", "crash", "the job is broken"},
		{"hang", "failed", "timeout", "--timeout 500ms"},
		{"spin", "failed", "timeout", "--timeout 500ms"},
		{"ignore-term", "failed", "timeout", "--timeout 500ms"},
		{"shut-answers", "failed", "timeout", ""},
		{"half-answer", "failed", "crash", ""},
		{"garbage", "failed", "crash", "broken frame"},
		{"long-frame", "failed", "crash", "it owed answers, and neither worked nor sent any"},
		{"good-then-garbage", "ok", "", ""},
		{"flood", "ok", "", ""},
		{"print", "ok", "", ""},
		{"grandchild", "ok", "", ""},
		{"grandchild-and-die", "failed", "crash", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			rows, stderr := misbehave(t, 1, "fine0", "fine1", c.what, "fine3", "fine4", "fine5")
			for i, row := range rows {
				if i == 2 {
					if raceEnabled && c.what == "no-memory" {
						c.says = "" // the race detector may be the first to have none
					}
					if row["_status"] != c.status || row["_class"] != c.class || !strings.Contains(row["_error"], c.says) {
						t.Errorf("record %s: %v, want %s %s %q", c.what, row, c.status, c.class, c.says)
					}
				} else if row["_status"] != "ok" || row["line"] != fmt.Sprintf("fine%d", i) {
					t.Errorf("record %d: %v, want ok", i, row)
				}
			}
			if c.what == "print" {
				for _, want := range []string{"in.txt:3, stdout] printed by this record", "in.txt:3, stderr] unfinished line"} {
					if !strings.Contains(stderr, want) {
						t.Errorf("the log lacks %q:\n%s", want, stderr)
					}
				}
			}
		})
	}
}

// TestOnceIsNeverRepeated: a record that must not be repeated is unknown after
// its worker has died, and is tried once only.
func TestOnceIsNeverRepeated(t *testing.T) {
	rows, _ := misbehave(t, 3, "--effect=once", "fine1", "oom-killed", "hang", "fine4")
	for i, want := range []string{"ok", "unknown", "unknown", "ok"} {
		if rows[i]["_status"] != want {
			t.Errorf("record %d: %v, want %s", i, rows[i], want)
		}
	}
}

// TestManyBadRecords: one after the other, they do not end the run.
func TestManyBadRecords(t *testing.T) {
	words := []string{"--max-crashes=1", "--no-guard"}
	for range 12 {
		words = append(words, "panic")
	}
	rows, _ := misbehave(t, 1, append(words, "fine")...)
	for i, row := range rows {
		if want := map[bool]string{true: "ok", false: "failed"}[i == 12]; row["_status"] != want {
			t.Errorf("record %d: %v, want %s", i, row, want)
		}
	}
}

// TestSlowReaderIsNoTimeout: a worker whose answer has to wait, as nobody reads
// standard output, is not taken for one whose record takes too long.
func TestSlowReaderIsNoTimeout(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.txt")
	if err := os.WriteFile(in, []byte(strings.Repeat("x\n", 12)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := asBrood(t, "run", "exec", "-j", "2", "--timeout", "0.5", "--no-append", in, "--", "head", "-c", "1500000", "/dev/zero")
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	<-time.After(2 * time.Second) // what is waited for is time: four timeouts, in which nothing is read
	n, err := io.Copy(io.Discard, r)
	if err != nil || n != 12*1500000 {
		t.Errorf("read %d bytes: %v", n, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &stderr)
	}
}

// misbehave runs the job over lines, and flags among them, and reads back the
// results. It fails the test if anything is left behind.
func misbehave(t *testing.T, wantCode int, words ...string) ([]map[string]string, string) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"run", "misbehave", "-j", "2", "--timeout", "0.5", "-o", filepath.Join(dir, "out.csv"), filepath.Join(dir, "in.txt")}
	var lines []string
	for _, w := range words {
		if strings.HasPrefix(w, "--") {
			args = append(args, w)
		} else {
			lines = append(lines, w)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stderr := runMarked(t, dir, nil, args...)
	if bad := lines[min(2, len(lines)-1)]; wantCode == 1 && (bad == "flood" || bad == "print" || bad == "grandchild" || bad == "good-then-garbage") {
		wantCode = 0
	}
	if code != wantCode {
		t.Fatalf("exit status %d, want %d\n%.4000s", code, wantCode, stderr)
	}
	rows := readCSV(t, filepath.Join(dir, "out.csv"))
	if len(rows) != len(lines) {
		t.Fatalf("%d results, want %d", len(rows), len(lines))
	}
	return rows, stderr
}

// runMarked runs broodtest and checks that no process outlives it.
func runMarked(t *testing.T, dir string, env []string, args ...string) (int, string) {
	t.Helper()
	mark := "BROOD_TEST_MARK=" + filepath.Base(filepath.Dir(dir)) + filepath.Base(dir)
	cmd := asBroodtest(t, args...)
	cmd.Env = append(os.Environ(), mark, "BROOD_STATE="+filepath.Join(dir, "state"))
	// The race detector waits for a second before a process exits, which is
	// longer than the timeouts here.
	cmd.Env = append(cmd.Env, "GORACE=atexit_sleep_ms=0")
	cmd.Env = append(cmd.Env, env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if left := survivors(t, mark); len(left) > 0 {
		t.Errorf("processes left behind: %v", left)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

// TestWorkersThatDoNotStart end the run with a reason, and nothing is left.
func TestWorkersThatDoNotStart(t *testing.T) {
	for _, c := range []struct{ how, says string }{
		{"refuse", "the password is wrong"},
		{"die", "exit status 5"},
	} {
		t.Run(c.how, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in := filepath.Join(dir, "in.txt")
			if err := os.WriteFile(in, []byte("a\nb\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			code, stderr := runMarked(t, dir, []string{"BROOD_TEST_OPEN=" + c.how}, "run", "misbehave", "--run", "r", in)
			if code != 4 || !strings.Contains(stderr, c.says) {
				t.Errorf("exit status %d, want 4 and %q:\n%s", code, c.says, stderr)
			}
		})
	}
}

// TestSuspend: TSTP stops the workers too, CONT continues them, and the time in
// between counts for no timeout.
func TestSuspend(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.txt")
	if err := os.WriteFile(in, []byte(strings.Repeat("x\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.csv")
	cmd := asBrood(t, "run", "echo", "-j", "2", "--sleep", "200ms", "--timeout", "1", "--limit", "12", "-o", out, in)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	workers := func() (states string) {
		lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range lists {
			pids, _ := os.ReadFile(list)
			for _, pid := range strings.Fields(string(pids)) {
				stat, _ := os.ReadFile("/proc/" + pid + "/stat")
				if _, after, ok := strings.Cut(string(stat), ") "); ok {
					states += after[:1]
				}
			}
		}
		return states
	}
	waitFor(t, func() bool { st, err := os.Stat(out); return err == nil && st.Size() > 60 })
	if err := cmd.Process.Signal(syscall.SIGTSTP); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return workers() == "TT" })
	<-time.After(1500 * time.Millisecond) // what is waited for is time: more than the timeout
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return !strings.Contains(workers(), "T") })
	if err := cmd.Wait(); err != nil || strings.Contains(stderr.String(), "timeout") {
		t.Errorf("%v\n%s", err, &stderr)
	}
}
