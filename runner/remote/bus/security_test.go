package bus

import (
	"brood/runner/remote/token"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// refused tries to join, which must not go well.
func (w *world) refused(tok *token.Token, want error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	p, err := Join(ctx, PortOptions{Addr: w.hub.Addr(), Token: tok})
	if err == nil {
		err = p.Close()
		w.t.Fatalf("it was let in (%v)", err)
	}
	if !errors.Is(err, want) {
		w.t.Errorf("%v, want %v", err, want)
	}
}

// Who has no token, or not this one, is not let in.
func TestNotLetIn(t *testing.T) {
	w := newWorld(t, nil)
	good := w.issue("good")
	m := w.join(good)
	other, err := token.Create(t.TempDir(), "mail.2026")
	must(t, err)
	foreign, err := other.Issue("good")
	must(t, err)
	t.Run("another run's token", func(t *testing.T) { w.refused(foreign, token.ErrOther) })
	t.Run("a key that nobody was issued", func(t *testing.T) {
		forged := *foreign
		forged.CA = w.id.Fingerprint()
		w.refused(&forged, ErrRefused)
	})
	t.Run("a token that was revoked", func(t *testing.T) {
		gone := w.issue("gone")
		must(t, w.id.Revoke("gone"))
		w.refused(gone, ErrRefused)
	})
	key, err := good.Key()
	must(t, err)
	open := []nats.Option{nats.Secure(good.TLS()), nats.TLSHandshakeFirst()}
	for name, opts := range map[string][]nats.Option{
		"no token":                        open,
		"a password":                      append(open, nats.UserInfo("good", "x")),
		"another's key, without its seed": append(open, nats.Nkey(key, foreign.Sign)),
		"the text of a token":             append(open, nats.Token(good.Text())),
		"no TLS":                          {nats.Nkey(key, good.Sign), nats.Timeout(time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			if nc, err := nats.Connect("nats://"+w.hub.Addr(), opts...); err == nil {
				nc.Close()
				t.Error("it was let in")
			}
		})
	}
	w.goesOn(m, 1)
}

// A token that is revoked ends the link that is there, whoever revokes it, and no other.
func TestRevokedWhileConnected(t *testing.T) {
	w := newWorld(t, nil)
	tok := w.issue("a")
	a, b, c := w.join(tok), w.join(w.issue("b")), w.join(w.issue("c"))
	must(t, w.hub.Revoke("a"))
	if err := next(t, a.lost, "the end of the link"); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
	if err := a.Say([]byte("still here")); err == nil {
		t.Error("a revoked machine says something")
	}
	w.refused(tok, ErrRefused)
	elsewhere, err := token.Open(w.id.Dir()) // as another process
	must(t, err)
	must(t, elsewhere.Revoke("b"))
	if err := next(t, b.lost, "the end of the link"); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
	if err := w.hub.Revoke("never"); !errors.Is(err, token.ErrUnknown) {
		t.Error(err)
	}
	w.goesOn(c, 1)
	w.goesOn(w.join(w.issue("a")), 2) // a name may come back, with a new token
}

// A machine can say nothing in another's name, hear nothing of another's, and nothing of JetStream at all.
func TestStaysInItsSubjects(t *testing.T) {
	w := newWorld(t, nil)
	b := w.join(w.issue("b"))
	must(t, w.hub.Work(t.Context(), "b", 1, false, []byte("for b")))
	next(t, b.work, "work")
	nc, refusals := w.bare(w.issue("a"))
	n := w.hub.n
	ack := "$JS.ACK." + n.stream + "." + n.consumer(again, "b") + ".1.1.1.0.0"
	for _, subject := range []string{
		n.letter + "b", strings.Replace(n.letter, ".7.", ".6.", 1) + "b", n.ask + "b", n.told + "b", n.told + "a", n.given + "b", n.work(again, "b"), n.work(once, "b"),
		n.work(again, "a"), n.inbox + "b.x", w.hub.inbox + ".c.1", ack, "$JS.API.INFO", "$JS.API.STREAM.DELETE." + n.stream, "$JS.API.STREAM.PURGE." + n.stream,
		"$JS.API.CONSUMER.MSG.NEXT." + n.stream + "." + n.consumer(again, "b"), "$JS.API.CONSUMER.MSG.NEXT." + n.stream + "." + n.consumer(again, "a"),
		"$JS.API.CONSUMER.DURABLE.CREATE." + n.stream + ".x", "$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.INFO",
	} {
		must(t, nc.PublishRequest(subject, n.inbox+"a.x", nil))
		if err := next(t, refusals, "the refusal to publish to "+subject); !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), subject) {
			t.Errorf("publish to %s: %v", subject, err)
		}
	}
	for _, subject := range []string{n.told + "b", n.given + "b", n.inbox + "b.>", n.letter + "*", n.letter + "b", ">", "brood.>", "_INBOX.>", w.hub.inbox + ".>", "$JS.ACK.>", "$SYS.>"} {
		_, err := nc.SubscribeSync(subject)
		must(t, err)
		if err := next(t, refusals, "the refusal to subscribe to "+subject); !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("subscribe to %s: %v", subject, err)
		}
	}
	s, err := w.hub.js.Stream(t.Context(), n.stream)
	must(t, err)
	if got := s.CachedInfo().State.Msgs; got != 1 {
		t.Errorf("the stream has %d messages of b's one", got)
	}
	// The hub may say everything, and says nothing to whom an asker would like to have it said.
	for _, reply := range []string{n.told + "b", n.inbox + "b.x", w.hub.inbox + ".c.1", "brood.x"} {
		must(t, nc.PublishRequest(n.ask+"a", reply, nil))
	}
	// Questions are heard one after the other: with the answer to this one, those have been.
	if m, err := nc.RequestWithContext(t.Context(), n.ask+"a", []byte("x")); err != nil || string(m.Data[1:]) != "a asked x" {
		t.Errorf("%v", err)
	}
	for _, reply := range []string{ack, "$JS.API.STREAM.PURGE." + n.stream} { // those the server itself refuses
		must(t, nc.PublishRequest(n.ask+"a", reply, nil))
	}
	must(t, nc.Flush())
	if got := w.hub.Dropped().Strange; got < 4 {
		t.Errorf("%d questions were dropped", got)
	}
	s, err = w.hub.js.Stream(t.Context(), n.stream)
	must(t, err)
	if s.CachedInfo().State.Msgs != 1 || len(w.letters) > 0 || len(b.told) > 0 {
		t.Error("something was said or done in another's name")
	}
	w.goesOn(b, 2)
}

