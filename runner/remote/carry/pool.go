package carry

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Dial starts a program on the other machine that calls Serve, and returns the pipes to it. It waits
// until the machine can be reached.
type Dial func(ctx context.Context) (io.ReadWriteCloser, error)

// pool is conversations with a machine. Those that are not needed at the moment wait for the next.
type pool struct {
	host string
	dial Dial
	room chan struct{} // one for each conversation that may be had at a time

	mu   sync.Mutex
	idle []*conversation
}

// conversation is one program there.
type conversation struct {
	io.ReadWriteCloser
	in  *bufio.Reader
	out *bufio.Writer
	old bool // it has answered before, and may have ended since
}

func newPool(host string, dial Dial, most int) *pool {
	return &pool{host: host, dial: dial, room: make(chan struct{}, most)}
}

// take is a conversation that nobody has.
func (p *pool) take(ctx context.Context) (*conversation, error) {
	select {
	case p.room <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	rw, err := p.dial(ctx)
	if err != nil {
		<-p.room
		return nil, err
	}
	return &conversation{ReadWriteCloser: rw, in: bufio.NewReaderSize(rw, 64<<10), out: bufio.NewWriterSize(rw, 64<<10)}, nil
}

// give gives it back; broken: it is over.
func (p *pool) give(c *conversation, broken bool) {
	if broken {
		_ = c.Close()
	} else {
		c.old = true
		p.mu.Lock()
		p.idle = append(p.idle, c)
		p.mu.Unlock()
	}
	<-p.room
}

// close ends the conversations that wait.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		_ = c.Close()
	}
	p.idle = nil
}

// ask asks, and takes the answer in, by functions that may be called again: where the connection has
// broken, it is asked again over the next one, until ctx ends. What they return as a *FileError is the
// end of it.
func (p *pool) ask(ctx context.Context, q *request, send func(io.Writer) error, take func(*answer, *bodyReader) error) error {
	for try := 0; ; try++ {
		err := p.askOnce(ctx, q, send, take)
		var file *FileError
		if err == nil || errors.As(err, &file) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		}
		if try == 0 {
			continue // the conversation may have been an old one
		}
		t := time.NewTimer(min(time.Duration(try)*100*time.Millisecond, 5*time.Second))
		select {
		case <-ctx.Done():
			t.Stop()
			return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		case <-t.C:
		}
	}
}

func (p *pool) askOnce(ctx context.Context, q *request, send func(io.Writer) error, take func(*answer, *bodyReader) error) (err error) {
	c, err := p.take(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // then it can neither be read nor written
	over := true
	defer func() {
		p.give(c, !stop() || over)
	}()
	sent := c.send(q, send)
	var file *FileError
	if sent != nil && !errors.As(sent, &file) {
		return sent
	}
	var a answer
	if err := readHeader(c.in, &a); err != nil {
		return cut(err)
	}
	body := &bodyReader{r: c.in}
	err = take(&a, body)
	if drained := body.drain(); drained != nil {
		return errors.Join(err, drained)
	}
	over = false
	if sent != nil {
		return sent
	}
	return p.judge(q, &a, body, err)
}

// send sends a request with its body. A *FileError says that the body was broken off, and that there
// will be an answer all the same.
func (c *conversation) send(q *request, send func(io.Writer) error) error {
	if err := writeHeader(c.out, q); err != nil {
		return err
	}
	b := bodyWriter{c.out}
	var file *FileError
	if send != nil {
		if err := send(b); errors.As(err, &file) {
			if err := b.abort(file.Error()); err != nil {
				return err
			}
			if err := c.out.Flush(); err != nil {
				return err
			}
			return file
		} else if err != nil {
			return err
		}
	}
	if err := b.end(); err != nil {
		return err
	}
	return c.out.Flush()
}

// judge is what an answer means.
func (p *pool) judge(q *request, a *answer, body *bodyReader, err error) error {
	var aborted abortError
	switch {
	case errors.As(body.err, &aborted):
		name, why, _ := strings.Cut(aborted.reason, "\x00")
		return &FileError{Name: name, Host: p.host, Err: errors.New(why)}
	case a.Bad >= 0 && a.Bad < len(q.Names):
		return &FileError{Name: q.Names[a.Bad], Host: p.host, Err: errors.New(a.Reason)}
	}
	return err
}

// put brings files there. It returns the directories that were made for them.
func (p *pool) put(ctx context.Context, files []File) (made []string, err error) {
	here := make([]string, len(files))
	q := &request{Op: opPut, Names: make([]string, len(files))}
	for i, f := range files {
		here[i], q.Names[i] = f.Here, f.There
	}
	err = p.ask(ctx, q, func(w io.Writer) error {
		err := pack(w, here, nil)
		var bad *badFile
		if errors.As(err, &bad) {
			return &FileError{Name: here[bad.which], Err: bad.err}
		}
		return err
	}, func(a *answer, _ *bodyReader) error {
		made = append(made, a.Made...)
		return nil
	})
	return made, err
}

// get fetches files. Missing are those that are not there.
func (p *pool) get(ctx context.Context, files []File) (missing []File, err error) {
	q := &request{Op: opGet, Names: make([]string, len(files))}
	for i, f := range files {
		q.Names[i] = f.There
	}
	err = p.ask(ctx, q, nil, func(a *answer, body *bodyReader) error {
		missing = nil
		var places []string
		for i, f := range files {
			if slices.Contains(a.Missing, i) {
				missing = append(missing, f)
			} else {
				places = append(places, f.Here)
			}
		}
		_, err := unpack(body, places, true)
		var bad *badFile
		if errors.As(err, &bad) {
			return &FileError{Name: places[bad.which], Err: bad.err}
		}
		return err
	})
	return missing, err
}

// remove removes files there, and directories that are empty.
func (p *pool) remove(ctx context.Context, names, dirs []string) error {
	return p.ask(ctx, &request{Op: opRemove, Names: names, Dirs: dirs}, nil, func(*answer, *bodyReader) error { return nil })
}
