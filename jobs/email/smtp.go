package email

import (
	"brood/jobs/email/reply"
	"brood/jobs/files"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tlsError means that the connection is not as safe as was asked for.
type tlsError struct{ error }

// rcptError is what the server says about one of several recipients.
type rcptError struct {
	to  string
	err error
}

func (e *rcptError) Error() string { return e.to + ": " + e.err.Error() }
func (e *rcptError) Unwrap() error { return e.err }

// about says whom an error is about, where there are several recipients.
func about(to string, all []string, err error) error {
	if len(all) < 2 {
		return err
	}
	return &rcptError{to, err}
}

// partialError means that some of the recipients of a message have it, and others
// do not.
type partialError struct {
	taken, left []string
	err         error
}

func (e *partialError) Error() string {
	if len(e.taken) == 0 {
		return fmt.Sprintf("some of %s may have it: %v", strings.Join(e.left, ", "), e.err)
	}
	return fmt.Sprintf("sent to %s, but not to %s: %v", strings.Join(e.taken, ", "), strings.Join(e.left, ", "), e.err)
}

// sender hands messages in, over one connection at a time.
type sender struct {
	server
	settings *tls.Config
	idle     idle

	mu   sync.Mutex // while a message is handed in, or the connection given up
	conn *client    // nil: none
	sent int        // over it
	left time.Time  // when the last one ended that had carried a message
}

func newSender(s *server) (*sender, error) {
	out := &sender{server: *s, settings: &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}}
	if s.CAFile != "" {
		pem, err := files.Read(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		out.settings.RootCAs = x509.NewCertPool()
		if !out.settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--tls-ca %s: there is no certificate in it (PEM is wanted)", s.CAFile)
		}
	}
	password, err := out.password()
	if err == nil && s.User != "" && password == "" {
		err = fmt.Errorf("there is no password for %s: give --password-file, or %s in the environment", s.User, PasswordVariable)
	}
	return out, err
}

// fork is a sender to the same server, without a connection yet.
func (s *sender) fork() transport { return &sender{server: s.server, settings: s.settings} }

