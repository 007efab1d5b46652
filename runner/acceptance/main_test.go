package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	// The jobs that brood is built with. As these tests depend on them, go test
	// runs them again, and does not say "cached", when one of them has changed.
	_ "brood/jobs/echo"
	_ "brood/jobs/email"
	_ "brood/jobs/exec"
	_ "brood/jobs/pipe"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain builds brood once, for all tests. By the name broodtest this test
// binary is the same with jobs of the tests in place of brood's, see
// broodtest_test.go; so workers come here too, and must not wait for a build.
func TestMain(m *testing.M) {
	testscript.Main(built{m}, map[string]func(){"broodtest": broodtestMain, "nats-server": natsMain})
}

// What the tests work with, set before the first of them.
var (
	root   string // of the module
	binary string // of brood
)

// atRoot is the path of a file of the module.
func atRoot(path string) string { return filepath.Join(root, path) }

// built runs tests when brood has been built.
type built struct{ *testing.M }

// Run builds brood, puts it on the path, and returns the status of the tests.
func (b built) Run() int {
	dir, err := os.MkdirTemp("", "brood-acceptance-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build brood:", err)
		return 1
	}
	return b.M.Run()
}

// build does as make build does, with the race detector if the tests have it.
func build(dir string) error {
	var err error
	if root, err = moduleRoot(); err != nil {
		return err
	}
	binary = filepath.Join(dir, "brood")
	args := []string{"build", "-tags", "urfave_cli_no_docs", "-ldflags", "-s -w", "-buildvcs=false", "-o", binary}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	return os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// moduleRoot is the folder in which go.mod lies, from here upwards.
func moduleRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("there is no go.mod above %s", here)
		}
	}
}

// look looks at main.go, so that go test knows that a test depends on it.
func look(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(atRoot("main.go")); err != nil {
		t.Fatal(err)
	}
}

// asBrood makes a command of brood.
func asBrood(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	look(t)
	return exec.Command(binary, args...)
}
