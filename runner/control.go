package runner

import (
	"brood/runner/home"
	"brood/runner/pace"
	"brood/runner/proc"
	"brood/worker/wire"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// controlName is the socket in the run directory by which a run is told what to
// do. It speaks HTTP: POST to an order, GET for JSON.
//
//	GET  /status    Live
//	GET  /workers   a list of WorkerState
//	POST /pause     nothing more is begun
//	POST /continue  it is again
//	POST /drain     finish what is in hand, then end: as SIGTERM
//	POST /stop      end at once: as a second SIGTERM
//	POST /scale     ?jobs=N
//	POST /rate      ?rate=N/s, or 0 for none
//
// Only the user who runs it, and root, may connect.
const controlName = "control.sock"

// Live is the state of a run as it knows it itself.
type Live struct {
	Job     string  `json:"job"`
	Elapsed float64 `json:"elapsed_s"` // of this session
	// Progress is how much of the dataset is done, 0 to 1; -1 if nobody can tell.
	Progress float64 `json:"progress"`
	Draining bool    `json:"draining"` // nothing new is begun, the run is ending
	Input    uint64  `json:"input"`
	OK       uint64  `json:"ok"`
	Failed   uint64  `json:"failed"`
	Skipped  uint64  `json:"skipped"`
	Unknown  uint64  `json:"unknown"`
	Rate     float64 `json:"rate"` // records a second, of this session
	Jobs     int     `json:"jobs"` // slots
	// Adaptive is how many of the slots may work at the moment; null unless that
	// is adaptive.
	Adaptive *int   `json:"adaptive"`
	Workers  int    `json:"workers"`
	Recycled uint64 `json:"recycled"` // workers replaced before they leak
	Paused   bool   `json:"paused"`
	// Waits says why nothing is begun at the moment, if that is so: a limit.
	Waits string `json:"waits,omitempty"`
	Limit string `json:"rate_limit,omitempty"`
	// LimitedBy says who keeps the limits of memory and processes: the kernel, or
	// brood, which watches.
	LimitedBy string `json:"limited_by,omitempty"`
}

// WorkerState is what is known of a worker.
type WorkerState struct {
	Slot   int     `json:"slot"`
	PID    int     `json:"pid"`
	Seq    *uint64 `json:"seq"` // the record in hand, or null
	InHand float64 `json:"in_hand_s,omitempty"`
	Done   uint64  `json:"done"`  // records
	RSS    int64   `json:"rss"`   // bytes; 0 if the system does not tell
	CPU    float64 `json:"cpu_s"` // seconds
}

// control serves orders until ctx ends. Without its socket a run works all the
// same.
func (r *session) control(ctx context.Context) {
	l, err := listenControl(r.Dir)
	if err != nil {
		r.Term.Logf("this run cannot be told anything while it goes on: %v", err)
		return
	}
	srv := &http.Server{Handler: r.orders(), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = srv.Shutdown(grace)
	})
	defer stop()
	_ = srv.Serve(ownListener{l}) // ends when it is shut down
	_ = os.Remove(r.Dir.File(controlName))
}

