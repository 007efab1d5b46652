package beanstalk

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// tubes are counted, so that each test has its own.
var tubes atomic.Int64

// specOf is a queue of its own on a server.
func specOf(t testing.TB, s *queuetest.Server) queue.Spec {
	t.Helper()
	u, err := queue.ParseURL(fmt.Sprintf("beanstalk://%s/test%d", s.Addr, tubes.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return queue.Spec{URL: u, Doubts: true}
}

// TestSuite is what every client must keep.
func TestSuite(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, true, "-f", "60000") // what was written is there after kill -9, synced or not
	queuetest.Run(t, queuetest.Setup{
		Open:    Open,
		Spec:    func(t *testing.T) queue.Spec { return specOf(t, s) },
		Server:  s,
		Lease:   time.Second,
		Renames: true,
	})
}
