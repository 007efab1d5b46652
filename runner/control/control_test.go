package control

import (
	"brood/runner/home"
	"brood/runner/pace"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// target is a run that writes down what it is told.
type target struct {
	mu   sync.Mutex
	told []string
}

func (r *target) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, fmt.Sprintf(format, args...))
}

func (r *target) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told)
}

func (r *target) Live() *Live {
	n := 3
	return &Live{Job: "email", Input: 9, OK: 4, Unknown: 1, Progress: -1, Adaptive: &n, Waits: "outside of --window"}
}

func (r *target) Workers() []WorkerState {
	seq := uint64(17)
	return []WorkerState{{Slot: 1, PID: 4711, Seq: &seq, InHand: 0.5}, {Slot: 2, PID: 4712}}
}
func (r *target) Pause(yes bool) { r.note("pause %v", yes) }
func (r *target) End(now bool)   { r.note("end %v", now) }
func (r *target) Scale(n int) error {
	r.note("scale %d", n)
	if n == 13 {
		return errors.New("the run is ending")
	}
	return nil
}

func (r *target) DrainMachine(name string) error {
	r.note("drain machine %s", name)
	return nil
}

func (r *target) Reload(flags Flags) error {
	r.note("reload %v", flags)
	if flags["rate"] == "bad" {
		return errors.New("the template has no end")
	}
	return nil
}

func (r *target) SetRate(rate *pace.Rate) {
	if rate == nil {
		r.note("rate none")
		return
	}
	r.note("rate %s", rate)
}

// serve serves a target as the run x of a state directory, until the test ends.
func serve(t *testing.T, state string, r Target) *home.Dir {
	t.Helper()
	d := home.At(state, "x")
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		defer close(done)
		done <- Serve(ctx, d, Handler(r))
	}()
	t.Cleanup(func() {
		cancel()
		if err, ok := <-done; ok && err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(d.File(SocketName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			t.Fatalf("nobody serves it: %v", err)
		case <-tick.C:
		}
		if _, err := Ask(t.Context(), state, "x", AskStatus); err == nil {
			return d
		} else if !errors.Is(err, ErrNotRunning) {
			t.Fatal(err)
		}
	}
}

func TestQuestions(t *testing.T) {
	state := t.TempDir()
	serve(t, state, &target{})
	b, err := Ask(t.Context(), state, "x", AskStatus)
	if err != nil {
		t.Fatal(err)
	}
	var l Live
	if err := json.Unmarshal(b, &l); err != nil || l.Job != "email" || l.OK != 4 || *l.Adaptive != 3 || l.Waits != "outside of --window" {
		t.Errorf("%s, %v", b, err)
	}
	if b, err = Ask(t.Context(), state, "x", AskWorkers); err != nil {
		t.Fatal(err)
	}
	var w []WorkerState
	if err := json.Unmarshal(b, &w); err != nil || len(w) != 2 || *w[0].Seq != 17 || w[1].Seq != nil {
		t.Errorf("%s, %v", b, err)
	}
	if !strings.Contains(string(b), `"seq":null`) {
		t.Errorf("no record in hand is not null: %s", b)
	}
	if _, err := Ask(t.Context(), state, "x", "secrets"); err == nil {
		t.Error("there is no such question")
	}
}

func TestOrders(t *testing.T) {
	state := t.TempDir()
	r := &target{}
	serve(t, state, r)
	for _, c := range []struct {
		order Order
		with  url.Values
		want  string // what the run is told
		bad   string // what the error says
	}{
		{OrderPause, nil, "pause true", ""},
		{OrderContinue, nil, "pause false", ""},
		{OrderDrain, nil, "end false", ""},
		{OrderStop, nil, "end true", ""},
		{OrderScale, url.Values{"jobs": {"8"}}, "scale 8", ""},
		{OrderScale, url.Values{"jobs": {"13"}}, "scale 13", "run x: the run is ending"},
		{OrderScale, url.Values{"jobs": {"0"}}, "", `"0" is not a number of workers`},
		{OrderScale, url.Values{"jobs": {"10001"}}, "", "not a number of workers"},
		{OrderScale, url.Values{"jobs": {"many"}}, "", "not a number of workers"},
		{OrderScale, nil, "", "not a number of workers"},
		{OrderRate, url.Values{"rate": {"20/s"}}, "rate 20/s", ""},
		{OrderRate, url.Values{"rate": {"0"}}, "rate none", ""},
		{OrderRate, url.Values{"rate": {"fast"}}, "", "fast"},
		{OrderRate, nil, "", "run x: "},
		{"delete", nil, "", "404"},
		{"", nil, "", "404"},
	} {
		before := len(r.all())
		err := Tell(t.Context(), state, "x", c.order, c.with)
		if (err == nil) != (c.bad == "") || (err != nil && !strings.Contains(err.Error(), c.bad)) {
			t.Errorf("%s %v: %v", c.order, c.with, err)
		}
		if got := strings.Join(r.all()[before:], ", "); got != c.want {
			t.Errorf("%s %v: the run was told %q, want %q", c.order, c.with, got, c.want)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	state := t.TempDir()
	if err := Tell(t.Context(), state, "x", OrderPause, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no directory: %v", err)
	}
	d := home.At(state, "x")
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(t.Context(), state, "x", AskStatus); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no socket: %v", err)
	}
	// One that a killed session has left, which the next one replaces.
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: d.File(SocketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	if _, err := Ask(t.Context(), state, "x", AskStatus); !errors.Is(err, ErrNotRunning) {
		t.Errorf("nobody listens: %v", err)
	}
	serve(t, state, &target{})
}

// Run directories may lie deeper than the path of a socket may be long.
func TestDeepDirectories(t *testing.T) {
	state := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	r := &target{}
	d := serve(t, state, r)
	if err := Tell(t.Context(), state, "x", OrderPause, nil); err != nil || len(r.all()) != 1 {
		t.Errorf("%q, %v", r.all(), err)
	}
	if st, err := os.Stat(d.File(SocketName)); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

// Who connects is asked for by the kernel.
func TestPeerUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if uid, err := peerUser(c.(*net.UnixConn)); err != nil || uid != os.Geteuid() {
		t.Errorf("user %d, %v", uid, err)
	}
}

// A run that cannot have its socket says why.
func TestServeFails(t *testing.T) {
	if err := Serve(t.Context(), home.At(t.TempDir(), "none"), http.NewServeMux()); err == nil {
		t.Error("there is no directory to serve in")
	}
}
