package bus

import (
	"brood/runner/remote/token"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// firstBound is how many messages the stream takes at first, and before SetRoom twice what there is room for.
const firstBound = 4096

// The server's codes for a cluster that is none, or is too small: JSStreamReplicasNotSupportedErr, JSClusterNoPeersErrF.
const (
	noReplicas = 10074
	noPeers    = 10005
)

// config is the stream's.
func (h *Hub) config(replicas int) jetstream.StreamConfig {
	h.mu.Lock()
	bound := h.bound
	h.mu.Unlock()
	return jetstream.StreamConfig{
		Name: h.n.stream, Subjects: []string{h.n.again + "*", h.n.once + "*"}, Description: "work of a run of brood",
		Retention: jetstream.WorkQueuePolicy, Storage: jetstream.MemoryStorage, Discard: jetstream.DiscardNew,
		MaxMsgs: bound, Replicas: replicas, Duplicates: duplicates,
	}
}

// makeStream makes the stream of this epoch, with as many replicas as the cluster has nodes, at most three; those of
// earlier coordinators of the run are deleted.
func (h *Hub) makeStream(ctx context.Context) error {
	if h.inner != nil {
		if _, err := h.js.CreateStream(ctx, h.config(1)); err != nil {
			return fmt.Errorf("make the stream of work: %w", err)
		}
		return nil
	}
	if err := h.dropEarlier(ctx); err != nil {
		return err
	}
	for _, replicas := range []int{3, 1} {
		_, err := h.js.CreateStream(ctx, h.config(replicas))
		var refusal *jetstream.APIError
		switch {
		case err == nil && replicas == 1:
			h.o.logf("NATS: one server keeps the work that machines are given; if it ends, the run stops, and can be resumed")
			return nil
		case err == nil:
			return nil
		case replicas > 1 && errors.As(err, &refusal) && (refusal.ErrorCode == noReplicas || refusal.ErrorCode == noPeers):
			continue
		}
		return fmt.Errorf("make the stream %s in the NATS cluster: %w; does its account have JetStream, and this user the rights that docs/cluster.md lists?", h.n.stream, err)
	}
	return nil
}

// dropEarlier deletes the streams of earlier epochs of the run, of this one as well, which nobody has but this coordinator.
func (h *Hub) dropEarlier(ctx context.Context) error {
	list := h.js.StreamNames(ctx, jetstream.WithStreamListSubject("brood."+h.n.run+".>"))
	for name := range list.Name() {
		rest, ok := strings.CutPrefix(name, streams(h.n.run))
		epoch, err := strconv.ParseInt(rest, 10, 64)
		if !ok || err != nil {
			continue
		}
		if epoch > h.o.Epoch {
			return fmt.Errorf("a later coordinator of this run is at work in the NATS cluster: it has the stream %s", name)
		}
		if err := h.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("delete the stream %s of an earlier coordinator: %w", name, err)
		}
	}
	if err := list.Err(); err != nil {
		return fmt.Errorf("look for earlier streams of this run in the NATS cluster: %w", err)
	}
	return nil
}

func (h *Hub) dropStream() error {
	ctx, cancel := context.WithTimeout(context.Background(), pingEvery)
	defer cancel()
	err := h.js.DeleteStream(ctx, h.n.stream)
	if err == nil || errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	h.o.logf("NATS: the stream %s is left, and may be deleted: %v", h.n.stream, err)
	return nil
}

// widen raises the stream's bound to the hub's.
func (h *Hub) widen() {
	ctx, cancel := context.WithTimeout(h.ctx, giveUp)
	defer cancel()
	s, err := h.js.Stream(ctx, h.n.stream)
	if err == nil {
		_, err = h.js.UpdateStream(ctx, h.config(s.CachedInfo().Config.Replicas))
	}
	if err != nil && h.ctx.Err() == nil {
		h.o.logf("NATS: the stream takes no more than before: %v", err)
	}
}

func (h *Hub) delete(ctx context.Context, sequence uint64) error {
	s, err := h.js.Stream(ctx, h.n.stream)
	if err != nil {
		return err
	}
	if err = s.DeleteMsg(ctx, sequence); errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return nil // it has been acknowledged
	}
	return err
}

// purge deletes all work of a machine.
func (h *Hub) purge(ctx context.Context, machine string) error {
	s, err := h.js.Stream(ctx, h.n.stream)
	for _, k := range []kind{again, once} {
		if err == nil {
			err = s.Purge(ctx, jetstream.WithPurgeSubject(h.n.work(k, machine)))
		}
	}
	if err != nil {
		return fmt.Errorf("take back the work of machine %s: %w", machine, err)
	}
	return nil
}

// consumerOf says what a consumer is for.
type consumerOf struct {
	machine string
	kind    kind
}

// consumer is what gives a machine one kind of work.
type consumer struct {
	machine string
	subject string        // of its work
	ack     string        // what its acknowledgements begin with
	ready   chan struct{} // closed when it is there, or err says why not
	err     error
}

// consumer returns the consumer for a machine, and makes it when it is first asked for.
func (h *Hub) consumer(ctx context.Context, of consumerOf) (*consumer, error) {
	h.mu.Lock()
	c := h.consumers[of]
	if c != nil {
		h.mu.Unlock()
		select {
		case <-c.ready:
			return c, c.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err := token.CheckMachine(of.machine); err != nil {
		h.mu.Unlock()
		return nil, err
	}
	name := h.n.consumer(of.kind, of.machine)
	c = &consumer{
		machine: of.machine, subject: h.n.work(of.kind, of.machine), ack: "$JS.ACK." + h.n.stream + "." + name + ".1.",
		ready: make(chan struct{}),
	}
	h.consumers[of] = c
	h.mu.Unlock()
	if c.err = h.makeConsumer(ctx, of, name); c.err != nil {
		h.mu.Lock()
		delete(h.consumers, of) // the next tries anew
		h.mu.Unlock()
	}
	close(c.ready)
	return c, c.err
}

func (h *Hub) makeConsumer(ctx context.Context, of consumerOf, name string) error {
	most := -1
	if of.kind == once {
		most = 1
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_, err := h.js.CreateOrUpdatePushConsumer(ctx, h.n.stream, jetstream.ConsumerConfig{
		Durable: name, DeliverSubject: h.n.given + of.machine, FilterSubject: h.n.work(of.kind, of.machine),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: h.o.Lease, MaxDeliver: most, MaxAckPending: -1, MemoryStorage: true,
	})
	if err != nil {
		return fmt.Errorf("make what gives work to machine %s: %w", of.machine, err)
	}
	return nil
}
