package bus

import (
	"brood/runner/remote/token"
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// line is a connection to the hub's server that goes as far as a test wants.
type line struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader
}

// tcp connects, and says nothing.
func (w *world) tcp() *line {
	w.t.Helper()
	c, err := net.Dial("tcp", w.hub.Addr())
	must(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	return &line{Conn: c, t: w.t, in: bufio.NewReader(c)}
}

// tls goes as far as the server's greeting, and returns its nonce.
func (w *world) tls(tok *token.Token) (*line, string) {
	w.t.Helper()
	l := w.tcp()
	c := tls.Client(l.Conn, tok.TLS())
	l.Conn, l.in = c, bufio.NewReader(c)
	text, err := l.in.ReadString('\n')
	must(w.t, err)
	var info struct {
		Nonce string `json:"nonce"`
	}
	must(w.t, json.Unmarshal([]byte(strings.TrimPrefix(text, "INFO ")), &info))
	return l, info.Nonce
}

// connected goes as far as a machine's first answer.
func (w *world) connected(tok *token.Token) *line {
	w.t.Helper()
	l, nonce := w.tls(tok)
	key, err := tok.Key()
	must(w.t, err)
	sig, err := tok.Sign([]byte(nonce))
	must(w.t, err)
	l.say(fmt.Sprintf("CONNECT {\"nkey\":%q,\"sig\":%q,\"verbose\":false,\"headers\":true,\"protocol\":1}\r\nPING\r\n", key, base64.RawURLEncoding.EncodeToString(sig)))
	for {
		text, err := l.in.ReadString('\n')
		must(w.t, err)
		if strings.HasPrefix(text, "PONG") {
			return l
		}
	}
}

func (l *line) say(text string) {
	l.t.Helper()
	_, err := io.WriteString(l, text)
	must(l.t, err)
}

// ended waits until the server has cut it, and returns what it said until then.
func (l *line) ended() string {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	b, _ := io.ReadAll(l.in) // how it ends does not matter
	if ctx.Err() != nil {
		l.t.Error("the server holds it open")
	}
	return string(b)
}

// bare is a NATS connection of a machine without a port, and what the server refuses it.
func (w *world) bare(tok *token.Token, more ...nats.Option) (*nats.Conn, chan error) {
	w.t.Helper()
	key, err := tok.Key()
	must(w.t, err)
	refusals := make(chan error, 64)
	nc, err := nats.Connect("nats://"+w.hub.Addr(), append(more, nats.Nkey(key, tok.Sign), nats.Secure(tok.TLS()), nats.TLSHandshakeFirst(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refusals <- err }), nats.CustomInboxPrefix(w.hub.n.inbox+tok.Machine))...)
	must(w.t, err)
	w.t.Cleanup(nc.Close)
	return nc, refusals
}

// goesOn checks that the hub does what it is there for, with a machine that was there before or a new one.
func (w *world) goesOn(m *member, number uint64) {
	w.t.Helper()
	must(w.t, w.hub.Work(w.t.Context(), m.machine, number, true, []byte("on")))
	if g := next(w.t, m.work, "work"); g.number != number || g.body != "on" {
		w.t.Errorf("%+v", g)
	}
	must(w.t, m.Say([]byte("done")))
	if l := next(w.t, w.letters, "the letter"); l.Machine != m.machine || string(l.Body) != "done" {
		w.t.Errorf("%+v", l)
	}
	w.hub.Done(m.machine, number)
	select {
	case err := <-w.lost:
		w.t.Errorf("the hub has ended: %v", err)
	default:
	}
}
