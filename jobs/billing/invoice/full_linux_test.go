package invoice

import (
	"brood/jobs/jobtest/needs"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestFull writes to a file system that has room for some of the documents: the error is told, nothing that was not whole has a name.
func TestFull(t *testing.T) {
	const inside = "BROOD_TEST_FULL"
	if dir := os.Getenv(inside); dir != "" {
		onFull(t, dir)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFull$", "-test.v") //nolint:gosec // this test
	cmd.Env = append(os.Environ(), inside+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if err != nil && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC)) {
		needs.Missing(t, "no user namespaces here: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestFull") {
		t.Errorf("%v\n%s", err, out)
	}
}

func onFull(t *testing.T, dir string) {
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Fatal(err)
	}
	w, charges := writerIn(t, dir, 60)
	var full error
	done := 0
	for i, c := range charges {
		if _, full = w.Put(c); full != nil {
			break
		}
		if i%4 == 3 {
			if full = w.Sync(); full != nil {
				break
			}
			done = i + 1
		}
	}
	if !errors.Is(full, ErrStorage) || !errors.Is(full, syscall.ENOSPC) || done == 0 {
		t.Errorf("after %d: %v", done, full)
	}
	if err := w.Sync(); !errors.Is(err, ErrStorage) {
		t.Errorf("a group that was not written whole is acknowledged: %v", err)
	}
	names := namesIn(t, dir)
	if len(names) != 2*done {
		t.Errorf("%d were acknowledged, and there are %v", done, names)
	}
	p := w.press
	for _, c := range charges[:done] {
		docs, err := p.Make(c)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(dir + "/" + c.Number + ".pdf"); err != nil || len(b) != len(docs.PDF) {
			t.Errorf("%s has %d bytes, %v", c.Number, len(b), err)
		}
	}
}
