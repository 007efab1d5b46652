package jobs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestStartError(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, text, want string }{
		{"script", "#!/no/such/interpreter\n", "not the interpreter that it names in its first line"},
		{"text", "echo\n", "neither a program for this machine nor a script that begins with #!"},
		{"gone", "", "no such file or directory"},
	} {
		path := filepath.Join(dir, c.name)
		if c.text != "" {
			if err := os.WriteFile(path, []byte(c.text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		err := exec.Command(path).Start()
		got := StartError(path, err)
		if err == nil || !errors.Is(got, err) || !strings.HasSuffix(strings.TrimSuffix(got.Error(), ", or its dynamic linker"), c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
