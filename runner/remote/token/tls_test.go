package token

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"
)

// shake has a server and the machine with a token shake hands, and returns what the machine says to it.
func shake(t *testing.T, server *tls.Config, tok *Token) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if c, err := l.Accept(); err == nil {
			_ = tls.Server(c, server).Handshake()
			_ = c.Close()
		}
	}()
	defer func() { <-ended }()
	c, err := tls.Dial("tcp", l.Addr().String(), tok.TLS())
	if err != nil {
		return err
	}
	if v := c.ConnectionState().Version; v != tls.VersionTLS13 {
		t.Errorf("version %x", v)
	}
	return c.Close()
}

// A machine speaks to the coordinator of its token, whatever address it has, and to nobody else.
func TestWhoAnswers(t *testing.T) {
	id, other := create(t), create(t)
	tok, err := id.Issue("north")
	if err != nil {
		t.Fatal(err)
	}
	good, err := id.TLS()
	if err != nil {
		t.Fatal(err)
	}
	if err := shake(t, good, tok); err != nil {
		t.Error(err)
	}
	bad, err := other.TLS()
	if err != nil {
		t.Fatal(err)
	}
	if err := shake(t, bad, tok); !errors.Is(err, ErrOther) {
		t.Errorf("another run's coordinator: %v", err)
	}
	// One that shows the authority, which is no secret, has no certificate of it.
	bad.Certificates[0].Certificate = append(bad.Certificates[0].Certificate, good.Certificates[0].Certificate[1])
	if err := shake(t, bad, tok); !errors.Is(err, ErrOther) {
		t.Errorf("one that shows the authority of another: %v", err)
	}
	old := good.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if err := shake(t, old, tok); err == nil {
		t.Error("TLS 1.2 was spoken")
	}
}
