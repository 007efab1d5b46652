package token

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A token comes from a file that nobody else can read, or from the environment, where it does not stay.
func TestLoad(t *testing.T) {
	want := made("mail", "north")
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(want.Text()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(path); err != nil || *got != *want {
		t.Errorf("%v, %v", got, err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); !errors.Is(err, ErrReadable) || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("%#o: %v", mode, err)
		}
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(pipe); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a pipe: %v", err)
	}
	t.Setenv(Variable, want.Text())
	if got, err := Load(""); err != nil || *got != *want {
		t.Errorf("%v, %v", got, err)
	}
	if _, ok := os.LookupEnv(Variable); ok {
		t.Error("workers would inherit it")
	}
	if _, err := Load(""); err == nil || !strings.Contains(err.Error(), "--token-file") {
		t.Errorf("there is none: %v", err)
	}
	t.Setenv(Variable, want.Text()[:99])
	if _, err := Load(""); !errors.Is(err, ErrCutOff) || !strings.Contains(err.Error(), Variable) {
		t.Errorf("cut off: %v", err)
	}
}
