// Package arrivals brings the jobs of a queue into a run, and gives the queue its answers: it takes as many as the
// slots can begin, writes them into the run's spool, keeps their leases, and answers each when the ledger says that it
// may. It decides nothing about a job; the session does, and tells it what is owed.
//
// Where a job is:
//
//	Take ──▶ fresh: in the spool, not read by the source yet
//	Arrived ──▶ held: the session has it, or it is final and not answered; its lease is renewed
//	Owe ──▶ owed: the ledger has its answer; the queue has not confirmed it
//	Replied ──▶ the queue has, and the ledger is told at its next commit
package arrivals

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/queue"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a desk works with.
type Config struct {
	Client queue.Client
	// Called is what the queue is called in messages.
	Called string
	// Drain says that the run ends when nothing is to be had and nothing is in hand; and Within how long it takes new
	// jobs at most, 0: as long as there are any.
	Drain  bool
	Within time.Duration
	// Poll is how long to wait before looking again, where the server does not say when a job arrives.
	Poll time.Duration
	// Limit is how many jobs are taken in all, in this session; 0: any number.
	Limit uint64
	// Doubts says that a job that was taken, and is not in the spool when brood dies, is in doubt: so few are taken at a time.
	Doubts bool
	// First says that nothing is known of the jobs before the first one has come.
	First bool
	// Say says something to the user.
	Say func(format string, args ...any)
	// Idle is called once, if a first job has to be waited for; nil: nobody is interested.
	Idle func()
}

// Desk is where jobs arrive and are answered, for one session.
type Desk struct {
	cfg    Config
	traits queue.Traits

	mu    sync.Mutex
	fresh []fresh
	held  map[jobs.Seq]*delivery
	known map[identity]jobs.Seq
	owed  []ledger.Owed
	// replied is what has come of answers since the ledger was told last.
	replied []ledger.Replied
	taken   uint64 // in this session
	// round is the number of the last Take, and failed in which one the queue heard that a job has failed, see fresh.
	round  uint64
	failed map[identity]uint64
	// earlier is how many answers of earlier sessions have to be given, or tried, before jobs are taken.
	earlier int
	// open is how many were taken and are not final, and unanswered how many are not answered.
	open int
	news chan struct{} // closed when one of these has changed; nil: nobody waits for that
	pace pace
	lost seldom
	// dry says that the queue had nothing when it was asked last, of a run that ends with it: what is final is waited for.
	dry   bool
	haste atomic.Bool // the same, for who does not hold the lock
	hurry func()      // tells the book of it; nil: nobody is interested

	holding chan struct{} // a token: something is held, after nothing was
	slots   atomic.Int64
	begun   chan struct{} // closed by Begin
	once    sync.Once
}

// fresh is a job that was taken, and in which round. Its lease may have ended before the source reads it, so that the record that had
// it before was answered in its stead: what the queue hears in this round, or later, is said of this delivery, too.
type fresh struct {
	job   *queue.Job
	round uint64
}

// identity is by what a delivery is told from others.
type identity struct {
	known string
	sum   uint64
}

// delivery is a job that the session has.
type delivery struct {
	id      identity
	sum     uint64 // of its body, by which the queue's own is told from another with the same ID
	job     *queue.Job
	tries   int          // before this delivery
	was     *ledger.Owed // what the job had come to in an earlier one; nil: nothing, or nothing that counts
	final   bool
	expires time.Time // of its lease; zero: nobody has asked, or it has none
	renew   time.Time // when to renew it
	gone    bool      // the lease is lost
	refused int       // how often the server has refused its answer
	left    bool      // by an earlier session
	redone  bool      // somebody has decided that it is done again, and the queue need not deliver it
}

// New returns the desk of a session.
func New(cfg Config) *Desk {
	return &Desk{
		cfg: cfg, traits: cfg.Client.Traits(), held: make(map[jobs.Seq]*delivery), known: make(map[identity]jobs.Seq), failed: make(map[identity]uint64),
		holding: make(chan struct{}, 1), begun: make(chan struct{}),
	}
}

// Traits are those of the client.
func (d *Desk) Traits() queue.Traits { return d.traits }

// SetSlots says how many jobs can be worked on at a time.
func (d *Desk) SetSlots(n int) {
	d.slots.Store(int64(n))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed()
}

// Begin says that the session has begun in the ledger, and what earlier ones owe: when the queue has heard that, jobs are taken.
func (d *Desk) Begin(owed []ledger.Owed) {
	d.once.Do(func() {
		d.mu.Lock()
		d.owed = append(d.owed, owed...)
		d.earlier = len(owed)
		d.changed()
		d.mu.Unlock()
		close(d.begun)
	})
}

// Hurry has the book told, by a function, when what has become final is waited for, see Haste. It is called before Begin.
func (d *Desk) Hurry(f func()) { d.hurry = f }

// Haste reports whether the run ends when what is final has been answered: then a commit need not wait for more.
func (d *Desk) Haste() bool { return d.haste.Load() }

// Begun is closed when the session has begun.
func (d *Desk) Begun() <-chan struct{} { return d.begun }

// changed tells who waits. The caller holds the lock.
func (d *Desk) changed() {
	if d.news != nil {
		close(d.news)
		d.news = nil
	}
}

// change is closed when something has changed. The caller holds the lock.
func (d *Desk) change() <-chan struct{} {
	if d.news == nil {
		d.news = make(chan struct{})
	}
	return d.news
}

