package gearman

import (
	"brood/runner/queue"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// maxAdmin is how long an answer in text may be: a line for each function.
const maxAdmin = 4 << 20

// ask sends a line of the administrative protocol, over a connection of its own, and reads the answer up to the line that ends it.
func (c *client) ask(ctx context.Context, command string, last func(line string) bool) ([]string, error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return nil, errClosed
	}
	d := net.Dialer{Timeout: dialWait}
	n, err := d.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, c.down(err)
	}
	defer func() { _ = n.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = n.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := n.SetDeadline(time.Now().Add(answerWait)); err != nil {
		return nil, c.down(err)
	}
	if _, err := io.WriteString(n, command+"\n"); err != nil {
		return nil, c.down(err)
	}
	lines, err := adminLines(n, last)
	if err != nil {
		return nil, c.fault(fmt.Errorf("%s: %w", command, err))
	}
	return lines, nil
}

// adminLines reads lines up to the last, which is among them.
func adminLines(from io.Reader, last func(line string) bool) ([]string, error) {
	limited := &io.LimitedReader{R: from, N: maxAdmin}
	s := bufio.NewScanner(limited)
	var lines []string
	for s.Scan() {
		line := strings.TrimSuffix(s.Text(), "\r")
		if lines = append(lines, line); last(line) {
			return lines, nil
		}
	}
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong) || err == nil && limited.N == 0:
		return nil, &saidError{"its answer is too long"}
	case err != nil:
		return nil, err
	}
	return nil, io.ErrUnexpectedEOF
}

// load is what the server says of a function: jobs, of which some are being worked on, and who can work on them.
type load struct{ total, running, workers int64 }

// loadOf finds a function among the lines of "status": FUNCTION, and three numbers behind tabs.
func loadOf(lines []string, function string) (load, bool, error) {
	for _, line := range lines {
		fields := strings.Split(line, "\t")
		if len(fields) != 4 || fields[0] != function {
			continue
		}
		var n [3]int64
		for i := range n {
			v, err := strconv.ParseUint(fields[i+1], 10, 31)
			if err != nil {
				return load{}, false, &saidError{"status: " + printable([]byte(line))}
			}
			n[i] = int64(v) //nolint:gosec // of 31 bits
		}
		return load{n[0], n[1], n[2]}, true, nil
	}
	return load{}, false, nil
}

func (c *client) status(ctx context.Context) (load, bool, error) {
	lines, err := c.ask(ctx, "status", func(line string) bool { return line == "." })
	if err != nil {
		return load{}, false, err
	}
	l, found, err := loadOf(lines, c.function)
	if err != nil {
		err = c.fault(err)
	}
	return l, found, err
}

// Stats counts what the server has of the function. Its count of all jobs has those that are worked on.
func (c *client) Stats(ctx context.Context) (queue.Stats, error) {
	l, _, err := c.status(ctx)
	if err != nil {
		return queue.Stats{}, err
	}
	return queue.Stats{Ready: max(l.total-l.running, 0), Delayed: 0, InHand: l.running, Parked: -1, Done: -1, Failed: -1, Takers: l.workers}, nil
}

// Check says what the server tells, and what it does not tell.
func (c *client) Check(ctx context.Context) ([]queue.Finding, error) {
	version, err := c.ask(ctx, "version", func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	l, found, err := c.status(ctx)
	if err != nil {
		return nil, err
	}
	out := []queue.Finding{{Level: queue.Fine, Text: fmt.Sprintf("gearmand %s at %s", printable([]byte(strings.TrimPrefix(version[0], "OK "))), c.addr)}}
	if !found {
		out = append(out, queue.Finding{Level: queue.Note, Text: fmt.Sprintf("nobody has put a job for the function %s, or works on it, since the server was started", c.function)})
	} else {
		out = append(out, queue.Finding{Level: queue.Fine, Text: fmt.Sprintf("function %s: %d jobs wait, %d are worked on, over %d connections", c.function, max(l.total-l.running, 0), l.running, l.workers)})
	}
	return append(out,
		queue.Finding{
			Level: queue.Note, Text: "it cannot be asked whether it was started with --job-retries: if it was, a job whose worker's connection has ended that often is thrown away, also one that brood gave back",
			Do: "start gearmand without --job-retries (0, the default: jobs are given to others without end)",
		},
		queue.Finding{
			Level: queue.Note, Text: "it cannot be asked whether jobs are kept over its restart: without --queue-type they are in its memory only",
			Do: "gearmand --queue-type=libsqlite3 --libsqlite3-db=FILE, or put work whose loss matters into a table or into beanstalkd",
		},
		queue.Finding{Level: queue.Note, Text: "it keeps nothing of a job that has failed (WORK_FAIL): brood's ledger has those that failed, and those that are unknown"},
		queue.Finding{Level: queue.Note, Text: "while a job with a unique is queued, it swallows another with the same one, whatever its body: a client hears nothing of that"},
	), nil
}
