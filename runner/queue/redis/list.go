package redis

import (
	"brood/runner/queue"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what Redis has in its scripts; it finds a value, and guards nothing
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

// moveText moves jobs into an owner's list.
// KEYS: list, the owner's list, owners. ARGV: owner, how many, the side to take from.
const moveText = `
local out = {}
redis.call('SADD', KEYS[3], ARGV[1])
for i = 1, tonumber(ARGV[2]) do
  local v = redis.call('LMOVE', KEYS[1], KEYS[2], ARGV[3], 'LEFT')
  if not v then break end
  out[i] = v
end
return out`

// settleText takes jobs out of an owner's list, and puts them where they belong.
// KEYS: list, the owner's list, list of what failed, of what is unknown. ARGV: RPUSH or LPUSH to give back, and then for each: verb (one of
// queue.Verb's words), "body" or "sha1", that.
const settleText = `
local out, bySum = {}, nil
for i = 2, #ARGV, 3 do
  local verb, value = ARGV[i], ARGV[i + 2]
  if ARGV[i + 1] == 'sha1' then
    if not bySum then
      bySum = {}
      for _, v in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do bySum[redis.sha1hex(v)] = v end
    end
    value = bySum[value]
  end
  if not value or redis.call('LREM', KEYS[2], 1, value) == 0 then
    out[#out + 1] = 'gone'
  else
    if verb == 'later' then redis.call(ARGV[1], KEYS[1], value)
    elseif verb == 'failed' then redis.call('LPUSH', KEYS[3], value)
    elseif verb == 'park' then redis.call('LPUSH', KEYS[4], value)
    end
    out[#out + 1] = 'ok'
  end
end
return out`

// digest is of a job's body.
type digest [sha1.Size]byte

// hold is what a job's Hold is until it is answered.
type hold struct {
	digest digest
	body   []byte
}

// list is a queue.Client of a list.
type list struct {
	*server
	claim             string
	name, mine, owner string
	side, back, front string // where jobs are taken from; how they are given back there, and put at the other end

	// flight is held to read by whatever moves jobs, and to write while it is counted who has which.
	flight sync.RWMutex
	hands  map[digest]int // what this client has given out; guarded by mu
	unsure bool           // something may be in the owner's list that it has not; guarded by mu
}

func newList(srv *server, claim, name, owner, pop string) *list {
	l := &list{server: srv, claim: claim, name: name, mine: name + ":brood:" + owner, owner: owner, side: "RIGHT", back: "RPUSH", front: "LPUSH", hands: map[digest]int{}, unsure: true}
	if pop == "left" {
		l.side, l.back, l.front = "LEFT", "LPUSH", "RPUSH"
	}
	return l
}

// Traits are the same for all servers.
func (l *list) Traits() queue.Traits { return queue.Traits{Notifies: true, Claim: l.claim} }

// Take first has what an end of a connection or of a session has left between the server and here.
func (l *list) Take(ctx context.Context, n int, wait time.Duration) ([]*queue.Job, error) {
	if n <= 0 {
		return nil, nil
	}
	for until := time.Now().Add(wait); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		taken, err := l.recover(ctx, n)
		if err == nil && len(taken) < n {
			block := time.Until(until)
			if len(taken) > 0 {
				block = 0
			}
			var moved []*queue.Job
			moved, err = l.move(ctx, n-len(taken), block)
			taken = append(taken, moved...)
		}
		if len(taken) > 0 {
			return taken, nil // what is wrong now is wrong at the next Take
		}
		if err != nil || !time.Now().Before(until) {
			return nil, err
		}
	}
}

// move moves jobs into the owner's list; if there is none it waits for the first.
func (l *list) move(ctx context.Context, n int, block time.Duration) ([]*queue.Job, error) {
	l.flight.RLock()
	defer l.flight.RUnlock()
	var bodies [][]byte
	err := l.with(ctx, func(k *conn) (err error) {
		bodies, err = redis.ByteSlices(k.run(redis.NewScript(3, moveText), l.name, l.mine, l.name+":brood:owners", l.owner, min(n, 10*atOnce), l.side))
		if err == nil && len(bodies) == 0 && block >= time.Millisecond {
			block = k.blocks(block)
			var body []byte
			if body, err = redis.Bytes(l.block(ctx, k, block, "BLMOVE", l.name, l.mine, l.side, "LEFT", block.Seconds())); err == nil {
				bodies = [][]byte{body}
			} else if errors.Is(err, redis.ErrNil) {
				err = nil
			}
		}
		return err
	})
	var said redis.Error
	if err != nil && !errors.As(err, &said) {
		l.mu.Lock()
		l.unsure = true
		l.mu.Unlock()
	}
	return l.give(bodies), err
}

