package inbox

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// certificate is one for 127.0.0.1, and what a client needs to trust it.
func certificate(t *testing.T) (*tls.Config, []byte) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// imapServer serves some messages in INBOX, over TLS or with STARTTLS.
func imapServer(t *testing.T, implicit bool, caps imap.CapSet, messages ...string) (address string, ca []byte, user *imapmemserver.User) {
	t.Helper()
	settings, ca := certificate(t)
	user = imapmemserver.NewUser("ann@example.com", "secret")
	memory := imapmemserver.New()
	memory.AddUser(user)
	if err := errors.Join(user.Create("INBOX", nil), user.Create("Büro", nil)); err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if _, err := user.Append("INBOX", literal{strings.NewReader(m)}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := user.Append("Büro", literal{strings.NewReader("Subject: elsewhere\r\n\r\n")}, &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	s := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps: caps, TLSConfig: settings, Logger: log.New(t.Output(), "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if implicit {
		l = tls.NewListener(l, settings)
	}
	ended := make(chan struct{})
	go func() { _ = s.Serve(l); close(ended) }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return address, ca, user
}

// literal is a message as the server in memory takes it.
type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

func secret() (string, error) { return "secret", nil }

var uidPlus = imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}}

func TestIMAP(t *testing.T) {
	messages := []string{"Subject: 1\r\n\r\nOne.\r\n", "Subject: 2\r\n\r\n" + strings.Repeat("x", imapBytes) + "end", "Subject: 3\r\n\r\n"}
	for _, implicit := range []bool{true, false} {
		address, ca, user := imapServer(t, implicit, uidPlus, messages...)
		name := map[bool]string{true: "imaps", false: "imap"}[implicit] + "://ann%40example.com@" + address
		o := Options{Password: secret, TLS: TLSRequired, CA: ca}
		places, got := readAll(t, name, o)
		if len(got) != 3 || got[0] != messages[0] || got[1] != messages[1][:imapBytes] || got[2] != messages[2] || places[1] != "127.0.0.1/INBOX:2" {
			t.Fatalf("%s: %d messages at %s", name, len(got), places)
		}
		if places, got := readAll(t, name+"/B%C3%BCro", o); len(got) != 1 || got[0] != "Subject: elsewhere\r\n\r\n" {
			t.Errorf("%q at %q", got, places)
		}
		if st, err := user.Status("INBOX", &imap.StatusOptions{NumMessages: true, NumUnseen: true}); err != nil || *st.NumMessages != 3 || *st.NumUnseen != 3 {
			t.Errorf("after reading: %+v, %v", st, err)
		}
	}
}

// What is asked for is done by Finish, to what is done, and by nothing else.
func TestIMAPFinish(t *testing.T) {
	address, ca, user := imapServer(t, true, uidPlus, "Subject: 1\r\n\r\n", "Subject: 2\r\n\r\n", "Subject: 3\r\n\r\n", "Subject: 4\r\n\r\n")
	state := func() string {
		st, err := user.Status("INBOX", &imap.StatusOptions{NumMessages: true, NumUnseen: true})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d messages, %d unseen", *st.NumMessages, *st.NumUnseen)
	}
	read := func(o Options, finish bool, of ...string) int {
		t.Helper()
		o.Password, o.CA = secret, ca
		b, err := Open("imaps://ann%40example.com@"+address, o)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}()
		n := 0
		if err := b.Read(func(_ string, m []byte) (bool, error) {
			n++
			return slices.ContainsFunc(of, func(s string) bool { return strings.Contains(string(m), s) }), nil
		}); err != nil {
			t.Fatal(err)
		}
		if finish {
			if _, err := b.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	for _, c := range []struct {
		o      Options
		finish bool
		of     string
		read   int
		after  string
	}{
		{Options{Unseen: true}, false, "1", 4, "4 messages, 4 unseen"},
		{Options{Delete: true}, false, "1", 4, "4 messages, 4 unseen"},
		{Options{}, true, "1", 4, "4 messages, 4 unseen"},
		{Options{Delete: true}, true, "2", 4, "3 messages, 3 unseen"},
		{Options{Unseen: true, Delete: true}, true, "1", 3, "2 messages, 2 unseen"},
		{Options{Unseen: true}, true, "3", 2, "2 messages, 0 unseen"},
		{Options{Unseen: true}, true, "3", 0, "2 messages, 0 unseen"},
	} {
		if n := read(c.o, c.finish, c.of); n != c.read || state() != c.after {
			t.Errorf("%+v: read %d, then %s; want %d, and %s", c.o, n, state(), c.read, c.after)
		}
	}
}

func TestIMAPRefused(t *testing.T) {
	address, ca, _ := imapServer(t, true, nil, "Subject: 1\r\n\r\n")
	plain, _, _ := imapServer(t, false, nil)
	wrong := func() (string, error) { return "wrong", nil }
	for _, c := range []struct {
		name, want string
		o          Options
	}{
		{"imaps://ann%40example.com@" + address, "log in as ann@example.com: ", Options{Password: wrong, CA: ca}},
		{"imaps://ann%40example.com@" + address + "/None", "folder None: ", Options{Password: secret, CA: ca}},
		{"imaps://ann%40example.com@" + address, "--tls-ca names a file", Options{Password: secret}},
		{"imaps://ann%40example.com@" + address, "there is no certificate in it", Options{Password: secret, CA: []byte("x")}},
		{"imaps://ann%40example.com@" + plain, "with STARTTLS it is imap://", Options{Password: secret, CA: ca}},
		{"imap://ann%40example.com@" + address, "imaps://", Options{Password: secret, CA: ca, TLS: TLSRequired, Timeout: 300 * time.Millisecond}},
		{"imaps://ann%40example.com@" + address, "no password here", Options{CA: ca, Password: func() (string, error) { return "", errors.New("no password here") }}},
	} {
		if _, err := Open(c.name, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	// A server that can only remove all that is marked is not made to.
	b, err := Open("imaps://ann%40example.com@"+address, Options{Password: secret, CA: ca, Delete: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Read(func(string, []byte) (bool, error) { return true, nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Finish(); err == nil || !strings.Contains(err.Error(), "cannot remove single messages") {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}
