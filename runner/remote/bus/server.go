package bus

import (
	"brood/runner/remote/token"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"golang.org/x/sys/unix"
	"golang.org/x/time/rate"
)

const (
	// most is how many connections there can be, with those that have not said yet who they are.
	most = 2048
	// Who does not come so far in that many seconds is cut.
	tlsSeconds, authSeconds = 5, 5
	// mostSubs is how many subjects a connection can hear; a machine needs three.
	mostSubs = 64
	// mostMemory is what the stream may take, in bytes.
	mostMemory = 1 << 30
)

// embedded is a server in this process.
type embedded struct {
	srv   *server.Server
	door  *door
	own   nkeys.KeyPair // of the hub's own connection
	store string
	lock  *os.File
}

// embed starts a server. It listens at the address alone, writes no files but empty ones beneath the identity's directory,
// and handles no signals.
func embed(o *HubOptions, n *names) (*embedded, error) {
	host, port, err := split(o.Listen)
	if err != nil {
		return nil, err
	}
	tls, err := o.Identity.TLS()
	if err != nil {
		return nil, err
	}
	e := &embedded{store: filepath.Join(o.Identity.Dir(), "store")}
	if e.lock, err = hold(o.Identity.Dir()); err != nil {
		return nil, err
	}
	if e.own, err = nkeys.CreateUser(); err != nil {
		return nil, errors.Join(err, e.lock.Close())
	}
	own, err := e.own.PublicKey()
	if err != nil {
		return nil, errors.Join(err, e.lock.Close())
	}
	if err := os.RemoveAll(e.store); err != nil { // of one that was killed
		return nil, errors.Join(err, e.lock.Close())
	}
	e.door = &door{identity: o.Identity, names: n, own: own, logf: o.logf, conns: make(map[uint64]conn)}
	opts := &server.Options{
		ServerName: "brood", Host: host, Port: port, NoLog: true, NoSigs: true,
		MaxConn: most, MaxSubs: mostSubs, MaxPayload: MaxPayload, MaxControlLine: 1024,
		PingInterval: pingEvery, MaxPingsOut: pingsOut, WriteDeadline: stuck,
		TLS: true, TLSConfig: tls, TLSTimeout: tlsSeconds, TLSHandshakeFirst: true, AuthTimeout: authSeconds,
		AlwaysEnableNonce: true, CustomClientAuthentication: e.door,
		JetStream: true, StoreDir: e.store, JetStreamMaxMemory: mostMemory, JetStreamMaxStore: 1 << 20,
		DisableJetStreamBanner: true,
	}
	if o.hurry > 0 {
		opts.TLSTimeout, opts.AuthTimeout = o.hurry, o.hurry
	}
	opts.Cluster.NoAdvertise = true // a machine dials what it was told to, which may be a tunnel
	if e.srv, err = server.NewServer(opts); err != nil {
		return nil, errors.Join(fmt.Errorf("make the server for machines: %w", err), e.lock.Close())
	}
	said := &serverLog{logf: o.logf, seldom: rate.Sometimes{First: 20, Interval: 10 * time.Second}}
	e.srv.SetLogger(said, false, false)
	e.door.srv = e.srv
	e.srv.Start()
	if e.srv.Addr() == nil { // it does not listen; what else may be wrong makes no difference
		err := fmt.Errorf("listen for machines at %s: %s; give --listen another address", o.Listen, said.why())
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *embedded) close() error {
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
	e.own.Wipe()
	return errors.Join(os.RemoveAll(e.store), e.lock.Close())
}

// split reads an address to listen at: a port alone, as in :7177, is of all the machine's addresses.
func split(address string) (host string, port int, err error) {
	if !strings.Contains(address, ":") {
		address += ":" + DefaultPort
	}
	host, p, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(p)
	}
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q is no address to listen at: give HOST:PORT, as in :%s or 10.0.0.5:%s", address, DefaultPort, DefaultPort)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// hold sees to it that there is one hub with an identity.
func hold(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "hub.lock"), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another coordinator has the identity %s: %w", dir, err), f.Close())
	}
	return f, nil
}

// serverLog takes in what the server says: what is wrong goes on, the rest nobody needs.
type serverLog struct {
	logf func(string, ...any)

	seldom rate.Sometimes
	mu     sync.Mutex
	last   string
}

func (l *serverLog) Noticef(string, ...any)         {}
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}
func (l *serverLog) Warnf(string, ...any)           {} // what it advises its operator, and each connection that is cut
func (l *serverLog) Errorf(format string, v ...any) { l.say(format, v...) }
func (l *serverLog) Fatalf(format string, v ...any) { l.say(format, v...) }

func (l *serverLog) say(format string, v ...any) {
	l.mu.Lock()
	l.last = fmt.Sprintf(format, v...)
	l.mu.Unlock()
	// Whoever can reach the port can have it say something.
	l.seldom.Do(func() { l.logf("server for machines: "+format, v...) })
}

// why is what it said last.
func (l *serverLog) why() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == "" {
		return "it does not start"
	}
	return l.last
}

var _ server.Authentication = (*door)(nil)

// door lets in who has a key that is known, and to the subjects of its machine.
type door struct {
	identity *token.Identity
	names    *names
	own      string
	srv      *server.Server
	logf     func(string, ...any)

	mu    sync.Mutex
	conns map[uint64]conn
}

// conn is a machine's connection, by its number at the server.
type conn struct {
	id           uint64
	machine, key string
	from         string
}
