package exposition

import "sync"

// Histogram counts values by their size. Any number of goroutines may use it.
type Histogram struct {
	bounds []float64 // the largest value of each bucket, in order

	mu     sync.Mutex
	counts []uint64 // of each bucket, and of what is above all
	sum    float64
}

// NewHistogram has n buckets, the first up to the first bound, each other up to factor times
// the bound of the one before.
func NewHistogram(first, factor float64, n int) *Histogram {
	h := &Histogram{bounds: make([]float64, n), counts: make([]uint64, n+1)}
	for i := range h.bounds {
		h.bounds[i] = first
		first *= factor
	}
	return h
}

// Observe counts a value.
func (h *Histogram) Observe(v float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := 0
	for i < len(h.bounds) && v > h.bounds[i] {
		i++
	}
	h.counts[i]++
	h.sum += v
}

// Histogram writes one as a family. What was counted meanwhile is in all of its lines, or in none.
func (p *Page) Histogram(name, help string, h *Histogram) {
	p.Begin(name, histogramKind, help)
	h.mu.Lock()
	defer h.mu.Unlock()
	var sofar uint64
	for i, n := range h.counts {
		sofar += n
		bound := "+Inf"
		if i < len(h.bounds) {
			bound = number(h.bounds[i])
		}
		p.line("_bucket", float64(sofar), append(p.common[:len(p.common):len(p.common)], Label{"le", bound}))
	}
	p.line("_sum", h.sum, p.common)
	p.line("_count", float64(sofar), p.common)
}
