package inbox

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
)

// popBox is a mailbox of a POP3 server: RFC 1939. Its messages are numbered for as long as the
// connection lasts; what is deleted goes when we take our leave, and not before.
type popBox struct {
	*server
	conn net.Conn
	text *textproto.Conn
	done []int
	left bool // QUIT has been said
}

func openPOP3(s *server) (Box, error) {
	conn, err := s.dial()
	if err != nil {
		return nil, err
	}
	b := &popBox{server: s, conn: conn, text: textproto.NewConn(conn)}
	if err := b.begin(); err != nil {
		_ = b.conn.Close()
		return nil, fmt.Errorf("%s: %w", s.address, err)
	}
	return b, nil
}

// begin makes the connection safe, and proves who we are.
func (b *popBox) begin() error {
	if _, err := b.answer(); err != nil {
		return err
	}
	if !b.implicit && b.TLS != TLSNever {
		if _, err := b.ask("STLS"); err != nil { // RFC 2595, section 4
			return fmt.Errorf("STLS: %w (with TLS from the first byte it is pop3s://)", err)
		}
		if b.text.R.Buffered() > 0 {
			return errors.New("the server has spoken before TLS began: somebody may be in between")
		}
		safe, err := b.secure(b.conn)
		if err != nil {
			return err
		}
		b.conn, b.text = safe, textproto.NewConn(safe)
	}
	secret, err := b.Password()
	if err != nil {
		return err
	}
	if strings.ContainsAny(b.user+secret, "\r\n\x00") {
		return errors.New("a user or password with a line break cannot be said in POP3")
	}
	if b.Auth == AuthToken {
		_, err = b.ask("AUTH XOAUTH2 " + base64.StdEncoding.EncodeToString([]byte(bearer(b.user, secret))))
	} else if _, err = b.ask("USER " + b.user); err == nil {
		_, err = b.ask("PASS " + secret)
	}
	if err != nil {
		return fmt.Errorf("log in as %s: %w", b.user, err)
	}
	return nil
}

// ask says a line, and reads the answer to it.
func (b *popBox) ask(line string) (string, error) {
	if err := b.text.PrintfLine("%s", line); err != nil {
		return "", err
	}
	return b.answer()
}

// answer reads a line that begins with +OK, or is an error: -ERR, or + of a mechanism that
// tells what is wrong.
func (b *popBox) answer() (string, error) {
	line, err := readLine(b.text.R)
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(line, "+OK"); ok {
		return strings.TrimSpace(rest), nil
	}
	return "", fmt.Errorf("the server says: %.200q", line)
}

// readLine reads a line of at most 8 KiB, which is 16 times what RFC 1939 allows.
func readLine(r *bufio.Reader) (string, error) {
	const most = 8 << 10
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return strings.TrimRight(string(line), "\r\n"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) || len(line) > most {
			return "", err
		}
	}
}

// count is how many messages there are: RFC 1939, section 5, STAT.
func (b *popBox) count() (int, error) {
	said, err := b.ask("STAT")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.SplitN(said+" ", " ", 2)[0])
	if err != nil || n < 0 {
		return 0, fmt.Errorf("the server says to STAT: %.200q", said)
	}
	return n, nil
}

func (b *popBox) Read(f Each) error {
	n, err := b.count()
	if err != nil {
		return fmt.Errorf("%s: %w", b.address, err)
	}
	for i := 1; i <= n; i++ {
		if _, err := b.ask(fmt.Sprintf("RETR %d", i)); err != nil {
			return fmt.Errorf("%s: message %d: %w", b.address, i, err)
		}
		in := b.text.DotReader()
		m, err := io.ReadAll(io.LimitReader(in, maxMessage))
		if err == nil {
			_, err = io.Copy(io.Discard, in)
		}
		if err != nil {
			return fmt.Errorf("%s: message %d: %w", b.address, i, err)
		}
		done, err := f(fmt.Sprintf("%s:%d", b.host, i), m)
		if err != nil {
			return err
		}
		if done && b.Delete {
			b.done = append(b.done, i)
		}
	}
	return nil
}

// Finish marks what is done, and takes leave: only that makes the server delete it.
func (b *popBox) Finish() (int, error) {
	for _, i := range b.done {
		if _, err := b.ask(fmt.Sprintf("DELE %d", i)); err != nil {
			return 0, fmt.Errorf("%s: message %d: %w", b.address, i, err)
		}
	}
	b.left = true
	if _, err := b.ask("QUIT"); err != nil && len(b.done) > 0 {
		return 0, fmt.Errorf("%s: nobody knows whether the messages are deleted: %w", b.address, err)
	}
	return len(b.done), nil
}

// Close without Finish leaves all as it was.
func (b *popBox) Close() error { return b.conn.Close() }
