package beanstalk

import (
	"brood/runner/queue"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shortLease is the time to run below which a touch may come too late on a busy machine.
const shortLease = 5 * time.Second

// Check says what server it is, and how it keeps jobs; of each tube, what is there. It reserves nothing.
func (c *client) Check(ctx context.Context) ([]queue.Finding, error) {
	k, err := c.use(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(k)
	server, err := c.statistics(k, "stats", "")
	if err != nil {
		return nil, err
	}
	out := c.checkServer(server)
	own := c.bystanders()
	for i, tube := range c.tubes {
		s, err := c.statistics(k, "stats-tube ", tube)
		if err != nil {
			return nil, err
		}
		if unused(s, own) {
			f, err := c.checkUnused(k, tube)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
			continue
		}
		out = append(out, checkTube(tube, s, own)...)
		if i == 0 { // peek-ready looks into the tube that is used
			f, err := c.checkLease(k)
			if err != nil {
				return nil, err
			}
			out = append(out, f...)
		}
	}
	return out, nil
}

// checkServer judges what the server says of itself.
func (c *client) checkServer(s statistics) []queue.Finding {
	version := printable(s["version"])
	out := []queue.Finding{{Text: fmt.Sprintf("beanstalkd %s at %s takes jobs of up to %d bytes", version, c.addr, s.count("max-job-size"))}}
	if older(version, 1, 12) {
		out = append(out, queue.Finding{
			Level: queue.Note,
			Text:  "before 1.12 a job cannot be taken by its ID: the answers that an earlier session owes are given when the jobs come again, but for those that are done",
			Do:    "use beanstalkd 1.12 or later",
		})
	}
	if s.count("binlog-current-index") == 0 {
		out = append(out, queue.Finding{
			Level: queue.Note,
			Text:  "it has no binlog: when it ends all jobs are gone, and IDs begin at 1 again",
			Do:    "start it with -b DIRECTORY, and -f 0 if no job may be lost when the machine fails",
		})
	}
	if s["draining"] == "true" {
		out = append(out, queue.Finding{Level: queue.Note, Text: "it is in drain mode (SIGUSR1) and takes no new jobs: somebody is about to end it"})
	}
	return out
}

// unused reports whether a tube is there only because this client watches it.
func unused(s statistics, own int64) bool {
	return s == nil || s.count("total-jobs") == 0 && s.count("current-watching") <= own && s.count("current-using") <= own
}

// checkUnused is about a tube that nobody has used, and that may be misspelt; it names others.
func (c *client) checkUnused(k *conn, tube string) (queue.Finding, error) {
	var others []string
	err := c.batch(k, 1, func(int) { k.about("list-tubes", "") }, func(_ int, r reply) error {
		if r.word != okay {
			return r.odd("list-tubes")
		}
		for line := range strings.Lines(string(r.body)) {
			name, found := strings.CutPrefix(strings.TrimSpace(line), "- ")
			name = printable(strings.Trim(name, `"`))
			if found && !slices.Contains(c.tubes, name) && len(others) < 10 {
				others = append(others, name)
			}
		}
		return nil
	})
	f := queue.Finding{Level: queue.Note, Text: fmt.Sprintf("nobody has used the tube %s since the server was started, unless all has been worked off", tube)}
	if len(others) > 0 {
		f.Do = "see whether its name is right; tubes that are there: " + strings.Join(others, ", ")
	}
	return f, err
}

// checkTube judges what is in a tube that is used.
func checkTube(tube string, s statistics, own int64) []queue.Finding {
	out := []queue.Finding{{Text: fmt.Sprintf("tube %s: %d ready, %d delayed, %d reserved, %d buried; %d connections of others watch it, %d wait", tube,
		s.count("current-jobs-ready"), s.count("current-jobs-delayed"), s.count("current-jobs-reserved"), s.count("current-jobs-buried"),
		max(s.count("current-watching")-own, 0), s.count("current-waiting"))}}
	if left := s.count("pause-time-left"); left > 0 {
		out = append(out, queue.Finding{Level: queue.Note, Text: fmt.Sprintf("tube %s is paused: it gives no jobs for another %d seconds", tube, left), Do: fmt.Sprintf("pause-tube %s 0 ends that", tube)})
	}
	return out
}

// checkLease looks at the time to run of the next job of the tube that is used.
func (c *client) checkLease(k *conn) ([]queue.Finding, error) {
	id := ""
	err := c.batch(k, 1, func(int) { k.about("peek-ready", "") }, func(_ int, r reply) error {
		switch r.word {
		case found:
			id = strconv.FormatUint(r.id, 10)
		case notFound:
		default:
			return r.odd("peek-ready")
		}
		return nil
	})
	if err != nil || id == "" {
		return nil, err
	}
	var out []queue.Finding
	err = c.ask(k, 1, func(int) string { return id }, func(_ int, f facts) {
		out = append(out, queue.Finding{Text: fmt.Sprintf("the next job's time to run (TTR) is %s; it is renewed while the job is worked on", f.ttr)})
		if f.ttr < shortLease {
			out[0].Level = queue.Note
			out[0].Do = "let who puts the jobs give them more: a machine that is busy for a moment loses its jobs"
		}
	})
	return out, err
}

// older reports whether a version is before another one; one that cannot be read is not.
func older(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(version, ".")
	second, _, _ := strings.Cut(rest, ".")
	if i := strings.IndexFunc(second, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		second = second[:i]
	}
	a, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	b, err := strconv.Atoi(second)
	return err == nil && (a < major || a == major && b < minor)
}

// printable takes from a word of the server what a terminal may obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s[:min(len(s), 200)])
}
