package acceptance

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsMain is nats-server as far as docs/cluster.md uses it: the module's own, with a file of settings.
func natsMain() {
	path := flag.String("c", "", "the settings")
	flag.Parse()
	o, err := server.ProcessConfigFile(*path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	o.NoSigs = true
	s, err := server.NewServer(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		os.Exit(1)
	}
	fmt.Println("Server is ready")
	<-end
	s.Shutdown()
}

// TestClusterGuide does what docs/cluster.md says, from top to bottom, with agents on loopback.
func TestClusterGuide(t *testing.T) {
	if raceEnabled {
		return // what is at the same time is played by the scripts
	}
	t.Parallel()
	guide, err := os.ReadFile(atRoot("docs/cluster.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(guide), -1) {
		script += block[1]
	}
	if !strings.Contains(script, "make build\n") || strings.Count(script, "127.0.0.1:7177") < 6 || strings.Count(script, "127.0.0.1:4222") < 3 {
		t.Fatal("the page does not begin as this test thinks")
	}
	script = strings.Replace(script, "make build\n", "", 1)
	script = strings.ReplaceAll(script, "127.0.0.1:7177", freePort(t))
	script = strings.ReplaceAll(script, "127.0.0.1:4222", freePort(t))
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(asBrood(t).Path, filepath.Join(dir, "bin", "brood")); err != nil {
		t.Fatal(err)
	}
	// Whatever goes wrong, nothing of it stays behind: the shell is a group, with all that it has begun.
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = said.Close() }()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(2*time.Minute, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err = cmd.Wait()
	limit.Stop()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	b, readErr := os.ReadFile(said.Name())
	out := string(b)
	if err != nil || readErr != nil {
		t.Fatalf("%v, %v\n%s", err, readErr, out)
	}
	for _, want := range []string{
		"1,ada@example.com,hello ada@example.com,0,ok,", "at work for run fleet as machine web1, with 2 slots", "the run is done",
		"MACHINE", "web1     present", "web2     present", "stopped: input 4, ok 4, failed 0, skipped 0, unknown 0", "at work for run over-nats as machine web1",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, name := range []string{"fleet.csv", "longer.csv", "stopped.csv", "nats.csv"} {
		if b, err := os.ReadFile(filepath.Join(dir, "work", name)); err != nil || strings.Count(string(b), ",ok,") != 4 {
			t.Errorf("%s: %s, %v", name, b, err)
		}
	}
	// Whether it had left before the run was done is by chance: it has the last record in hand, or the other has.
	b, err = os.ReadFile(filepath.Join(dir, "work", "web2.log"))
	if err != nil || !strings.Contains(string(b), "this machine was to finish what it had in hand") && !strings.Contains(string(b), "the run is done") {
		t.Errorf("web2 was not let go: %s, %v", b, err)
	}
	if !strings.Contains(out, "web2     draining") && !strings.Contains(out, "web2     left") {
		t.Error("web2 was not drained")
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
