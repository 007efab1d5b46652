package beanstalk

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"testing"
	"time"
)

// pair is a connection as the client has it, and the server's end.
func pair(t *testing.T) (*conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = server.Close()
	})
	tcp := c.(*net.TCPConn)
	in := newSeveral(tcp)
	if err := tcp.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &conn{net: tcp, in: in, r: reader{r: bufio.NewReaderSize(in, 64<<10)}, w: bufio.NewWriter(tcp)}, server
}

// TestSeveral: the replies to several commands are read whether they come one by one, byte by byte, or at once, and none is waited for
// that is not to come: the server says nothing more until it is asked.
func TestSeveral(t *testing.T) {
	shortest := []byte("BURIED\r\n")
	if len(shortest) != leastReply {
		t.Fatal("the shortest reply has another length")
	}
	withBody := []byte("OK 0\r\n\r\n")
	long := fmt.Appendf(nil, "RESERVED 18446744073709551615 3000\r\n%s\r\n", bytes.Repeat([]byte("x"), 3000))
	for name, pieces := range map[string]func(all []byte) [][]byte{
		"at once":         func(all []byte) [][]byte { return [][]byte{all} },
		"byte by byte":    func(all []byte) [][]byte { return cut(all, 1) },
		"in odd pieces":   func(all []byte) [][]byte { return cut(all, 7) },
		"in large pieces": func(all []byte) [][]byte { return cut(all, 1000) },
	} {
		t.Run(name, func(t *testing.T) {
			k, server := pair(t)
			for _, n := range []int{1, 2, 3, 40, atOnce} {
				var all []byte
				for i := range n {
					all = append(all, [][]byte{shortest, withBody, shortest, long}[i%4]...)
				}
				asked := make(chan error, 1)
				go func() {
					if _, err := server.Read(make([]byte, 1)); err != nil {
						asked <- err
						return
					}
					for _, p := range pieces(all) {
						if _, err := server.Write(p); err != nil {
							asked <- err
							return
						}
					}
					asked <- nil
				}()
				k.command("x")
				read := 0
				err := k.exchange(n, func(i int, r reply) error {
					if want := []word{buried, okay, buried, reserved}[i%4]; r.word != want {
						return fmt.Errorf("reply %d is %s, want %s", i, r.word, want)
					}
					read++
					return nil
				})
				if err != nil || read != n || k.in.left != 0 {
					t.Fatalf("%d of %d replies, %d are missing, %v", read, n, k.in.left, err)
				}
				if err := <-asked; err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestWorth: the kernel is told no more than what has to come.
func TestWorth(t *testing.T) {
	k, server := pair(t)
	if k.in.raw == nil {
		return // it cannot be told on this system
	}
	for _, x := range []struct{ left, low int }{{2, leastReply + 1}, {256, 255*leastReply + 1}, {1, 1}, {0, 1}} {
		if _, err := server.Write(make([]byte, x.low)); err != nil {
			t.Fatal(err)
		}
		k.in.left = x.left
		if n, err := k.in.Read(make([]byte, 4096)); n != x.low || err != nil || k.in.low != x.low || k.in.err != nil {
			t.Errorf("%d replies are to come, of %d bytes at least: %d were read, the kernel was told %d; %v, %v", x.left, x.low, n, k.in.low, err, k.in.err)
		}
	}
}

func cut(all []byte, size int) (out [][]byte) {
	for len(all) > 0 {
		n := min(size, len(all))
		out, all = append(out, all[:n]), all[n:]
	}
	return out
}
