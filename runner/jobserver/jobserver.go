// Package jobserver is a client of GNU make's jobserver: "POSIX Jobserver
// Interaction" in the manual of make. Whoever make starts may do one thing at a
// time; for each further one it takes a token, one byte, from a pipe that all
// share, and puts the same byte back.
//
// It promises that every token that was taken is put back when its holder is done
// with it, or [Client.Close] is called. Those of a process that is killed are
// lost, and make says so.
package jobserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// Client takes tokens and puts them back. It is safe for concurrent use.
type Client struct {
	read, write *os.File

	mu      sync.Mutex
	free    int // the token that came with the start, if nobody holds it
	waiting []chan Token
	reading bool // a goroutine reads the pipe
	closed  bool
	idle    sync.Cond // reading has become false
}

// Token is the right to do one thing.
type Token struct {
	byte   byte
	shared bool // it came from the pipe
}

// ErrNone is returned where make offers no jobserver.
var ErrNone = errors.New("no jobserver is offered")

// New connects to the jobserver that makeflags, the value of MAKEFLAGS, names.
func New(makeflags string) (*Client, error) {
	auth := ""
	for _, word := range strings.Fields(makeflags) {
		if word == "--" {
			break // variables follow
		}
		for _, flag := range []string{"--jobserver-auth=", "--jobserver-fds="} {
			if v, ok := strings.CutPrefix(word, flag); ok {
				auth = v // the last one counts
			}
		}
	}
	if auth == "" {
		return nil, ErrNone
	}
	c := &Client{free: 1}
	c.idle.L = &c.mu
	var err error
	if path, ok := strings.CutPrefix(auth, "fifo:"); ok {
		c.read, c.write, err = openFIFO(path)
	} else {
		c.read, c.write, err = openDescriptors(auth)
	}
	if err != nil {
		return nil, fmt.Errorf("make offers a jobserver as %s, which cannot be used (a + before the line of the recipe may help): %w", auth, err)
	}
	return c, nil
}

// Take waits for a token. It fails only if ctx ends, or the jobserver is gone.
func (c *Client) Take(ctx context.Context) (Token, error) {
	c.mu.Lock()
	if c.free > 0 {
		c.free--
		c.mu.Unlock()
		return Token{}, nil
	}
	if c.closed {
		c.mu.Unlock()
		return Token{}, os.ErrClosed
	}
	ch := make(chan Token, 1)
	c.waiting = append(c.waiting, ch)
	if !c.reading {
		c.reading = true
		go c.fetch()
	}
	c.mu.Unlock()
	select {
	case t, ok := <-ch:
		if !ok {
			return Token{}, os.ErrClosed
		}
		return t, nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, w := range c.waiting {
		if w == ch {
			c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
			return Token{}, ctx.Err()
		}
	}
	if t, ok := <-ch; ok { // it came at the same moment
		c.put(t)
	}
	return Token{}, ctx.Err()
}

// Put gives a token back.
func (c *Client) Put(t Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(t)
}

// put hands the token to one of ours who waits, or back to make. The caller holds
// the lock.
func (c *Client) put(t Token) {
	switch {
	case len(c.waiting) > 0 && !t.shared:
		// What belongs to make goes there, as others may wait longer.
		c.waiting[0] <- t
		c.waiting = c.waiting[1:]
	case t.shared:
		_, _ = c.write.Write([]byte{t.byte}) // there is room: it came from there
	default:
		c.free++
	}
}

// fetch reads tokens while somebody waits for one.
func (c *Client) fetch() {
	var b [1]byte
	for {
		n, err := c.read.Read(b[:])
		c.mu.Lock()
		if n == 1 {
			t := Token{b[0], true}
			if len(c.waiting) > 0 {
				c.waiting[0] <- t
				c.waiting = c.waiting[1:]
			} else {
				c.put(t)
			}
		}
		if err != nil || c.closed {
			for _, w := range c.waiting {
				close(w)
			}
			c.waiting, c.closed = nil, true
		}
		if len(c.waiting) == 0 {
			c.reading = false
			c.idle.Broadcast()
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
}

// Close ends all waiting. Tokens must have been put back before.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	wakeReader(c.read)
	for c.reading {
		c.idle.Wait()
	}
	c.mu.Unlock()
	return errors.Join(c.read.Close(), c.write.Close())
}