// listenControl makes the socket. What a killed session has left is replaced:
// this process has the run's lock.
func listenControl(d *home.Dir) (net.Listener, error) {
	if err := os.Remove(d.File(controlName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	dir, path, err := shortPath(d.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // by that path it is not there later
	return l, os.Chmod(d.File(controlName), 0o600)
}

// ownListener takes connections of this user and of root only.
type ownListener struct{ net.Listener }

func (l ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := peerUser(c.(*net.UnixConn)); err == nil && (uid == os.Geteuid() || uid == 0) {
			return c, nil
		}
		_ = c.Close()
	}
}

// orders are what a run can be told.
func (r *session) orders() http.Handler {
	mux := http.NewServeMux()
	get := func(path string, f func() any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(f()) // if the asker has gone, so be it
		})
	}
	post := func(path string, f func(url.Values) error) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, q *http.Request) {
			if err := f(q.URL.Query()); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
		})
	}
	get("/status", func() any { return r.live() })
	get("/workers", func() any { return r.workerStates() })
	post("/pause", func(url.Values) error { r.feed.pause(true); r.Term.Logf("paused"); return nil })
	post("/continue", func(url.Values) error { r.feed.pause(false); r.Term.Logf("continued"); return nil })
	post("/drain", func(url.Values) error { r.endBy(false); return nil })
	post("/stop", func(url.Values) error { r.endBy(true); return nil })
	post("/scale", func(q url.Values) error {
		n, err := strconv.Atoi(q.Get("jobs"))
		if err != nil || n < 1 || n > 10000 {
			return fmt.Errorf("%q is not a number of workers", q.Get("jobs"))
		}
		return r.scale(n)
	})
	post("/rate", func(q url.Values) error {
		if q.Get("rate") == "0" {
			r.feed.setRate(nil)
			return nil
		}
		rate, err := pace.ParseRate(q.Get("rate"))
		if err != nil {
			return err
		}
		r.feed.setRate(&rate)
		r.Term.Logf("at most %s from now on", rate)
		return nil
	})
	return mux
}

// endBy ends the run as a signal would. To be told to drain twice is not to be
// told to stop.
func (r *session) endBy(now bool) {
	if r.signal.CompareAndSwap(0, int32(syscall.SIGTERM)) {
		r.Term.Logf("told to end: finishing the records in hand")
		r.drain(errSignal)
	}
	if now {
		r.kill()
	}
}

func (r *session) live() *Live {
	t := r.book.totals()
	s := r.snapshot()
	out := &Live{Job: r.cfg.Job, Elapsed: s.Elapsed.Seconds(), Progress: -1, Draining: r.signal.Load() != 0, Input: t.Input, OK: t.OK, Failed: t.Failed, Skipped: t.Skipped, Unknown: t.Unknown, Rate: s.Rate, Jobs: r.crew.Size(), Workers: r.family.Live(), Recycled: r.recycled.Load(), LimitedBy: r.keptBy}
	if s.Total > 0 {
		out.Progress = min(float64(s.Bytes)/float64(s.Total), 1)
	}
	r.feed.mu.Lock()
	defer r.feed.mu.Unlock()
	out.Paused, out.Waits = r.feed.paused, r.feed.pacing.waitReason
	if held := r.feed.gate.shut; held != "" {
		out.Waits = held
	}
	if out.Waits == "" {
		out.Waits = r.feed.waitText(time.Now())
	}
	if r.adapting != nil {
		n := r.adapting.Allowed()
		out.Adaptive = &n
	}
	if rate := r.feed.pacing.Rate(); rate != nil {
		out.Limit = rate.String()
	}
	return out
}

func (r *session) workerStates() []WorkerState {
	out := []WorkerState{}
	for _, s := range r.crew.all() {
		c := s.live.Load()
		if c == nil {
			continue
		}
		w := WorkerState{Slot: s.number, PID: c.PID, Done: s.page.Done()}
		if seq, since, busy := s.page.InHand(); busy {
			n := uint64(seq)
			w.Seq = &n
			if since > 0 {
				w.InHand = (wire.Now() - since).Seconds()
			}
		}
		u := proc.UsageOf(c.PID)
		w.RSS, w.CPU = u.RSS, u.CPU.Seconds()
		out = append(out, w)
	}
	return out
}

// ErrNotRunning is returned for a run that nobody works on.
var ErrNotRunning = errors.New("it is not running")

// Ask sends an order to a run, or asks it something, and returns its answer.
func Ask(ctx context.Context, state, name, method, path string, query url.Values) ([]byte, error) {
	dir := home.RunPath(state, name)
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			d, path, err := shortPath(dir)
			if err != nil {
				return nil, err
			}
			defer func() { _ = d.Close() }()
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}
	u := url.URL{Scheme: "http", Host: "brood", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("ask run %s: %w", name, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("ask run %s: %w", name, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("run %s: %s", name, string(b[:max(len(b)-1, 0)]))
	}
	return b, nil
}

// controlPath is where the socket of a run directory is.
func controlPath(dir string) string { return filepath.Join(dir, controlName) }
