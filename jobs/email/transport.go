package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// transport takes messages. On failure send says how far that came, and text is
// what was said on success.
type transport interface {
	send(ctx context.Context, l *letter) (text string, at phase, err error)
	close() error
}

func (c *config) openTransport() (transport, error) {
	switch {
	case c.Server != nil:
		return newSender(c.Server)
	case c.Sendmail != "":
		return sendmail(c.Sendmail), nil
	default:
		return openMaildir(c.Maildir)
	}
}

// sendmail is the program of a local mail system.
type sendmail string

// The exit statuses of sendmail, of sysexits.h.
var sendmailSays = map[int]reply{
	64: {code: 554, enhanced: "5.5.4"}, 65: {code: 554, enhanced: "5.6.0"},
	67: {code: 550, enhanced: "5.1.1"}, 68: {code: 550, enhanced: "5.1.2"},
	69: {code: 450, enhanced: "4.3.0"}, 71: {code: 450, enhanced: "4.3.0"}, 75: {code: 450, enhanced: "4.3.0"},
	77: {code: 530, enhanced: "5.7.0"}, 78: {code: 530, enhanced: "5.3.5"},
}

const saidBytes = 500 // of what the program says, at most

func (s sendmail) send(ctx context.Context, l *letter) (text string, at phase, err error) {
	args := append([]string{"-i", "-f", l.from, "--"}, l.recipients...)
	cmd := exec.CommandContext(ctx, string(s), args...)
	cmd.Stdin = bytes.NewReader(bytes.ReplaceAll(l.message, []byte("\r\n"), []byte("\n")))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	said := strings.Join(strings.Fields(strings.ToValidUTF8(out.String(), "\uFFFD")), " ")
	said = said[:min(len(said), saidBytes)]
	var exit *exec.ExitError
	switch {
	case err == nil:
		return said, phaseDot, nil
	case cmd.Process == nil: // it was not started
		return "", phaseConnect, err
	case !errors.As(err, &exit) || !exit.Exited():
		return "", phaseDot, err // it may have taken the message before
	}
	r, known := sendmailSays[exit.ExitCode()]
	if !known {
		r = reply{code: 450, enhanced: "4.3.0"}
	}
	r.text = strings.TrimSpace(fmt.Sprintf("%s: exit status %d %s", s, exit.ExitCode(), said))
	return "", phaseDot, &r
}

func (s sendmail) close() error { return nil }
