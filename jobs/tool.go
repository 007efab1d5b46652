package jobs

import (
	"io"
)

// Tool is a command that goes with a job and runs nothing: it reads what the
// job's work has left in the world, or makes ready what it works with.
type Tool struct {
	// Of is the thing that it does something with, of several: Name is then a verb, and stands
	// behind the name of the thing. Nil: it is a command of its own.
	Of                           *Noun
	Name, Usage, Arguments, Help string
	Flags                        []Flag
	// State says that it uses Options.StateDir, and so has the flag for it.
	State bool
	// Run does it with the arguments. Its errors are bad usage, unless they are a *PartlyError.
	Run func(o Options, args []string, stdout, stderr io.Writer) error
	// OfRun does it with a run of the job, which is its one argument, or the newest one without it. It is in
	// place of Run. The run may still go on, unless Alone says that it is nobody else's meanwhile: its lock is held.
	Alone bool
	// Others says what to do instead with runs of some other jobs, by their names; {run} stands for the run.
	Others map[string]string
	OfRun  func(o Options, run *Finished, stdout, stderr io.Writer) error
}

// Noun is a thing that several tools are about, as in brood places import. Tools of one thing
// name the same Noun, whichever their jobs are.
type Noun struct {
	Name, Usage string
	// Help is the long help text, with an example as Definition.Help has.
	Help string
}

// PartlyError says that a tool did what it could, and something is left to be done by hand: exit
// status 1.
type PartlyError struct{ Left string }

func (e *PartlyError) Error() string { return e.Left }
