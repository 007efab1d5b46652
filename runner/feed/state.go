package feed

import (
	"brood/runner/pace"
	"time"
)

// State is what a feed says of itself.
type State struct {
	Paused bool
	// Waits says why nothing is begun at the moment, or is empty.
	Waits string
	// Adaptive is how many slots may work at the moment, and nil if all may.
	Adaptive *int
	// Fewer says why the far side lets in only so many, if that is why.
	Fewer string
	Rate  *pace.Rate // nil: no limit
}

// State is how the feed stands.
func (f *Feed) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := State{Paused: f.paused, Waits: f.pacing.waitReason, Rate: f.pacing.Rate()}
	if f.gate.shut != "" {
		out.Waits = f.gate.shut
	}
	if out.Waits == "" {
		out.Waits = f.waitText(time.Now())
	}
	if f.adapting != nil {
		n := f.adapting.Allowed()
		out.Adaptive = &n
	}
	if n := f.gate.places.Limit(); n > 0 && (out.Adaptive == nil || n < *out.Adaptive) {
		out.Adaptive, out.Fewer = &n, f.gate.whyFewer
	}
	return out
}

// Waits says until when nothing is begun, if all that is left to begin waits for its
// time; otherwise it is empty.
func (f *Feed) Waits() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.waitText(time.Now())
}
