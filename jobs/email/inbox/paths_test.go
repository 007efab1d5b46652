package inbox

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// readAll reads a mailbox.
func readAll(t *testing.T, name string, o Options) (places, messages []string) {
	t.Helper()
	b, err := Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	err = b.Read(func(place string, m []byte) (bool, error) {
		places, messages = append(places, place), append(messages, string(m))
		return true, nil
	})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	return places, messages
}

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	one := put(t, filepath.Join(dir, "one.eml"), "Subject: 1\n\nOne.\n")
	box := filepath.Join(dir, "box")
	put(t, filepath.Join(box, "cur", "b:2,S"), "Subject: 2\n\n")
	put(t, filepath.Join(box, "new", "a"), "Subject: 3\n\n")
	put(t, filepath.Join(box, "tmp", "c"), "Subject: 4\n\n")
	mbox := put(t, filepath.Join(dir, "mbox"), "From a Sat Nov 21 10:00:00 2026\nSubject: 5\n\n>From here.\nFrom there.\n>>From far.\n\nFrom b\nSubject: 6\n\nx\n")
	for name, want := range map[string][]string{
		one:                       {"Subject: 1\n\nOne.\n"},
		box:                       {"Subject: 2\n\n", "Subject: 3\n\n"},
		filepath.Join(box, "tmp"): {"Subject: 4\n\n"},
		mbox:                      {"Subject: 5\n\nFrom here.\nFrom there.\n>From far.\n\n", "Subject: 6\n\nx\n"},
	} {
		if places, got := readAll(t, name, Options{}); !slices.Equal(got, want) || !strings.HasPrefix(places[0], name) {
			t.Errorf("%s: %q, want %q", places, got, want)
		}
	}
	if places, _ := readAll(t, mbox, Options{}); places[1] != mbox+":8" {
		t.Errorf("the second message is said to be at %s", places[1])
	}
}

// What cannot be a mailbox is refused, and says what would be one.
func TestOpenRefuses(t *testing.T) {
	secret := func() (string, error) { return "x", nil }
	for name, want := range map[string]string{
		"http://example.com/x":                "is no mailbox: there are a Maildir",
		"imaps://example.com":                 "whose mailbox? Write imaps://USER@example.com",
		"imaps://ann:secret@example.com":      "do not write the password",
		"pop3s://ann@example.com/Archive":     "with POP3 there are no folders",
		"imaps://ann@/x":                      "is no mailbox",
		"pop3s://ann@127.0.0.1:1":             "connection refused",
		"imap://ann@127.0.0.1:1/Some%20Where": "connection refused",
	} {
		if _, err := Open(name, Options{Password: secret}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for o, want := range map[*Options]string{{Delete: true}: "files are yours", {Unseen: true}: "files are yours"} {
		if _, err := Open(t.TempDir(), *o); err == nil || !strings.Contains(err.Error(), want) {
			t.Error(err)
		}
	}
	if _, err := Open("pop3s://ann@127.0.0.1:1", Options{Unseen: true}); err == nil || !strings.Contains(err.Error(), "POP3 knows nothing") {
		t.Error(err)
	}
}

// FuzzMbox: what stands in an mbox is read in order, and nothing is lost but what parts it.
func FuzzMbox(f *testing.F) {
	f.Add("From a\nSubject: 1\n\nFrom b\n\nFrom c")
	f.Add("From \n>From \n\nFrom ")
	name := filepath.Join(f.TempDir(), "mbox")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		size := 0
		b := paths{name}
		if err := b.Read(func(_ string, m []byte) (bool, error) { size += len(m); return false, nil }); err != nil {
			t.Fatal(err)
		}
		if size > len(text) {
			t.Fatalf("%d bytes of %d", size, len(text))
		}
	})
}

// zeros are letters without end, as of a file that is one line.
type zeros struct{ left int }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), z.left)
	for i := range b[:n] {
		b[i] = 'x'
	}
	z.left -= n
	return n, nil
}

// A line is no reason to keep more of a message than is read of one.
func TestMboxLine(t *testing.T) {
	const far = 3*maxMessage + 5
	in := bufio.NewReader(io.MultiReader(strings.NewReader("From a\nSubject: 1\n\n"), &zeros{far}, strings.NewReader("\n\nFrom b\nSubject: 2\n\n")))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var got []string
	err := readMbox("box", in, func(place string, m []byte) (bool, error) {
		if len(m) > maxMessage+len("\n\n") {
			t.Errorf("%d bytes of a message", len(m))
		}
		got = append(got, place+" "+string(m[:10]))
		return true, nil
	})
	runtime.ReadMemStats(&after)
	if want := []string{"box:1 Subject: 1", "box:6 Subject: 2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	// What has been asked for in all, with what was given back as the line grew: without a bound it is 16 times maxMessage.
	if used := (after.TotalAlloc - before.TotalAlloc) / maxMessage; used > 9 {
		t.Errorf("%d times the size of a message", used)
	}
}
