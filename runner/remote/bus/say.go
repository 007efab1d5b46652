package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Enter begins to take work, and to hear what is told, of an epoch, and leaves the one before.
func (p *Port) Enter(ctx context.Context, epoch int64) error {
	in := &entered{n: newNames(p.run, epoch)}
	p.mu.Lock()
	before := p.in
	p.in = in
	p.mu.Unlock()
	var err error
	if before != nil {
		err = before.leave()
	}
	for _, s := range []struct {
		subject string
		hear    func(*nats.Msg)
	}{{in.n.told + p.machine, p.told}, {in.n.given + p.machine, p.work}} {
		sub, e := p.nc.Subscribe(s.subject, func(m *nats.Msg) {
			if p.is(in) {
				p.calls.do(func() { s.hear(m) })
			}
		})
		if e != nil {
			return fmt.Errorf("take part in run %s: %w", p.run, errors.Join(err, e, in.leave()))
		}
		in.subs = append(in.subs, sub)
	}
	if e := flush(ctx, p.nc); e != nil {
		return fmt.Errorf("take part in run %s: %w", p.run, errors.Join(err, e, in.leave()))
	}
	return err
}

// flush waits until the server has all that was sent.
func flush(ctx context.Context, nc *nats.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, stuck)
	defer cancel()
	return nc.FlushWithContext(ctx)
}

func (in *entered) leave() error {
	var err error
	for _, s := range in.subs {
		if e := s.Unsubscribe(); !errors.Is(e, nats.ErrConnectionClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// is says whether that is the epoch now: nothing of an earlier one comes after Enter.
func (p *Port) is(in *entered) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.in == in
}

// told passes on what this machine is told. Whoever may publish there is the coordinator.
func (p *Port) told(m *nats.Msg) {
	if p.o.Told != nil {
		p.o.Told(m.Data)
	}
}

// work passes on work. What comes from the stream comes with the subject that it was published to.
func (p *Port) work(m *nats.Msg) {
	p.mu.Lock()
	n := &p.in.n
	mine := m.Subject == n.again+p.machine || m.Subject == n.once+p.machine
	p.mu.Unlock()
	number, body, ok := parseWork(m.Data)
	if !mine || !ok {
		p.o.logf("something came as work, and is none: %s, %d bytes", m.Subject, len(m.Data))
		return
	}
	if p.o.Work != nil {
		p.o.Work(number, body)
	}
}

// Say says something to the coordinator, in the epoch that was entered: once, or not at all. ErrDown: there is no link now.
func (p *Port) Say(body []byte) error {
	p.mu.Lock()
	in, closed := p.in, p.closed
	p.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case in == nil:
		return errors.New("say something to the coordinator: no epoch was entered")
	}
	p.saying.Lock()
	defer p.saying.Unlock() // they leave in the order of their counts
	p.count++
	return sayable(p.nc.Publish(in.n.letter+p.machine, letterFrame(p.id, p.count, body)))
}

// sayable is the error of what was sent, in words of this package.
func sayable(err error) error {
	switch {
	case err == nil:
		return nil
	case isDown(err):
		return ErrDown
	case errors.Is(err, nats.ErrConnectionClosed):
		return ErrClosed
	}
	return fmt.Errorf("say something to the coordinator: %w", err)
}

// RefusedError is why the coordinator does not answer a question.
type RefusedError string

func (e RefusedError) Error() string { return string(e) }

// Ask asks the coordinator something. ErrDown: there is no link now, or the coordinator is not there; it may have been asked.
func (p *Port) Ask(ctx context.Context, body []byte) ([]byte, error) {
	p.mu.Lock()
	link := p.link
	p.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(link, cancel)() // an answer to a link that is down does not come
	for {
		b, again, err := p.ask(ctx, body)
		if err != nil && link.Err() != nil {
			return nil, ErrDown
		}
		if err != nil || !again {
			return b, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (p *Port) ask(ctx context.Context, body []byte) (_ []byte, again bool, err error) {
	m, err := p.nc.RequestWithContext(ctx, p.n.ask+p.machine, body)
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrDisconnected):
		return nil, false, ErrDown
	case err != nil:
		return nil, false, sayable(err)
	case !strings.HasPrefix(m.Subject, p.n.inbox+p.machine+".") || len(m.Data) == 0:
		return nil, false, errors.New("ask the coordinator: what came is no answer")
	}
	switch reply(m.Data[0]) {
	case answered:
		return m.Data[1:], false, nil
	case busy:
		return nil, true, nil
	case refused:
		return nil, false, RefusedError(m.Data[1:])
	}
	return nil, false, errors.New("ask the coordinator: its answer makes no sense; use the same version of brood on all machines")
}
