package email

import (
	"brood/jobs/email/reply"
	"brood/jobs/quickconn"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// A server counts a connection for a moment after it has ended. So one that has no place
// for the next is asked again, twice as long after each time, while that may be why.
const (
	placeWait = 20 * time.Millisecond
	placeMost = time.Second // after the last one has ended
)

// placeMayCome reports whether a server that has no place for a new connection may have one
// after a wait, as it counts the one before. Nothing was taken over the new one.
func (s *sender) placeMayCome(at reply.Phase, err error, wait time.Duration) bool {
	return time.Since(s.left) < placeMost-wait && at != reply.Dot && tooManyOfUs(at, err)
}

// tooManyOfUs reports whether a server has no place for another connection.
func tooManyOfUs(at reply.Phase, err error) bool {
	var said *reply.Reply
	return errors.As(err, &said) && reply.TooMany(at, said)
}

// pause waits for a time, and reports false if ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}

// connect opens a connection, if there is none.
func (s *sender) connect(ctx context.Context) (reply.Phase, error) {
	if s.conn != nil {
		return "", nil
	}
	dialer := net.Dialer{Timeout: dialTime}
	raw, err := dialer.DialContext(ctx, s.Network, s.Address)
	if err != nil {
		return reply.Connect, err
	}
	raw = quickconn.New(raw)
	socket := raw
	stop := context.AfterFunc(ctx, func() { _ = socket.Close() })
	defer stop()
	name := s.Hello
	if name == "" {
		name = helloName(raw.LocalAddr())
	}
	if s.Implicit {
		raw = tls.Client(raw, s.settings)
	}
	c, err := newClient(raw, s.LMTP)
	if err != nil {
		return reply.Connect, s.notSafe(err)
	}
	if err := c.hello(name); err != nil {
		_ = c.Close()
		return reply.Connect, err
	}
	if err := s.secure(c, name); err != nil {
		_ = c.Close()
		return reply.Connect, err
	}
	if err := s.authenticate(c); err != nil {
		_ = c.Close()
		return reply.Auth, err
	}
	s.conn, s.sent = c, 0
	return "", nil
}

// secure makes a connection safe where that is wanted. Name is who we say we are.
func (s *sender) secure(c *client, name string) error {
	if s.Implicit || s.TLS == "never" || (s.TLS == "optional" && !c.offers("STARTTLS")) {
		return nil
	}
	err := c.startTLS(s.settings, name)
	var said *reply.Reply
	var netErr net.Error
	if err == nil || (errors.As(err, &said) && said.Code < 500) || (errors.As(err, &netErr) && netErr.Timeout()) || gone(err) || errors.Is(err, net.ErrClosed) {
		return err
	}
	return s.notSafe(&tlsError{fmt.Errorf("STARTTLS: %w (--tls optional or never would do without)", err)})
}

// notSafe words that a certificate is not to be trusted.
func (s *sender) notSafe(err error) error {
	var unknown x509.UnknownAuthorityError
	var verify *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var own *tlsError
	switch {
	case errors.As(err, &unknown):
		return &tlsError{fmt.Errorf("%s: %w (--tls-ca names a file with whom to trust)", s.Address, err)}
	case errors.As(err, &plain):
		return &tlsError{fmt.Errorf("%s: %w: with STARTTLS it is smtp://", s.Address, err)}
	case errors.As(err, &verify):
		return &tlsError{fmt.Errorf("%s: %w", s.Address, err)}
	case errors.As(err, &own):
		return &tlsError{fmt.Errorf("%s: %w", s.Address, own.error)}
	}
	return err
}

// authenticate proves who the sender is, by what the server offers.
func (s *sender) authenticate(c *client) error {
	if s.User == "" {
		return nil
	}
	m := c.choose(s.Auth)
	if m == nil {
		return &reply.Reply{Code: 534, Text: fmt.Sprintf("the server does not offer what --auth %s can do, but: AUTH %s", s.Auth, c.extensions["AUTH"])}
	}
	if m.open && !c.secure && s.Network != "unix" && !isLoopback(s.Host) {
		return &tlsError{fmt.Errorf("%s: the password is not sent over a connection that others may read", s.Address)}
	}
	password, err := s.password()
	if err != nil {
		return &reply.Reply{Code: 535, Text: err.Error()}
	}
	return c.authenticate(m, s.User, password)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
