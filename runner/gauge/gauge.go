// Package gauge reads how busy the machine is. It knows nothing of runs.
package gauge

import "time"

// Resource is one that Linux measures the pressure on.
type Resource string

// The resources: see psi.rst in the kernel's documentation.
const (
	CPU    Resource = "cpu"
	Memory Resource = "memory"
	IO     Resource = "io"
)

// Resources are all of them.
var Resources = []Resource{CPU, Memory, IO}

// Stalls measures the pressure on a resource between two looks.
type Stalls struct {
	of    Resource
	at    time.Time
	total time.Duration
}

// NewStalls begins to measure.
func NewStalls(of Resource) (*Stalls, error) {
	s := &Stalls{of: of}
	_, err := s.Percent()
	return s, err
}

// Percent is the share of the time since the last call, in percent, in which at
// least one process of the machine waited for the resource.
func (s *Stalls) Percent() (float64, error) {
	total, err := stalled(s.of)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	percent := 100 * (total - s.total).Seconds() / max(now.Sub(s.at).Seconds(), 1e-3)
	s.at, s.total = now, total
	return percent, nil
}
