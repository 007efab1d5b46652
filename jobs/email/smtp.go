package email

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// server is where messages are handed in, and how.
type server struct {
	Address  string `json:"address"` // host:port
	Host     string `json:"host"`
	User     string `json:"user,omitempty"`
	Implicit bool   `json:"implicit,omitempty"` // TLS from the first byte: RFC 8314
	// TLS is required, optional or never; with required STARTTLS must succeed.
	TLS          string `json:"tls"`
	PasswordFile string `json:"password_file,omitempty"` // empty: PasswordVariable
	Hello        string `json:"hello"`
	// MaxPerConnection is how many messages a connection may carry; 0 is no limit.
	MaxPerConnection int `json:"max_per_connection,omitempty"`
}

// PasswordVariable holds the password, where no file is named.
const PasswordVariable = "BROOD_SMTP_PASSWORD"

// parseServer reads smtp://user@host:port or smtps://.
func parseServer(s string) (*server, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || (u.Path != "" && u.Path != "/") {
		return nil, fmt.Errorf("%q is not a server such as smtp://ada@mail.example.com:587", s)
	}
	if _, given := u.User.Password(); given {
		return nil, fmt.Errorf("do not write the password there, where others may read it: give --password-file, or %s in the environment", PasswordVariable)
	}
	out := &server{Host: u.Hostname(), User: u.User.Username(), Implicit: u.Scheme == "smtps"}
	port := u.Port()
	if port == "" {
		port = map[bool]string{true: "465", false: "587"}[out.Implicit]
	}
	out.Address = net.JoinHostPort(out.Host, port)
	return out, nil
}

// tlsError means that the connection is not as safe as was asked for.
type tlsError struct{ error }

const (
	dialTime  = 30 * time.Second
	replyTime = 5 * time.Minute // RFC 5321, section 4.5.3.2
	// The reply to the final dot may take longer; a client that hangs up too
	// soon does not know whether it was sent.
	dotTime = 10 * time.Minute
)

// sender hands messages in, over one connection at a time.
type sender struct {
	server
	password string
	conn     *smtp.Client // nil: none
	sent     int          // over it
}

func newSender(s *server) (*sender, error) {
	out := &sender{server: *s, password: os.Getenv(PasswordVariable)}
	if s.PasswordFile != "" {
		b, err := os.ReadFile(s.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("--password-file: %w", err)
		}
		out.password = strings.TrimRight(string(b), "\r\n")
	}
	if s.User != "" && out.password == "" {
		return nil, fmt.Errorf("there is no password for %s: give --password-file, or %s in the environment", s.User, PasswordVariable)
	}
	return out, nil
}

// sent is what a server says when it has taken a message.
type accepted struct{ text string }

// send hands a message in. On failure it says how far that came.
func (s *sender) send(ctx context.Context, l *letter) (*accepted, phase, error) {
	if at, err := s.connect(ctx); err != nil {
		return nil, at, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() }) // it was told to stop
	defer stop()
	a, at, err := s.transact(l)
	if err != nil {
		s.recover(err)
		return nil, at, err
	}
	if s.sent++; s.MaxPerConnection > 0 && s.sent >= s.MaxPerConnection {
		s.close()
	}
	return a, phaseDot, nil
}

// connect opens a connection, if there is none.
func (s *sender) connect(ctx context.Context) (phase, error) {
	if s.conn != nil {
		return "", nil
	}
	dialer := net.Dialer{Timeout: dialTime}
	raw, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return phaseConnect, err
	}
	settings := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	var c *smtp.Client
	switch {
	case s.Implicit:
		c = smtp.NewClient(tls.Client(raw, settings))
	case s.TLS == "never":
		c = smtp.NewClient(raw)
	default:
		if c, err = s.startTLS(ctx, raw, settings); err != nil {
			return phaseConnect, err
		}
	}
	c.CommandTimeout, c.SubmissionTimeout = replyTime, dotTime
	if err := c.Hello(s.Hello); err != nil {
		return phaseConnect, errors.Join(err, c.Close())
	}
	if at, err := s.authenticate(c); err != nil {
		return at, errors.Join(err, c.Close())
	}
	s.conn, s.sent = c, 0
	return "", nil
}

