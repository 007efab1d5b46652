package beanstalk

import (
	"brood/runner/queue"
	"bytes"
	"strconv"
	"time"
)

// state is where a job is: doc/protocol.txt, stats-job.
type state string

const (
	stateReady    state = "ready"
	stateDelayed  state = "delayed"
	stateReserved state = "reserved"
	stateBuried   state = "buried"
)

// facts are what stats-job says of a job.
type facts struct {
	state              state
	pri                uint32
	ttr                time.Duration
	reserves, releases uint64
	buries, kicks      uint64
}

// silent is how many reservations before the last one have ended without a word: neither by a release nor by a bury. The
// server counts a burial twice when it was started anew (1.12), so that those are taken which somebody has kicked.
func (f facts) silent() uint64 {
	said := f.releases + min(f.buries, f.kicks) + 1
	if f.reserves <= said {
		return 0
	}
	return f.reserves - said
}

// known keeps what stays as it is while a job is reserved.
func (f facts) known(h *held) {
	if h != nil {
		h.known, h.pri, h.ttr = true, f.pri, f.ttr
	}
}

// heldOf is the client's own of a job; nil: it is none of this client's.
func heldOf(j *queue.Job) *held {
	if j == nil {
		return nil
	}
	h, _ := j.Hold.(*held)
	return h
}

// ask asks stats-job about n jobs. Those that are not there are not reported.
func (c *client) ask(k *conn, n int, id func(i int) string, each func(i int, f facts)) error {
	return c.batch(k, n, func(i int) { k.about("stats-job ", id(i)) }, func(i int, r reply) error {
		switch r.word {
		case okay:
			each(i, factsOf(r.body))
		case notFound:
		default:
			return r.odd("stats-job")
		}
		return nil
	})
}

// factsOf reads the statistics of a job. What is missing stays zero.
func factsOf(body []byte) facts {
	var f facts
	entries(body, func(key, value []byte) {
		switch string(key) {
		case "state":
			f.state = state(value)
		case "pri":
			n, _ := strconv.ParseUint(string(value), 10, 32)
			f.pri = uint32(n)
		case "ttr":
			n, _ := strconv.ParseUint(string(value), 10, 32)
			f.ttr = time.Duration(n) * time.Second //nolint:gosec // of 32 bits
		case "reserves":
			f.reserves = count(value)
		case "releases":
			f.releases = count(value)
		case "buries":
			f.buries = count(value)
		case "kicks":
			f.kicks = count(value)
		}
	})
	return f
}

// count reads a number that is counted up, in bounds that a sum of some does not leave.
func count(value []byte) uint64 {
	n, _ := number(value)
	return min(n, 1<<60)
}

// entries reads the lines "key: value" of a text in YAML, as beanstalkd writes it; a value may stand in quotes.
func entries(text []byte, each func(key, value []byte)) {
	for line := range bytes.Lines(text) {
		key, value, found := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		if !found {
			continue
		}
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		each(key, value)
	}
}
