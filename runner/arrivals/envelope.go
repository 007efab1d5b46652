package arrivals

import (
	"brood/jobs"
	"brood/runner/queue"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// appendEnvelope appends what the spool has of a delivery beside its body: SUM.TRIES.ID.TOKEN, the sum of the body in hexadecimal
// digits, how often it was tried before, and the queue's name and word for it in base64 (RFC 4648, section 5, without padding).
func appendEnvelope(dst []byte, j *queue.Job) []byte {
	text := base64.RawURLEncoding
	dst = append(strconv.AppendUint(dst, j.Sum(), 16), '.')
	dst = append(strconv.AppendInt(dst, int64(max(j.Tries, 0)), 10), '.')
	dst = append(text.AppendEncode(dst, []byte(j.ID)), '.')
	return text.AppendEncode(dst, []byte(j.Token))
}

// readEnvelope is the reverse.
func readEnvelope(text string) (sum uint64, j *queue.Job, err error) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return 0, nil, fmt.Errorf("the envelope %q has %d parts, and 4 were expected", text, len(parts))
	}
	j = &queue.Job{}
	if sum, err = strconv.ParseUint(parts[0], 16, 63); err == nil {
		j.Tries, err = strconv.Atoi(parts[1])
	}
	for i, to := range []*string{&j.ID, &j.Token} {
		if err == nil {
			var b []byte
			b, err = base64.RawURLEncoding.DecodeString(parts[2+i])
			*to = string(b)
		}
	}
	if err == nil && j.Tries < 0 {
		err = strconv.ErrRange
	}
	if err != nil {
		return 0, nil, fmt.Errorf("the envelope %q: %w", text, err)
	}
	return sum, j, nil
}

// Left takes over a record that an earlier session has left, by what stands beside it in the spool: its lease is over, or
// nobody keeps it. Known, and what is returned, are as for Arrived.
func (d *Desk) Left(seq jobs.Seq, known, beside string) (*Arrival, error) {
	sum, job, err := readEnvelope(beside)
	if err != nil {
		return nil, err
	}
	id := identity{known: job.ID, sum: sum}
	switch {
	case known != "":
		id = identity{known: known}
	case d.traits.Sure:
		id.sum = 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open++
	return d.hold(seq, &delivery{id: id, sum: sum, job: job, tries: job.Tries, gone: true, left: true}), nil
}