// recover has what is in the owner's list and in nobody's hands. While jobs are moved that cannot be told; the next Take tries again.
func (l *list) recover(ctx context.Context, n int) ([]*queue.Job, error) {
	l.mu.Lock()
	unsure := l.unsure
	l.mu.Unlock()
	if !unsure || !l.flight.TryLock() {
		return nil, nil
	}
	defer l.flight.Unlock()
	var all [][]byte
	if err := l.with(ctx, func(k *conn) (err error) {
		all, err = redis.ByteSlices(k.do("LRANGE", l.mine, 0, -1))
		return err
	}); err != nil {
		return nil, err
	}
	var left [][]byte
	l.mu.Lock()
	seen := map[digest]int{}
	for _, body := range all {
		d := digest(sha1.Sum(body)) //nolint:gosec // see above
		if seen[d]++; seen[d] > l.hands[d] {
			left = append(left, body)
		}
	}
	l.unsure = len(left) > n
	l.mu.Unlock()
	return l.give(left[:min(n, len(left))]), nil
}

// give makes jobs of values that are in the owner's list.
func (l *list) give(bodies [][]byte) []*queue.Job {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]*queue.Job, len(bodies))
	for i, body := range bodies {
		d := digest(sha1.Sum(body)) //nolint:gosec // see above
		l.hands[d]++
		out[i] = &queue.Job{ID: hex.EncodeToString(d[:]) + "-" + rand.Text(), Body: body, Hold: hold{digest: d, body: body}}
	}
	return out
}

// settle is one thing that is done with a job.
type settle struct {
	verb queue.Verb
	id   string
	job  *queue.Job
}

// Answer takes jobs out of the owner's list.
func (l *list) Answer(ctx context.Context, answers []queue.Answer) []error {
	all := make([]settle, len(answers))
	for i, a := range answers {
		all[i] = settle{a.Verb, a.ID, a.Job}
	}
	return l.settle(ctx, all)
}

// Return gives jobs back, at the end from where they are taken next.
func (l *list) Return(ctx context.Context, unbegun []*queue.Job) error {
	all := make([]settle, len(unbegun))
	for i, j := range unbegun {
		all[i] = settle{queue.Later, j.ID, j}
	}
	for _, err := range l.settle(ctx, all) {
		if err != nil && !errors.Is(err, queue.ErrGone) {
			return err
		}
	}
	return nil
}

func (l *list) settle(ctx context.Context, all []settle) []error {
	l.flight.RLock()
	defer l.flight.RUnlock()
	out := make([]error, len(all))
	var at []int
	var args []any
	flush := func() {
		for i, err := range l.settleSome(ctx, args, len(at)) {
			if out[at[i]] = err; err == nil || errors.Is(err, queue.ErrGone) {
				l.letGo(all[at[i]].job)
			}
		}
		at, args = nil, nil
	}
	for i, s := range all {
		how, what := l.named(s)
		if what == nil {
			out[i] = queue.ErrGone
			continue
		}
		at, args = append(at, i), append(args, s.verb.String(), how, what)
		if len(at) == atOnce {
			flush()
		}
	}
	if len(at) > 0 {
		flush()
	}
	return out
}

// named says how a job is found in the owner's list; nil: it is not there any more, or never was. One that was answered is not looked
// for again, as an equal one may be there.
func (l *list) named(s settle) (how string, what any) {
	if s.job != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if h, held := s.job.Hold.(hold); held {
			return "body", h.body
		}
		return "body", nil
	}
	sum, _, found := strings.Cut(s.id, "-")
	if b, err := hex.DecodeString(sum); !found || err != nil || len(b) != sha1.Size {
		return "sha1", nil
	}
	return "sha1", sum
}

func (l *list) settleSome(ctx context.Context, args []any, n int) []error {
	out := make([]error, n)
	var words []string
	err := l.with(ctx, func(k *conn) (err error) {
		words, err = redis.Strings(k.run(redis.NewScript(4, settleText), append([]any{l.name, l.mine, l.name + ":failed", l.name + ":unknown", l.back}, args...)...))
		if err == nil && len(words) != n {
			err = errors.New("it answers another number of questions")
		}
		return err
	})
	for i := range out {
		if err != nil {
			out[i] = err
		} else if words[i] != "ok" {
			out[i] = queue.ErrGone
		}
	}
	return out
}

// letGo notes that a job is in nobody's hands any more, once.
func (l *list) letGo(j *queue.Job) {
	if j == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if h, held := j.Hold.(hold); held {
		j.Hold = nil
		if l.hands[h.digest]--; l.hands[h.digest] <= 0 {
			delete(l.hands, h.digest)
		}
	}
}

// Renew asks only whether the server is there: what is in an owner's list stays there.
func (l *list) Renew(ctx context.Context, held []*queue.Job) []error {
	out := make([]error, len(held))
	err := l.with(ctx, func(k *conn) error { _, err := k.do("PING"); return err })
	for i := range out {
		out[i] = err
	}
	return out
}

// Put adds jobs at the end from where they are taken last.
func (l *list) Put(ctx context.Context, puts []queue.Put) (int, error) {
	for i := range puts {
		if puts[i].Delay > 0 || puts[i].Priority != nil {
			return 0, errors.New("a list has neither delays nor priorities")
		}
	}
	return l.send(ctx, puts, func(k *conn, body []byte) error { return k.redis.Send(l.front, l.name, body) })
}
