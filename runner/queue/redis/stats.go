package redis

import (
	"brood/runner/queue"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomodule/redigo/redis"
)

// standing is how a stream and its group stand.
type standing struct {
	exists, grouped                        bool
	length, pending, back, failed, unknown int64
	consumers                              int64
	groups                                 int
}

func (c *client) look(k *conn) (standing, error) {
	var s standing
	var err error
	for key, into := range map[string]*int64{c.stream: &s.length, c.stream + ":failed": &s.failed, c.stream + ":unknown": &s.unknown} {
		if *into, err = redis.Int64(k.do("XLEN", key)); err != nil {
			return s, err
		}
	}
	if s.exists, err = redis.Bool(k.do("EXISTS", c.stream)); err != nil || !s.exists {
		return s, err
	}
	groups, err := redis.Values(k.do("XINFO", "GROUPS", c.stream))
	if err != nil {
		return s, err
	}
	s.groups = len(groups)
	for _, g := range groups {
		if name, err := redis.String(member(g, "name"), nil); err == nil && name == c.group {
			s.grouped = true
			if s.pending, err = redis.Int64(member(g, "pending"), nil); err != nil {
				return s, err
			}
		}
	}
	if !s.grouped {
		return s, nil
	}
	consumers, err := redis.Values(k.do("XINFO", "CONSUMERS", c.stream, c.group))
	for _, one := range consumers {
		if name, err := redis.String(member(one, "name"), nil); err == nil && name == backConsumer {
			if s.back, err = redis.Int64(member(one, "pending"), nil); err != nil {
				return s, err
			}
			continue
		}
		s.consumers++
	}
	return s, err
}

// member finds a value in names and values, in turn.
func member(list any, name string) any {
	pairs, err := redis.Values(list, nil)
	for i := 0; err == nil && i+1 < len(pairs); i += 2 {
		if n, err := redis.String(pairs[i], nil); err == nil && n == name {
			return pairs[i+1]
		}
	}
	return nil
}

// Stats counts. An entry is deleted when it was answered, so what is there and not pending waits.
func (c *client) Stats(ctx context.Context) (queue.Stats, error) {
	var s standing
	err := c.with(ctx, func(k *conn) (err error) {
		s, err = c.look(k)
		return err
	})
	if err != nil {
		return queue.Stats{}, err
	}
	return queue.Stats{Ready: max(s.length-s.pending+s.back, 0), InHand: s.pending - s.back, Parked: s.unknown, Failed: s.failed, Done: -1, Takers: s.consumers}, nil
}

// Check says what is there, and changes nothing.
func (c *client) Check(ctx context.Context) ([]queue.Finding, error) {
	var out []queue.Finding
	add := func(level queue.Level, do, format string, args ...any) {
		out = append(out, queue.Finding{Level: level, Text: fmt.Sprintf(format, args...), Do: do})
	}
	err := c.with(ctx, func(k *conn) error {
		if err := c.checkServer(k, add); err != nil {
			return err
		}
		s, err := c.look(k)
		if err != nil {
			return err
		}
		switch {
		case !s.exists:
			add(queue.Note, "", "there is no stream %s yet; it is made by who takes jobs, or puts some", c.stream)
		case !s.grouped:
			add(queue.Note, "", "stream %s: %d entries, and no group %s yet; it is made by who takes jobs, and begins with the first entry", c.stream, s.length, c.group)
		default:
			add(queue.Fine, "", "stream %s, group %s: %d entries wait, %d are pending, %d consumers", c.stream, c.group, max(s.length-s.pending+s.back, 0), s.pending-s.back, s.consumers)
		}
		if others := s.groups; others > 1 || others == 1 && !s.grouped {
			add(queue.Note, "", "other groups read the stream, too: brood deletes an entry when it is answered, and they then do not see it any more")
		}
		return nil
	})
	return out, err
}

// checkServer says what holds for all queues of a server.
func (c *server) checkServer(k *conn, add func(level queue.Level, do, format string, args ...any)) error {
	info, err := redis.String(k.do("INFO", "server"))
	if err != nil {
		return err
	}
	version := infoOf(info, "redis_version")
	if older(version, 6, 2) {
		add(queue.Missing, "", "Redis %s at %s: it needs 6.2", version, c.addr)
	} else {
		add(queue.Fine, "", "Redis %s at %s", version, c.addr)
	}
	if infoOf(info, "redis_mode") == "cluster" {
		add(queue.Missing, "", "it is a cluster: an answer touches several keys, which a cluster refuses")
	}
	durability(k, add)
	return nil
}

// durability says what a crash of the server costs.
func durability(k *conn, add func(level queue.Level, do, format string, args ...any)) {
	set := map[string]string{}
	for _, name := range []string{"appendonly", "appendfsync", "maxmemory-policy", "maxmemory"} {
		pair, err := redis.Strings(k.do("CONFIG", "GET", name))
		if err != nil || len(pair) != 2 {
			add(queue.Note, "", "it does not say whether it keeps jobs over a crash (CONFIG GET is refused); it does with appendonly yes and appendfsync always only")
			return
		}
		set[name] = pair[1]
	}
	switch {
	case set["appendonly"] != "yes":
		add(queue.Note, "CONFIG SET appendonly yes, CONFIG SET appendfsync always, CONFIG REWRITE", "appendonly is %s: when the server dies, jobs are lost, and answers that it had confirmed are forgotten, so that jobs come again", set["appendonly"])
	case set["appendfsync"] != "always":
		add(queue.Note, "CONFIG SET appendfsync always, CONFIG REWRITE", "appendfsync is %s: when the machine dies, what was put or answered in the last second or more may be forgotten", set["appendfsync"])
	default:
		add(queue.Fine, "", "each change is synced (appendfsync always)")
	}
	if set["maxmemory"] != "0" && set["maxmemory-policy"] != "noeviction" && !strings.HasPrefix(set["maxmemory-policy"], "volatile-") {
		add(queue.Note, "CONFIG SET maxmemory-policy noeviction", "maxmemory-policy is %s: when memory is short the server deletes the whole stream", set["maxmemory-policy"])
	}
}

func infoOf(info, name string) string {
	for line := range strings.Lines(info) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// older compares a version, of which two numbers count; one that cannot be read is not older.
func older(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, err1 := strconv.Atoi(parts[0])
	b, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (a < major || a == major && b < minor)
}
