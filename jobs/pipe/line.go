package pipe

import (
	"brood/jobs"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func requestID(dst []byte, r *jobs.Record) []byte {
	dst = strconv.AppendUint(dst, uint64(r.Seq), 10)
	dst = append(dst, '.')
	return strconv.AppendInt(dst, int64(r.Attempt), 10)
}

func appendRequest(dst []byte, r *jobs.Record, key string) []byte {
	dst = append(dst, `{"id":"`...)
	dst = requestID(dst, r)
	dst = append(dst, `","seq":`...)
	dst = strconv.AppendUint(dst, uint64(r.Seq), 10)
	dst = append(dst, `,"attempt":`...)
	dst = strconv.AppendInt(dst, int64(r.Attempt), 10)
	dst = append(dst, `,"key":`...)
	dst = jobs.AppendJSONString(dst, []byte(key))
	dst = append(dst, `,"record":`...)
	dst = r.AppendJSON(dst)
	return append(dst, '}', '\n')
}

// answer is one line of the program.
type answer struct {
	ID         string          `json:"id"`
	Status     string          `json:"status"`
	Result     json.RawMessage `json:"result"`
	Class      string          `json:"class"`
	Error      string          `json:"error"`
	RetryAfter seconds         `json:"retry_after"`
}

// seconds is a number of JSON that may be larger than any float64: that is infinite.
type seconds float64

func (s *seconds) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("retry_after is %s, not a number", b)
	}
	*s = seconds(f)
	return nil
}

// after is how long to wait. What is not in its range is said, and put there: the
// answer has been given, and only its wait cannot be meant.
func (s seconds) after() time.Duration {
	d, ok := jobs.RetryAfter(float64(s))
	if !ok {
		fmt.Fprintf(os.Stderr, "retry_after %g is out of range, 0 to %g: waiting %s\n", float64(s), jobs.MaxRetryAfter.Seconds(), d)
	}
	return d
}

// parse reads an answer, and returns the line as it should have been.
func (r *runner) parse(line []byte) (a answer, _ []byte, err error) {
	if !utf8.Valid(line) { // as everywhere in JSON results
		line = bytes.ToValidUTF8(line, []byte("\ufffd"))
	}
	if jobs.TooDeep(line, r.setup.MaxDepth) >= 0 {
		return a, line, fmt.Errorf("the program broke the protocol: an answer that is nested deeper than %d levels (--max-depth): %s", r.setup.MaxDepth, quoteLine(line))
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, line, fmt.Errorf("the program broke the protocol: a line on its standard output is not an answer: %s (%w)", quoteLine(line), err)
	}
	return a, line, nil
}

var errTooLong = errors.New("its answer is longer than --max-record allows")

func (r *runner) readLine() ([]byte, error) {
	r.reply = r.reply[:0]
	for {
		part, err := r.out.ReadSlice('\n')
		r.reply = append(r.reply, part...)
		if len(r.reply) > r.setup.MaxOutput {
			return nil, errTooLong
		}
		switch {
		case err == nil:
			return r.reply, nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(r.reply) > 0:
			return nil, fmt.Errorf("it ended in the middle of an answer: %s", quoteLine(r.reply))
		case errors.Is(err, io.EOF):
			return nil, errors.New("it closed its standard output without an answer")
		default:
			return nil, fmt.Errorf("read its answer: %w", err)
		}
	}
}

func quoteLine(b []byte) string {
	s := strings.TrimRight(string(b), "\r\n")
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return strconv.Quote(s)
}
