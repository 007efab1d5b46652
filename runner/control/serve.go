package control

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// How long a connection may take, and how many there may be. Whoever connects has one
// question, and asks it at once; and descriptors are what workers are made of.
const (
	maxConnections = 16
	askTimeout     = 2 * time.Second // until the question has been read
	answerTimeout  = reloadTimeout   // until the answer has been taken
	maxQuestion    = 16 << 10        // bytes
)

// ServeConnections answers what comes in at a listener, which it closes, until ctx ends;
// the error is why it ended before. Connections are for one question each. Those that say
// nothing, or do not listen, are closed, and so is the oldest where there are too many: so
// that nobody can keep others out, or the run from having the descriptors it needs.
func ServeConnections(ctx context.Context, l net.Listener, h http.Handler) error {
	visitors := &visitors{most: roomFor(maxConnections)}
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: askTimeout, ReadTimeout: askTimeout, WriteTimeout: answerTimeout, MaxHeaderBytes: maxQuestion,
		ErrorLog: log.New(io.Discard, "", 0), // it would speak to the terminal
		ConnState: func(c net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				visitors.enter(c)
			case http.StateClosed, http.StateHijacked:
				visitors.leave(c)
			case http.StateActive, http.StateIdle:
			}
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, peer{}, c) },
	}
	srv.SetKeepAlivesEnabled(false)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			_ = srv.Close()
		}
	})
	defer stop()
	if err := srv.Serve(patientListener{l}); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// roomFor is how many connections there may be: so many, or what a small part of all
// descriptors allows.
func roomFor(most int) int {
	const part, least = 16, 2
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return most
	}
	return int(min(uint64(most), max(l.Cur/part, least)))
}

// visitors are the connections there are, the oldest first.
type visitors struct {
	most int
	mu   sync.Mutex
	all  []net.Conn
}

func (v *visitors) enter(c net.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all = append(v.all, c); len(v.all) > v.most {
		_ = v.all[0].Close()
		v.all = v.all[1:]
	}
}

func (v *visitors) leave(c net.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.all {
		if v.all[i] == c {
			v.all = append(v.all[:i], v.all[i+1:]...)
			return
		}
	}
}

// patientListener goes on after whatever keeps it from taking a connection, such as that
// there is no descriptor for it: http.Server waits a little after such an error.
type patientListener struct{ net.Listener }

func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return nil, passing{err}
	}
	return c, err
}

// passing is an error that http.Server takes for one that will pass.
type passing struct{ error }

func (passing) Timeout() bool   { return false }
func (passing) Temporary() bool { return true }

// peer is the key of the connection in the context of a request.
type peer struct{}

// waits reports whether whoever has asked is still there: what nobody waits for is not done
// later, when the run was stopped for a while, say.
func waits(q *http.Request) bool {
	c, ok := q.Context().Value(peer{}).(*net.UnixConn)
	if !ok {
		return q.Context().Err() == nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd)}} // hang-ups are always told
		n, pollErr := unix.Poll(p, 0)
		gone = pollErr == nil && n > 0 && p[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
	})
	return err == nil && !gone
}
