package http

import (
	"brood/jobs"
	"brood/jobs/jobtest"
	"encoding/pem"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A request is made on a machine that has none of the run's files, but for what Definition.Files says: the file that is sent, and the
// certificate by which the server is known.
func TestWorkerWithoutTheFiles(t *testing.T) {
	got := make(chan string, 1)
	s := httptest.NewTLSServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		f, head, err := r.FormFile("doc")
		if err != nil {
			got <- err.Error()
			return
		}
		b, err := io.ReadAll(f)
		if err != nil {
			b = []byte(err.Error())
		}
		got <- head.Filename + ": " + string(b)
	}))
	defer s.Close()
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ca := put("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	flags := map[string]any{"url": s.URL, "form": []string{"doc=@" + put("terms.txt", []byte("the terms"))}, "cacert": ca, "allow-private": true}
	d := Definition() // with what it asks of the run's flags
	d.Flags = append(d.Flags, jobs.Flag{Name: "secret", Usage: "of the run", Default: []string(nil)}, jobs.Flag{Name: "effect", Usage: "of the run", Default: ""}, jobs.Flag{Name: "max-record", Usage: "of the run", Default: "16MiB"})
	j, err := jobtest.Open(d, jobtest.Given{Flags: flags, Columns: []string{"id"}, Away: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if a, err := j.Do("1"); err != nil || a.Verdict != jobs.VerdictOK {
		t.Fatalf("%+v, %v", a, err)
	}
	if text := <-got; text != "terms.txt: the terms" {
		t.Errorf("the server got %q", text)
	}
}

// A client's certificate and its key are secret, and what a record names is not sent.
func TestWorkerFiles(t *testing.T) {
	got, err := workerFiles([]byte(`{"url":"https://x/","method":"POST","cacert":"/ca","cert":"/cert","cert_key":"/key","files_from":"/d","save":"/s/{id}",`+
		`"body":{"kind":"multipart","parts":[{"name":"a","file":"sent.txt"},{"name":"b","file":"{id}.txt"}]}}`),
		&jobs.Shape{Kind: jobs.Fields, Columns: []string{"id"}}, "")
	want := []jobs.File{
		{Path: "sent.txt"},
		{Path: "/ca"},
		{Path: "/cert", Use: jobs.FileSecret},
		{Path: "/key", Use: jobs.FileSecret},
		{Path: "/d", Use: jobs.FileThere},
		{Path: "/s/{id}", Use: jobs.FileWrite},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}
