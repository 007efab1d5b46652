package email

import (
	"brood/jobs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// flags are options of a test.
type flags map[string]string

func (f flags) String(name string) string     { return f[name] }
func (f flags) Bool(string) bool              { return false }
func (f flags) Int(string) int                { return 0 }
func (f flags) Float64(string) float64        { return 0 }
func (f flags) StringSlice(string) []string   { return nil }
func (f flags) IsSet(name string) bool        { _, ok := f[name]; return ok }
func (f flags) Command() []string             { return nil }
func (f flags) Text() bool                    { return false }
func (f flags) StateDir() string              { return "" }
func (f flags) Duration(string) time.Duration { return 0 }

// TestAttachmentHeader: what a template names for all is attached, from beneath its directory;
// what a row names is attached from beneath --attach-dir, and from nowhere else.
func TestAttachmentHeader(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"t/a.txt", "t/b/c.txt", "t/1.txt", "secret.txt"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("in "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret.txt", filepath.Join(dir, "t/out.txt")); err != nil {
		t.Fatal(err)
	}
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "file"}}
	for _, c := range []struct{ header, attachDir, file, want, err string }{
		{"ATTACHMENT: a.txt", "", "x", "in t/a.txt", ""},
		{"Attachment: b/c.txt\r", "", "x", "in t/b/c.txt", ""},
		{"ATTACHMENT: nosuch.txt", "", "x", "", "t.eml:2: header ATTACHMENT: there is no file"},
		{"ATTACHMENT: ../secret.txt", "", "x", "", "is not beneath the directory of the template: if it is to be attached, say so with --attach FILE"},
		{"ATTACHMENT: out.txt", "", "x", "", "is not beneath the directory of the template"},
		{"ATTACHMENT: /etc/passwd", "", "x", "", "is not beneath"},
		{"ATTACHMENT: b", "", "x", "", "is not a file"},
		{"ATTACHMENT:", "", "x", "", "it names no file"},
		{"ATTACHMENT: {{.file}}", "", "1.txt", "", "{{.file}} depends on the row: say beneath which directory the files are, as --attach-dir "},
		{"ATTACHMENT: {{.file}}", "t", "1.txt", "in t/1.txt", ""},
		{"ATTACHMENT: b/{{.file}}.txt", "t", "c", "in t/b/c.txt", ""},
		{"ATTACHMENT: {{.file}}", "t", "../secret.txt", "", "path escapes from parent"},
		{"ATTACHMENT: {{.file}}", "t", "out.txt", "", "path escapes from parent"},
		{"ATTACHMENT: {{.file}}", "t", "a.txt;1.txt", "", "has a semicolon"},
		{"ATTACHMENT: {{.file}}", "t", "/etc/passwd", "", "from there"},
		{"ATTACHMENT: {{.file}}", "t", "", "", "the template needs file"},
	} {
		text := "From: a@example.com\n" + c.header + "\nSubject: x\n\nHello\n"
		if strings.HasSuffix(c.header, "\r") {
			text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
		}
		conf := config{Use: []string{}, Template: variants{"": {"t.eml", text}}}
		if c.attachDir != "" {
			conf.AttachDir, conf.Use = filepath.Join(dir, c.attachDir), fileColumns
		}
		err := conf.takeAttachments(flags{"template": filepath.Join(dir, "t/t.eml")})
		var l *letter
		if err == nil {
			comp, err2 := newComposer(conf, shape)
			if err2 != nil {
				t.Fatal(c.header, err2)
			}
			l, err = comp.compose(&jobs.Record{Shape: shape, Values: [][]byte{[]byte("b@example.com"), []byte(c.file)}}, "k", "r", "")
		}
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s with %q: %v, want %s", c.header, c.file, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s with %q: %v", c.header, c.file, err)
			continue
		}
		s := readByEnmime(t, l.message)
		if len(s.Files) != 1 || !strings.HasSuffix(c.want, s.Files[0][0]) || strings.Contains(strings.ToLower(string(l.message)), "\nattachment:") || strings.TrimSpace(*s.Text) != "Hello" {
			t.Errorf("%s with %q: %v\n%s", c.header, c.file, s.Files, l.message)
		}
	}
}
