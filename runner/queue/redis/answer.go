package redis

import (
	"brood/runner/queue"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomodule/redigo/redis"
)

// atOnce is how many answers one script has: the server does nothing else meanwhile.
const atOnce = 200

// answerText does what answers ask for, each only if the entry is pending for who answers.
// KEYS: stream, stream of what failed, stream of what is unknown. ARGV: group, consumer of what is given back, and then for each: id, who
// answers, verb (one of queue.Verb's words, or "return" or "renew"), error.
const answerText = `
local s, g, back = KEYS[1], ARGV[1], ARGV[2]
local out = {}
for i = 3, #ARGV, 4 do
  local id, who, verb = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local p = redis.call('XPENDING', s, g, id, id, 1)[1]
  local said = 'ok'
  if not p then
    said = 'gone'
  elseif p[2] ~= who then
    said = 'lost'
  elseif verb == 'renew' then
    redis.call('XCLAIM', s, g, who, 0, id, 'JUSTID')
  elseif verb == 'later' then
    redis.call('XCLAIM', s, g, back, 0, id, 'TIME', 0, 'RETRYCOUNT', p[4], 'JUSTID')
  elseif verb == 'return' then
    redis.call('XCLAIM', s, g, back, 0, id, 'TIME', 0, 'RETRYCOUNT', math.max(p[4] - 1, 0), 'JUSTID')
  else
    local to = verb == 'failed' and KEYS[2] or verb == 'park' and KEYS[3]
    if to then
      local e = redis.call('XRANGE', s, id, id)[1]
      local add = {'XADD', to, '*'}
      for _, f in ipairs(e and e[2] or {}) do add[#add + 1] = f end
      for _, f in ipairs({'brood_id', id, 'brood_error', ARGV[i + 3]}) do add[#add + 1] = f end
      redis.call(unpack(add))
    end
    redis.call('XACK', s, g, id)
    redis.call('XDEL', s, id)
  end
  out[#out + 1] = said
end
return out`

// say is one thing that is said about an entry.
type say struct{ id, who, verb, text string }

// Answer tells the server what became of jobs, an earlier session's, too: its entries are pending for the same consumer.
func (c *client) Answer(ctx context.Context, answers []queue.Answer) []error {
	says := make([]say, len(answers))
	for i, a := range answers {
		says[i] = say{a.ID, a.Token, a.Verb.String(), a.Error}
	}
	return c.tell(ctx, says)
}

// Renew makes the idle time of entries 0.
func (c *client) Renew(ctx context.Context, held []*queue.Job) []error {
	out := c.tell(ctx, ofJobs(held, "renew"))
	for i, err := range out {
		if err == nil {
			held[i].Lease = c.lease
		}
	}
	return out
}

// Return gives entries back; the delivery that came to nothing is not counted.
func (c *client) Return(ctx context.Context, unbegun []*queue.Job) error {
	for i, err := range c.tell(ctx, ofJobs(unbegun, "return")) {
		if err != nil && err != queue.ErrLost && err != queue.ErrGone { //nolint:errorlint // they come as they are
			return fmt.Errorf("give %s back: %w", unbegun[i].ID, err)
		}
	}
	return nil
}

func ofJobs(held []*queue.Job, verb string) []say {
	says := make([]say, len(held))
	for i, j := range held {
		says[i] = say{j.ID, j.Token, verb, ""}
	}
	return says
}

// tell says things in bulk, and what came of each. What is no entry's ID is of no entry, and not sent: the server would refuse all.
func (c *client) tell(ctx context.Context, all []say) []error {
	says, at := make([]say, 0, len(all)), make([]int, 0, len(all))
	result := make([]error, len(all))
	for i, s := range all {
		if result[i] = queue.ErrGone; isEntry(s.id) {
			says, at = append(says, s), append(at, i)
		}
	}
	for i, err := range c.tellEntries(ctx, says) {
		result[at[i]] = err
	}
	return result
}

// isEntry reports whether an ID has the form of an entry's, MILLISECONDS-NUMBER.
func isEntry(id string) bool {
	ms, n, found := strings.Cut(id, "-")
	_, err1 := strconv.ParseUint(ms, 10, 64)
	_, err2 := strconv.ParseUint(n, 10, 64)
	return found && err1 == nil && err2 == nil
}

func (c *client) tellEntries(ctx context.Context, says []say) []error {
	out := make([]error, len(says))
	for from := 0; from < len(says); from += atOnce {
		some := says[from:min(from+atOnce, len(says))]
		if err := c.with(ctx, func(k *conn) error { return c.tellSome(k, some, out[from:]) }); err != nil {
			for i := from; i < len(says); i++ {
				out[i] = err
			}
			break
		}
	}
	c.mu.Lock()
	for _, s := range says {
		if s.verb == "return" || s.verb == queue.Later.String() {
			c.lookedForOthers = c.lookedForOthers.Add(-2 * longestBlock) // it is there for this client, too
			break
		}
	}
	c.mu.Unlock()
	return out
}

func (c *client) tellSome(k *conn, says []say, out []error) error {
	args := []any{c.stream, c.stream + ":failed", c.stream + ":unknown", c.group, backConsumer}
	for _, s := range says {
		args = append(args, s.id, s.who, s.verb, s.text)
	}
	words, err := redis.Strings(k.run(redis.NewScript(3, answerText), args...))
	if noGroup(err) { // the stream was deleted, and all that was pending
		for i := range says {
			out[i] = queue.ErrGone
		}
		return nil
	}
	if err != nil {
		return err
	}
	if len(words) != len(says) {
		return fmt.Errorf("%d answers to %d", len(words), len(says))
	}
	for i, word := range words {
		switch word {
		case "ok":
		case "lost":
			out[i] = queue.ErrLost
		default:
			out[i] = queue.ErrGone
		}
	}
	return nil
}
