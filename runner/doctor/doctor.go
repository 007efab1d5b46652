// Package doctor looks whether this machine has what brood needs: the kernel, the limits of this
// process, the state directory and its file system, the clock, the terminal and the environment.
//
// It changes nothing that stays: what it tries on the state directory it tries with a file of its own, and takes that
// away again. It promises to end and to say something of each check, whatever is wrong; a check that cannot tell says so.
// What is done about a finding it leaves to whoever reads it, who finds that beside it. Of the environment it tells
// names, and never values.
package doctor

import (
	"context"
	"time"
)

// Level is how well something is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // it works, but not all of brood, or not as it could
	Fail Level = "fail" // brood cannot work so, or cannot keep its promises
	Note Level = "note" // neither good nor bad
)

// Part is what a finding is about.
type Part string

// The parts, in the order in which they are told.
const (
	PartBuild       Part = "brood"
	PartKernel      Part = "kernel"
	PartLimits      Part = "limits"
	PartState       Part = "state"
	PartClock       Part = "clock"
	PartTerminal    Part = "terminal"
	PartEnvironment Part = "environment"
)

// Finding is what one check has found.
type Finding struct {
	Part  Part   `json:"part"`
	Check string `json:"check"` // one or two words, always the same
	Level Level  `json:"level"`
	Says  string `json:"says"`
	Do    string `json:"do,omitempty"` // what to do about it; empty: nothing
}

// Question is what is to be looked at.
type Question struct {
	Version string    // of brood, as it calls itself
	Built   time.Time // when the sources were made; zero: not known
	State   string    // the state directory; it need not exist
	Now     time.Time
	// Lookup looks a variable of the environment up, as os.LookupEnv does.
	Lookup func(string) (string, bool)
}

// Examine looks at everything. It takes some ten milliseconds, most of them for the disk.
func Examine(ctx context.Context, q *Question) []Finding {
	x := &examination{Question: q}
	x.tell(PartBuild, "version", OK, q.Version, "")
	x.kernel(ctx)
	x.limits()
	x.state(ctx)
	x.clock()
	x.terminal()
	x.environment()
	return x.found
}

// Worst is the worst level among findings.
func Worst(all []Finding) Level {
	worst := OK
	for _, f := range all {
		if f.Level == Fail || f.Level == Warn && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

type examination struct {
	*Question
	found []Finding
}

func (x *examination) tell(part Part, check string, l Level, says, do string) {
	if l == OK || l == Note {
		do = ""
	}
	x.found = append(x.found, Finding{part, check, l, says, do})
}
