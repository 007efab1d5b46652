package runner

import (
	"brood/jobs"
	"brood/runner/control"
	"brood/runner/ledger"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what a run shows to Prometheus. Most of it is read when it is asked
// for; only what is nowhere else is counted here.
type metrics struct {
	r        *session
	listener net.Listener
	commits  prometheus.Histogram
	mu       sync.Mutex
	attempts map[ledger.TryVerdict]uint64 // those that were not ok, by verdict
	deaths   *prometheus.CounterVec
	waits    prometheus.Counter

	records, pending, tries, recycled, slots, workers, inHand, queue *prometheus.Desc
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
	label := prometheus.Labels{"run": r.cfg.Name, "job": r.cfg.Job}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("brood_"+name, help, labels, label)
	}
	counter := func(name, help, by string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "brood_" + name, Help: help, ConstLabels: label}, []string{by})
	}
	deaths := counter("worker_deaths_total", "Workers of this session that died, or were killed, by cause.", "cause")
	for _, cause := range jobs.LossClasses {
		if cause == jobs.ClassInterrupted {
			continue // no death of a worker that anybody has seen
		}
		deaths.WithLabelValues(string(cause)) // from 0
	}
	return &metrics{
		r: r, listener: l,
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "brood_commit_seconds", Help: "How long a commit took: outputs and ledger, synced.", ConstLabels: label,
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		attempts: make(map[ledger.TryVerdict]uint64),
		deaths:   deaths,
		waits:    prometheus.NewCounter(prometheus.CounterOpts{Name: "brood_rate_limit_waits_total", Help: "How often a worker, or a record, had to wait for a limit of the pace, in this session.", ConstLabels: label}),
		records:  desc("records_total", "Records of the run that are final, by status.", "status"),
		pending:  desc("records_pending", "Records that were read and are not final."),
		tries:    desc("attempts_total", "Tries of this session, by what came of them.", "verdict"),
		recycled: desc("workers_recycled_total", "Workers of this session that were replaced before they leak."),
		slots:    desc("slots", "Records that may be worked on at a time."),
		workers:  desc("workers", "Workers that live."),
		inHand:   desc("records_in_hand", "Records that workers have in hand."),
		queue:    desc("queue_depth", "Records that were read, or wait for another try, and that no worker has."),
	}, nil
}

// scrapes is how many are answered at a time.
const scrapes = 4

// serve answers until ctx ends.
func (m *metrics) serve(ctx context.Context) {
	if m == nil {
		return
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.commits, m.deaths, m.waits, m)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapes}))
	m.r.Term.Logf("metrics at http://%s/metrics", m.listener.Addr())
	if err := control.ServeConnections(ctx, m.listener, mux); err != nil {
		m.r.Term.Logf("no more metrics: %v", err)
	}
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
		m.deaths.WithLabelValues(cause).Inc()
	}
}

func (m *metrics) noteCommit(took time.Duration) {
	if m != nil {
		m.commits.Observe(took.Seconds())
	}
}

func (m *metrics) noteWait() {
	if m != nil {
		m.waits.Inc()
	}
}

// Describe is for the registry: what Collect brings.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.records, m.pending, m.tries, m.recycled, m.slots, m.workers, m.inHand, m.queue} {
		ch <- d
	}
}

// Collect reads the run.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	r := m.r
	t := r.book.Totals()
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	for _, s := range []struct {
		status jobs.Status
		n      uint64
	}{{jobs.StatusOK, t.OK}, {jobs.StatusFailed, t.Failed}, {jobs.StatusSkipped, t.Skipped}, {jobs.StatusUnknown, t.Unknown}} {
		send(m.records, prometheus.CounterValue, float64(s.n), s.status.String())
	}
	send(m.tries, prometheus.CounterValue, float64(t.OK-min(r.alreadyOK, t.OK)), jobs.VerdictOK.String())
	m.mu.Lock()
	for verdict, n := range m.attempts {
		send(m.tries, prometheus.CounterValue, float64(n), string(verdict))
	}
	m.mu.Unlock()
	send(m.pending, prometheus.GaugeValue, float64(max(t.Pending(), 0)))
	send(m.recycled, prometheus.CounterValue, float64(r.recycled.Load()))
	send(m.slots, prometheus.GaugeValue, float64(r.crew.Size()))
	send(m.workers, prometheus.GaugeValue, float64(r.family.Live()))
	inHand := 0
	for _, s := range r.crew.all() {
		if s.live.Load() != nil {
			if _, _, busy := s.pad.page.InHand(); busy {
				inHand++
			}
		}
	}
	send(m.inHand, prometheus.GaugeValue, float64(inHand))
	send(m.queue, prometheus.GaugeValue, float64(r.feed.Depth()))
}