// startTLS makes a connection safe, or, where that is optional and the server
// does not offer it, leaves it as it is.
func (s *sender) startTLS(ctx context.Context, raw net.Conn, settings *tls.Config) (*smtp.Client, error) {
	if s.TLS == "optional" {
		c := smtp.NewClient(raw)
		c.CommandTimeout = replyTime
		if err := c.Hello(s.Hello); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		if offered, _ := c.Extension("STARTTLS"); !offered {
			return c, nil
		}
		_ = c.Quit() // that connection has told what it was asked
		dialer := net.Dialer{Timeout: dialTime}
		var err error
		if raw, err = dialer.DialContext(ctx, "tcp", s.Address); err != nil {
			return nil, err
		}
	}
	c, err := smtp.NewClientStartTLS(raw, settings)
	if err == nil {
		return c, nil
	}
	var reply *smtp.SMTPError
	var netErr net.Error
	if errors.As(err, &reply) && reply.Code < 500 || errors.As(err, &netErr) {
		return nil, err
	}
	return nil, &tlsError{fmt.Errorf("%s: STARTTLS: %w (--tls optional or never would do without)", s.Address, err)}
}

// authenticate proves who the sender is, by what the server offers.
func (s *sender) authenticate(c *smtp.Client) (phase, error) {
	if s.User == "" {
		return "", nil
	}
	if _, safe := c.TLSConnectionState(); !safe && !isLoopback(s.Host) {
		return phaseAuth, &tlsError{fmt.Errorf("%s: the password is not sent over a connection that others may read", s.Address)}
	}
	for _, m := range []struct {
		name string
		make func() sasl.Client
	}{
		{sasl.Plain, func() sasl.Client { return sasl.NewPlainClient("", s.User, s.password) }},
		{sasl.Login, func() sasl.Client { return sasl.NewLoginClient(s.User, s.password) }},
	} {
		if c.SupportsAuth(m.name) {
			return phaseAuth, c.Auth(m.make())
		}
	}
	return phaseAuth, &smtp.SMTPError{Code: 534, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "the server offers neither AUTH PLAIN nor LOGIN"}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// transact is one message over the connection.
func (s *sender) transact(l *letter) (*accepted, phase, error) {
	var message bytes.Buffer
	if _, err := l.WriteTo(&message); err != nil {
		return nil, phaseMail, err
	}
	options := &smtp.MailOptions{Size: int64(message.Len())}
	if ok, _ := s.conn.Extension("8BITMIME"); ok {
		options.Body = smtp.Body8BitMIME
	}
	if !l.ascii() {
		ok, _ := s.conn.Extension("SMTPUTF8")
		if !ok {
			return nil, phaseMail, &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 6, 7}, Message: "the server does not take addresses with other letters than ASCII (SMTPUTF8)"}
		}
		options.UTF8 = true
	}
	if err := s.conn.Mail(l.from, options); err != nil {
		return nil, phaseMail, err
	}
	for _, to := range l.recipients {
		if err := s.conn.Rcpt(to, nil); err != nil {
			return nil, phaseRcpt, err
		}
	}
	w, err := s.conn.Data()
	if err != nil {
		return nil, phaseData, err
	}
	if _, err := w.Write(message.Bytes()); err != nil {
		return nil, phaseData, err
	}
	reply, err := w.CloseWithResponse()
	if err != nil {
		return nil, phaseDot, err
	}
	return &accepted{reply.StatusText}, phaseDot, nil
}

// recover makes the connection ready for the next message, or gives it up.
func (s *sender) recover(err error) {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) && reply.Code != 421 && s.conn.Reset() == nil {
		return
	}
	_ = s.conn.Close()
	s.conn = nil
}

// close says good bye. Whatever comes of that, what was taken is taken.
func (s *sender) close() {
	if s.conn != nil {
		_ = s.conn.Quit()
		_ = s.conn.Close()
		s.conn = nil
	}
}
