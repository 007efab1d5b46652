// Package permits says when the next request to a host and key may leave. All processes of a
// user share the answer, in this run and in others, through a small mapped file; it survives
// kill -9 and the end of the run.
//
// It promises:
//
//   - No more than Limits.PerSecond permits are given in any second, whichever second one looks
//     at, and not only on average, as the server sees it: see ring. A permit is given at the moment
//     its request leaves: nobody reserves a time ahead and sleeps until it, so those who wake up late
//     never leave together.
//   - No more than Limits.PerDay in a day of the server's own time zone.
//   - No more than Limits.AtOnce requests are under way; the place of a process that dies is
//     free again at once, as the kernel gives back its locks.
//   - After Hold nobody who shares the gate leaves until then: a 429 holds other processes and
//     runs too.
//
// On the way of a request nobody takes a lock: a permit is one compare-and-swap. What a process
// leaves half done when it is killed is a permit that was given and not used.
//
// A [Budget] counts what one run may spend, in a file of the run.
//
// Who asks, with which limits, and what is done about a long wait is left to others. So is
// which requests share a gate: that is its name, see [Name].
package permits

import (
	"brood/jobs/files"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Limits are a server's rules. A zero member is no limit.
type Limits struct {
	// PerSecond is how many requests may leave in any second; less than one is one in so
	// many seconds.
	PerSecond float64
	// Burst is how many may leave together after a pause, for servers that allow it; 0 is 1.
	// With more the second that begins with a burst has up to Burst-1 more than PerSecond.
	Burst int
	// AtOnce is how many may be under way at a time.
	AtOnce int
	// PerDay is how many may leave in a day of Zone; nil is UTC.
	PerDay int
	Zone   *time.Location
}

// check says what cannot be meant.
func (l *Limits) check() error {
	switch {
	case l.PerSecond < 0 || l.PerSecond > 1e6:
		return fmt.Errorf("a rate of %g requests a second cannot be kept: it must be from 0 to 1000000", l.PerSecond)
	case l.PerSecond > 0 && l.PerSecond < 1e-5:
		return fmt.Errorf("a rate of %g requests a second is less than one a day; limit the day instead", l.PerSecond)
	case l.Burst < 0 || l.AtOnce < 0 || l.PerDay < 0:
		return fmt.Errorf("limits of requests cannot be negative")
	case l.AtOnce > maxAtOnce:
		return fmt.Errorf("no more than %d requests at once can be limited; leave the limit out", maxAtOnce)
	}
	return nil
}

// Gate gives permits. Its methods may be called from several goroutines.
type Gate struct {
	limits   Limits
	interval int64 // nanoseconds between two permits, with the margin; 0: no limit
	ring     *ring // nil: no limit, or more than there is room for
	slack    int64 // by how much one that comes late may catch up
	page     *page
	slots    *slots
	turn     chan struct{} // held by the one goroutine of this process that asks for the next permit
	waiting  atomic.Int64  // how many of this process do
	clock    clock
}

// margin is kept below the rate: a little with a ring, which holds the promise, and more without.
const (
	margin         = 0.01
	marginWithout  = 0.05
	nanosPerSecond = float64(time.Second)
)

// latest is how late somebody may wake up and still catch up with the rate. It is less than the
// margin of a second, so that catching up never brings one too many into it.
const latest = 8 * time.Millisecond

// Name is the name of the gate for requests to host with a key: those of one account share
// its limits, whatever run they are of. The key cannot be found out from it.
func Name(host, key string) string {
	clean := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '-':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '_'
	}, host)
	clean = strings.TrimLeft(clean, ".")
	sum := sha256.Sum256([]byte("brood permits\x00" + host + "\x00" + key))
	return clean[:min(len(clean), 100)] + "-" + hex.EncodeToString(sum[:4])
}

// Open opens the gate of a name in a directory, which is made if it is not there. The first who
// opens it makes its file.
func Open(dir, name string, l Limits) (*Gate, error) { return open(dir, name, l, systemClock{}) }

