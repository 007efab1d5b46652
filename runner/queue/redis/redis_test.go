package redis

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// streams are counted, so that each test has its own.
var streams atomic.Int64

// specOf is a queue of its own on a server.
func specOf(t testing.TB, s *queuetest.Server) queue.Spec {
	t.Helper()
	u, err := queue.ParseURL(fmt.Sprintf("redis://%s/0?stream=test%d", s.Addr, streams.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return queue.Spec{URL: u, Lease: time.Second, Doubts: true}
}

// TestSuite is what every client must keep.
func TestSuite(t *testing.T) {
	s := queuetest.StartRedis(t, "--appendfsync", "no") // what was written is there after kill -9, synced or not
	queuetest.Run(t, queuetest.Setup{
		Open:   Open,
		Spec:   func(t *testing.T) queue.Spec { return specOf(t, s) },
		Server: s,
		Lease:  time.Second,
	})
}
