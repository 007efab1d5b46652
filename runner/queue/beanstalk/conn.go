package beanstalk

import (
	"brood/runner/queue"
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// How long the network may take.
const (
	dialTime  = 5 * time.Second
	replyTime = 10 * time.Second
	waitExtra = 5 * time.Second // beyond what a reserve was to wait
)

// spare is how many connections without jobs are kept.
const spare = 2

// conn is one connection.
type conn struct {
	net  *net.TCPConn
	io   sync.Mutex // one exchange at a time
	in   *several   // what r reads
	r    reader
	w    *bufio.Writer
	num  [20]byte // where numbers are written
	addr string

	// Guarded by client.mu.
	jobs    int  // reserved by it
	users   int  // goroutines that use it, or are about to
	waiting bool // for a job; nobody else can use it
	gone    bool // it has ended
}

// use is a connection for exchanges that do not wait; it is given back by release. One that holds jobs comes first, so
// that the others become free for waiting.
func (c *client) use(ctx context.Context) (*conn, error) {
	return c.pick(ctx, false)
}

// useWaiting is a connection without jobs, for waiting.
func (c *client) useWaiting(ctx context.Context) (*conn, error) {
	return c.pick(ctx, true)
}

func (c *client) pick(ctx context.Context, waiting bool) (*conn, error) {
	if k, err := c.open(waiting); k != nil || err != nil {
		return k, err
	}
	k, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = k.net.Close()
		return nil, errClosed
	}
	k.users, k.waiting = 1, waiting
	c.conns = append(c.conns, k)
	return k, nil
}

// open is one of the connections that are there; nil: none fits.
func (c *client) open(waiting bool) (*conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.openLocked(waiting)
}

func (c *client) openLocked(waiting bool) (*conn, error) {
	if c.closed {
		return nil, errClosed
	}
	var best *conn
	for _, k := range c.conns {
		if k.waiting || waiting && (k.users > 0 || k.jobs > 0) {
			continue
		}
		if best == nil || k.jobs > best.jobs {
			best = k
		}
	}
	if best == nil {
		return nil, nil
	}
	if best.users == 0 && !alive(best.net) { // the server was started anew, say; its jobs are another's
		c.dropLocked(best)
		return c.openLocked(waiting)
	}
	best.users++
	best.waiting = waiting
	return best, nil
}

// release gives a connection back; of those without jobs only some are kept.
func (c *client) release(k *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.users--
	k.waiting = false
	idle := 0
	for _, other := range c.conns {
		if other.users == 0 && other.jobs == 0 {
			idle++
		}
	}
	if idle > spare && k.users == 0 && k.jobs == 0 {
		c.dropLocked(k)
	}
}

// drop ends a connection; its jobs are another's. It reports whether the client is closed.
func (c *client) drop(k *conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLocked(k)
	return c.closed
}

// gone reports whether a connection has ended.
func (c *client) gone(k *conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return k.gone
}

func (c *client) dropLocked(k *conn) {
	k.gone = true
	_ = k.net.Close()
	c.conns = slices.DeleteFunc(c.conns, func(other *conn) bool { return other == k })
}

// hold notes that a connection has reserved a job.
func (c *client) hold(h *held, k *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.letGoLocked(h)
	h.conn = k
	k.jobs++
}

// holds reports whether a job is one of this client's, by what it knows.
func (c *client) holds(h *held) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return h.conn != nil
}

// letGo notes that a job is nobody's of this client any more.
func (c *client) letGo(h *held) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.letGoLocked(h)
}

func (c *client) letGoLocked(h *held) {
	if h.conn != nil {
		h.conn.jobs--
		h.conn = nil
	}
}

// dial connects, and says which tubes are meant.
func (c *client) dial(ctx context.Context) (*conn, error) {
	d := net.Dialer{Timeout: dialTime}
	nc, err := d.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, c.down(err)
	}
	tcp, ok := nc.(*net.TCPConn)
	if !ok { // never, of a dialer for TCP
		_ = nc.Close()
		return nil, c.down(fmt.Errorf("a connection of kind %T", nc))
	}
	in := newSeveral(tcp)
	k := &conn{net: tcp, in: in, r: reader{r: bufio.NewReaderSize(in, 64<<10)}, w: bufio.NewWriterSize(tcp, 16<<10), addr: c.addr}
	err = tcp.SetDeadline(time.Now().Add(replyTime))
	if err == nil {
		err = c.greet(k)
	}
	if err != nil {
		_ = tcp.Close()
		return nil, c.fault(err)
	}
	return k, nil
}

