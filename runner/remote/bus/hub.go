package bus

import (
	"brood/runner/remote/token"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// HubOptions are what a coordinator's end is made of.
type HubOptions struct {
	Run   string
	Epoch int64 // of subjects and of the stream; that of a later coordinator of the run is higher
	// Listen is the address of a server in this process, HOST:PORT, where port 0 is any; it is not used with a URL.
	Listen string
	// Identity says who may join that server.
	Identity *token.Identity
	// URL and Creds are those of a cluster that is there: nats://HOST:PORT,…, and a file of NATS with a user's credentials.
	URL, Creds string
	Login      Login // without Creds
	// Lease is how long a machine may keep work that may be given again, without its being renewed; zero: 30 s.
	Lease time.Duration
	// Ask answers a machine's question; it is called for several at a time. Nil is no answer.
	Ask func(machine string, body []byte) []byte
	// Letter is called for one after the other.
	Letter func(Letter)
	// Lost is called once if the bus has ended by itself; nothing comes after it.
	Lost func(error)
	Logf func(format string, args ...any)

	hurry float64 // of a test: how many seconds a connection may take to say who it is
}

func (o *HubOptions) logf(format string, args ...any) {
	if o.Logf != nil {
		o.Logf(format, args...)
	}
}

// Hub is the coordinator's end. Its methods may be called by several goroutines; Close not by what it calls.
type Hub struct {
	o     HubOptions
	n     names
	inner *embedded // nil: a cluster
	nc    *nats.Conn
	js    jetstream.JetStream
	inbox string
	ctx   context.Context // ends with the hub
	end   context.CancelFunc

	calls  calls
	asking *asking

	mu        sync.Mutex
	pieces    map[uint64]*piece
	open      int // pieces that are neither done nor taken back
	room      int
	bound     int64 // of the stream
	consumers map[consumerOf]*consumer
	refused   []*piece // the stream had no room for them
	acked     recent
	retry     chan struct{} // something was refused; capacity 1: that is all there is to say
	failed    bool

	heard   map[string]*heard // of the goroutine that hears letters
	dropped dropped
}

// Open opens the coordinator's end.
func Open(ctx context.Context, o HubOptions) (_ *Hub, err error) {
	if err := token.CheckRun(o.Run); err != nil {
		return nil, err
	}
	if o.Lease <= 0 {
		o.Lease = 30 * time.Second
	}
	h := &Hub{
		o: o, n: newNames(o.Run, o.Epoch), inbox: "_INBOX.=" + nuid.Next(), asking: newAsking(),
		pieces: make(map[uint64]*piece), room: firstBound / 2, bound: firstBound,
		consumers: make(map[consumerOf]*consumer), retry: make(chan struct{}, 1), heard: make(map[string]*heard),
	}
	h.ctx, h.end = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if o.URL == "" {
		if o.Identity == nil {
			return nil, errors.New("a server for machines needs an identity")
		}
		if h.inner, err = embed(&h.o, &h.n); err != nil {
			return nil, err
		}
	}
	if err := h.connect(); err != nil {
		return nil, err
	}
	if err := h.makeStream(ctx); err != nil {
		return nil, err
	}
	if err := h.listen(); err != nil {
		return nil, err
	}
	h.calls.run(h.tend)
	return h, nil
}

// connect opens the hub's own connection.
func (h *Hub) connect() (err error) {
	opts := []nats.Option{
		nats.Name("brood coordinator of " + h.o.Run), nats.CustomInboxPrefix(h.inbox), nats.SkipSubjectValidation(),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsOut), nats.FlusherTimeout(stuck), nats.ReconnectOnFlusherError(),
		nats.ReconnectBufSize(-1), nats.ErrorHandler(h.wrong), nats.ClosedHandler(h.closed),
	}
	url := h.o.URL
	if h.inner != nil {
		own, err := h.inner.own.PublicKey()
		if err != nil {
			return err
		}
		// It ends with the server alone.
		opts = append(opts, nats.InProcessServer(h.inner.srv), nats.Nkey(own, h.inner.own.Sign), nats.NoReconnect())
	} else {
		opts = append(opts, nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond), nats.ReconnectHandler(func(*nats.Conn) { h.reconnected() }),
			nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
				if h.ctx.Err() == nil {
					h.o.logf("NATS: the link is down, and is made anew: %v", err)
				}
			}))
		opts = append(opts, h.o.Login.options(h.o.Creds)...)
	}
	if h.nc, err = nats.Connect(url, opts...); err != nil {
		if h.inner == nil {
			return fmt.Errorf("connect to NATS at %s: %w", redacted(url), err)
		}
		return fmt.Errorf("connect to the server for machines: %w", err)
	}
	if h.js, err = jetstream.New(h.nc); err != nil {
		return err
	}
	if n := h.nc.MaxPayload(); n < LeastPayload {
		return fmt.Errorf("the NATS cluster at %s takes messages of %d bytes at most, and machines are told up to %d at once: have its max_payload raised", redacted(url), n, LeastPayload)
	}
	return nil
}