// A letter that was heard is not heard again, and what is no letter is none.
func TestReplayedLetter(t *testing.T) {
	w := newWorld(t, nil)
	tok := w.issue("a")
	nc, _ := w.bare(tok)
	subject := w.hub.n.letter + "a"
	for _, l := range [][]byte{
		letterFrame(1, 1, []byte("one")), letterFrame(1, 1, []byte("one")), letterFrame(1, 3, []byte("three")), letterFrame(1, 2, []byte("two")), letterFrame(1, 0, []byte("none")),
		nil,
		{frameVersion},
		append([]byte{9}, letterFrame(1, 9, nil)[1:]...), letterFrame(1, 4, nil)[:letterHead-1],
		letterFrame(2, 1, []byte("another port")), letterFrame(1, 3, []byte("three")), letterFrame(1, 4, []byte("four")),
	} {
		must(t, nc.Publish(subject, l))
	}
	for _, want := range []string{"one", "three", "another port", "four"} {
		if l := next(t, w.letters, want); string(l.Body) != want || l.Machine != "a" {
			t.Errorf("%+v, want %s", l, want)
		}
	}
	if d := w.hub.Dropped(); d.Replayed != 4 || d.Strange != 4 {
		t.Errorf("%+v", d)
	}
	nc.Close()
	w.goesOn(w.join(tok), 1)
}

// A machine has one link, the last: of two that come with the same token no two are given the same work.
func TestOneLink(t *testing.T) {
	w := newWorld(t, nil)
	tok := w.issue("a")
	closed := make(chan struct{})
	w.bare(tok, nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	m := w.join(tok)
	next(t, closed, "the end of the first")
	w.goesOn(m, 1)
	if l := w.hub.Links(); len(l) != 1 || l[0].Machine != "a" || !strings.HasPrefix(l[0].From, "127.0.0.1:") {
		t.Errorf("%+v", l)
	}
}

// Whoever sends more than there may be, or what is no protocol, is cut, and nobody else.
func TestOversizedFrame(t *testing.T) {
	w := newWorld(t, nil)
	tok := w.issue("a")
	m := w.join(w.issue("b"))
	for name, text := range map[string]string{
		"a message":        fmt.Sprintf("PUB %sa %d\r\n", w.hub.n.letter, MaxPayload+1),
		"a huge message":   fmt.Sprintf("PUB %sa 99999999999999999999\r\n", w.hub.n.letter),
		"a negative one":   fmt.Sprintf("PUB %sa -1\r\n", w.hub.n.letter),
		"a subject":        "PUB " + strings.Repeat("a", 4096),
		"no protocol":      "GET / HTTP/1.1\r\n\r\n",
		"a server's words": "RS+ $G brood.>\r\n",
	} {
		l := w.connected(tok)
		l.say(text + "PING\r\n")
		if said := l.ended(); strings.Contains(said, "PONG\r\nPONG") {
			t.Errorf("%s: it says %q", name, said)
		}
	}
	l, _ := w.tls(tok)
	_, _ = io.WriteString(l, "CONNECT {\"name\":\""+strings.Repeat("x", 1<<16)) // it may be cut before all is said
	l.ended()
	w.goesOn(m, 1)
}

// Who begins and does not go on is cut, and holds up nobody meanwhile.
func TestSlowLoris(t *testing.T) {
	w := newWorld(t, func(o *HubOptions) { o.hurry = 0.3 })
	tok := w.issue("a")
	var lines []*line
	for range 8 {
		silent, half := w.tcp(), w.tcp()
		half.say("\x16\x03\x01\x02\x00\x01\x00") // a client's hello, of which the rest does not come
		greeted, _ := w.tls(tok)
		connecting, _ := w.tls(tok)
		connecting.say("CONNECT {\"verbose\":fal")
		lines = append(lines, silent, half, greeted, connecting)
	}
	w.goesOn(w.join(w.issue("b")), 1)
	for _, l := range lines {
		l.ended()
	}
	w.goesOn(w.join(tok), 2)
}
