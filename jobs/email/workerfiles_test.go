package email

import (
	"brood/jobs"
	"brood/jobs/jobtest"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func pemOfKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Messages are made on a machine that has none of the run's files, but for what Definition.Files says: template, attachment, picture, key and
// list are somewhere else.
func TestWorkerWithoutTheFiles(t *testing.T) {
	dir, box := t.TempDir(), filepath.Join(t.TempDir(), "box")
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flags := map[string]any{
		"transport": "maildir:" + box, "from": "ada@example.com", "subject": "Hi", "html": put("page.html", `Look: <img src="cid:logo.png">`), "attach": []string{put("terms.txt", "the terms")},
		"inline": []string{put("logo.png", "PNG")}, "suppress": []string{put("gone.txt", "bob@example.com\n")}, "dkim-key": put("key.pem", pemOfKey(t)), "dkim-selector": "s1",
	}
	d := Definition()
	j, err := jobtest.Open(d, jobtest.Given{Flags: flags, Columns: []string{"email"}, Away: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if a, err := j.Do("bob@example.com"); err != nil || a.Values["email_status"] != statusSuppressed {
		t.Errorf("who is on the list: %+v, %v", a, err)
	}
	if a, err := j.Do("ann@example.com"); err != nil || a.Verdict != jobs.VerdictOK {
		t.Fatalf("who is not: %+v, %v", a, err)
	}
	mails, err := filepath.Glob(filepath.Join(box, "new", "*"))
	if err != nil || len(mails) != 1 {
		t.Fatalf("mails: %v, %v", mails, err)
	}
	mail, err := os.ReadFile(mails[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DKIM-Signature: ", "filename=terms.txt", "logo.png"} {
		if !strings.Contains(string(mail), want) {
			t.Errorf("the mail has no %q:\n%s", want, mail)
		}
	}
}

// What has a password or a key in it is secret, and what workers write, or find by a record, is not sent.
func TestWorkerFiles(t *testing.T) {
	got, err := workerFiles([]byte(`{"suppress":["/s"],"attach":["/a"],"inline":["/i"],"dkim":{"file":"/k"},"server":{"host":"h","ca_file":"/c","password_file":"/p"},`+
		`"attach_dir":"/d","bounced":"/b"}`), nil, "")
	want := []jobs.File{
		{Path: "/s"},
		{Path: "/a"},
		{Path: "/i"},
		{Path: "/k", Use: jobs.FileSecret},
		{Path: "/c"},
		{Path: "/p", Use: jobs.FileSecret},
		{Path: "/d", Use: jobs.FileThere},
		{Path: "/b", Use: jobs.FileWrite},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}