func open(dir, name string, l Limits, c clock) (*Gate, error) {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return nil, fmt.Errorf("%q cannot be the name of a file of permits", name)
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	if err := files.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("make the directory of permits %s: %w", dir, err)
	}
	if l.Zone == nil {
		l.Zone = time.UTC
	}
	p, err := openPage(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	g := &Gate{limits: l, page: p, turn: make(chan struct{}, 1), clock: c}
	if l.PerSecond > 0 {
		kept := marginWithout
		if l.Burst <= 1 {
			g.ring = newRing(p.mem, l.PerSecond, c.mono)
		}
		if g.ring != nil {
			kept = margin
		}
		g.interval = int64((1 + kept) / l.PerSecond * nanosPerSecond)
		g.slack = int64(latest) + int64(max(l.Burst, 1)-1)*g.interval
	}
	if l.AtOnce > 0 {
		g.slots = newSlots(filepath.Join(dir, name), l.AtOnce)
	}
	return g, nil
}

// Close gives back what the gate holds of the system. Nobody may be in Take, or hold a Permit.
func (g *Gate) Close() error {
	if g.slots != nil {
		g.slots.close()
	}
	return g.page.close()
}

// Hold keeps everybody who shares the gate from leaving until then, in other processes and runs
// too. An earlier end than one that is known changes nothing; more than a week is taken as one.
func (g *Gate) Hold(until time.Time) {
	if span := until.Sub(g.clock.wall()); span > 0 {
		g.page.hold(g.clock.wall(), span)
	}
}

// Today is how many permits were given in the day that it is now in the gate's zone.
func (g *Gate) Today() int {
	day, _ := dayOf(g.clock.wall(), g.limits.Zone)
	return g.page.count(day)
}

// Wait says that a permit is not to be had soon enough: nobody waits for it, and whoever asked
// comes again.
type Wait struct {
	// Until is when it is worth asking again.
	Until time.Time
	// Why is what has to be waited for.
	Why Reason
}

// Reason is what a permit has to wait for.
type Reason string

// The reasons.
const (
	ReasonRate  Reason = "rate"  // the server's limit of requests in a second
	ReasonHeld  Reason = "held"  // it has asked everybody to wait
	ReasonDay   Reason = "day"   // all that may leave today have left
	ReasonSlots Reason = "slots" // as many are under way as may be
)

func (w *Wait) Error() string {
	return fmt.Sprintf("no request may leave before %s (%s)", w.Until.Format(time.RFC3339), w.Why)
}

// Ask is what is asked for.
type Ask struct {
	// N is as how many requests the server counts this one: that of a batch counts, with some,
	// as many as there are questions in it. 0 is 1.
	N int
	// Patience is how long Take waits at most before it says *Wait; 0 is as long as it takes.
	Patience time.Duration
}

// Permit is one request that may leave now. Release must be called.
type Permit struct {
	gate  *Gate
	given int64 // by the monotonic clock
	slot  int   // -1: none
	place int   // in the ring; -1: none
	until int64 // until when it has that
	mu    sync.Mutex
	left  bool
}

// Left says that the request has left only now: after a connection had to be made, say. Those
// behind it then leave as much later, so that the server does not see two of them close
// together. What is called more than once, or after Release, is not heard.
func (p *Permit) Left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.gate
	if g.interval == 0 || p.left {
		return
	}
	p.left = true
	now := g.clock.mono()
	late := now - p.given
	if late <= int64(latest) {
		return
	}
	if p.place >= 0 {
		var ok bool
		if p.until, ok = g.ring.leave(p.place, p.until, now); ok {
			return
		}
		// This process has stood still, and its place is another's.
		if p.place, p.until = g.ring.take(now); p.place >= 0 {
			return
		}
	}
	g.page.delay(now, min(late, g.interval), g.interval)
}

// Release says that the request is over: that it was answered, or else has failed, and the server may not
// have seen it yet.
func (p *Permit) Release(answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = true
	if p.place >= 0 && answered {
		p.gate.ring.answered(p.place, p.until, p.gate.clock.mono())
	}
	p.place = -1
	if p.slot >= 0 {
		p.gate.slots.release(p.slot)
		p.slot = -1
	}
}

// Take waits for a permit and returns it at the moment at which the request may leave. An error
// is *Wait, that of ctx, or one of the files.
func (g *Gate) Take(ctx context.Context, a Ask) (*Permit, error) {
	a.N = max(a.N, 1)
	t := &taking{gate: g, n: int64(a.N), begun: g.clock.mono(), patience: int64(a.Patience)}
	if err := t.bearable(); err != nil {
		return nil, err
	}
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	slot := -1
	if g.slots != nil {
		var err error
		if slot, err = t.takeSlot(ctx); err != nil {
			return nil, err
		}
	}
	p, err := t.take(ctx)
	if err != nil {
		if slot >= 0 {
			g.slots.release(slot)
		}
		return nil, err
	}
	p.slot = slot
	return p, nil
}
