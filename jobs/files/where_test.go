package files

import (
	"brood/jobs/elsewhere"
	"os"
	"path/filepath"
	"testing"
)

// A path is itself until it is said where files are, and then those are there, and no others.
func TestWhere(t *testing.T) {
	dir := t.TempDir()
	local := filepath.Join(dir, "local")
	if err := os.WriteFile(local, []byte("sent"), 0o600); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "own")
	if err := os.WriteFile(own, []byte("own"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := InState(dir, "places/x"); Where(own) != own || got != filepath.Join(dir, "places/x") {
		t.Fatalf("nothing was said, and %s is %s, and a file of the state %s", own, Where(own), got)
	}
	elsewhere.Set(&elsewhere.Files{Local: map[string]string{"/far/list": local, OfState("places/x"): local}, Held: map[string][]byte{"/far/key": []byte("secret")}})
	t.Cleanup(func() { elsewhere.Set(nil) })
	for path, want := range map[string]string{"/far/list": "sent", "/far/key": "secret", own: "own"} {
		if b, err := Read(path); err != nil || string(b) != want {
			t.Errorf("%s has %q, %v; want %q", path, b, err, want)
		}
	}
	if got := InState(dir, "places/x"); got != local {
		t.Errorf("a file of the state is %s", got)
	}
	if got := InState(dir, "places/y"); got != filepath.Join(dir, "places/y") {
		t.Errorf("another one is %s", got)
	}
	b, _ := Read("/far/key")
	clear(b)
	if again, _ := Read("/far/key"); string(again) != "secret" {
		t.Errorf("after who read it has wiped it: %q", again)
	}
	if _, err := Read("/far/nothing"); !os.IsNotExist(err) {
		t.Errorf("a file that nobody has: %v", err)
	}
}
