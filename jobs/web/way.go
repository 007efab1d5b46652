package web

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// way is how far a request has come.
type way struct {
	begun  time.Time
	got    net.Conn
	reused bool
	before int64       // bytes that had been written on the connection
	wrote  atomic.Bool // the head is being given to the connection
	status int
	stop   func() // ends a request that would be written again; nil: it may be
	again  bool   // it was
	hooks  httptrace.ClientTrace
}

// trace follows a request.
func (w *way) trace() *httptrace.ClientTrace {
	w.hooks.GotConn = w.gotConn
	w.hooks.WroteHeaderField = w.wroteHeaderField
	return &w.hooks
}

func (w *way) gotConn(info httptrace.GotConnInfo) {
	if w.stop != nil && w.isHTTP2() && w.wrote.Load() {
		w.again = true
		w.stop() // which is looked at before anything is written
		return
	}
	w.got, w.reused = info.Conn, info.Reused
	w.wrote.Store(false) // a connection before this one turned out to be closed
	if c := counted(info.Conn); c != nil {
		w.before = c.written.Load()
	}
}

// wroteHeaderField is called for each line of the head, before it is on its way.
func (w *way) wroteHeaderField(string, []string) { w.wrote.Store(true) }

// leastSealed is the size from which encrypted bytes can hold the head of a request: what
// is less is the alert by which a connection is closed, 24 to 37 bytes long. The shortest request,
// "GET / HTTP/1.1" and a host of one letter, has 28, and 22 or more around it.
const leastSealed = 45

// phase is how far it came.
func (w *way) phase() Phase {
	switch {
	case w.status != 0:
		return PhaseHalf
	case w.got == nil:
		return PhaseNotConnected
	case w.isHTTP2():
		if w.wrote.Load() {
			return PhaseWritten
		}
		return PhaseNotWritten
	}
	least := int64(1)
	if _, sealed := w.got.(*tls.Conn); sealed {
		least = leastSealed
	}
	if c := counted(w.got); c != nil && c.written.Load()-w.before < least {
		return PhaseNotWritten
	}
	return PhaseWritten
}

// isHTTP2 reports whether others use the connection at the same time, so that what was written
// on it says nothing of this request.
func (w *way) isHTTP2() bool {
	c, ok := w.got.(*tls.Conn)
	return ok && c.ConnectionState().NegotiatedProtocol == "h2"
}

// counted is the connection of ours below one with encryption, or nil.
func counted(c net.Conn) *conn {
	for {
		switch of := c.(type) {
		case *conn:
			return of
		case interface{ NetConn() net.Conn }:
			c = of.NetConn()
		default:
			return nil
		}
	}
}
