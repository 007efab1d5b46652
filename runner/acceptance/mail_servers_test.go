package acceptance

import (
	"brood/jobs/jobtest/needs"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSmtpSink hands a message to a server that refuses, drops or lacks one thing
// each time.
func TestSmtpSink(t *testing.T) {
	t.Parallel()
	const to = "ann@a.example"
	for i, c := range []struct {
		args []string
		want string
	}{
		{nil, "ok sent  dot 250"},
		{[]string{"-p"}, "ok sent  dot 250"}, // no pipelining
		{[]string{"-8"}, "ok sent  dot 250"}, // no 8BITMIME
		{[]string{"-e"}, "ok sent  dot 250"}, // no extensions at all
		{[]string{"-q", "QUIT"}, "ok sent  dot 250"},
		{[]string{"-q", "."}, "unknown unknown connect dot "},
		{[]string{"-q", "MAIL"}, "failed deferred connect mail "},
		{[]string{"-q", "RCPT"}, "failed deferred connect rcpt "},
		{[]string{"-q", "DATA"}, "failed deferred connect data "},
		{[]string{"-q", "EHLO"}, "failed deferred connect connect "},
		{[]string{"-q", "CONNECT"}, "failed deferred connect connect "},
		{[]string{"-Q", "."}, "failed deferred busy dot 421"},
		{[]string{"-Q", "MAIL"}, "failed deferred busy mail 421"},
		{[]string{"-Q", "CONNECT"}, "failed deferred busy connect 421"},
		{[]string{"-r", "RCPT", "-b", "450 4.2.1 greylisted"}, "failed deferred greylisted rcpt 450"},
		{[]string{"-r", ".", "-b", "452 4.2.2 full"}, "failed deferred full dot 452"},
		{[]string{"-r", "DATA", "-b", "451 4.7.1 later"}, "failed deferred greylisted data 451"},
		{[]string{"-f", "RCPT", "-B", "550 5.1.1 nobody"}, "failed bounced bounce rcpt 550"},
		{[]string{"-f", "MAIL", "-B", "550 5.7.1 not you"}, "failed deferred sender mail 550"},
		{[]string{"-f", "DATA", "-B", "554 5.7.1 not this"}, "failed bounced policy data 554"},
		{[]string{"-f", ".", "-B", "552 5.3.4 too large"}, "failed bounced content dot 552"},
		{[]string{"-A", "0"}, "failed bounced"},
	} {
		if raceEnabled && i%3 > 0 {
			continue // each is a run of its own
		}
		s := startSink(t, c.args...)
		m := newMailing(t, s.address, "-j", "1", "--retries", "0", "--drain-timeout", "5s")
		m.list(to)
		code, said := m.run("r")
		got := m.rows()[to]
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("smtp-sink %q: %q, want %q (exit status %d)\n%s", c.args, got, c.want, code, said)
		}
		n := s.taken()[to]
		if ok := strings.HasPrefix(got, "ok"); (ok && n != 1) || n > 1 {
			t.Errorf("smtp-sink %q: %q, and taken %d times", c.args, got, n)
		}
	}
	lmtp := startSink(t, "-L")
	m := newMailing(t, "", "--retries", "0")
	m.list(to)
	if code, said := m.run("lmtp", "--transport", "lmtp://"+lmtp.address); code != 0 || lmtp.taken()[to] != 1 {
		t.Errorf("LMTP: exit status %d\n%s", code, said)
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o777), os.Chmod(filepath.Dir(open), 0o755)); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(open, "socket")
	lmtp.start("unix:"+socket, "-L")
	waitFor(t, func() bool { _, err := os.Stat(socket); return err == nil })
	if code, said := m.run("socket", "--transport", "lmtp://"+socket); code != 0 || lmtp.taken()[to] != 2 {
		t.Errorf("LMTP over a socket: exit status %d\n%s", code, said)
	}
}

