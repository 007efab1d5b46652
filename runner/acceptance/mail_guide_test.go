package acceptance

import (
	"brood/jobs/jobtest/needs"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestGuide does what docs/email.md says, from top to bottom, with a mail server
// in the place of the one it names.
func TestGuide(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "openssl", "make")
	guide, err := os.ReadFile(atRoot("docs/email.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newMailServer()
	s.password = "secret"
	server := smtp.NewServer(s)
	server.ErrorLog = silent{}
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })

	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(guide), -1) {
		script += block[1]
	}
	// What it builds is there already.
	if !strings.Contains(script, "make build\n") || !strings.Contains(script, "@mail.example.com:587") {
		t.Fatal("the page does not begin as this test thinks")
	}
	script = strings.Replace(script, "make build\n", "", 1)
	many := "20000"
	switch {
	case raceEnabled:
		many = "2000"
	case os.Getenv("BROOD_CHAOS") != "":
		many = "100000"
	}
	script = strings.Replace(script, "i <= 100000;", "i <= "+many+";", 1)
	script = strings.ReplaceAll(script, "@mail.example.com:587", "@"+l.Addr().String())
	// Rows that are no addresses are in its lists, so some runs end with status 1.
	script = strings.ReplaceAll(script, "\nbrood ", "\nrun brood ")
	script = strings.Replace(script, "set -eu\n", "set -eu\nrun() { \"$@\" && return; s=$?; [ $s = 1 ] || { echo \"exit status $s: $*\" >&2; exit $s; }; }\n", 1)
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"bin/brood": asBrood(t).Path, "testdata": atRoot("testdata")} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"), "SSL_CERT_FILE="+cert)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"3 to send", "1 duplicates", "1 suppressed", "1 invalid", // of the first dry run
		"v=DKIM1; k=rsa; p=MIIBIjAN", "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
		many + " records", ", by --rate 50/s", "ok           20",
	} {
		if !strings.Contains(regexp.MustCompile(` +(\d+) {2,3}`).ReplaceAllString(string(out), "$1 "), want) && !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Two samples, the trial, 20 of the large one, and the seed.
	if len(s.taken) != 22 || s.taken["me@example.com"] != 3 || s.taken["user1@d1.example"] != 1 || s.taken["ada@example.com"] != 1 {
		t.Errorf("taken: %v", s.taken)
	}
}
