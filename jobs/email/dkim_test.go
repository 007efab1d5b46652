package email

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/dns/dnsmessage"
)

// writeKey writes a private key to a file.
func writeKey(t *testing.T, key any) (file string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serveNames is a name server; a name without an answer does not exist.
func serveNames(t *testing.T, address string, answers map[string]dnsmessage.ResourceBody) string {
	t.Helper()
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if err := m.Unpack(buf[:n]); err != nil || len(m.Questions) == 0 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			body, ok := answers[strings.ToLower(q.Name.String())]
			switch {
			case !ok:
				m.RCode = dnsmessage.RCodeNameError
			case body == nil:
				m.RCode = dnsmessage.RCodeServerFailure
			default:
				r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}, Body: body}
				if typeOf(body) == q.Type {
					m.Answers = []dnsmessage.Resource{r}
				}
			}
			out, err := m.Pack()
			if err == nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	return c.LocalAddr().String()
}

func typeOf(body dnsmessage.ResourceBody) dnsmessage.Type {
	switch body.(type) {
	case *dnsmessage.TXTResource:
		return dnsmessage.TypeTXT
	case *dnsmessage.MXResource:
		return dnsmessage.TypeMX
	case *dnsmessage.AAAAResource:
		return dnsmessage.TypeAAAA
	}
	return dnsmessage.TypeA
}

// signOdds signs the odd messages, and a forged copy of each of some.
func signOdds(t *testing.T, s *signer, messages string) (good []string) {
	t.Helper()
	dir := t.TempDir()
	for _, o := range odds {
		if o.refused != "" || strings.HasPrefix(o.name, "address-utf8") || o.from != "" {
			continue // opendkim does not read headers in UTF-8, RFC 8616; and from is not the domain that signs
		}
		m, _, err := o.compose(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		m, err = s.sign(m, "team@example.com")
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		checkWire(t, o.name, m)
		good = append(good, o.name)
		for what, forged := range map[string][]byte{
			"":         m,
			"-subject": bytes.Replace(m, []byte("\r\nSubject:"), []byte("\r\nSubject: Free"), 1),
			"-body":    append(slices.Clone(m), "more\r\n"...),
			"-second":  append([]byte("Subject: Free\r\n"), m...),
			"-reply":   append([]byte("Reply-To: me@example.org\r\n"), m...),
			"-to":      bytes.Replace(m, []byte("\r\nTo:"), []byte("\r\nTo: me@example.org, "), 1),
		} {
			if err := os.WriteFile(filepath.Join(messages, o.name+what), forged, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(good)
	return good
}

// TestDKIM has the signatures of odd messages verified by two who did not write
// them, dkimpy and OpenDKIM, and forged copies refused.
func TestDKIM(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s, err := (&dkimKey{writeKey(t, key), "example.com", "s1"}).open()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	record := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	messages := t.TempDir()
	good := signOdds(t, s, messages)
	t.Run("dkimpy", func(t *testing.T) {
		python := "/usr/bin/python3" // the one that Debian's packages are for
		if !needs.Part(t, exec.Command(python, "-c", "import dkim").Run() == nil, "python3-dkim is not installed") {
			return
		}
		file := filepath.Join(t.TempDir(), "txt")
		if err := os.WriteFile(file, []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
		verify := exec.Command(python, "testdata/verify.py", messages, file)
		verify.Stderr = os.Stderr
		out, err := verify.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Fields(string(out)); !slices.Equal(got, good) {
			t.Errorf("dkimpy verifies %q, want %q", got, good)
		}
	})
	t.Run("opendkim", func(t *testing.T) {
		_, err := exec.LookPath("opendkim-testmsg")
		if !needs.Part(t, err == nil, "opendkim-testmsg is not installed") || !needs.Part(t, os.Geteuid() == 0, "only root may be a name server") {
			return
		}
		// Another one for each process, as several may be tested at a time.
		server := fmt.Sprintf("127.83.%d.%d", os.Getpid()>>8&0xff, 1+os.Getpid()&0x7f)
		serveNames(t, net.JoinHostPort(server, "53"), map[string]dnsmessage.ResourceBody{
			"s1._domainkey.example.com.": &dnsmessage.TXTResource{TXT: []string{record[:200], record[200:]}},
		})
		resolv := filepath.Join(t.TempDir(), "resolv.conf")
		if err := os.WriteFile(resolv, []byte("nameserver "+server+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		// It asks the name servers of the system, which in a world of its own is this one.
		out, err := exec.Command("unshare", "-m", "--propagation", "private", "sh", "-c", `
			mount --bind "$1" /etc/resolv.conf || exit
			cd "$2" || exit
			for f in *; do opendkim-testmsg < "$f" 2>/dev/null && echo "$f"; done
			true`, "sh", resolv, messages).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		got := strings.Fields(string(out))
		slices.Sort(got)
		if !slices.Equal(got, good) {
			t.Errorf("OpenDKIM verifies %q, want %q", got, good)
		}
	})
}

// TestDKIMRules checks what is covered, and which keys and domains may sign.
func TestDKIMRules(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := (&dkimKey{writeKey(t, ed), "mail.example.co.uk", "s1"}).open()
	if err != nil {
		t.Fatal(err)
	}
	const text = "From: a@news.example.co.uk\r\nSubject: x\r\nX-Own: y\r\nList-Unsubscribe: <https://x.example/>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nFrom here on\r\n"
	m, err := s.sign([]byte(text), "a@news.example.co.uk")
	if err != nil {
		t.Fatal(err)
	}
	v, err := dkim.VerifyWithOptions(bytes.NewReader(m), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) {
		return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(ed.Public().(ed25519.PublicKey))}, nil
	}})
	if err != nil || len(v) != 1 || v[0].Err != nil {
		t.Fatalf("%v: %+v", err, v)
	}
	names := make(map[string]bool)
	for _, name := range v[0].HeaderKeys {
		names[strings.ToLower(name)] = true
	}
	// RFC 8058, section 4, wants the last two signed.
	if got := slices.Sorted(maps.Keys(names)); !slices.Equal(got, []string{"cc", "content-type", "date", "from", "list-unsubscribe", "list-unsubscribe-post", "reply-to", "subject", "to"}) {
		t.Errorf("signed: %q", got)
	}
	if !bytes.Contains(m, []byte("c=relaxed/relaxed")) {
		t.Errorf("%s", m)
	}
	for _, sender := range []string{"a@other.co.uk", "a@example.com"} {
		if _, err := s.sign([]byte(text), sender); err == nil || !strings.Contains(err.Error(), "DMARC") {
			t.Errorf("%s: %v", sender, err)
		}
	}
	weak := filepath.Join(t.TempDir(), "weak.pem")
	out, err := exec.Command("openssl", "genrsa", "-out", weak, "768").CombinedOutput()
	if needs.Part(t, err == nil, "openssl makes no key: %v %s", err, out) {
		if _, err := (&dkimKey{weak, "example.com", "s1"}).open(); err == nil || !strings.Contains(err.Error(), "make one of 2048") {
			t.Errorf("a key of 768 bits: %v", err)
		}
	}
	if _, err := (&dkimKey{"dkim_test.go", "example.com", "s1"}).open(); err == nil || !strings.Contains(err.Error(), "PEM") {
		t.Errorf("no key: %v", err)
	}
}
