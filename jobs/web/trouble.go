package web

import (
	"brood/jobs"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// The classes of what can go wrong between a request and its answer, beside jobs.ClassConnect (nobody
// could be reached) and jobs.ClassOutput (the answer is larger than it may be).
const (
	ClassRequest  jobs.Class = "request"  // there is no such request: nothing was sent
	ClassPrivate  jobs.Class = "private"  // the address is not one of the open internet
	ClassTLS      jobs.Class = "tls"      // a certificate was refused, or no common ground found
	ClassSlow     jobs.Class = "slow"     // no answer, or no end of it, in time
	ClassCut      jobs.Class = "cut"      // the connection ended before the answer did
	ClassAnswer   jobs.Class = "answer"   // what came is no answer
	ClassRedirect jobs.Class = "redirect" // one too many, or to nowhere
)

// Phase is how far an exchange came before it ended.
type Phase uint8

// The phases.
const (
	// PhaseNotConnected: nobody was reached.
	PhaseNotConnected Phase = iota
	// PhaseNotWritten: nothing that is a request has left, so it had no effect.
	PhaseNotWritten
	// PhaseWritten: it has left, or a part of it, and no answer came: whether it had an effect
	// nobody knows.
	PhaseWritten
	// PhaseHalf: an answer has begun to come, and not ended.
	PhaseHalf
	// PhaseAnswered: there is a whole answer.
	PhaseAnswered
)

var phaseNames = [...]string{"not connected", "nothing was sent", "the request was sent", "half an answer came", "answered"}

func (p Phase) String() string { return phaseNames[p] }

// Trouble is why an exchange did not end well, and what is to be done about it. It is an error; its
// text is for people, on one line, and holds no secret.
type Trouble struct {
	Verdict    jobs.Verdict
	Class      jobs.Class
	Text       string
	RetryAfter time.Duration
	Delays     jobs.Delays
	// Status is that of the answer; 0: there was none.
	Status int
	Phase  Phase
	// Changed says that this is of the GET to which a redirect led from a request that may have
	// had its effect: see Answer.
	Changed bool
}

func (t *Trouble) Error() string { return t.Text }

// Into writes the trouble into the result of a record.
func (t *Trouble) Into(res *jobs.Result) {
	res.Verdict, res.Class, res.Error = t.Verdict, t.Class, t.Text
	res.RetryAfter, res.Delays = t.RetryAfter, t.Delays
}

// ForOnce makes the trouble what it means for a request that must not be sent twice: where it may have
// had its effect nobody knows whether it had, in place of another try, or of a failure that is only one of
// the answer (too large, a redirect to nowhere). An answer that says itself that nothing was done (429,
// 503, 408) leaves it as it was, unless it is about what a redirect led to.
func (t *Trouble) ForOnce() {
	again := t.Verdict == jobs.VerdictRetry
	refused := t.Changed && (t.Verdict == jobs.VerdictThrottle || t.Verdict == jobs.VerdictAbort)
	if !again && !refused && t.Verdict != jobs.VerdictFailed || t.Class == ClassTLS && !t.Changed {
		return
	}
	unsure := t.Changed || t.Phase == PhaseWritten || t.Phase == PhaseHalf || again && t.Phase == PhaseAnswered && t.Status >= 500 && t.Status != 503
	if unsure {
		t.Verdict, t.RetryAfter, t.Delays = jobs.VerdictUnknown, 0, jobs.DelaysDefault
		t.Text += "; whether it was done is not known"
	}
}

func failed(class jobs.Class, format string, args ...any) *Trouble {
	return &Trouble{Verdict: jobs.VerdictFailed, Class: class, Text: fmt.Sprintf(format, args...)}
}

// trouble words an error of an exchange with a host.
func (c *Client) trouble(ctx context.Context, host string, way *way, err error) *Trouble {
	t := &Trouble{Verdict: jobs.VerdictRetry, Phase: way.phase(), Status: way.status}
	if way.again {
		err = errAgain
	} else if t.Phase == PhaseWritten && isUndone(err) {
		t.Phase = PhaseNotWritten
	}
	reason := plainReason(err)
	var refused *closedError
	var own *Trouble
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused):
		return failed(ClassPrivate, "%s", refused.Error())
	case way.again:
		t.Class, t.Phase = ClassCut, PhaseWritten
		t.Text = fmt.Sprintf("%s ended the stream (%s): %s", host, t.Phase, reason)
	case errors.Is(context.Cause(ctx), context.Canceled):
		t.Class = jobs.ClassTimeout
		t.Text = fmt.Sprintf("it was stopped while %s had not answered (%s)", host, t.Phase)
	case isTLS(err):
		t.Verdict, t.Class = jobs.VerdictFailed, ClassTLS
		t.Text = fmt.Sprintf("no encrypted connection to %s: %s", host, reason)
	case t.Phase == PhaseNotConnected && strings.Contains(err.Error(), http.StatusText(http.StatusProxyAuthRequired)):
		t = Judge(http.StatusProxyAuthRequired, nil, time.Time{})
		t.Phase = PhaseNotConnected
	case t.Phase == PhaseNotConnected && isRequest(err):
		t.Verdict, t.Class, t.Text = jobs.VerdictFailed, ClassRequest, reason
	case t.Phase == PhaseNotConnected:
		t.Class = jobs.ClassConnect
		t.Text = fmt.Sprintf("cannot connect to %s: %s", host, reason)
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded) || isTimeout(err):
		t.Class = ClassSlow
		t.Text = fmt.Sprintf("%s takes too long (%s)", host, t.Phase)
	case strings.Contains(err.Error(), "response headers exceeded"):
		t.Verdict, t.Class = jobs.VerdictFailed, jobs.ClassOutput
		t.Text = fmt.Sprintf("the head of %s's answer is larger than %d bytes", host, mostHeaderBytes)
	case strings.Contains(err.Error(), "malformed"):
		t.Class = ClassAnswer
		t.Text = fmt.Sprintf("%s does not answer in HTTP: %s", host, reason)
	default:
		t.Class = ClassCut
		t.Text = fmt.Sprintf("%s ended the connection (%s): %s", host, t.Phase, reason)
	}
	t.Text = c.mask.Text(t.Text)
	return t
}

