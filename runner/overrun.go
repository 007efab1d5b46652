package runner

import (
	"brood/jobs"
	"brood/runner/proc"
	"brood/worker/wire"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
)

// overrun is a record that has used more than it may, and is being stopped for
// that.
type overrun struct {
	at     int // the place of the record
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

// overruns are the records of a worker that were asked to stop, and perhaps that it was killed, in
// that order. It is never changed: see child.stop.
type overruns []*overrun

// of is what a record is stopped for, at one try; nil: it is not.
func (o *overruns) of(seq jobs.Seq, try int) *overrun {
	if o == nil {
		return nil
	}
	for _, x := range *o {
		if x.of(seq, try) {
			return x
		}
	}
	return nil
}

// killed is why the worker was killed; nil: it was not.
func (o *overruns) killed() *overrun {
	if o == nil {
		return nil
	}
	for _, x := range *o {
		if x.killed {
			return x
		}
	}
	return nil
}

// inHand is a record that a worker had in hand at one moment, or that it had none.
type inHand struct {
	at    int
	seq   jobs.Seq
	try   int
	since time.Duration // when its clock began to run; 0: it does not
	begun time.Duration
	busy  bool
}

// inHand is what a worker has in hand that can have one record: the first, if there are several.
func (c *child) inHand() inHand {
	if all := c.allInHand(); len(all) > 0 {
		return all[0]
	}
	return inHand{}
}

// allInHand is what a worker has in hand.
func (c *child) allInHand() (out []inHand) {
	for _, h := range c.slot.pad.page.InHand(nil) {
		out = append(out, inHand{h.Place, h.Seq, h.Try, h.Since, h.Begun, true})
	}
	return out
}

// only is the record in hand, if there is one and no other.
func only(all []inHand) inHand {
	if len(all) != 1 {
		return inHand{}
	}
	return all[0]
}

// spent is what a worker had used when its record began, as far as was seen.
type spent struct {
	seq  jobs.Seq
	try  int
	base time.Duration
}

// exceeds compares what a worker uses with its limits. It had records in hand
// before that was counted, and now; if that is not the same one record none is to blame.
func (c *child) exceeds(u proc.Usage, before, all []inHand) *overrun {
	l, watched := &c.slot.r.cfg.Limits, c.slot.r.watched
	now := only(all)
	same := only(before) == now && now.busy
	o := &overrun{at: now.at, seq: now.seq, try: now.try, none: !same}
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
func (c *child) tooMany(all []inHand) *overrun {
	h := only(all)
	return &overrun{
		seq: h.seq, try: h.try, none: !h.busy, class: jobs.ClassProcesses, killed: true,
		text: fmt.Sprintf("it wanted to start more processes than --limit-procs %d", c.slot.r.cfg.Limits.Procs),
	}
}

// late says that a record takes longer than its timeout.
func (c *child) late(h inHand) *overrun {
	return &overrun{
		at: h.at, seq: h.seq, try: h.try, class: jobs.ClassTimeout,
		text: fmt.Sprintf("it took longer than %s and was stopped", c.slot.r.timeoutWords()),
	}
}

// stop asks a worker to stop a record, if that helps, or kills it. Only the watch calls it.
func (c *child) stop(o *overrun) {
	o.killed = o.killed || c.slot.r.cfg.KillAfter <= 0
	o.asked = wire.Now()
	c.adds(o)
	if o.killed {
		c.Signal(syscall.SIGKILL)
		return
	}
	c.slot.pad.page.AskStop(o.at, o.seq, o.try)
	c.SignalLeader(syscall.SIGTERM)
}

// overrunsKept is how many of those are kept that have ended since.
const overrunsKept = 16

// adds notes an overrun. What has been said of the same record before is replaced.
func (c *child) adds(o *overrun) {
	var list overruns
	if old := c.over.Load(); old != nil {
		list = slices.DeleteFunc(slices.Clone(*old), func(x *overrun) bool { return x.seq == o.seq && x.none == o.none })
		list = list[max(0, len(list)-max(overrunsKept, c.slot.r.places)):]
	}
	list = append(list, o)
	c.over.Store(&list)
}

// outOfMemory is what the kernel did to a worker that had too much, at the moment
// when it wanted more.
func (c *child) outOfMemory() *overrun {
	h := only(c.allInHand())
	return &overrun{
		seq: h.seq, try: h.try, none: !h.busy, class: jobs.ClassMemory, killed: true,
		text: "it and what it started had more than --limit-mem " + humanize.IBytes(uint64(c.slot.r.cfg.Limits.Mem)),
	}
}
