package email

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAttachDir: a column names files beneath --attach-dir and nothing else.
func TestAttachDir(t *testing.T) {
	root := t.TempDir()
	dir, outside := filepath.Join(root, "bills"), filepath.Join(root, "secret.txt")
	for name, text := range map[string]string{outside: "secret", filepath.Join(dir, "a.pdf"): "a", filepath.Join(dir, "sub", "b.pdf"): "b", filepath.Join(root, "bills2", "c.pdf"): "c"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"out.txt": outside, "up": "..", "loop": "loop", "relative.txt": "../secret.txt", "sub/in.pdf": "../a.pdf", "passwd": "/etc/passwd", "proc": "/proc/self/environ"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	large, err := os.Create(filepath.Join(dir, "large.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(mostFiles + 1); err != nil { // it has no blocks
		t.Fatal(err)
	}
	if err := large.Close(); err != nil {
		t.Fatal(err)
	}
	c := &composer{config: config{AttachDir: dir, Use: fileColumns}}
	for _, s := range []struct{ column, got, err string }{
		{"a.pdf", "a", ""},
		{" a.pdf ; sub/b.pdf;; ./a.pdf", "aba", ""},
		{"sub/../a.pdf", "a", ""},
		{"sub/in.pdf", "a", ""},
		{outside, "", "from there"},
		{filepath.Join(dir, "a.pdf"), "", "from there"},
		{"/etc/passwd", "", "from there"},
		{"../secret.txt", "", "escapes"},
		{"../bills/a.pdf", "", "escapes"},
		{"../bills2/c.pdf", "", "escapes"},
		{"sub/../../secret.txt", "", "escapes"},
		{"out.txt", "", "escapes"},
		{"relative.txt", "", "escapes"},
		{"up/secret.txt", "", "escapes"},
		{"passwd", "", "escapes"},
		{"proc", "", "escapes"},
		{"loop", "", "loop"},
		{"fifo", "", "is not a file"},
		{"sub", "", "is not a file"},
		{".", "", "is not a file"},
		{"nosuch.pdf", "", "nosuch.pdf"},
		{"a.pdf\x00.txt", "", "invalid"},
		{"large.bin", "", "more than 100 MB"},
		{"a.pdf;large.bin", "", "more than 100 MB"},
		{strings.Repeat("x", 5000), "", "too long"},
	} {
		files, err := c.filesOf(nil, s.column)
		got := ""
		for _, f := range files {
			got += string(f.content)
		}
		if (err == nil) != (s.err == "") || err != nil && !strings.Contains(err.Error(), s.err) || err == nil && got != s.got {
			t.Errorf("%q: %q, %v; want %q, %q", s.column, got, err, s.got, s.err)
		}
	}
	if err := isFile("/dev/zero"); err == nil {
		t.Error("--attach takes a device")
	}
	// Without the flag a column is a value like others.
	for _, use := range [][]string{{}, {"subject"}} {
		c := &composer{config: config{Use: use}}
		if own := c.own(variables{"attachments": outside, "inline": outside}); len(own) > 0 {
			t.Errorf("with %q there act %v", use, own)
		}
	}
}
