package runner

import (
	"brood/jobs"
	"brood/runner/proc"
	"brood/worker/wire"
	"fmt"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
)

// overrun is a record that has used more than it may, and is being stopped for
// that.
type overrun struct {
	seq    jobs.Seq
	try    int
	none   bool // no record is to blame
	class  jobs.Class
	text   string
	asked  time.Duration // when its worker was asked to stop it, as wire.Now
	killed bool          // its worker was killed, or is about to be
}

// of reports whether it was this record, at this try.
func (o *overrun) of(seq jobs.Seq, try int) bool {
	return o != nil && !o.none && o.seq == seq && o.try == try
}

// inHand is what a worker had in hand at one moment.
type inHand struct {
	seq   jobs.Seq
	try   int
	since time.Duration
	busy  bool
}

func (c *child) inHand() inHand {
	seq, since, busy := c.slot.pad.page.InHand()
	return inHand{seq, c.slot.pad.page.Try(), since, busy}
}

// spent is what a worker had used when its record began, as far as was seen.
type spent struct {
	seq  jobs.Seq
	try  int
	base time.Duration
}

// exceeds compares what a worker uses with its limits. It had a record in hand
// before that was counted, and now; if they are not the same none is to blame.
func (c *child) exceeds(u proc.Usage, before, now inHand) *overrun {
	l, watched := &c.slot.r.cfg.Limits, c.slot.r.watched
	same := before == now && now.busy
	o := &overrun{seq: now.seq, try: now.try, none: !same}
	switch {
	case watched.Mem > 0 && u.RSS > l.Mem:
		o.class, o.killed = jobs.ClassMemory, true
		o.text = fmt.Sprintf("it and what it started had %s, more than --limit-mem %s", humanize.IBytes(uint64(u.RSS)), humanize.IBytes(uint64(l.Mem)))
	case watched.Processes > 0 && u.Processes-1 > l.Procs:
		o.class, o.killed = jobs.ClassProcesses, true
		o.text = fmt.Sprintf("it had started %d processes, more than --limit-procs %d", u.Processes-1, l.Procs)
	case l.CPU > 0 && same:
		if c.cpu.seq != o.seq || c.cpu.try != o.try {
			c.cpu = spent{o.seq, o.try, u.CPU}
		}
		if used := u.CPU - c.cpu.base; used > l.CPU {
			o.class = jobs.ClassCPU
			o.text = fmt.Sprintf("it used %s of processor time, more than --limit-cpu-time %s", used, l.CPU)
			return o
		}
		return nil
	default:
		return nil
	}
	return o
}

// tooMany says that the kernel has refused a worker one more process.
func (c *child) tooMany(h inHand) *overrun {
	return &overrun{
		seq: h.seq, try: h.try, none: !h.busy, class: jobs.ClassProcesses, killed: true,
		text: fmt.Sprintf("it wanted to start more processes than --limit-procs %d", c.slot.r.cfg.Limits.Procs),
	}
}

// late says that a record takes longer than its timeout.
func (c *child) late(h inHand) *overrun {
	return &overrun{
		seq: h.seq, try: h.try, class: jobs.ClassTimeout,
		text: fmt.Sprintf("it took longer than %s and was stopped", c.slot.r.timeoutWords()),
	}
}

// stop asks a worker to stop its record, if that helps, or kills it.
func (c *child) stop(o *overrun) {
	o.killed = o.killed || c.slot.r.cfg.KillAfter <= 0
	o.asked = wire.Now()
	c.over.Store(o)
	if o.killed {
		c.Signal(syscall.SIGKILL)
		return
	}
	c.slot.pad.page.AskStop(o.seq, o.try)
	c.SignalLeader(syscall.SIGTERM)
}

// outOfMemory is what the kernel did to a worker that had too much, at the moment
// when it wanted more.
func (c *child) outOfMemory() *overrun {
	h := c.inHand()
	return &overrun{
		seq: h.seq, try: h.try, none: !h.busy, class: jobs.ClassMemory, killed: true,
		text: "it and what it started had more than --limit-mem " + humanize.IBytes(uint64(c.slot.r.cfg.Limits.Mem)),
	}
}
