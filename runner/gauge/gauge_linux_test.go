package gauge

import (
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMachine: what the machine says of itself is plausible; that is all that can be
// known of it beforehand.
func TestMachine(t *testing.T) {
	if n, err := Running(); err != nil || n < 0 || n > 1e6 {
		t.Errorf("%d running, %v", n, err)
	}
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		t.Fatal(err)
	}
	if n, err := MemoryAvailable(); err != nil || n <= 0 || uint64(n) > info.Totalram*uint64(info.Unit) {
		t.Errorf("%d bytes of memory are available, %v", n, err)
	}
}

// TestRunning: this process does not count itself, and others do count.
func TestRunning(t *testing.T) {
	busy := exec.Command("/bin/sh", "-c", "while :; do :; done")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = busy.Process.Kill()
		_ = busy.Wait()
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		n, err := Running()
		if err != nil {
			t.Fatal(err)
		}
		if n >= 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing runs beside the one that asks")
		}
	}
}

// TestStalls: the share is of the time since the last look. A kernel that does not
// measure it says so.
func TestStalls(t *testing.T) {
	for _, of := range Resources {
		s, err := NewStalls(of)
		if _, noFile := os.Stat("/proc/pressure/" + string(of)); noFile != nil {
			if err == nil || !strings.Contains(err.Error(), "does not measure the pressure on "+string(of)) {
				t.Errorf("%s: %v", of, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		// As if it had stalled for five of the ten seconds since then.
		s.at = time.Now().Add(-10 * time.Second)
		s.total -= 5 * time.Second
		if p, err := s.Percent(); err != nil || p < 49 || p > 60 {
			t.Errorf("%s: %v %%, %v; want about 50", of, p, err)
		}
		if time.Since(s.at) > time.Second {
			t.Errorf("%s: the next look begins %s ago", of, time.Since(s.at))
		}
		// Two looks at one moment are not a division by nothing.
		if p, err := s.Percent(); err != nil || p < 0 || math.IsInf(p, 0) {
			t.Errorf("%s: %v %%, %v", of, p, err)
		}
	}
	if _, err := NewStalls("disk"); err == nil {
		t.Error("there is a pressure on a resource there is not")
	}
}