// redacted is a list of addresses without what stands before their @.
func redacted(urls string) string {
	list := strings.Split(urls, ",")
	for i, u := range list {
		if at := strings.LastIndexByte(u, '@'); at >= 0 {
			scheme, _, _ := strings.Cut(u, "://")
			list[i] = scheme + "://…" + u[at:]
		}
	}
	return strings.Join(list, ",")
}

// listen hears what machines say, and what the stream does.
func (h *Hub) listen() error {
	for _, l := range []struct {
		subject string
		hear    func(*nats.Msg)
	}{{h.inbox + ".c.*", h.confirmed}, {h.n.letter + "*", h.letter}, {h.n.ask + "*", h.ask}} {
		sub, err := h.nc.Subscribe(l.subject, func(m *nats.Msg) { h.calls.do(func() { l.hear(m) }) })
		if err == nil {
			// More is dropped, as on a link that is cut: a machine that floods must not take all memory.
			err = sub.SetPendingLimits(1<<20, 256<<20)
		}
		if err != nil {
			return fmt.Errorf("listen to machines: %w", err)
		}
	}
	return h.nc.Flush()
}

// Addr is where machines are to dial; with a cluster, the cluster.
func (h *Hub) Addr() string {
	if h.inner == nil {
		return redacted(h.o.URL)
	}
	return h.inner.srv.Addr().String()
}

// Tell says something to a machine: once, or not at all.
func (h *Hub) Tell(machine string, body []byte) error {
	if err := token.CheckMachine(machine); err != nil {
		return err
	}
	if err := h.nc.Publish(h.n.told+machine, body); err != nil {
		return fmt.Errorf("tell machine %s: %w", machine, err)
	}
	return nil
}

// Revoke ends a machine's token and its connection.
func (h *Hub) Revoke(machine string) error {
	if h.inner == nil {
		return fmt.Errorf("who may join by this NATS cluster is up to its operator: have machine %s's user removed there", machine)
	}
	if err := h.o.Identity.Revoke(machine); err != nil {
		return err
	}
	h.inner.door.turnOut()
	return nil
}

// wrong hears what the client library finds wrong.
func (h *Hub) wrong(_ *nats.Conn, sub *nats.Subscription, err error) {
	if sub != nil {
		h.o.logf("NATS: %s: %v", sub.Subject, err)
		return
	}
	h.o.logf("NATS: %v", err)
}

// closed is called when the connection has ended for good.
func (h *Hub) closed(nc *nats.Conn) {
	err := nc.LastError()
	if err == nil {
		err = errors.New("the connection has ended")
	}
	h.lost(fmt.Errorf("the bus to the machines: %w", err))
}

// lost says once that the bus has ended, unless it was closed.
func (h *Hub) lost(err error) {
	h.mu.Lock()
	first := !h.failed
	h.failed = true
	h.mu.Unlock()
	if first && h.o.Lost != nil {
		h.calls.do(func() { h.o.Lost(err) })
	}
}

// Close ends the hub, the stream and the embedded server, and returns when the last of what it calls has returned.
func (h *Hub) Close() error {
	if !h.calls.close() {
		return nil
	}
	h.end()
	h.calls.wait()
	var err error
	if h.nc != nil {
		if h.inner == nil {
			err = h.dropStream()
		}
		h.nc.Close()
	}
	if h.inner != nil {
		err = errors.Join(err, h.inner.close())
	}
	return err
}
