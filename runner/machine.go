package runner

import (
	"brood/runner/feed"
	"brood/runner/gauge"
	"brood/runner/spec"
	"brood/runner/term"
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
)

// CheckHeadroom refuses what this system does not tell, before anything is started.
func CheckHeadroom(h *spec.Headroom) error {
	if h.Load > 0 {
		if _, err := gauge.Running(); err != nil {
			return fmt.Errorf("--load: %w", err)
		}
	}
	if h.MemFree > 0 {
		if _, err := gauge.MemoryAvailable(); err != nil {
			return fmt.Errorf("--memfree: %w", err)
		}
	}
	for of := range h.Pressure {
		if _, err := gauge.NewStalls(of); err != nil {
			return fmt.Errorf("--pressure: %w", err)
		}
	}
	return nil
}

const (
	// gaugeEvery is how often the machine is looked at.
	gaugeEvery = 100 * time.Millisecond
	// gaugeSpan is over how many looks the load, and the pressure, are taken.
	gaugeSpan = 10
)

// gauges are what has been seen of the machine lately.
type gauges struct {
	spec.Headroom
	feed    *feed.Feed
	term    *term.Term
	running [gaugeSpan]int
	n       int
	stalls  map[gauge.Resource]*gauge.Stalls
	percent map[gauge.Resource]float64
}

// newGauges looks at the machine, before anything is begun; nil: nothing is asked for.
func newGauges(h spec.Headroom, f *feed.Feed, t *term.Term) *gauges {
	if h.Load == 0 && h.MemFree == 0 && len(h.Pressure) == 0 {
		return nil
	}
	g := &gauges{Headroom: h, feed: f, term: t, stalls: make(map[gauge.Resource]*gauge.Stalls), percent: make(map[gauge.Resource]float64)}
	for of := range h.Pressure {
		s, err := gauge.NewStalls(of)
		if err != nil {
			t.Logf("--pressure is not kept: %v", err)
			continue
		}
		g.stalls[of] = s
	}
	f.Shut(g.look())
	return g
}

// watch shuts the feed while the machine is too busy, and lets workers that have nothing
// to do go while memory is short. It works until ctx ends.
func (g *gauges) watch(ctx context.Context) {
	if g == nil {
		return
	}
	said := ""
	for {
		why, memory := g.look()
		g.feed.Shut(why, memory)
		if kind := firstWord(why); kind != firstWord(said) {
			if why == "" {
				g.term.Logf("beginning new work again")
			} else {
				g.term.Logf("beginning nothing new for now: %s", why)
			}
		}
		said = why
		if !sleep(ctx, gaugeEvery) {
			return
		}
	}
}

// firstWord is the limit that a reason names.
func firstWord(s string) string {
	for i, c := range s {
		if c == ' ' {
			return s[:i]
		}
	}
	return s
}

// look says why nothing new may begin, and whether that is for lack of memory.
func (g *gauges) look() (why string, memory bool) {
	if g.MemFree > 0 {
		if free, err := gauge.MemoryAvailable(); err == nil && free < g.MemFree {
			return fmt.Sprintf("--memfree %s: there are %s", humanize.IBytes(uint64(g.MemFree)), humanize.IBytes(uint64(free))), true
		}
	}
	if g.n%gaugeSpan == 0 {
		for of, s := range g.stalls {
			if p, err := s.Percent(); err == nil {
				g.percent[of] = p
			}
		}
	}
	if g.Load > 0 {
		if n, err := gauge.Running(); err == nil {
			g.running[g.n%gaugeSpan] = n
		}
	}
	g.n++
	for _, of := range gauge.Resources {
		if limit, ok := g.Pressure[of]; ok && g.percent[of] > limit {
			return fmt.Sprintf("--pressure %s=%g: it is %.0f%%", of, limit, g.percent[of]), of == gauge.Memory
		}
	}
	if g.Load == 0 {
		return "", false
	}
	sum, of := 0, min(g.n, gaugeSpan)
	for _, n := range g.running[:of] {
		sum += n
	}
	if load := float64(sum) / float64(of); load > g.Load {
		return fmt.Sprintf("--load %g: %.1f processes run", g.Load, load), false
	}
	return "", false
}
