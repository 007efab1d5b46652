package beanstalk

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"context"
	"strings"
	"syscall"
	"testing"
	"time"
)

// found looks for a finding with a text.
func (c *client) finding(t *testing.T, text string) *queue.Finding {
	t.Helper()
	all, err := c.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range all {
		if strings.Contains(f.Text, text) {
			return &all[i]
		}
	}
	return nil
}

// TestCheck: the server's version and limits, what it does not keep, what is in the tube; nothing is changed.
func TestCheck(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false)
	spec := specOf(t, s)
	c := opened(t, spec)
	want := func(text, do string, level queue.Level) {
		t.Helper()
		if f := c.finding(t, text); f == nil || f.Level != level || !strings.Contains(f.Do, do) {
			all, err := c.Check(context.Background())
			t.Errorf("%q: %+v; all: %+v %v", text, f, all, err)
		}
	}
	never := func(text string) {
		t.Helper()
		if f := c.finding(t, text); f != nil {
			t.Errorf("%+v", f)
		}
	}
	want("beanstalkd 1.", "", queue.Fine)
	want("up to 65535 bytes", "", queue.Fine)
	want("no binlog", "-b", queue.Note)
	want("nobody has used the tube", "default", queue.Note)
	if _, err := c.Put(context.Background(), []queue.Put{{Body: []byte("a"), Lease: 2 * time.Second}, {Body: []byte("b"), Delay: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	never("nobody has used")
	want("1 ready, 1 delayed, 0 reserved, 0 buried; 0 connections of others watch it", "", queue.Fine)
	want("(TTR) is 2s", "more", queue.Note)
	never("drain mode")
	never("paused")
	if err := syscall.Kill(s.Pid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(context.Background(), []queue.Put{{Body: []byte("a")}}); err == nil || !strings.Contains(err.Error(), "drain mode") {
		t.Error("put into a server that drains:", err)
	}
	want("drain mode", "", queue.Note)
	k, err := c.use(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.batch(k, 1, func(int) { k.about("pause-tube ", c.tubes[0]+" 100") }, func(_ int, r reply) error {
		if r.word != paused {
			return r.odd("pause-tube")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c.release(k)
	want("is paused", "pause-tube", queue.Note)
	if have := counted(t, c); have.Ready != 1 || have.InHand != 0 || have.Takers != 0 {
		t.Errorf("%+v", have)
	}
	c = opened(t, specOf(t, queuetest.StartBeanstalkd(t, true)))
	never("no binlog")
}

// TestVersions: which is older.
func TestVersions(t *testing.T) {
	for version, want := range map[string]bool{"1.12": false, "1.13+dev": false, "1.11": true, "1.4.6": true, "0.9": true, "2.0": false, "1.12rc1": false, "": false, "x.y": false, "1": false} {
		if older(version, 1, 12) != want {
			t.Errorf("%q: %v", version, !want)
		}
	}
}

// TestPut: what is too long is said before it is sent, and those before it are put; tubes after the first are only watched.
func TestPut(t *testing.T) {
	s := queuetest.StartBeanstalkd(t, false, "-z", "1000")
	spec := specOf(t, s)
	spec.URL.Path += "," + spec.URL.Path + "b"
	c := opened(t, spec)
	n, err := c.Put(context.Background(), []queue.Put{{Body: []byte("a")}, {Body: []byte(strings.Repeat("x", 1000))}, {Body: []byte(strings.Repeat("x", 1001))}, {Body: []byte("b")}})
	if n != 2 || err == nil || !strings.Contains(err.Error(), "-z 1001") {
		t.Errorf("%d, %v", n, err)
	}
	single := spec
	u := *spec.URL
	u.Path = c.tubes[1]
	single.URL = &u
	put(t, opened(t, single), "into the second")
	if have := counted(t, c); have.Ready != 3 {
		t.Errorf("%+v", have)
	}
	if have := counted(t, opened(t, single)); have.Ready != 1 {
		t.Errorf("the second: %+v", have)
	}
	taken(t, c, 3)
}

// TestSeconds: the server's seconds are never fewer than asked for.
func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]uint64{-1: 0, 0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, 1<<63 - 1: 1<<32 - 1} {
		if got := seconds(d); got != want {
			t.Errorf("%s: %d, want %d", d, got, want)
		}
	}
}
