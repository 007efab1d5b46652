package jobs

// Class sorts failures: a short word for programs and queries. A job may use
// words of its own; these are the engine's.
type Class string

// What was wrong with the record, or with what came of it.
const (
	ClassInput     Class = "input"     // the row could not be read
	ClassDuplicate Class = "duplicate" // its key was seen before, in this run or in another
	ClassWhere     Class = "where"     // a condition of the user's leaves it out
	ClassExpired   Class = "expired"   // its idempotency key may have been forgotten by the far side
	ClassOutput    Class = "output"    // the job produced more than it may
	ClassConnect   Class = "connect"   // the far side could not be reached: a reason to do less at once
	ClassResolved  Class = "resolved"  // it was unknown until somebody decided
	ClassReleased  Class = "released"  // it was given back to its queue, which will deliver it again
	ClassStart     Class = "exec"      // what was to work on it could not be started: nothing was done
)

// Why the record was lost sight of, with its worker or without it.
const (
	ClassCrash       Class = "crash"       // the worker died with the record in hand
	ClassTimeout     Class = "timeout"     // it took too long, and was stopped
	ClassMemory      Class = "memory"      // it used more memory than it may, and was stopped
	ClassCPU         Class = "cpu"         // the same, of processor time
	ClassProcesses   Class = "processes"   // the same, of processes
	ClassKilled      Class = "killed"      // the user stopped the run at once
	ClassInterrupted Class = "interrupted" // brood, or the machine, went down
)

// LossClasses are the second group: the classes of tries that the job did not answer.
var LossClasses = []Class{ClassCrash, ClassTimeout, ClassMemory, ClassCPU, ClassProcesses, ClassKilled, ClassInterrupted}
