//go:build linux && (amd64 || arm64)

package vfork_test

import (
	"brood/jobs/exec/vfork"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// words are the arguments, or the environment, of a program.
func words(list ...string) **byte {
	var out []*byte
	for _, w := range list {
		p, err := syscall.BytePtrFromString(w)
		if err != nil {
			panic(err)
		}
		out = append(out, p)
	}
	return &append(out, nil)[0]
}

// heard runs a script, with a change of how it is started, and returns what it prints.
func heard(t *testing.T, script string, change func(*vfork.Command)) string {
	t.Helper()
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	out := os.NewFile(uintptr(p[0]), "out")
	defer out.Close()
	path, _ := syscall.BytePtrFromString("/bin/sh")
	c := &vfork.Command{Path: path, Argv: words("sh", "-c", script, "zero", "one"), Env: words("A=b"), In: -1, Out: int64(p[1]), Errs: int64(p[1])}
	if change != nil {
		change(c)
	}
	pid, pidFD, notCloned, notExecuted := c.Start()
	_ = syscall.Close(p[1])
	if notCloned != 0 || notExecuted != 0 {
		t.Fatal(syscall.Errno(notCloned), syscall.Errno(notExecuted))
	}
	defer syscall.Close(pidFD)
	var b strings.Builder
	if _, err := out.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil || ws.ExitStatus() != 3 {
		t.Fatalf("it ended with %v, %v, and said %s", ws, err, b.String())
	}
	return b.String()
}

// TestStart: a program has the arguments, the environment and the streams that were meant, and
// nothing else of what is open here.
func TestStart(t *testing.T) {
	in, err := os.Open("vfork.go")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	// There may be some that this test was started with.
	open, err := exec.Command("/bin/sh", "-c", "ls /proc/self/fd").Output()
	if err != nil {
		t.Fatal(err)
	}
	const script = `echo $1 $A; ls /proc/self/fd; read -r line; echo "$line"; echo oops >&2; exit 3`
	got := heard(t, script, func(c *vfork.Command) { c.In = int64(in.Fd()) })
	if want := "one b\n" + string(open) + "//go:build linux && (amd64 || arm64)\noops\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestSignals: a signal that is handled here does in the program what it does by default, and
// one that is ignored stays so.
func TestSignals(t *testing.T) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGUSR1)
	defer signal.Stop(ch)
	signal.Ignore(syscall.SIGUSR2)
	defer signal.Reset(syscall.SIGUSR2)
	got := heard(t, `kill -USR2 $$; sh -c 'kill -USR1 $$; echo alive'; echo $?; cat /proc/self/status; exit 3`, nil)
	for _, want := range []string{fmt.Sprintf("\n%d\n", 128+syscall.SIGUSR1), "SigBlk:\t0000000000000000\n", "SigCgt:\t0000000000000000\n"} {
		if !strings.Contains(got, want) || strings.Contains(got, "alive") {
			t.Errorf("%q, want %q in it", got, want)
		}
	}
}

// TestNotStarted: why a program could not be executed is known, and the process that was made
// for it is there to be waited for; what is no descriptor is noticed as well.
func TestNotStarted(t *testing.T) {
	sh, _ := syscall.BytePtrFromString("/bin/sh")
	gone, _ := syscall.BytePtrFromString("/no/such/program")
	no := words("x")
	for name, c := range map[string]struct {
		command vfork.Command
		want    syscall.Errno
	}{
		"itself":    {vfork.Command{Path: gone, Argv: no, Env: no, In: -1, Out: 1, Errs: 2}, syscall.EINVAL}, // 1 onto 1
		"not there": {vfork.Command{Path: gone, Argv: no, Env: no, In: -1, Out: 2, Errs: 1}, syscall.ENOENT},
		"no input":  {vfork.Command{Path: sh, Argv: no, Env: no, In: 999, Out: 2, Errs: 1}, syscall.EBADF},
		"no output": {vfork.Command{Path: sh, Argv: no, Env: no, In: -1, Out: -1, Errs: 1}, syscall.EBADF},
		"no errors": {vfork.Command{Path: sh, Argv: no, Env: no, In: -1, Out: 2, Errs: 999}, syscall.EBADF},
		"a limit":   {vfork.Command{Path: sh, Argv: no, Env: no, In: -1, Out: 2, Errs: 1, Limit: &vfork.Limit{Cur: 2, Max: 1}}, syscall.EINVAL},
	} {
		pid, pidFD, notCloned, notExecuted := c.command.Start()
		if notCloned != 0 || syscall.Errno(notExecuted) != c.want {
			t.Fatalf("%s: %v, %v, want %v", name, syscall.Errno(notCloned), syscall.Errno(notExecuted), c.want)
		}
		_ = syscall.Close(pidFD)
		var ws syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil || ws.ExitStatus() != 127 {
			t.Errorf("%s: %v, %v", name, ws, err)
		}
	}
}

// TestBusy: programs are started while other goroutines make garbage, grow their stacks and
// are interrupted.
func TestBusy(t *testing.T) {
	stop, done := make(chan bool), make(chan int)
	for range 4 {
		go func() {
			n := 0
			for {
				select {
				case <-stop:
					done <- n
					return
				default:
					n += deep(make([]byte, 1<<10), 100)
				}
			}
		}()
	}
	tick := time.NewTicker(time.Millisecond)
	go func() {
		for range tick.C {
			_ = syscall.Kill(os.Getpid(), syscall.SIGURG) // as the runtime does it
		}
	}()
	for range 200 {
		if got := heard(t, "echo $1 $A; exit 3", nil); got != "one b\n" {
			t.Errorf("%q", got)
		}
	}
	tick.Stop()
	close(stop)
	for range 4 {
		<-done
	}
}

func deep(b []byte, n int) int {
	if n == 0 {
		return len(b)
	}
	return deep(append(b, byte(n)), n-1)
}

// TestFiles: the limit of descriptors that this process was started with is known, though Go has
// raised it.
func TestFiles(t *testing.T) {
	if os.Getenv("BROOD_TEST_FILES") != "" {
		var is syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &is); err != nil {
			t.Fatal(err)
		}
		if is.Cur == vfork.Files.Cur {
			t.Fatal("Go has not raised the limit: there is no need for this package to know it")
		}
		fmt.Printf("it was %d of %d, and is %s", vfork.Files.Cur, vfork.Files.Max, heard(t, "ulimit -Sn; exit 3", func(c *vfork.Command) { c.Limit = &vfork.Files }))
		return
	}
	cmd := exec.Command("/bin/sh", "-c", `ulimit -Sn 70; ulimit -Hn 90; exec "$0" -test.run='^TestFiles$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "BROOD_TEST_FILES=1")
	out, err := cmd.CombinedOutput()
	if want := "it was 70 of 90, and is 70\n"; err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("%v, %s, want %s", err, out, want)
	}
}
