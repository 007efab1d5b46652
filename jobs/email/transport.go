package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
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

// sendmailSays are the exit statuses, of sysexits.h, by which a program says that it
// has not taken a message. With any other nobody knows: 75, for one, may mean that the
// message waits in the queue, or that it does not.
var sendmailSays = map[int]reply{
	64: {code: 554, enhanced: "5.5.4"}, 65: {code: 554, enhanced: "5.6.0"}, 66: {code: 554, enhanced: "5.6.0"},
	67: {code: 550, enhanced: "5.1.1"}, 68: {code: 550, enhanced: "5.1.2"},
	69: {code: 454, enhanced: "4.3.0"}, 73: {code: 454, enhanced: "4.3.0"},
	77: {code: 530, enhanced: "5.7.0"}, 78: {code: 530, enhanced: "5.3.5"},
	126: {code: 530, enhanced: "5.3.5"}, 127: {code: 530, enhanced: "5.3.5"}, // of a shell that does not find it
}

const (
	saidBytes = 500 // of what the program says, at most
	// hangTime is how long what it has left behind may hold its output open.
	hangTime = 2 * time.Second
)

// someOutput keeps the beginning of what is written.
type someOutput struct{ b []byte }

func (o *someOutput) Write(p []byte) (int, error) {
	o.b = append(o.b, p[:min(len(p), saidBytes-len(o.b))]...)
	return len(p), nil
}

func (o *someOutput) String() string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(o.b), "\uFFFD")), " ")
}

func (s sendmail) send(ctx context.Context, l *letter) (text string, at phase, err error) {
	args := append([]string{"-i", "-f", l.from, "--"}, l.recipients...)
	cmd := exec.CommandContext(ctx, string(s), args...)
	cmd.WaitDelay = hangTime
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, PasswordVariable+"=") })
	cmd.Stdin = bytes.NewReader(bytes.ReplaceAll(l.message, []byte("\r\n"), []byte("\n")))
	out := &someOutput{}
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil || (errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success()):
		return out.String(), phaseDot, nil
	case cmd.Process == nil: // it was not started
		return "", phaseConnect, err
	case !errors.As(err, &exit) || !exit.Exited():
		return "", phaseDot, err // it may have taken the message before
	}
	text = strings.TrimSpace(fmt.Sprintf("%s: exit status %d %s", s, exit.ExitCode(), out))
	r, known := sendmailSays[exit.ExitCode()]
	switch {
	case !known:
		return "", phaseDot, errors.New(text)
	case len(l.recipients) > 1 && (exit.ExitCode() == 67 || exit.ExitCode() == 68):
		return "", phaseDot, &partialError{nil, l.recipients, errors.New(text)}
	}
	r.text = text
	return "", phaseDot, &r
}

func (s sendmail) close() error { return nil }
