package bus

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// leadTo lets a socket lead to an address until the test ends, or cut is called.
func leadTo(t *testing.T, path, addr string) (cut func()) {
	t.Helper()
	l, err := net.Listen("unix", path)
	must(t, err)
	var mu sync.Mutex
	var all []net.Conn
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", addr)
			if err != nil {
				_ = from.Close()
				continue
			}
			mu.Lock()
			all = append(all, from, to)
			mu.Unlock()
			for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
				wg.Go(func() {
					_, _ = io.Copy(way[0], way[1])
					_ = way[0].Close()
				})
			}
		}
	})
	return func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range all {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	}
}

// TestSocket: a machine finds its coordinator by a socket, and by another of the same name when the
// first has gone.
func TestSocket(t *testing.T) {
	w := newWorld(t, nil)
	path := filepath.Join(t.TempDir(), "socket")
	cut := leadTo(t, path, w.hub.Addr())
	m := w.joinAt(w.issue("m1"), "unix:"+path)
	next(t, m.ups, "the first link")
	cut()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	cut = leadTo(t, path, w.hub.Addr())
	defer cut()
	next(t, m.ups, "the second link")
	must(t, m.Say([]byte("here")))
}
