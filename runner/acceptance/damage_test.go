package acceptance

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestDamage does harm to one file of a run that was killed, was stopped, or is done,
// and goes on with it. What the job did is counted outside brood. Either the outcome is
// right, or brood refuses with a word on what to do; and then brood repair goes on from
// what is left, or refuses as well. Nothing of effect once is done twice, whatever was
// done to which file.
//
// It takes a sample of the thousands of combinations, ten times BROOD_CHAOS if that is
// set. The seed is logged: with it in BROOD_DAMAGE_SEED the same sample is taken again,
// and with -run one of it. What all commands said is told if BROOD_DAMAGE_TELL is set.
func TestDamage(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("BROOD_DAMAGE_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("BROOD_DAMAGE_SEED: %v", err)
		}
	}
	again := fmt.Sprintf("BROOD_DAMAGE_SEED=%d", seed)
	plans, harms := samplePlans, sampleHarms
	if raceEnabled { // which makes each process slow
		harms = 1 + harms/2
	}
	if s := os.Getenv("BROOD_CHAOS"); s != "" {
		again += " BROOD_CHAOS=" + s
		plans = len(damagePlans())
		harms = 10*chaosKills(t)/plans + 1
	}
	sample := sampleOf(damagePlans(), plans, harms, rand.New(rand.NewPCG(seed, 0)))
	n := 0
	for i := range sample {
		n += len(sample[i].harms)
	}
	t.Logf("%d combinations; the same again: %s go test -run TestDamage ./runner/acceptance", n, again)
	for _, p := range sample {
		t.Run(p.name(), func(t *testing.T) {
			t.Parallel()
			l := p.make(t)
			for _, h := range p.harms {
				t.Run(h.name(), func(t *testing.T) {
					l.play(t, h, rand.New(rand.NewPCG(seed, hashOf(p.name()+h.name()))))
				})
			}
		})
	}
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

// The states that a run is left in before harm is done to it.
const (
	leftParent = "parent" // the parent was killed, the workers have finished
	leftTree   = "tree"   // all were killed at one moment
	leftTerm   = "term"   // it was asked to stop
	leftDone   = "done"
)

// The ways that the records come.
const (
	fromFile  = "file"
	fromStdin = "stdin" // that has ended; with --once-per
	fromPipe  = "pipe"  // standard input that has not ended
)

// damagePlan is one run that is left in a state, and what is then done to copies of it.
type damagePlan struct {
	from, effect, state string
	harms               []harm
}

func (p *damagePlan) name() string { return p.state + "/" + p.effect + "/" + p.from }

// damagePlans are all that make sense.
func damagePlans() []damagePlan {
	var out []damagePlan
	for _, state := range []string{leftParent, leftTree, leftTerm, leftDone} {
		for _, effect := range []string{"once", "keyed", "none"} {
			for _, from := range []string{fromFile, fromStdin, fromPipe} {
				if from == fromPipe && state == leftDone {
					continue // it must have ended
				}
				out = append(out, damagePlan{from: from, effect: effect, state: state, harms: harmsFor(from)})
			}
		}
	}
	return out
}

// harmsFor are the harms that can be done to a run whose records come in a way.
func harmsFor(from string) []harm {
	var out []harm
	for _, file := range damagedFiles {
		if file.from != "" && file.from != from {
			continue
		}
		for _, what := range harmKinds {
			out = append(out, harm{file: file.name, what: what})
		}
	}
	return append(out, harm{file: "nothing", what: harmNone})
}

// The size of a sample: of how many plans, and how many harms of each.
const (
	samplePlans = 6
	sampleHarms = 7
)

// sampleOf takes some harms of some plans.
func sampleOf(plans []damagePlan, n, harms int, random *rand.Rand) []damagePlan {
	random.Shuffle(len(plans), func(i, j int) { plans[i], plans[j] = plans[j], plans[i] })
	plans = plans[:n]
	for i := range plans {
		h := plans[i].harms
		random.Shuffle(len(h), func(i, j int) { h[i], h[j] = h[j], h[i] })
		plans[i].harms = h[:min(harms, len(h))]
	}
	return plans
}

// leftRun is what a run has left, and how it was before. Each copy is put in the same
// place, as the ledger knows the output by its path.
type leftRun struct {
	*damagePlan
	exe, input string
	place      string // where the run is, with its state, output and log of effects
	final      string // copies of the place: as it was left
	mid        string // earlier in the last session
	before     string // when the session before had ended
	todo       map[string]bool
}

const (
	damageRecords = 200
	damageSlots   = 3
)

func (l *leftRun) at(name string) string { return filepath.Join(l.place, name) }
