package runner

import (
	"brood/jobs"
	"brood/runner/control"
	"brood/runner/exposition"
	"brood/runner/ledger"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// metrics is what a run shows to Prometheus. Most of it is read when it is asked
// for; only what is nowhere else is counted here.
type metrics struct {
	r        *session
	listener net.Listener
	commits  *exposition.Histogram
	waits    atomic.Uint64
	asked    atomic.Int32 // questions that are being answered

	mu       sync.Mutex
	attempts map[ledger.TryVerdict]uint64 // those that were not ok, by verdict
	deaths   map[string]uint64            // by cause
}

// CheckMetrics refuses an address at which metrics cannot be had, before anything
// is started.
func CheckMetrics(address string) error {
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("--metrics %s: %w", address, err)
	}
	return l.Close()
}

// newMetrics listens at an address. It is nil, and does nothing, without one.
func newMetrics(r *session, address string) (*metrics, error) {
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics %s: %w", address, err)
	}
	deaths := make(map[string]uint64)
	for _, cause := range jobs.LossClasses {
		if cause == jobs.ClassInterrupted {
			continue // no death of a worker that anybody has seen
		}
		deaths[string(cause)] = 0
	}
	return &metrics{
		r: r, listener: l, deaths: deaths,
		commits:  exposition.NewHistogram(0.0005, 2, 14),
		attempts: make(map[ledger.TryVerdict]uint64),
	}, nil
}

// scrapes is how many are answered at a time.
const scrapes = 4

// serve answers until ctx ends.
func (m *metrics) serve(ctx context.Context) {
	if m == nil {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", m.answer)
	m.r.Term.Logf("metrics at http://%s/metrics", m.listener.Addr())
	if err := control.ServeConnections(ctx, m.listener, mux); err != nil {
		m.r.Term.Logf("no more metrics: %v", err)
	}
}

// answer answers a question.
func (m *metrics) answer(w http.ResponseWriter, _ *http.Request) {
	defer m.asked.Add(-1)
	if m.asked.Add(1) > scrapes {
		http.Error(w, "too many ask at a time", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", exposition.ContentType)
	_, _ = w.Write(m.page()) // whoever has gone does not want it
}

// close ends what serve has not.
func (m *metrics) close() {
	if m != nil {
		_ = m.listener.Close() // it may have been closed before
	}
}

// noteAttempt counts a try that was not simply ok.
func (m *metrics) noteAttempt(verdict ledger.TryVerdict) {
	if m != nil && verdict != ledger.Answered(jobs.VerdictOK) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.attempts[verdict]++
	}
}

func (m *metrics) noteDeath(cause string) {
	if m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.deaths[cause]++
	}
}

func (m *metrics) noteCommit(took time.Duration) {
	if m != nil {
		m.commits.Observe(took.Seconds())
	}
}

func (m *metrics) noteWait() {
	if m != nil {
		m.waits.Add(1)
	}
}

// page reads the run.
func (m *metrics) page() []byte {
	r := m.r
	t := r.book.Totals()
	p := exposition.NewPage(exposition.Label{Name: "run", Value: r.cfg.Name}, exposition.Label{Name: "job", Value: r.cfg.Job})
	p.Begin("brood_records_total", exposition.Counter, "Records of the run that are final, by status.")
	for _, s := range []struct {
		status jobs.Status
		n      uint64
	}{{jobs.StatusOK, t.OK}, {jobs.StatusFailed, t.Failed}, {jobs.StatusSkipped, t.Skipped}, {jobs.StatusUnknown, t.Unknown}} {
		p.Sample(float64(s.n), exposition.Label{Name: "status", Value: s.status.String()})
	}
	m.counted(p, t.OK-min(r.alreadyOK, t.OK))
	p.One("brood_records_pending", exposition.Gauge, "Records that were read and are not final.", float64(max(t.Pending(), 0)))
	p.One("brood_workers_recycled_total", exposition.Counter, "Workers of this session that were replaced before they leak.", float64(r.recycled.Load()))
	p.One("brood_slots", exposition.Gauge, "Records that may be worked on at a time.", float64(r.crew.Size()+r.crew.Away()))
	m.machines(p)
	p.One("brood_workers", exposition.Gauge, "Workers that live.", float64(r.family.Live()))
	inHand := 0
	for _, s := range r.crew.all() {
		if s.live.Load() != nil {
			inHand += len(s.pad.page.InHand(nil))
		}
	}
	p.One("brood_records_in_hand", exposition.Gauge, "Records that workers have in hand.", float64(inHand))
	p.One("brood_queue_depth", exposition.Gauge, "Records that were read, or wait for another try, and that no worker has.", float64(r.feed.Depth()))
	return p.Bytes()
}

// machines writes how it stands with other machines.
func (m *metrics) machines(p *exposition.Page) {
	if m.r.machines == nil {
		return
	}
	all := m.r.machines.desk.Machines()
	p.Begin("brood_machine_slots", exposition.Gauge, "Places of other machines, by machine and how it stands with it.")
	for i := range all {
		p.Sample(float64(all[i].Slots), exposition.Label{Name: "machine", Value: all[i].Name}, exposition.Label{Name: "state", Value: string(all[i].State)})
	}
	p.Begin("brood_machine_records_total", exposition.Counter, "Records that other machines have answered in this session.")
	for i := range all {
		p.Sample(float64(all[i].Answered), exposition.Label{Name: "machine", Value: all[i].Name})
	}
}

// counted writes what is counted here. Of the tries of this session so many were ok.
func (m *metrics) counted(p *exposition.Page, ok uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.Begin("brood_attempts_total", exposition.Counter, "Tries of this session, by what came of them.")
	p.Sample(float64(ok), exposition.Label{Name: "verdict", Value: jobs.VerdictOK.String()})
	for _, verdict := range slices.Sorted(maps.Keys(m.attempts)) {
		p.Sample(float64(m.attempts[verdict]), exposition.Label{Name: "verdict", Value: string(verdict)})
	}
	p.Begin("brood_worker_deaths_total", exposition.Counter, "Workers of this session that died, or were killed, by cause.")
	for _, cause := range slices.Sorted(maps.Keys(m.deaths)) {
		p.Sample(float64(m.deaths[cause]), exposition.Label{Name: "cause", Value: cause})
	}
	p.One("brood_rate_limit_waits_total", exposition.Counter, "How often a worker, or a record, had to wait for a limit of the pace, in this session.", float64(m.waits.Load()))
	p.Histogram("brood_commit_seconds", "How long a commit took: outputs and ledger, synced.", m.commits)
}
