package email

import (
	"brood/jobs/email/reply"
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The times of RFC 5321, section 4.5.3.2. The reply to the final dot may take
// longest: a client that hangs up too soon does not know whether it was sent.
const (
	dialTime   = 30 * time.Second
	replyTime  = 5 * time.Minute
	startTime  = 2 * time.Minute // to the reply to DATA
	blockTime  = 3 * time.Minute // for a part of the message
	dotTime    = 10 * time.Minute
	resetTime  = 10 * time.Second // another connection is made as quickly
	quitTime   = 2 * time.Second  // nothing depends on what comes
	replyBytes = 64 << 10         // of one reply, at most
	lineBytes  = 4 << 10
	blockBytes = 1 << 20 // of a message, within blockTime
)

// client is one connection, and speaks SMTP or LMTP over it: RFC 5321, RFC 2033.
type client struct {
	net.Conn
	in         *bufio.Reader
	out        *bufio.Writer
	lmtp       bool
	extensions map[string]string // of EHLO, in capitals, with what stands behind
	secure     bool              // by TLS
	waits      bool              // the server waits for a message that will not come
}

// newClient waits for the greeting.
func newClient(c net.Conn, lmtp bool) (*client, error) {
	out := &client{lmtp: lmtp}
	out.use(c)
	if err := out.expect(replyTime, 220); err != nil {
		_ = c.Close()
		return nil, err
	}
	return out, nil
}

func (c *client) use(conn net.Conn) {
	c.Conn, c.in, c.out = conn, bufio.NewReaderSize(conn, lineBytes), bufio.NewWriterSize(conn, 64<<10)
	_, c.secure = conn.(*tls.Conn)
}

// read reads one reply. One that is cut off is an error, whatever it began with.
func (c *client) read(within time.Duration) (*reply.Reply, error) {
	r, lines, err := c.readLines(within)
	if err != nil {
		return nil, err
	}
	r.Text = strings.Join(lines, " ")
	return r, nil
}

// readLines reads one reply, without its text, and the lines of that.
func (c *client) readLines(within time.Duration) (r *reply.Reply, lines []string, err error) {
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		return nil, nil, err
	}
	for size := 0; ; {
		line, err := c.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, nil, fmt.Errorf("%w: a line of more than %d bytes", reply.ErrGarbled, lineBytes)
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, nil, err
		}
		if size += len(line); size > replyBytes {
			return nil, nil, fmt.Errorf("%w: more than %d bytes", reply.ErrGarbled, replyBytes)
		}
		line = bytes.TrimRight(line, "\r\n")
		code, more, text, ok := reply.ParseLine(string(line))
		if !ok || (r != nil && r.Code != code) {
			return nil, nil, fmt.Errorf("%w: %q", reply.ErrGarbled, line)
		}
		if r == nil {
			r = &reply.Reply{Code: code}
		}
		enhanced, text := reply.CutEnhanced(text, code)
		if r.Enhanced == "" {
			r.Enhanced = enhanced
		}
		lines = append(lines, text)
		if !more {
			return r, lines, nil
		}
	}
}

// expect reads a reply, which is an error unless it has the code.
func (c *client) expect(within time.Duration, code int) error {
	r, err := c.read(within)
	if err != nil {
		return err
	}
	switch {
	case r.Code == code || (r.Code/100 == 2 && code/100 == 2):
		return nil
	case r.Code < 400:
		return fmt.Errorf("%w to this: %s", reply.ErrGarbled, r.Error())
	}
	return r
}

// say sends a command, which is made of words.
func (c *client) say(words ...string) error {
	if err := c.SetWriteDeadline(time.Now().Add(replyTime)); err != nil {
		return err
	}
	for _, w := range words {
		if strings.ContainsAny(w, "\r\n") {
			return fmt.Errorf("a command with a line break in it: %q", strings.Join(words, ""))
		}
	}
	for _, w := range words {
		if _, err := c.out.WriteString(w); err != nil {
			return err
		}
	}
	_, err := c.out.WriteString("\r\n")
	return err
}

func (c *client) ask(within time.Duration, code int, words ...string) error {
	if err := c.say(words...); err != nil {
		return err
	}
	if err := c.out.Flush(); err != nil {
		return err
	}
	return c.expect(within, code)
}

// hello says who this is, and learns what the server can do.
func (c *client) hello(name string) error {
	verb := "EHLO"
	if c.lmtp {
		verb = "LHLO"
	}
	if err := c.say(verb, " ", name); err != nil {
		return err
	}
	if err := c.out.Flush(); err != nil {
		return err
	}
	r, err := c.readHello()
	if err == nil && r.Code/100 == 3 {
		return fmt.Errorf("%w to this: %s", reply.ErrGarbled, r.Error())
	}
	if err == nil && r.Code/100 != 2 {
		err = r
	}
	if err != nil && r != nil && r.Code/100 == 5 && !c.lmtp {
		c.extensions = nil // an old server: RFC 5321, section 3.2
		return c.ask(replyTime, 250, "HELO ", name)
	}
	return err
}

// readHello reads the reply to EHLO, of which each line is an extension.
func (c *client) readHello() (*reply.Reply, error) {
	c.extensions = make(map[string]string)
	r, lines, err := c.readLines(replyTime)
	if err != nil {
		return nil, err
	}
	for _, text := range lines[1:] {
		name, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		c.extensions[strings.ToUpper(name)] = rest
	}
	r.Text = lines[len(lines)-1]
	return r, nil
}

