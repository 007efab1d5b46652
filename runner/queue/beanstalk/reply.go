package beanstalk

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// What a reply of the server may have.
const (
	maxLine = 250       // its longest is a name of a tube with a word before it
	maxBody = 128 << 20 // of a job, or of a text of statistics; more is not held in memory
)

// word is what a reply begins with: doc/protocol.txt has no others.
type word uint8

const (
	other word = iota
	inserted
	buried
	expectedCRLF
	jobTooBig
	draining
	using
	reserved
	deadlineSoon
	timedOut
	deleted
	notFound
	released
	touched
	watching
	notIgnored
	found
	kicked
	okay
	outOfMemory
	internalError
	badFormat
	unknownCommand
	paused
)

var words = [...]string{
	inserted: "INSERTED", buried: "BURIED", expectedCRLF: "EXPECTED_CRLF", jobTooBig: "JOB_TOO_BIG", draining: "DRAINING", using: "USING", reserved: "RESERVED",
	deadlineSoon: "DEADLINE_SOON", timedOut: "TIMED_OUT", deleted: "DELETED", notFound: "NOT_FOUND", released: "RELEASED", touched: "TOUCHED", watching: "WATCHING",
	notIgnored: "NOT_IGNORED", found: "FOUND", kicked: "KICKED", okay: "OK", outOfMemory: "OUT_OF_MEMORY", internalError: "INTERNAL_ERROR", badFormat: "BAD_FORMAT",
	unknownCommand: "UNKNOWN_COMMAND", paused: "PAUSED",
}

func (w word) String() string { return words[w] }

// reply is one answer of the server: WORD, WORD NUMBER, WORD NAME, or with a body WORD [ID] BYTES and as many bytes.
type reply struct {
	word word
	id   uint64 // of INSERTED, BURIED, RESERVED, FOUND; the number of KICKED and WATCHING
	text string // of USING
	body []byte // of RESERVED, FOUND, OK; it is the caller's
}

// saidError is a reply that does not fit what was asked.
type saidError struct {
	text string
	// passing says that the same may go well later.
	passing bool
}

func (e *saidError) Error() string { return e.text }

// odd is the error of a reply that was not expected.
func (r reply) odd(command string) error {
	switch r.word {
	case outOfMemory, internalError:
		return &saidError{text: fmt.Sprintf("it says %s to %s", r.word, command), passing: true}
	case unknownCommand:
		return &saidError{text: fmt.Sprintf("it does not know %s: is it beanstalkd 1.10 or later?", command)}
	default:
		return &saidError{text: fmt.Sprintf("it says %s to %s", r.word, command)}
	}
}

// reader reads replies. What comes may be anything: lengths are bounded, and memory is taken as bytes arrive.
type reader struct{ r *bufio.Reader }

// next reads one reply.
func (r reader) next() (reply, error) {
	line, err := r.line()
	if err != nil {
		return reply{}, err
	}
	first, rest, more := bytes.Cut(line, []byte{' '})
	out := reply{word: wordOf(first)}
	good, length := !more, -1
	switch out.word {
	case inserted, watching:
		out.id, good = number(rest)
	case buried, kicked: // with the ID, or the number, in answer to put and kick, without one to bury and kick-job
		if more {
			out.id, good = number(rest)
		}
	case using:
		out.text, good = string(rest), len(rest) > 0
	case reserved, found:
		id, size, _ := bytes.Cut(rest, []byte{' '})
		if out.id, good = number(id); good {
			length, good = size32(size)
		}
	case okay:
		length, good = size32(rest)
	case other:
		good = false
	default:
	}
	if !good {
		return reply{}, &saidError{text: fmt.Sprintf("its answer is none of beanstalkd's: %.60q", line)}
	}
	if length >= 0 {
		out.body, err = r.body(length)
	}
	if errors.Is(err, errDamaged) {
		err = &saidError{text: fmt.Sprintf("its job %d does not end where it should, as after damage to its binlog: look at it (peek %d), and delete it", out.id, out.id)}
	}
	return out, err
}

// errDamaged is a body without the end of line that beanstalkd keeps with it. It was seen in two of three runs with 130
// kills (-9) each in the middle of work: 1.12 then had a record's head in its binlog, and zeros for the body.
var errDamaged = errors.New("a body without its end")

// line reads a line, without its end.
func (r reader) line() ([]byte, error) {
	line, err := r.r.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil, errors.New("it has closed the connection")
		}
		return nil, err
	}
	if err != nil || len(line) > maxLine || len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, &saidError{text: fmt.Sprintf("its answer is none of beanstalkd's: %.60q", line)}
	}
	return line[:len(line)-2], nil
}

// body reads as many bytes, and the end of line after them.
func (r reader) body(n int) ([]byte, error) {
	const atOnce = 1 << 20
	body := make([]byte, 0, min(n, atOnce)+2)
	for len(body) < n+2 {
		piece := min(n+2-len(body), atOnce)
		from := len(body)
		if cap(body) < from+piece {
			body = append(body, make([]byte, piece)...)
		}
		body = body[:from+piece]
		if _, err := io.ReadFull(r.r, body[from:]); err != nil {
			return nil, fmt.Errorf("in the middle of a job: %w", err)
		}
	}
	if body[n] != '\r' || body[n+1] != '\n' {
		return nil, errDamaged
	}
	return body[:n:n], nil
}

// wordOf knows the words.
func wordOf(b []byte) word {
	if len(b) == 0 {
		return other
	}
	for w := inserted; int(w) < len(words); w++ {
		if words[w] == string(b) {
			return w
		}
	}
	return other
}

// number reads an unsigned number, as it is written: without a sign, or zeros before it.
func number(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 1 && b[0] == '0' || b[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	return n, err == nil
}

// size32 reads a length that is in bounds.
func size32(b []byte) (int, bool) {
	n, ok := number(b)
	if !ok || n > maxBody {
		return 0, false
	}
	return int(n), true //nolint:gosec // see maxBody
}
