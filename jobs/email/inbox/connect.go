package inbox

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// settings are those of TLS.
func (s *server) settings() (*tls.Config, error) {
	c := &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	if s.CA != nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(s.CA) {
			return nil, errors.New("--tls-ca: there is no certificate in it (PEM is wanted)")
		}
	}
	return c, nil
}

// dial connects, with TLS if that is from the first byte. No answer is waited for longer than
// the timeout.
func (s *server) dial() (net.Conn, error) {
	raw, err := net.DialTimeout("tcp", s.address, s.Timeout)
	if err != nil {
		return nil, err
	}
	conn := net.Conn(&patient{raw, s.Timeout})
	if !s.implicit {
		return conn, nil
	}
	safe, err := s.secure(conn)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return safe, nil
}

// secure begins TLS on a connection.
func (s *server) secure(conn net.Conn) (net.Conn, error) {
	settings, err := s.settings()
	if err != nil {
		return nil, err
	}
	safe := tls.Client(conn, settings)
	if err := safe.Handshake(); err != nil {
		return nil, s.unsafe(err)
	}
	return safe, nil
}

// unsafe words what is wrong with TLS.
func (s *server) unsafe(err error) error {
	var unknown x509.UnknownAuthorityError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%s: %w (--tls-ca names a file with whom to trust)", s.address, err)
	case errors.As(err, &plain):
		return fmt.Errorf("%s: %w: with STARTTLS it is imap:// or pop3://", s.address, err)
	}
	return fmt.Errorf("%s: %w", s.address, err)
}

// patient is a connection whose other side must do something from time to time.
type patient struct {
	net.Conn
	time time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	_ = p.SetReadDeadline(time.Now().Add(p.time))
	return p.Conn.Read(b)
}

func (p *patient) Write(b []byte) (int, error) {
	_ = p.SetWriteDeadline(time.Now().Add(p.time))
	return p.Conn.Write(b)
}

// bearer is the first message of XOAUTH2, which Google and Microsoft use.
func bearer(user, token string) string {
	return "user=" + user + "\x01auth=Bearer " + token + "\x01\x01"
}
