package wire

import (
	"brood/jobs"
	"encoding/binary"
	"fmt"
	"time"
)

const (
	verdictMask = 7
	hasText     = 8
	hasValues   = 16
	hasError    = 32
	hasAfter    = 64
	isStopped   = 128
)

// maxValues bounds what a false count costs: an empty value is one byte of a frame,
// and twenty-four in memory. No job has so many columns.
const maxValues = 1 << 16

// AppendAnswer appends one answer.
func AppendAnswer(dst []byte, r *jobs.Result) []byte {
	head := byte(r.Verdict)
	if len(r.Text) > 0 {
		head |= hasText
	}
	if len(r.Values) > 0 {
		head |= hasValues
	}
	if r.Class != "" || r.Error != "" {
		head |= hasError
	}
	if r.RetryAfter > 0 {
		head |= hasAfter
	}
	if r.Stopped {
		head |= isStopped
	}
	dst = append(dst, head)
	dst = binary.AppendUvarint(dst, uint64(r.Elapsed.Milliseconds()))
	if head&hasText != 0 {
		dst = appendBytes(dst, r.Text)
	}
	if head&hasValues != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(r.Values)))
		for _, v := range r.Values {
			dst = appendBytes(dst, v)
		}
	}
	if head&hasError != 0 {
		dst = appendBytes(dst, []byte(r.Class))
		dst = appendBytes(dst, []byte(r.Error))
	}
	if head&hasAfter != 0 {
		dst = binary.AppendUvarint(dst, uint64(r.RetryAfter.Milliseconds()))
		dst = append(dst, byte(r.Delays))
	}
	return dst
}

// AppendName appends what stands before an answer where the worker has several records in hand.
func AppendName(dst []byte, seq jobs.Seq) []byte { return binary.AppendUvarint(dst, uint64(seq)) }

// AppendAnswersHead appends what stands before the answers. Busy is the time
// the job itself took for them.
func AppendAnswersHead(dst []byte, first jobs.Seq, count int, busy time.Duration) []byte {
	dst = binary.AppendUvarint(dst, uint64(first))
	dst = binary.AppendUvarint(dst, uint64(count))
	return binary.AppendUvarint(dst, uint64(busy))
}

// AnswersReader walks through the answers of one frame.
type AnswersReader struct {
	First jobs.Seq
	Busy  time.Duration
	// Named says that each answer names its record, as the worker has several in hand; Seq is
	// that of the answer that Next returned last.
	Named bool
	Seq   jobs.Seq
	c     cursor
	left  uint64
	total uint64
}

// ReadAnswers opens the payload of an Answers frame.
func ReadAnswers(p []byte) (AnswersReader, error) {
	r := AnswersReader{c: cursor{b: p}}
	r.First = jobs.Seq(r.c.uvarint())
	r.left = r.c.uvarint()
	r.total = r.left
	r.Busy = r.c.nanos()
	if r.c.bad || r.left > uint64(len(p)) {
		return r, fmt.Errorf("%w: answers head", ErrFrame)
	}
	return r, nil
}

// Len is the number of answers in the frame.
func (r *AnswersReader) Len() int { return int(r.total) }

// Next fills res with the next answer and reports whether there was one. Text
// and Values borrow the payload's bytes.
func (r *AnswersReader) Next(res *jobs.Result) (bool, error) {
	if r.left == 0 {
		if len(r.c.b) != 0 {
			return false, fmt.Errorf("%w: %d bytes after the last answer", ErrFrame, len(r.c.b))
		}
		return false, nil
	}
	r.left--
	if len(r.c.b) == 0 {
		return false, fmt.Errorf("%w: answer %d of %d is missing", ErrFrame, r.total-r.left, r.total)
	}
	if r.Named {
		if r.Seq = jobs.Seq(r.c.uvarint()); len(r.c.b) == 0 {
			return false, fmt.Errorf("%w: answer %d of %d", ErrFrame, r.total-r.left, r.total)
		}
	}
	head := r.c.b[0]
	r.c.b = r.c.b[1:]
	*res = jobs.Result{Verdict: jobs.Verdict(head & verdictMask), Stopped: head&isStopped != 0, Values: res.Values[:0]}
	if res.Verdict > jobs.VerdictUnknown {
		return false, fmt.Errorf("%w: answer head %#x", ErrFrame, head)
	}
	res.Elapsed = millis(r.c.uvarint())
	if head&hasText != 0 {
		res.Text = r.c.bytes()
	}
	if head&hasValues != 0 {
		n := r.c.uvarint()
		if n > maxValues {
			return false, fmt.Errorf("%w: an answer of %d values, the limit is %d", ErrFrame, n, maxValues)
		}
		for ; n > 0 && !r.c.bad; n-- {
			res.Values = append(res.Values, r.c.bytes())
		}
	}
	if head&hasError != 0 {
		res.Class = jobs.Class(r.c.bytes())
		res.Error = string(r.c.bytes())
	}
	if head&hasAfter != 0 {
		res.RetryAfter = min(millis(r.c.uvarint()), jobs.MaxRetryAfter)
		if res.Delays = jobs.Delays(min(r.c.uvarint(), 255)); res.Delays > jobs.DelaysFewer {
			return false, fmt.Errorf("%w: answer %d of %d holds up %d", ErrFrame, r.total-r.left, r.total, res.Delays)
		}
	}
	if r.c.bad {
		return false, fmt.Errorf("%w: answer %d of %d", ErrFrame, r.total-r.left, r.total)
	}
	return true, nil
}

// century is the longest time that is believed.
const century = 100 * 365 * 24 * time.Hour

// millis turns a count of milliseconds from the other side into a duration, at
// most a century.
func millis(ms uint64) time.Duration {
	return time.Duration(min(ms, uint64(century/time.Millisecond))) * time.Millisecond
}
