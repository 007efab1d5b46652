package dataset

import (
	"brood/jobs"
	"bytes"
)

// Group says that a record is several lines that follow one another in a file: as many as
// a command is to get.
type Group struct {
	Lines int `json:"lines,omitempty"` // at most; 0 is any number
	// Fit bounds them by what the job can take; nil: it does not matter to it.
	Fit *jobs.Fit `json:"fit,omitempty"`
}

// Regroup sets how large groups are, which the job may know only when it has seen the
// shape of the records. It is called before the first record is read.
func (r *Reader) Regroup(g *Group) {
	r.spec.Group = g
	r.cut.group = g
}

// joint is what stands between the lines of a group.
func (s *Spec) joint() string {
	if s.Format == FormatNUL || len(s.Sources) > 0 {
		return "\x00"
	}
	return "\n"
}

// cutter finds where the group at the beginning of what is unread ends. It goes on where
// it was, so that every byte is looked at once however it comes.
type cutter struct {
	group *Group
	end   byte // of a line
	max   int  // bytes that a group may have

	at    int // where the group ends as far as it is known, terminator included
	from  int // up to where there is no further end
	lines int
	cost  int
	done  bool // what follows is not of this group
}

func (c *cutter) reset() {
	c.at, c.from, c.lines, c.cost, c.done = 0, 0, 0, 0, false
}

// look looks at the unread bytes, which begin where the group does; last says that there
// are no more. It reports whether it is known where the group ends.
func (c *cutter) look(unread []byte, last bool) bool {
	for !c.done {
		i := bytes.IndexByte(unread[c.from:], c.end)
		switch {
		case i >= 0:
			i += c.from
			c.take(unread[c.at:i], i+1)
		case last && len(unread) > c.at:
			c.take(unread[c.at:], len(unread))
			c.done = true
		default:
			c.from = len(unread)
			// A line that is too long already is not of this group, or is one alone.
			c.done = last || len(unread) > c.max
			return c.done
		}
	}
	return true
}

// take adds a line to the group if there is room for it; the first has room always.
func (c *cutter) take(line []byte, next int) {
	cost := c.group.Fit.Cost(line)
	if c.lines > 0 && (c.at+len(line) > c.max || c.group.Fit != nil && c.cost+cost > c.group.Fit.Bytes) {
		c.done = true
		return
	}
	c.at, c.from = next, next
	c.lines++
	c.cost += cost
	c.done = c.lines == c.group.Lines
}

// nextGroup reads as many lines as make a record.
func (r *Reader) nextGroup(rec *Record) error {
	w, c := r.win, &r.cut
	defer c.reset()
	for !c.look(w.unread(), w.eof) {
		if !w.more() && w.err != nil {
			return w.err // half a group is not a record
		}
	}
	n := c.at
	raw := bytes.TrimSuffix(w.unread()[:n:n], []byte{c.end})
	if c.lines == 0 || len(raw) > c.max { // none, or one that is too long
		return r.nextUntil(rec, c.end)
	}
	r.begin(rec)
	rec.Raw, rec.Size = raw, int64(n)
	if r.crlf {
		r.scratch = append(r.scratch[:0], bytes.ReplaceAll(trimCR(raw), []byte("\r\n"), []byte{'\n'})...)
		rec.Raw = r.scratch
	}
	w.take(n, r.lineEnds(w.unread()[:n], c.lines))
	return nil
}

// groupReady reports whether a whole group is there, or can be had without waiting.
func (r *Reader) groupReady() bool {
	for !r.cut.look(r.win.unread(), r.win.eof) {
		if !r.src.spool.ready(r.src.at.Load()) {
			return false
		}
		if !r.win.more() && r.win.err != nil {
			return true
		}
	}
	return true
}

// lineEnds is by how much the line number grows with some lines of a dataset. Values of
// sources are numbered, whatever is in them.
func (r *Reader) lineEnds(b []byte, lines int) int64 {
	if len(r.spec.Sources) > 0 {
		return int64(lines)
	}
	return countLines(b)
}