// TestToxiproxy cuts connections after every so many bytes, in either direction:
// only what is cut behind the final dot is unknown, and nothing is sent that is
// not, or the other way round.
func TestToxiproxy(t *testing.T) {
	t.Parallel()
	program := tool(t, "toxiproxy/server")
	api := freePort(t)
	host, port, _ := net.SplitHostPort(api)
	toxiproxy := exec.Command(program, "-host", host, "-port", port)
	toxiproxy.Env = append(os.Environ(), "LOG_LEVEL=error")
	begin(t, toxiproxy)
	post := func(method, path, body string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+api+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %s", method, path, resp.Status)
		}
	}
	waitForPort(t, api)
	s := startSink(t)
	proxy := freePort(t)
	post(http.MethodPost, "/proxies", fmt.Sprintf(`{"name":"mail","listen":%q,"upstream":%q}`, proxy, s.address))
	m := newMailing(t, proxy, "-j", "1", "--retries", "0")
	seen := make(map[string]int)
	n := 0
	for _, direction := range []string{"upstream", "downstream"} {
		// What the server says is shorter, and its last word must be cut.
		step, most := 40, 800
		if direction == "downstream" {
			step, most = 9, 420
		}
		switch {
		case raceEnabled:
			step *= 5 // each is a run of its own
		case os.Getenv("BROOD_CHAOS") == "":
			step *= 2
		}
		for size := 0; size < most; size += step {
			n++
			to := fmt.Sprintf("u%d@d.example", n)
			m.list(to)
			post(http.MethodPost, "/proxies/mail/toxics", fmt.Sprintf(`{"name":"cut","type":"limit_data","stream":%q,"attributes":{"bytes":%d}}`, direction, size))
			_, said := m.run(fmt.Sprintf("r%d", n))
			post(http.MethodDelete, "/proxies/mail/toxics/cut", "")
			got, sent := m.rows()[to], 0
			waitFor(t, func() bool { sent = s.taken()[to]; return sent == 1 || !strings.HasPrefix(got, "ok") })
			words := strings.SplitN(got, " ", 5)
			if len(words) < 4 {
				t.Fatalf("%s %d: %q\n%s", direction, size, got, said)
			}
			status, at := words[0], words[3]
			seen[direction+" "+status+" "+at]++
			switch {
			case status == "unknown" && at == "dot" && words[2] == "connect":
			case status == "ok" && sent == 1:
			case status == "failed" && words[1] == "deferred" && at != "dot" && sent == 0:
			default:
				t.Errorf("%s cut after %d bytes: %q, and taken %d times", direction, size, got, sent)
			}
		}
	}
	t.Log(seen)
	for _, want := range []string{"upstream failed connect", "upstream failed mail", "upstream ok dot", "downstream failed connect", "downstream unknown dot", "downstream ok dot"} {
		if seen[want] == 0 && !raceEnabled {
			t.Errorf("no cut led to %q: %v", want, seen)
		}
	}
}

// certificate makes a certificate for 127.0.0.1, signed by itself.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestTLS proves who one is, over TLS, to a server that insists on both: Python's.
func TestTLS(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3" // whose packages are Debian's
	needs.Programs(t, python)
	if err := exec.Command(python, "-c", "import aiosmtpd").Run(); err != nil {
		needs.Programs(t, "python3-aiosmtpd")
	}
	m := newMailing(t, "", "-j", "2", "--retries", "0")
	cert, key := certificate(t, m.dir)
	other, _ := certificate(t, t.TempDir())
	startTLS, implicit := freePort(t), freePort(t)
	_, p1, _ := net.SplitHostPort(startTLS)
	_, p2, _ := net.SplitHostPort(implicit)
	took := begin(t, exec.Command(python, atRoot("testdata/mail/server.py"), cert, key, p1, p2))
	waitForPort(t, implicit)
	m.write("wrong", "wrong\n")
	const ok = "ok sent  dot 250"
	m.runAll([]mailRun{
		{[]string{"--transport", "smtp://ada@" + startTLS, "--tls", "required", "--tls-ca", cert}, 0, ok},
		{[]string{"--transport", "smtp://ada@" + startTLS, "--tls", "optional", "--tls-ca", cert, "--auth", "login"}, 0, ok},
		{[]string{"--transport", "smtps://ada@" + implicit, "--tls-ca", cert, "--auth", "plain"}, 0, ok},
		{[]string{"--transport", "smtps://ada@" + implicit, "--tls-ca", cert, "--password-file", m.path("wrong")}, 4, "535"},
		{[]string{"--transport", "smtps://ada@" + implicit, "--tls-ca", cert, "--auth", "cram-md5"}, 4, "does not offer"},
		{[]string{"--transport", "smtps://" + implicit, "--tls-ca", cert}, 4, "530"},
		{[]string{"--transport", "smtp://" + startTLS, "--tls", "required", "--tls-ca", cert}, 4, "530"},
		{[]string{"--transport", "smtp://" + startTLS, "--tls", "never"}, 4, "530"},
		{[]string{"--transport", "smtp://ada@" + startTLS, "--tls", "required"}, 4, "certificate"},
		{[]string{"--transport", "smtps://ada@" + implicit, "--tls-ca", other}, 4, "certificate"},
		{[]string{"--transport", "smtps://ada@" + startTLS, "--tls-ca", cert}, 4, "TLS"},
	})
	taken := regexp.MustCompile(`(?m)^u\d+@d\.example$`).FindAllString(took.String(), -1)
	if want := []string{"u1@d.example", "u2@d.example", "u3@d.example"}; !slices.Equal(taken, want) {
		t.Errorf("taken: %q, want %q", taken, want)
	}
}