// greet names the tubes: those that are watched, and the one that jobs are put into. A connection watches "default" from its start.
func (c *client) greet(k *conn) error {
	var want []word
	say := func(w word, command, tube string) {
		k.command(command)
		k.text(tube)
		k.end()
		want = append(want, w)
	}
	strange := true
	for _, tube := range c.tubes {
		if tube == "default" {
			strange = false
			continue
		}
		say(watching, "watch ", tube)
	}
	if strange {
		say(watching, "ignore ", "default")
	}
	if c.tubes[0] != "default" {
		say(using, "use ", c.tubes[0])
	}
	return k.exchange(len(want), func(i int, r reply) error {
		if r.word != want[i] {
			return r.odd("watch, ignore and use")
		}
		return nil
	})
}

// exchange sends what was written, and gives each of n replies to a function; its error ends the exchange, and the
// connection is of no use any more, as any error's.
func (k *conn) exchange(n int, each func(i int, r reply) error) error {
	if err := k.w.Flush(); err != nil {
		return err
	}
	for i := range n {
		k.in.left = n - i
		if k.r.r.Buffered() == 0 {
			if err := k.net.SetReadDeadline(time.Now().Add(replyTime)); err != nil {
				return err
			}
		}
		r, err := k.r.next()
		if err != nil {
			return err
		}
		if err := each(i, r); err != nil {
			return err
		}
	}
	k.in.left = 0
	return nil
}

// Commands are written in pieces; the writer keeps its first error until it is flushed.
func (k *conn) command(s string) { _, _ = k.w.WriteString(s) }
func (k *conn) text(s string)    { _, _ = k.w.WriteString(s) }
func (k *conn) space()           { _ = k.w.WriteByte(' ') }
func (k *conn) end()             { _, _ = k.w.WriteString("\r\n") }
func (k *conn) number(n uint64)  { _, _ = k.w.Write(strconv.AppendUint(k.num[:0], n, 10)) }

// about writes a command about one job.
func (k *conn) about(command, id string) {
	k.command(command)
	k.text(id)
	k.end()
}

// down says that the server cannot be reached.
func (c *client) down(err error) error {
	return &queue.DownError{Err: fmt.Errorf("beanstalkd at %s: %w", c.addr, err)}
}

// fault is what an error of an exchange means: what the server has said needs a look, anything else another try.
func (c *client) fault(err error) error {
	var said *saidError
	if errors.As(err, &said) && !said.passing {
		return fmt.Errorf("beanstalkd at %s: %w", c.addr, err)
	}
	return c.down(err)
}

// atOnce is how many commands are sent before their answers are read. They fit into what a kernel keeps for a connection,
// so that neither side waits for the other to read.
const atOnce = 256

// batch sends a command about each of n things, and gives each its reply. An error ends the connection.
func (c *client) batch(k *conn, n int, write func(i int), each func(i int, r reply) error) error {
	for from := 0; from < n; from += atOnce {
		to := min(n, from+atOnce)
		err := c.with(k, func() error {
			for i := from; i < to; i++ {
				write(i)
			}
			return k.exchange(to-from, func(i int, r reply) error { return each(from+i, r) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wasCut reports whether an error is that of a connection that has ended, so that another may do: not of a server that does not
// answer, or says that it cannot.
func wasCut(err error) bool {
	var down *queue.DownError
	var said *saidError
	return errors.As(err, &down) && !errors.As(err, &said) && !errors.Is(err, os.ErrDeadlineExceeded)
}

// with runs exchanges over a connection that is in use; an error ends it.
func (c *client) with(k *conn, do func() error) error {
	k.io.Lock()
	defer k.io.Unlock()
	err := k.net.SetDeadline(time.Now().Add(replyTime))
	if err == nil {
		err = do()
	}
	if err != nil {
		if c.drop(k) {
			return errClosed
		}
		return c.fault(err)
	}
	return nil
}
