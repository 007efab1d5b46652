package daemon

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// manager is a socket on which somebody listens, and what has come there.
func manager(t *testing.T, name string) (socket string, said func() string) {
	t.Helper()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return name, func() string {
		b := make([]byte, 4096)
		_ = l.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := l.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

// env is an environment of its own.
func env(vars ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, v := range vars {
			if value, ok := strings.CutPrefix(v, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}
}

// TestOf reads what a service manager has said of itself, and believes nothing that makes no sense.
func TestOf(t *testing.T) {
	for _, c := range []struct {
		env      []string
		is       bool
		watchdog time.Duration
	}{
		{nil, false, 0},
		{[]string{"WATCHDOG_USEC=5000000"}, false, 0},
		{[]string{"NOTIFY_SOCKET="}, false, 0},
		{[]string{"NOTIFY_SOCKET=@"}, false, 0},
		{[]string{"NOTIFY_SOCKET=notify"}, false, 0},
		{[]string{"NOTIFY_SOCKET=vsock:2:1234"}, false, 0},
		{[]string{"NOTIFY_SOCKET=/run/notify"}, true, 0},
		{[]string{"NOTIFY_SOCKET=@notify", "WATCHDOG_USEC=5000000"}, true, 5 * time.Second},
		{[]string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=5000000", "WATCHDOG_PID=17"}, true, 5 * time.Second},
		{[]string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=5000000", "WATCHDOG_PID=18"}, true, 0},
		{[]string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=5000000", "WATCHDOG_PID="}, true, 0},
		{[]string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=-1"}, true, 0},
		{[]string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=0"}, true, 0},
		{[]string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=99999999999999999999"}, true, 0},
		{[]string{"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=18446744073709551615"}, true, 0}, // infinity
	} {
		s := Of(env(c.env...), 17)
		if (s != nil) != c.is {
			t.Errorf("%q: %v", c.env, s)
		} else if s != nil && s.Watchdog != c.watchdog {
			t.Errorf("%q: %v, want %v", c.env, s.Watchdog, c.watchdog)
		}
	}
}

// TestTell reaches a socket that has a path, and one that has none; where nobody listens it is an
// error and nothing else, and nobody is no error.
func TestTell(t *testing.T) {
	names := []string{filepath.Join(t.TempDir(), "notify")}
	if runtime.GOOS == "linux" {
		names = append(names, "@brood-test-"+filepath.Base(t.TempDir())+"-"+time.Now().Format("150405.000000000"))
	}
	for _, name := range names {
		socket, said := manager(t, name)
		s := Of(env("NOTIFY_SOCKET="+socket), 1)
		if err := s.Tell("READY=1\nSTATUS=up"); err != nil {
			t.Fatal(err)
		}
		if got := said(); got != "READY=1\nSTATUS=up" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if err := (&Service{socket: filepath.Join(t.TempDir(), "none")}).Tell("READY=1"); err == nil {
		t.Error("nobody listens, and it is no error")
	}
	if err := (*Service)(nil).Tell("READY=1"); err != nil {
		t.Error(err)
	}
}

// TestTellNobodyReads: a socket whose queue is full holds nobody up for long.
func TestTellNobodyReads(t *testing.T) {
	socket, _ := manager(t, filepath.Join(t.TempDir(), "notify"))
	s := &Service{socket: socket}
	for range 10000 {
		if s.Tell("STATUS=x") != nil {
			return
		}
	}
	t.Error("the socket takes any number")
}

// play looks at a run each time it is to be looked at, until a time has gone by, and returns what
// was said and when.
func play(c *Course, from time.Time, d time.Duration, sight func(time.Duration) Sight) (out []string) {
	for at := time.Duration(0); at < d; {
		s := sight(at)
		message, again := c.next(from.Add(at), &s)
		if message != "" {
			out = append(out, at.Round(time.Millisecond).String()+" "+strings.ReplaceAll(message, "\n", " "))
		}
		at += again
	}
	return out
}

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// TestReady is said when all is there, once, and a run that is stopped before never says it.
func TestReady(t *testing.T) {
	c := NewCourse(&Service{})
	got := play(c, noon, 20*time.Second, func(at time.Duration) Sight {
		return Sight{Ready: at >= 6*time.Second, Status: "a\nb"}
	})
	if want := []string{"0s STATUS=a b", "10s READY=1"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
	if got := play(NewCourse(&Service{}), noon, time.Second, func(time.Duration) Sight { return Sight{Ready: true, Draining: true} }); strings.Contains(strings.Join(got, "|"), "READY") {
		t.Errorf("%q", got)
	}
}

// TestWatchdog is kept quiet while the books move, and only then.
func TestWatchdog(t *testing.T) {
	s := &Service{Watchdog: 4 * time.Second}
	stuck := 21 * time.Second
	kept := play(NewCourse(s), noon, 40*time.Second, func(at time.Duration) Sight {
		return Sight{Ready: true, Commits: uint64(min(at, stuck) / s.Beat(time.Minute))}
	})
	last := kept[len(kept)-1]
	if len(kept) != 12 || kept[0] != "0s READY=1" || kept[1] != "2s WATCHDOG=1" || last != "22s WATCHDOG=1" {
		t.Errorf("%q", kept)
	}
	if got := play(NewCourse(s), noon, time.Minute, func(time.Duration) Sight { return Sight{Ready: true} }); len(got) != 1 {
		t.Errorf("nothing moves, and it says %q", got)
	}
}

// TestWatchdogOfAny: whatever a watchdog wants, a run whose books beat is never silent for longer,
// and one whose books stand still is.
func TestWatchdogOfAny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &Service{Watchdog: time.Duration(rapid.Int64Range(int64(4*leastBeat), int64(time.Hour)).Draw(t, "watchdog"))}
		beat := s.Beat(5 * time.Second)
		late := time.Duration(rapid.Int64Range(0, int64(beat/2)).Draw(t, "late"))
		c := NewCourse(s)
		last, stuck := time.Duration(0), s.Watchdog*time.Duration(rapid.IntRange(1, 20).Draw(t, "stuck"))
		for at := time.Duration(0); at < stuck+3*s.Watchdog; {
			sight := Sight{Ready: true, Commits: uint64(max(min(at, stuck)-late, 0) / beat)}
			message, again := c.next(noon.Add(at), &sight)
			if strings.Contains(message, "WATCHDOG=1") || strings.Contains(message, "READY=1") {
				last = at
			}
			if at < stuck && at-last > s.Watchdog-again/2 && at-last >= s.Watchdog {
				t.Fatalf("silent from %s to %s with %s", last, at, s.Watchdog)
			}
			at += again
		}
		if last > stuck+s.Watchdog {
			t.Fatalf("stuck at %s, and heard of at %s with %s", stuck, last, s.Watchdog)
		}
	})
}

// TestDrain asks for time while what is in hand goes on, and no longer than that may.
func TestDrain(t *testing.T) {
	moves := func(at time.Duration) uint64 { return uint64(at / (5 * time.Second)) }
	c := NewCourse(&Service{})
	got := play(c, noon, time.Minute, func(at time.Duration) Sight {
		return Sight{Ready: true, Draining: at >= 5*time.Second, Until: noon.Add(25 * time.Second), Commits: moves(at)}
	})
	asked := 0
	for _, line := range got[1:] {
		at, message, _ := strings.Cut(line, " ")
		d, _ := time.ParseDuration(at)
		_, usec, found := strings.Cut(message, "EXTEND_TIMEOUT_USEC=")
		if !found {
			continue
		}
		asked++
		by, err := time.ParseDuration(usec + "us")
		if err != nil || d+by > 25*time.Second+afterKill || d > 35*time.Second {
			t.Errorf("%q", line)
		}
	}
	if got[0] != "0s READY=1" || got[1] != "5s STOPPING=1 EXTEND_TIMEOUT_USEC=20000000" || asked < 5 {
		t.Errorf("%q", got)
	}
	// Without a limit it asks for ever, but not where the books stand still.
	long := play(NewCourse(&Service{}), noon, 10*time.Minute, func(at time.Duration) Sight { return Sight{Draining: true, Commits: moves(at)} })
	still := play(NewCourse(&Service{}), noon, 10*time.Minute, func(time.Duration) Sight { return Sight{Draining: true} })
	if len(long) < 100 || len(still) != 1 {
		t.Errorf("%d, %q", len(long), still)
	}
}

// TestReloadAndEnd are said in order, and what is ending is not said to be ready again.
func TestReloadAndEnd(t *testing.T) {
	socket, said := manager(t, filepath.Join(t.TempDir(), "notify"))
	c := NewCourse(&Service{socket: socket, Watchdog: time.Minute})
	nothing := func() error { return os.ErrInvalid }
	if err := c.Reload(time.Second, nothing); err != os.ErrInvalid {
		t.Error(err)
	}
	if _, err := c.Look(noon, &Sight{Ready: true}); err != nil {
		t.Fatal(err)
	}
	_ = c.Reload(1234567*time.Microsecond, nothing)
	_ = c.Reload(2*time.Second, func() error { return c.End("done") })
	for _, want := range []string{"READY=1", "RELOADING=1\nMONOTONIC_USEC=1234567", "READY=1", "RELOADING=1\nMONOTONIC_USEC=2000000", "STOPPING=1\nSTATUS=done\nEXTEND_TIMEOUT_USEC=90000000\nWATCHDOG=1"} {
		if got := said(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	_ = c.service.Tell("last")
	if got := said(); got != "last" {
		t.Errorf("%q", got)
	}
}

// TestIsJournal: only the very file is.
func TestIsJournal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "err"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	dev, ino := at(t, f)
	for value, want := range map[string]bool{dev + ":" + ino: true, dev + ":" + ino + "0": false, "1" + dev + ":" + ino: false, "": false, ":": false, dev: false, "x:y": false} {
		if IsJournal(value, f) != want {
			t.Errorf("%q: %v", value, !want)
		}
	}
	if IsJournal(dev+":"+ino, nil) {
		t.Error("no file is the journal")
	}
}
