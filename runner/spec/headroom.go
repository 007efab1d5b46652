package spec

import "brood/runner/gauge"

// Headroom says how much of the machine must be free for new work to begin. A zero
// asks for nothing.
type Headroom struct {
	// Load is how many processes may run, or could, at most.
	Load float64 `json:"load,omitempty"`
	// MemFree is how many bytes of memory must be available.
	MemFree int64 `json:"mem_free,omitempty"`
	// Pressure is the share of the time, in percent, in which a process may have
	// had to wait for each resource.
	Pressure map[gauge.Resource]float64 `json:"pressure,omitempty"`
}
