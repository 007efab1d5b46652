package proc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// helperMark is set in the environment of a process that is to be a helper, and
// names which.
const helperMark = "BROOD_PROC_HELPER"

// atOnce lets a program with the race detector end without a second's delay.
const atOnce = "GORACE=atexit_sleep_ms=0"

// TestMain is also the program of the children that the tests start.
func TestMain(m *testing.M) {
	if name := os.Getenv(helperMark); name != "" {
		helpers[name]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helpers are what a child may be. What they have to say is lines on standard
// output.
var helpers = map[string]func(){
	"exit-3": func() { os.Exit(3) },
	"killed": func() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		linger()
	},
	"ignore-term": func() {
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		linger()
	},
	// What it was given.
	"show": func() {
		in, err := io.ReadAll(os.Stdin)
		fmt.Println("stdin", len(in), err)
		dir, _ := os.Getwd()
		fmt.Println("dir", dir)
		fmt.Println("args", strings.Join(os.Args[1:], "|"))
		fmt.Println("env", len(os.Environ()))
		for fd := range 1024 {
			// What this process has opened itself is close-on-exec.
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
				fmt.Println("fd", fd)
			}
		}
		given, err := io.ReadAll(os.NewFile(3, "given"))
		fmt.Printf("given %s %v\n", given, err)
		fmt.Fprintln(os.Stderr, "on standard error")
		fmt.Println("group", syscall.Getpgrp() == os.Getpid())
	},
	"linger": func() {
		fmt.Println(os.Getpid())
		linger()
	},
	// It leaves one behind in its group.
	"leave-one": func() { startHelper("linger", false) },
	// One that has left the group.
	"leave-stranger": func() { startHelper("linger", true) },
	"keep-two": func() {
		startHelper("linger", false)
		startHelper("linger", true)
		fmt.Println("ready")
		linger()
	},
	// One in its group, whose parent has gone, while it goes on itself.
	"keep-orphan": func() {
		startHelper("leave-one", false)
		fmt.Println("ready")
		linger()
	},
	"signals": func() {
		tellSignals("leader")
		startHelper("other-signals", false)
		fmt.Println("ready")
		linger()
	},
	"other-signals": func() {
		tellSignals("other")
		fmt.Println("listening")
		linger()
	},
}

// linger waits to be killed, and not for ever, should a test not do it.
func linger() { <-time.After(time.Minute) }

func tellSignals(who string) {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for s := range ch {
			fmt.Println(who, s)
		}
	}()
}

// startHelper starts another one from a helper and hands on its first line. One
// that ends does so before this returns.
func startHelper(name string, leaves bool) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperMark+"="+name)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: leaves}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	r := bufio.NewReader(out)
	line, _ := r.ReadString('\n')
	fmt.Print(line)
	if name == "leave-one" {
		_ = cmd.Wait()
		return
	}
	go func() { _, _ = io.Copy(os.Stdout, r) }()
}

func newFamily(t *testing.T) *Family {
	t.Helper()
	f, err := NewFamily()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// child is a helper that was started.
type child struct {
	*Child
	out *bufio.Reader
}

func start(t *testing.T, f *Family, name string, change ...func(*Spec)) *child {
	t.Helper()
	exe, err := SelfExe()
	if err != nil {
		t.Fatal(err)
	}
	s := Spec{Path: exe, Args: []string{name}, Env: append(os.Environ(), helperMark+"="+name, atOnce)}
	for _, c := range change {
		c(&s)
	}
	c, err := f.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(c.Stdout, c.Stderr) })
	if err := c.Stdout.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &child{c, bufio.NewReader(c.Stdout)}
}

func (c *child) line(t *testing.T) string {
	t.Helper()
	s, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("after %q: %v", s, err)
	}
	return strings.TrimSuffix(s, "\n")
}

// pid reads a line with the number of a process.
func (c *child) pid(t *testing.T) int {
	t.Helper()
	s := c.line(t)
	n, err := strconv.Atoi(s)
	if err != nil || n <= 1 {
		t.Fatalf("not a process: %q", s)
	}
	return n
}

func wait(t *testing.T, c *child) Exit {
	t.Helper()
	e, err := c.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// gone reports whether there is no process of that number, not even a dead one
// that nobody has reaped.
func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }
