package redis

import (
	"brood/runner/queue"
	"context"
	"fmt"

	"github.com/gomodule/redigo/redis"
)

// hand is how many jobs an owner has.
type hand struct {
	owner string
	jobs  int64
}

// look counts a list, those beside it, and what owners have.
func (l *list) look(k *conn) (ready, failed, unknown int64, hands []hand, err error) {
	for key, into := range map[string]*int64{l.name: &ready, l.name + ":failed": &failed, l.name + ":unknown": &unknown} {
		if *into, err = redis.Int64(k.do("LLEN", key)); err != nil {
			return ready, failed, unknown, nil, err
		}
	}
	owners, err := redis.Strings(k.do("SMEMBERS", l.name+":brood:owners"))
	for _, owner := range owners {
		n, err := redis.Int64(k.do("LLEN", l.name+":brood:"+owner))
		if err != nil {
			return ready, failed, unknown, nil, err
		}
		if n > 0 {
			hands = append(hands, hand{owner, n})
		}
	}
	return ready, failed, unknown, hands, err
}

// Stats counts.
func (l *list) Stats(ctx context.Context) (queue.Stats, error) {
	s := queue.Stats{Done: -1}
	err := l.with(ctx, func(k *conn) error {
		ready, failed, unknown, hands, err := l.look(k)
		s.Ready, s.Failed, s.Parked, s.Takers = ready, failed, unknown, int64(len(hands))
		for _, h := range hands {
			s.InHand += h.jobs
		}
		return err
	})
	return s, err
}

// Check says what is there, and changes nothing.
func (l *list) Check(ctx context.Context) ([]queue.Finding, error) {
	var out []queue.Finding
	add := func(level queue.Level, do, format string, args ...any) {
		out = append(out, queue.Finding{Level: level, Text: fmt.Sprintf(format, args...), Do: do})
	}
	err := l.with(ctx, func(k *conn) error {
		if err := l.checkServer(k, add); err != nil {
			return err
		}
		ready, failed, unknown, hands, err := l.look(k)
		if err != nil {
			return err
		}
		add(queue.Fine, "", "list %s: %d jobs wait, %d have failed, %d are unknown", l.name, ready, failed, unknown)
		for _, h := range hands {
			add(queue.Note, "", "%s has %d jobs in hand: nobody else is given them before it has answered; if it has died, resume it", h.owner, h.jobs)
		}
		return nil
	})
	return out, err
}