func (c *client) offers(extension string) bool {
	_, ok := c.extensions[extension]
	return ok
}

// startTLS makes the connection safe: RFC 3207.
func (c *client) startTLS(settings *tls.Config, name string) error {
	if !c.offers("STARTTLS") {
		return errors.New("the server does not offer it")
	}
	if err := c.ask(replyTime, 220, "STARTTLS"); err != nil {
		return err
	}
	if c.in.Buffered() > 0 {
		// Somebody in between has put it there, to be believed later.
		return errors.New("the server has said more than it may before the encryption begins")
	}
	safe := tls.Client(c.Conn, settings)
	if err := safe.SetDeadline(time.Now().Add(replyTime)); err != nil {
		return err
	}
	if err := safe.Handshake(); err != nil {
		return err
	}
	c.use(safe)
	return c.hello(name)
}

// envelope is who a message is from and for.
type envelope struct {
	from    string
	to      []string
	options string // behind MAIL FROM, with a space before
}

// begin sends the envelope. It returns an error if the sender is refused, and for
// each recipient what the server said; the reply to DATA is waited for where that
// could be asked for at once: RFC 2920.
func (c *client) begin(e *envelope) (at reply.Phase, refused []error, asked bool, err error) {
	pipelined := c.offers("PIPELINING")
	// With a single recipient nothing depends on the replies in between: if it is
	// refused the server refuses DATA as well.
	asked = pipelined && len(e.to) == 1
	if err := c.say("MAIL FROM:", path(e.from), e.options); err != nil {
		return reply.Mail, nil, false, err
	}
	if !pipelined {
		if err := c.out.Flush(); err != nil {
			return reply.Mail, nil, false, err
		}
		if err := c.expect(replyTime, 250); err != nil {
			return reply.Mail, nil, false, err
		}
	}
	for _, to := range e.to {
		if err := c.say("RCPT TO:", path(to)); err != nil {
			return reply.Rcpt, nil, false, err
		}
		if pipelined {
			continue
		}
		if err := c.out.Flush(); err != nil {
			return reply.Rcpt, nil, false, err
		}
		if refused, err = c.recipient(refused); err != nil {
			return reply.Rcpt, nil, false, err
		}
	}
	if !pipelined {
		return reply.Rcpt, refused, false, nil
	}
	if asked {
		if err := c.say("DATA"); err != nil {
			return reply.Mail, nil, asked, err
		}
	}
	if err := c.out.Flush(); err != nil {
		return reply.Mail, nil, asked, err
	}
	mailErr := c.expect(replyTime, 250)
	var said *reply.Reply
	if mailErr != nil && !errors.As(mailErr, &said) {
		return reply.Mail, nil, asked, mailErr
	}
	for range e.to {
		if refused, err = c.recipient(refused); err != nil {
			break // unless that was said to be coming
		}
	}
	if err != nil {
		for _, said := range refused {
			if said != nil {
				err = said
				break
			}
		}
		if mailErr != nil {
			return reply.Mail, nil, asked, mailErr
		}
		return reply.Rcpt, nil, asked, err
	}
	if asked && (mailErr != nil || refused[0] != nil) {
		// What is said to DATA then counts no more.
		r, err := c.read(startTime)
		c.waits = err != nil || r.Code/100 < 4
	}
	if mailErr != nil {
		return reply.Mail, nil, asked, mailErr
	}
	return reply.Rcpt, refused, asked, nil
}

// recipient reads the reply to RCPT. Only what is no reply is an error.
func (c *client) recipient(refused []error) ([]error, error) {
	err := c.expect(replyTime, 250)
	var said *reply.Reply
	if err != nil && !errors.As(err, &said) {
		return refused, err
	}
	return append(refused, err), nil
}

// data asks whether the message may come, unless that was asked already.
func (c *client) data(asked bool) error {
	if !asked {
		return c.ask(startTime, 354, "DATA")
	}
	return c.expect(startTime, 354)
}

// message sends the message with the final dot. An error means that the dot has
// not been sent: it is the last of what is written.
func (c *client) message(m []byte) error {
	for begins := true; len(m) > 0; {
		if err := c.SetWriteDeadline(time.Now().Add(blockTime)); err != nil {
			return err
		}
		if begins && m[0] == '.' { // of a line: RFC 5321, section 4.5.2
			if err := c.out.WriteByte('.'); err != nil {
				return err
			}
		}
		n := min(len(m), blockBytes)
		i := bytes.Index(m[:n], []byte("\n."))
		if begins = i >= 0 || m[n-1] == '\n'; i >= 0 {
			n = i + 1
		}
		if _, err := c.out.Write(m[:n]); err != nil {
			return err
		}
		m = m[n:]
	}
	if err := c.SetWriteDeadline(time.Now().Add(blockTime)); err != nil {
		return err
	}
	if _, err := c.out.WriteString(".\r\n"); err != nil {
		return err
	}
	return c.out.Flush()
}

// quit says good bye. Whatever comes of that, what was taken is taken.
func (c *client) quit() {
	if c.say("QUIT") == nil && c.out.Flush() == nil {
		_, _ = c.read(quitTime)
	}
	_ = c.Close()
}
