package bus

import (
	"brood/runner/remote/token"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// PortOptions are what a machine's end is made of.
type PortOptions struct {
	// Addr is the coordinator's, HOST:PORT or unix:PATH of a socket that leads to it, and Token what it has issued for this machine.
	Addr  string
	Token *token.Token
	// URL and Creds are those of a cluster, then Run and Machine say who this is.
	URL, Creds, Run, Machine string
	Login                    Login // without Creds
	// Work is called for one piece after the other. One that may be given again may come again.
	Work func(number uint64, body []byte)
	// Told is called for one thing after the other.
	Told func(body []byte)
	// Up is called when there is a link, the first time as well, and Down when there is none; one after the other, in a
	// goroutine of their own, so that they may use the port.
	Up, Down func()
	// Lost is called once if the coordinator will not have this machine any more: then there is no link again.
	Lost func(error)
	Logf func(format string, args ...any)
}

func (o *PortOptions) logf(format string, args ...any) {
	if o.Logf != nil {
		o.Logf(format, args...)
	}
}

// Port is a machine's end. Its methods may be called by several goroutines; Close not by what it calls.
type Port struct {
	o       PortOptions
	machine string
	run     string
	n       names // what does not depend on the epoch
	nc      *nats.Conn
	id      uint64

	calls  calls
	events chan event
	ended  chan struct{} // closed by Close

	mu     sync.Mutex
	link   context.Context // ends with the link that there is
	cut    context.CancelFunc
	in     *entered
	closed bool

	saying sync.Mutex
	count  uint64 // letters
}

// entered is an epoch that a port takes part in.
type entered struct {
	n    names
	subs []*nats.Subscription
}

type event int

const (
	up event = iota
	down
)

// Join opens a machine's end. It tries until the context ends, unless it is refused: ErrRefused, token.ErrOther.
func Join(ctx context.Context, o PortOptions) (*Port, error) {
	p := &Port{o: o, run: o.Run, machine: o.Machine, events: make(chan event, 64), ended: make(chan struct{})}
	if o.Token != nil {
		p.run, p.machine = o.Token.Run, o.Token.Machine
	}
	if err := errors.Join(token.CheckRun(p.run), token.CheckMachine(p.machine)); err != nil {
		return nil, err
	}
	if o.URL == "" && o.Token == nil {
		return nil, errors.New("joining a run needs a token: where the run is, brood token makes one")
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	p.id = binary.BigEndian.Uint64(id[:])
	p.n = newNames(p.run, 0)
	p.link, p.cut = context.WithCancel(context.Background())
	if err := p.dial(ctx); err != nil {
		p.cut()
		return nil, err
	}
	p.calls.run(p.tell)
	p.event(up)
	return p, nil
}

// dial makes the first link.
func (p *Port) dial(ctx context.Context) error {
	url, opts, err := p.options()
	if err != nil {
		return err
	}
	wait := 100 * time.Millisecond
	for first := true; ; first = false {
		var nc *nats.Conn
		d := &dialer{ctx: ctx}
		if path, ok := socketOf(p.o.Addr); ok && p.o.URL == "" {
			d.socket = path
		}
		nc, err = nats.Connect(url, append(opts, nats.SetCustomDialer(d))...)
		if d.free() && err == nil {
			p.nc = nc
			return nil
		}
		if err == nil {
			nc.Close()
		}
		err = d.why(err)
		switch {
		case isRefusal(err) && p.o.URL != "":
			return fmt.Errorf("join run %s: the NATS cluster does not let this machine in: %w; its user is said by --nats-creds, or by --nats nats://USER@HOST with the password in BROOD_NATS_PASSWORD or --nats-password-file", p.run, err)
		case isRefusal(err):
			return fmt.Errorf("join run %s: %w", p.run, ErrRefused)
		case errors.Is(err, token.ErrOther):
			return fmt.Errorf("join run %s at %s: %w", p.run, p.o.Addr, err)
		case ctx.Err() != nil:
			return fmt.Errorf("join run %s: %w (%w)", p.run, ctx.Err(), err)
		}
		if first {
			p.o.logf("the coordinator of run %s cannot be reached yet: %v", p.run, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("join run %s: %w (%w)", p.run, ctx.Err(), err)
		case <-time.After(wait):
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// isRefusal says whether the server has not let somebody in.
func isRefusal(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked)
}

func (p *Port) options() (url string, opts []nats.Option, err error) {
	opts = []nats.Option{
		nats.Name("brood machine " + p.machine), nats.CustomInboxPrefix(p.n.inbox + p.machine), nats.SkipSubjectValidation(),
		nats.Timeout(pingEvery), nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsOut), nats.FlusherTimeout(stuck), nats.ReconnectOnFlusherError(),
		nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond), nats.ReconnectJitter(200*time.Millisecond, 200*time.Millisecond),
		nats.ReconnectBufSize(-1), // a letter that cannot be sent now is an error: the exchange sends it again
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { p.parted(err) }), nats.ReconnectHandler(func(*nats.Conn) { p.joined() }),
		nats.ClosedHandler(p.over), nats.ErrorHandler(p.wrong),
	}
	if p.o.URL != "" {
		return p.o.URL, append(opts, p.o.Login.options(p.o.Creds)...), nil
	}
	key, err := p.o.Token.Key()
	if err != nil {
		return "", nil, err
	}
	return "nats://" + withPort(p.o.Addr), append(opts, nats.Nkey(key, p.o.Token.Sign), nats.Secure(p.o.Token.TLS()), nats.TLSHandshakeFirst(), nats.IgnoreDiscoveredServers()), nil
}

// socketOf is the path of an address that is unix:PATH.
func socketOf(addr string) (path string, ok bool) { return strings.CutPrefix(addr, "unix:") }

// withPort is an address with the port that coordinators listen at, if it has none.
func withPort(addr string) string {
	if _, ok := socketOf(addr); ok {
		return "127.0.0.1:" + DefaultPort // the library wants one; nobody dials it
	}
	switch colon := strings.LastIndexByte(addr, ':'); {
	case colon < 0 || strings.HasSuffix(addr, "]"):
		return addr + ":" + DefaultPort
	case strings.Count(addr, ":") > 1 && addr[0] != '[': // an IPv6 address alone
		return "[" + addr + "]:" + DefaultPort
	}
	return addr
}

// joined and parted are called by the library, one after the other, when there is a link again and when it has gone.
func (p *Port) joined() {
	p.mu.Lock()
	p.link, p.cut = context.WithCancel(context.Background())
	p.mu.Unlock()
	p.event(up)
}

func (p *Port) parted(err error) {
	p.mu.Lock()
	p.cut()
	over := p.closed
	p.mu.Unlock()
	if over {
		return
	}
	p.o.logf("the link to the coordinator is down, and is made anew: %v", err)
	p.event(down)
}

func (p *Port) event(e event) {
	select {
	case p.events <- e:
	case <-p.ended:
	}
}

// tell calls Up and Down until the port is closed.
func (p *Port) tell() {
	for {
		select {
		case e := <-p.events:
			if f := p.o.Up; e == up && f != nil {
				f()
			}
			if f := p.o.Down; e == down && f != nil {
				f()
			}
		case <-p.ended:
			return
		}
	}
}

// over is called when the library has given up: the coordinator has refused this machine twice.
func (p *Port) over(nc *nats.Conn) {
	err := nc.LastError()
	if isRefusal(err) {
		err = ErrRefused
	}
	p.calls.do(func() {
		if p.o.Lost != nil {
			p.o.Lost(fmt.Errorf("run %s: %w", p.run, err))
		}
	})
}

func (p *Port) wrong(_ *nats.Conn, sub *nats.Subscription, err error) {
	if sub != nil {
		p.o.logf("the link to the coordinator: %s: %v", sub.Subject, err)
	} else if !isRefusal(err) {
		p.o.logf("the link to the coordinator: %v", err)
	}
}

// Close ends the port, and returns when the last of what it calls has returned.
func (p *Port) Close() error {
	if !p.calls.close() {
		return nil
	}
	p.mu.Lock()
	p.closed = true
	p.cut()
	p.mu.Unlock()
	close(p.ended)
	p.nc.Close()
	p.calls.wait()
	return nil
}
