package email

import (
	"brood/jobs/email/reply"
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
	send(ctx context.Context, l *letter) (text string, at reply.Phase, err error)
	// fork is a transport to the same place for another goroutine.
	fork() transport
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
var sendmailSays = map[int]reply.Reply{
	64: {Code: 554, Enhanced: "5.5.4"}, 65: {Code: 554, Enhanced: "5.6.0"}, 66: {Code: 554, Enhanced: "5.6.0"},
	67: {Code: 550, Enhanced: "5.1.1"}, 68: {Code: 550, Enhanced: "5.1.2"},
	69: {Code: 454, Enhanced: "4.3.0"}, 73: {Code: 454, Enhanced: "4.3.0"},
	77: {Code: 530, Enhanced: "5.7.0"}, 78: {Code: 530, Enhanced: "5.3.5"},
	126: {Code: 530, Enhanced: "5.3.5"}, 127: {Code: 530, Enhanced: "5.3.5"}, // of a shell that does not find it
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

// send runs the program once, or once for each return path.
func (s sendmail) send(ctx context.Context, l *letter) (text string, at reply.Phase, err error) {
	var taken []string
	for left := l.recipients; len(left) > 0; {
		now := l.together(left)
		if text, at, err = s.sendOnce(ctx, l, now); err != nil {
			if len(taken) > 0 {
				err = &partialError{taken, left, err}
			}
			return text, at, err
		}
		taken, left = append(taken, now...), left[len(now):]
	}
	return text, at, nil
}

func (s sendmail) sendOnce(ctx context.Context, l *letter, to []string) (text string, at reply.Phase, err error) {
	args := append([]string{"-i", "-f", l.returnPath(to), "--"}, to...)
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
		return out.String(), reply.Dot, nil
	case cmd.Process == nil: // it was not started
		return "", reply.Connect, err
	case !errors.As(err, &exit) || !exit.Exited():
		return "", reply.Dot, err // it may have taken the message before
	}
	text = strings.TrimSpace(fmt.Sprintf("%s: exit status %d %s", s, exit.ExitCode(), out))
	r, known := sendmailSays[exit.ExitCode()]
	switch {
	case !known:
		return "", reply.Dot, errors.New(text)
	case len(to) > 1 && (exit.ExitCode() == 67 || exit.ExitCode() == 68):
		return "", reply.Dot, &partialError{nil, to, errors.New(text)}
	}
	r.Text = text
	return "", reply.Dot, &r
}

func (s sendmail) fork() transport { return s }

func (s sendmail) close() error { return nil }
