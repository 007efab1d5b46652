package bus

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/nats-io/nats.go"
)

// dialer makes links, of which the first is given up when a context ends.
type dialer struct {
	ctx    context.Context
	socket string // where the coordinator is found instead of at an address; empty: it is not
	mu     sync.Mutex
	done   bool // the first link is made
	stop   func() bool
	failed error // why there was no first link; the library says of it only that there are no servers
}

// Dial is nats.CustomDialer.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	if d.socket != "" {
		network, address = "unix", d.socket
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return (&net.Dialer{Timeout: pingEvery}).Dial(network, address)
	}
	c, err := (&net.Dialer{Timeout: pingEvery}).DialContext(d.ctx, network, address)
	d.failed = err
	if err == nil {
		if d.stop != nil {
			d.stop()
		}
		d.stop = context.AfterFunc(d.ctx, func() { _ = c.Close() }) // whoever waits for it gets an error
	}
	return c, err
}

// why is why there is no link, in place of an error of the library.
func (d *dialer) why(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errors.Is(err, nats.ErrNoServers) && d.failed != nil {
		return d.failed
	}
	return err
}

// free takes the links out of the context's hands, and says whether it has not ended yet.
func (d *dialer) free() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done = true
	return d.stop == nil || d.stop()
}
