package bus

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// What is given once is given once, however often the rest is given again.
func TestOnceIsGivenOnce(t *testing.T) {
	w := newWorld(t, func(o *HubOptions) { o.Lease = 1e8 })
	m := w.join(w.issue("a"))
	for n := range uint64(4) {
		must(t, w.hub.Work(t.Context(), "a", n, n < 3, nil))
	}
	count := [4]int{}
	for count[3] < 4 {
		count[next(t, m.work, "work").number]++
	}
	if count != [4]int{1, 1, 1, 4} {
		t.Errorf("they came %v times", count)
	}
	for n := range uint64(4) {
		w.hub.Done("a", n)
	}
	w.empty()
}

// A machine that is not there gets its work when it comes, but what was taken back, which makes room.
func TestWithdraw(t *testing.T) {
	w := newWorld(t, nil)
	tok := w.issue("a")
	w.hub.SetRoom(2)
	for n := range uint64(2) {
		must(t, w.hub.Work(t.Context(), "a", n, n == 1, nil))
	}
	must(t, w.hub.Withdraw(t.Context(), "a"))
	w.empty()
	for n := range uint64(2) {
		must(t, w.hub.Work(t.Context(), "a", 10+n, n == 1, nil))
	}
	m := w.join(tok)
	for range 2 {
		if g := next(t, m.work, "work"); g.number < 10 {
			t.Errorf("%d was taken back", g.number)
		}
	}
}

// What the server refuses, as the stream is full, comes when there is room.
func TestServerIsFull(t *testing.T) {
	w := newWorld(t, nil)
	c := w.hub.config(1)
	c.MaxMsgs = 2
	_, err := w.hub.js.UpdateStream(t.Context(), c)
	must(t, err)
	m := w.join(w.issue("a"))
	const many = 20
	for n := range uint64(many) {
		must(t, w.hub.Work(t.Context(), "a", n, true, nil))
	}
	seen := [many]bool{}
	for range many {
		g := next(t, m.work, "work")
		if seen[g.number] {
			t.Errorf("%d came twice", g.number)
		}
		seen[g.number] = true
		w.hub.Done("a", g.number)
	}
	w.empty()
}

// Renew tells the consumer of just this machine's work, and of what is not done.
func TestRenew(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.join(w.issue("a")), w.join(w.issue("b"))
	for n := range uint64(3) {
		must(t, w.hub.Work(t.Context(), "a", n, false, nil))
		next(t, a.work, "work")
	}
	must(t, w.hub.Work(t.Context(), "b", 9, false, nil))
	next(t, b.work, "work")
	acks, err := w.hub.nc.SubscribeSync("$JS.ACK.>")
	must(t, err)
	w.hub.Done("a", 0)
	w.hub.Renew("a", []uint64{0, 1, 2, 9, 77})
	var got []string
	for range 3 {
		m, err := acks.NextMsg(patience)
		must(t, err)
		got = append(got, strings.TrimPrefix(m.Subject, "$JS.ACK."+w.hub.n.stream+".n-a.1.")+string(m.Data))
	}
	if want := "1.1.0.0 2.1.0.0+WPI 3.1.0.0+WPI"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	must(t, w.hub.nc.Flush())
	if n, _, err := acks.Pending(); n != 0 || err != nil {
		t.Errorf("%d more, %v", n, err)
	}
}

// FuzzFrames holds that what is read of a frame is what was written into it, and nothing else is a frame.
func FuzzFrames(f *testing.F) {
	f.Add(workFrame(7, []byte("body")), uint64(1), uint64(2))
	f.Add(letterFrame(7, 1, []byte("body")), uint64(0), uint64(1<<63))
	f.Fuzz(func(t *testing.T, b []byte, x, y uint64) {
		if n, body, ok := parseWork(b); ok && string(workFrame(n, body)) != string(b) {
			t.Errorf("work %d, %q of %q", n, body, b)
		}
		if p, c, body, ok := parseLetter(b); ok && string(letterFrame(p, c, body)) != string(b) {
			t.Errorf("letter %d %d, %q of %q", p, c, body, b)
		}
		if n, body, ok := parseWork(workFrame(x, b)); !ok || n != x || string(body) != string(b) {
			t.Errorf("%d %q", n, body)
		}
		if p, c, body, ok := parseLetter(letterFrame(x, y, b)); !ok || p != x || c != y || string(body) != string(b) {
			t.Errorf("%d %d %q", p, c, body)
		}
	})
}

// FuzzConfirmation holds that the short way of reading a stream's answer and the long one agree.
func FuzzConfirmation(f *testing.F) {
	f.Add([]byte(`{"stream":"BROOD_x_1","seq":42}`))
	f.Add([]byte(`{"stream":"BROOD_x_1","seq":42,"duplicate":true}`))
	f.Add([]byte(`{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"S","seq":0}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		short, ok := plainConfirmation(b)
		n, err := parseConfirmation(&nats.Msg{Data: b})
		if ok && (err != nil || n != short || short == 0) {
			t.Errorf("%d and %d, %v", short, n, err)
		}
		if err == nil && n == 0 {
			t.Error("no sequence, and no error")
		}
	})
}
