package token

import (
	"os"
	"testing"
)

// TestLoadFromStdin: a token may come over standard input, which is a pipe and no file.
func TestLoadFromStdin(t *testing.T) {
	before := os.Stdin
	defer func() { os.Stdin = before }()
	for _, path := range []string{"-", "/dev/stdin"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.WriteString("no token"); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		os.Stdin = r
		if _, err := Load(path); err == nil || err.Error() == "read the token: "+path+" is no file" {
			t.Errorf("%v", err)
		}
		if n, _ := r.Read(make([]byte, 1)); n != 0 {
			t.Error("it was not read")
		}
		_ = r.Close()
	}
}