// mailRun is a run with one record, and what it is to come to: a row, or
// something that is said.
type mailRun struct {
	args []string
	code int
	want string
}

// runAll sends a message to u1@d.example, u2@d.example and so on.
func (m *mailing) runAll(runs []mailRun) {
	m.t.Helper()
	for i, c := range runs {
		to := fmt.Sprintf("u%d@d.example", i+1)
		m.list(to)
		code, said := m.run(fmt.Sprintf("r%d", i+1), c.args...)
		got := ""
		if code < 2 {
			got = m.rows()[to]
		}
		if code != c.code || !strings.Contains(said+got, c.want) || strings.Contains(said, "wrong\n") {
			m.t.Errorf("%q: exit status %d, %q; want %d, %q\n%s", c.args, code, got, c.code, c.want, said)
		}
	}
}

func waitForPort(t *testing.T, address string) {
	t.Helper()
	waitFor(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// TestOpenSMTPD hands messages to a real mail system, which hands them on. Its
// TLS cannot be tested with: as Debian 12 builds it no handshake succeeds
// (OpenSMTPD's issues 1171 and 1239); TestTLS has another server for that.
func TestOpenSMTPD(t *testing.T) {
	t.Parallel()
	program := tool(t, "mail/opensmtpd/usr/sbin/smtpd")
	needs.Programs(t, "unshare")
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "TestOpenSMTPD: it takes root to run OpenSMTPD; not tested")
		return
	}
	s := startSink(t)
	m := newMailing(t, "", "-j", "2", "--retries", "0", "--tls", "never")
	cert, key := certificate(t, m.dir)
	plain, strict := freePort(t), freePort(t)
	_, p1, _ := net.SplitHostPort(plain)
	_, p2, _ := net.SplitHostPort(strict)
	m.write("smtpd.conf", fmt.Sprintf(`pki mail cert %q
pki mail key %q
listen on 127.0.0.1 port %s hostname mail.example
listen on 127.0.0.1 port %s tls-require pki mail hostname mail.example
action "out" relay host "smtp://%s"
match from any for domain "d.example" action "out"
`, cert, key, p1, p2, s.address))
	// A world of its own, in which its users and folders are.
	begin(t, exec.Command("unshare", "-m", "--propagation", "private", "-p", "-f", "--kill-child", "sh", "-c", `
		set -e
		for f in passwd group; do cp /etc/$f "$1/$f"; done
		id=59000
		for u in opensmtpd opensmtpq; do
			id=$((id + 1))
			grep -q "^$u:" /etc/passwd || echo "$u:x:$id:$id::/var/lib/opensmtpd/empty:/bin/false" >> "$1/passwd"
			grep -q "^$u:" /etc/group || echo "$u:x:$id:" >> "$1/group"
		done
		for f in passwd group; do mount --bind "$1/$f" /etc/$f; done
		for d in /var/spool /var/lib /run; do mount -t tmpfs tmpfs $d; done
		mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
		chmod 711 /var/spool/smtpd
		cd /var/spool/smtpd
		mkdir -m 700 purge temporary incoming queue corrupt
		chown opensmtpq purge temporary incoming queue corrupt
		mkdir -m 770 offline
		chgrp opensmtpq offline
		exec "$2" -d -f "$1/smtpd.conf"
	`, "sh", m.dir, program))
	waitForPort(t, plain)
	m.runAll([]mailRun{
		{[]string{"--transport", "smtp://" + plain}, 0, "ok sent  dot 250"},
		{[]string{"--transport", "smtp://" + plain, "--tls", "optional"}, 0, "ok sent  dot 250"},
		{[]string{"--transport", "smtp://" + strict}, 4, "530"},
		{[]string{"--transport", "smtp://" + plain, "--tls", "required"}, 4, "STARTTLS"},
	})
	m.list("stranger@elsewhere.example")
	if code, said := m.run("stranger", "--transport", "smtp://"+plain); code != 1 || m.rows()["stranger@elsewhere.example"] != "failed bounced bounce rcpt 550" {
		t.Errorf("exit status %d, %v\n%s", code, m.rows(), said)
	}
	waitFor(t, func() bool { return len(s.taken()) == 2 })
	if taken := s.taken(); taken["u1@d.example"] != 1 || taken["u2@d.example"] != 1 {
		t.Errorf("handed on: %v", taken)
	}
}
