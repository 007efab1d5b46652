package carry

import (
	"brood/runner/proc"
	"brood/runner/remote/ssh"
	"brood/runner/remote/ssh/sshtest"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestOverSSH: files go to a machine behind an sshd and back, whatever they are called, while its
// connection is cut.
func TestOverSSH(t *testing.T) {
	world := sshtest.New(t, "one")
	t.Chdir(t.TempDir())
	family, err := proc.NewFamily()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := ssh.ParseHosts("--ssh", world.Program()+" one")
	if err != nil {
		t.Fatal(err)
	}
	a, err := ssh.Launch(t.Context(), &hosts[0], ssh.Options{
		Family: family, Run: "r" + strings.ToLower(rand.Text()), Target: "127.0.0.1:9", Workdir: "work dir", Grace: time.Second,
		Binaries: &ssh.Binaries{Paths: map[string]string{runtime.GOOS + "/" + runtime.GOARCH: exe}},
		Command:  func(string, string) []string { return []string{"join"} },
		Pause:    func(int) time.Duration { return 10 * time.Millisecond },
	})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := NewPlan([]string{"{}"}, []string{"{}.out"}, true, lines)
	if err != nil {
		t.Fatal(err)
	}
	h := NewHost("one", plan, func(ctx context.Context) (io.ReadWriteCloser, error) { return a.Session(ctx, "carry") })
	work := filepath.Join(world.Machines[0].Home, "work dir")
	for i, name := range []string{"plain", "a dir/it's $(x) `y` \"z\"", "-rf", "new\nline", "ünï/*"} {
		write(t, name, name)
		rec := line(i, name)
		if err := h.Before(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		if got := read(filepath.Join(work, name)); got != name {
			t.Errorf("%q: %q", name, got)
		}
		if i%2 == 1 && world.Machines[0].CutAll() == 0 {
			t.Error("there was no connection")
		}
		write(t, filepath.Join(work, name+".out"), fmt.Sprint(i))
		if err := h.After(t.Context(), rec, ok); err != nil {
			t.Fatal(err)
		}
		if got := read(name + ".out"); got != fmt.Sprint(i) {
			t.Errorf("%q: %q", name, got)
		}
	}
	var file *FileError
	if err := h.Before(t.Context(), line(9, "none")); !errors.As(err, &file) {
		t.Error(err)
	}
	if got := tree(t, work); got != "" {
		t.Errorf("left there: %s", got)
	}
	h.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Stop(ctx); err != nil {
		t.Error(err)
	}
	if err := family.Close(); err != nil {
		t.Error(err)
	}
}