// password is read for each connection: a token that was renewed counts.
func (s *sender) password() (string, error) {
	if s.PasswordFile == "" {
		return os.Getenv(PasswordVariable), nil
	}
	b, err := files.Read(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("--password-file: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// send hands a message in, in one transaction or, if the server does not take so
// many recipients at a time, or each has a return path of its own, in several. On failure it says how far that came.
func (s *sender) send(ctx context.Context, l *letter) (text string, at reply.Phase, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
	defer s.rest()
	left := l.recipients
	var taken []string
	for len(left) > 0 {
		var now []string
		text, now, at, err = s.sendOnce(ctx, l, l.together(left))
		taken = append(taken, now...)
		left = without(left, now)
		if err != nil || len(now) == 0 {
			break
		}
	}
	if err != nil && len(taken) > 0 {
		if one := (*rcptError)(nil); errors.As(err, &one) {
			err = one.err // whom it is about is said anyway
		}
		err = &partialError{taken, left, err}
	}
	return text, at, err
}

// without leaves out of a list what is in another; both have the same order.
func without(list, out []string) []string {
	var left []string
	for _, s := range list {
		if len(out) > 0 && out[0] == s {
			out = out[1:]
			continue
		}
		left = append(left, s)
	}
	return left
}

// sendOnce is one transaction. It returns the recipients for whom the message was
// taken. A connection that the server has given up since the last message is
// replaced: nothing has been taken over it.
func (s *sender) sendOnce(ctx context.Context, l *letter, to []string) (text string, taken []string, at reply.Phase, err error) {
	again := s.conn != nil
	for wait := placeWait; ; wait *= 2 {
		fresh := s.conn == nil
		text, taken, at, err = s.attempt(ctx, l, to)
		if err == nil {
			if s.sent++; s.MaxPerConnection > 0 && s.sent >= s.MaxPerConnection {
				s.partFrom().quit()
			}
			return text, taken, at, nil
		}
		switch {
		case ctx.Err() == nil && again && stale(at, err):
			again = false
			if s.conn != nil {
				_ = s.partFrom().Close() // it has timed out, whatever it says to RSET
			}
		case fresh && s.placeMayCome(at, err, wait) && pause(ctx, wait):
		default:
			return text, taken, at, err
		}
	}
}

// attempt is one transaction, over the connection there is or a new one.
func (s *sender) attempt(ctx context.Context, l *letter, to []string) (text string, taken []string, at reply.Phase, err error) {
	if at, err := s.connect(ctx); err != nil {
		return "", nil, at, err
	}
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // it was told to stop
	defer stop()
	if text, taken, at, err = s.transact(l, to); err != nil {
		s.recover(err)
	}
	return text, taken, at, err
}

// transact is one transaction over the connection.
func (s *sender) transact(l *letter, to []string) (text string, taken []string, at reply.Phase, err error) {
	c := s.conn
	e := &envelope{from: l.returnPath(to), to: to}
	if size, ok := c.extensions["SIZE"]; ok {
		if most, err := strconv.Atoi(size); err == nil && most > 0 && len(l.message) > most { // RFC 1870
			return "", nil, reply.Mail, &reply.Reply{Code: 552, Enhanced: "5.3.4", Text: fmt.Sprintf("the message has %d bytes, and the server takes %d", len(l.message), most)}
		}
		e.options += fmt.Sprintf(" SIZE=%d", len(l.message))
	}
	if c.offers("8BITMIME") { // RFC 6152
		e.options += " BODY=8BITMIME"
	} else if l.eightBit {
		return "", nil, reply.Mail, &reply.Reply{Code: 554, Enhanced: "5.6.3", Text: "an attached message is not ASCII, and the server takes nothing else (8BITMIME)"}
	}
	if !l.ascii() { // RFC 6531
		if !c.offers("SMTPUTF8") {
			return "", nil, reply.Mail, &reply.Reply{Code: 553, Enhanced: "5.6.7", Text: "the server does not take addresses with other letters than ASCII (SMTPUTF8)"}
		}
		e.options += " SMTPUTF8"
	}
	at, refused, asked, err := c.begin(e)
	if err != nil {
		return "", nil, at, err
	}
	var accepted []string
	for i, err := range refused {
		if err == nil {
			accepted = append(accepted, to[i])
		} else if len(accepted) == 0 || !tooMany(err) {
			// Nobody has the message unless all may have it.
			return "", nil, reply.Rcpt, about(to[i], l.recipients, err)
		}
	}
	if err := c.data(asked); err != nil {
		return "", nil, reply.Data, err
	}
	if err := c.message(l.message); err != nil {
		return "", nil, reply.Data, c.why(err)
	}
	return c.verdict(accepted, l.recipients)
}

// tooMany reports whether a recipient is only refused as there are others: RFC
// 5321, section 4.5.3.1.10.
func tooMany(err error) bool {
	var said *reply.Reply
	return errors.As(err, &said) && (said.Enhanced == "4.5.3" || said.Enhanced == "5.5.3" || (said.Code == 452 && said.Enhanced == ""))
}

// why is what the server has said before it stopped to listen, or else err.
func (c *client) why(err error) error {
	if said, readErr := c.read(quitTime); readErr == nil && said.Code >= 400 {
		return said
	}
	return err
}

// verdict reads what becomes of the message: one reply or, with LMTP, one for each
// recipient.
func (c *client) verdict(accepted, all []string) (text string, taken []string, at reply.Phase, err error) {
	replies := 1
	if c.lmtp {
		replies = len(accepted)
	}
	for i := range replies {
		r, readErr := c.read(dotTime)
		switch {
		case readErr != nil:
			return "", taken, reply.Dot, readErr // of the rest nobody knows
		case r.Code < 400 && r.Code/100 != 2:
			return "", taken, reply.Dot, fmt.Errorf("%w: %s", reply.ErrGarbled, r.Error())
		case r.Code/100 != 2 && c.lmtp && err == nil:
			err = about(accepted[i], all, r)
		case r.Code/100 != 2 && err == nil:
			err = r
		case r.Code/100 != 2:
		case c.lmtp:
			text, taken = r.Text, append(taken, accepted[i])
		default:
			text, taken = r.Text, accepted
		}
	}
	return text, taken, reply.Dot, err
}

// recover makes the connection ready for the next message, or gives it up.
func (s *sender) recover(err error) {
	var said *reply.Reply
	c := s.conn
	if errors.As(err, &said) && said.Code != 421 && !tooManyOfUs(reply.Mail, err) && !c.waits && c.in.Buffered() == 0 && c.ask(resetTime, 250, "RSET") == nil {
		return
	}
	_ = s.partFrom().Close()
}

// partFrom takes the connection off, which the caller is to close.
func (s *sender) partFrom() *client {
	c := s.conn
	if s.conn = nil; s.sent > 0 {
		s.left = time.Now()
	}
	return c
}

// close says good bye.
func (s *sender) close() error {
	s.mu.Lock()
	if s.idle.timer != nil {
		s.idle.timer.Stop()
	}
	if s.conn != nil {
		s.partFrom().quit()
	}
	s.mu.Unlock()
	s.idle.leaving.Wait()
	return nil
}