// plainReason is the innermost of an error that still says something: without URLs, addresses of
// this side, and the names of functions.
func plainReason(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var system *os.SyscallError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return "there is no such host"
		}
		return "its address cannot be looked up: " + dns.Err
	case errors.As(err, &verify):
		return verify.Err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it ended early"
	case isTimeout(err):
		return "no answer in time"
	case errors.As(err, &system):
		return system.Err.Error()
	case errors.As(err, &op) && op.Err != nil:
		return op.Err.Error()
	}
	text := strings.TrimPrefix(err.Error(), "net/http: ")
	text, _, _ = strings.Cut(text, "\n")
	const most = 200
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ToValidUTF8(text, "?")
}

// errAgain is that package net/http would have sent a request for the second time.
var errAgain = errors.New("it was reset")

// isUndone reports whether a server of HTTP/2 says that it did nothing about a request: RFC 9113, section 8.7.
// Package net/http has neither a type nor a value for that.
func isUndone(err error) bool {
	text := err.Error()
	return strings.HasPrefix(text, "http2: Transport: cannot retry") && (strings.Contains(text, "REFUSED_STREAM") || strings.Contains(text, "graceful shutdown GOAWAY"))
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// isTLS reports whether who is at the other end, or who we are, was not accepted: another try
// ends alike.
func isTLS(err error) bool {
	var verify *tls.CertificateVerificationError
	var head tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var alert tls.AlertError
	switch {
	case errors.As(err, &verify), errors.As(err, &head), errors.As(err, &unknown):
		return true
	case errors.As(err, &alert):
		text := alert.Error()
		return strings.Contains(text, "certificate") || strings.Contains(text, "handshake failure") || strings.Contains(text, "protocol version")
	}
	// What package tls says without a type, of its own side.
	text := err.Error()
	return strings.Contains(text, "tls: ") && (strings.Contains(text, "certificate") || strings.Contains(text, "handshake failure") ||
		strings.Contains(text, "protocol version")) || strings.Contains(text, "server gave HTTP response to HTTPS client")
}

// isRequest reports whether package net/http refused the request itself.
func isRequest(err error) bool {
	text := err.Error()
	return strings.Contains(text, "invalid header field") || strings.Contains(text, "invalid method") || strings.Contains(text, "unsupported protocol scheme") ||
		strings.Contains(text, "http: invalid") || strings.Contains(text, "http: nil") || strings.Contains(text, "no Host in request URL")
}