// Arrived is the delivery of the record that the source has just read, which is the next that was taken. Known is by
// what it is told from others; empty: by its ID and body. Nil: there is none, and something else wrote into the spool.
func (d *Desk) Arrived(seq jobs.Seq, known string) *Arrival {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.fresh) == 0 {
		return nil
	}
	job, round := d.fresh[0].job, d.fresh[0].round
	d.fresh[0] = fresh{}
	d.fresh = d.fresh[1:]
	id := identity{known: job.ID, sum: job.Sum()}
	switch {
	case known != "":
		id = identity{known: known}
	case d.traits.Sure:
		id.sum = 0
	}
	x := &delivery{id: id, sum: job.Sum(), job: job, tries: job.Tries}
	job.Body = nil // the spool has it
	x.leased(time.Now())
	a := d.hold(seq, x)
	heard, ok := d.failed[identity{job.ID, x.sum}]
	a.Overtaken = ok && round <= heard
	return a
}

// hold notes a delivery, unless one that is in hand takes it over. The caller holds the lock.
func (d *Desk) hold(seq jobs.Seq, x *delivery) *Arrival {
	if len(d.held) == 0 {
		select {
		case d.holding <- struct{}{}:
		default:
		}
	}
	a := &Arrival{Job: x.job, Known: x.id.known, Sum: x.id.sum}
	if a.First, a.Again = d.known[x.id]; !a.Again {
		d.held[seq], d.known[x.id] = x, seq
		return a
	}
	f := d.held[a.First]
	if f.job.ID != x.job.ID {
		// Another job with the key of one that is in hand has an answer of its own.
		d.held[seq] = x
		return a
	}
	a.Taken = true
	d.open--
	d.changed()
	if !x.left {
		// Its lease was over, and the queue has given it out again: it is answered by this delivery now.
		f.job, f.gone, f.left, f.expires, f.renew = x.job, false, false, x.expires, x.renew
	}
	return a
}

// leased notes when the lease of a job, which is fresh, has to be renewed.
func (x *delivery) leased(now time.Time) {
	x.expires, x.renew = time.Time{}, now.Add(firstRenewal)
	if l := x.job.Lease; l > 0 {
		x.expires, x.renew = now.Add(l), now.Add(l/3)
	}
}

// Arrival is a delivery.
type Arrival struct {
	Job   *queue.Job
	Known string
	Sum   uint64
	// Again says that the same job is in hand, as record First, and Taken that this one has taken the delivery over; otherwise it
	// is another job with the same key.
	Again, Taken bool
	First        jobs.Seq
	// Overtaken says that the queue has heard of an earlier delivery of this job that it has failed, and had given out this one before
	// it did: nobody has put it back.
	Overtaken bool
}

// Tried says how often a record has been tried in earlier deliveries.
func (d *Desk) Tried(seq jobs.Seq, tries int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x := d.held[seq]; x != nil {
		x.tries = max(x.tries, tries)
	}
}

// Redo says of a record that was left that it is done again, without another delivery of it.
func (d *Desk) Redo(seq jobs.Seq) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x := d.held[seq]; x != nil {
		x.redone, x.tries = true, 0
	}
}

// Redoes reports whether a record is done again without a delivery.
func (d *Desk) Redoes(seq jobs.Seq) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.held[seq]
	return x != nil && x.redone
}

// Was says what the job of a record had come to in an earlier delivery: that is what its queue is answered again.
func (d *Desk) Was(seq jobs.Seq, before *ledger.Owed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x := d.held[seq]; x != nil {
		x.was = before
	}
}

// Holds reports whether a record has a delivery with a lease, and how long that is, as far as is known.
func (d *Desk) Holds(seq jobs.Seq) (lease time.Duration, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.held[seq]
	if x == nil || x.gone {
		return 0, false
	}
	return x.job.Lease, true
}

// Ended takes note that a record is final, after so long a time, negative if no worker had it, and returns what the ledger needs to know of its delivery.
// Ok is false where there is none: another record has taken it over. What an earlier delivery has come to is there already.
func (d *Desk) Ended(seq jobs.Seq, took time.Duration) (o ledger.Owed, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.held[seq]
	if x == nil {
		return o, false
	}
	if !x.final {
		x.final = true
		d.open--
		if took >= 0 { // what no worker had says nothing of how fast they are
			d.pace.ended(time.Now(), took)
		}
		if d.room() > 0 || d.open == 0 {
			d.changed()
		}
	}
	if x.was != nil {
		o = *x.was
	}
	o.Seq, o.Known, o.Sum, o.ID, o.Token, o.Tries = seq, x.id.known, x.sum, x.job.ID, x.job.Token, max(o.Tries, x.tries)
	return o, true
}

// Owe takes over answers that the ledger has.
func (d *Desk) Owe(list []ledger.Owed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.owed = append(d.owed, list...)
	d.changed()
}

// Heard reports whether the queue has heard the answer of a record, which the ledger may not know yet.
func (d *Desk) Heard(seq jobs.Seq) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.replied {
		if r.Seq == seq {
			return r.Reply.Heard()
		}
	}
	return false
}

// Replied is what has come of answers since it was asked last.
func (d *Desk) Replied() []ledger.Replied {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.replied
	d.replied = nil
	return out
}
