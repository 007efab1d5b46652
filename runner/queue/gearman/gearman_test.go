package gearman

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
)

// TestMain has the servers' files in memory where it can: gearmand syncs its own at each job that is put or answered, one after the
// other, and what is there after a kill -9 does not depend on that.
func TestMain(m *testing.M) {
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		if err := os.Setenv("TMPDIR", "/dev/shm"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// functions are counted, so that each test has its own.
var functions atomic.Int64

// specOf is a queue of its own on a server.
func specOf(t testing.TB, s *queuetest.Server) queue.Spec {
	t.Helper()
	u, err := queue.ParseURL(fmt.Sprintf("gearman://%s/test%d", s.Addr, functions.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return queue.Spec{URL: u}
}

// TestSuite is what every client must keep.
func TestSuite(t *testing.T) {
	s := queuetest.StartGearmand(t, true)
	queuetest.Run(t, queuetest.Setup{
		Open:    Open,
		Spec:    func(t *testing.T) queue.Spec { return specOf(t, s) },
		Server:  s,
		Forgets: true,
		Again:   true,
	})
}
