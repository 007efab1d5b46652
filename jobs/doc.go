// Package jobs is the vocabulary that the parent and its workers share, and what a job in Go is written
// with: what a record is, what a result is, and what a job has to say about itself.
//
// A job is named code that turns one record into one result. It is described
// twice: its [Definition] is used by the parent (flags, columns, effect), its
// [Runner] exists only in a worker. Nothing a job needs at run time
// (connections, files, credentials) is opened before [Definition.Open] runs in
// the worker, so that no descriptor crosses the fork.
//
// # A job of one's own
//
// A program of one's own is brood with more jobs: its main calls program.Main with those that brood has and
// its own, see brood/runner/program. From then on the job has all that others have: flags and help, a dry run, named
// runs in a file, retries, limits, the ledger, resume, results, the report.
//
//	Definition   name, usage, help with an example; Effect, Retries; Flags; Secrets
//	Plan         in the parent, once: looks at the flags and at the columns of the dataset, refuses what
//	             cannot work (exit status 2, nothing was started), and makes the configuration
//	Open         in each worker: reads that configuration, opens files and connections
//	Do           in a worker, for each record: works on it, and fills the Result
//	Close        in a worker, when there is nothing left to do
//
// The configuration, [Plan.Config], is JSON. It is kept in the ledger, so that a run that is resumed does the same
// again. It has no secrets in it: those are named in Definition.Secrets, or given by --secret, and Open reads them from the environment.
//
// # Effects
//
// The [Effect] says what repeating a record costs, and decides what becomes of one whose worker died with it in
// hand: none is tried again, keyed is tried again with the same key, which the far side knows it by ([KeySpec.Of] of Setup.Key), and
// once is unknown, until somebody has found out. When in doubt it is once.
//
// # Verdicts
//
// What became of a record is a [Verdict], and not an error: ok, retry, failed (for good), skipped, throttle (everybody
// slows down, and the try does not count), abort (the set-up is wrong, the run stops) or unknown (it may have been done).
// Result.Fail sets one with its [Class], a short word for programs, and its reason, a line for people. Result.Text is what a run
// with plain output prints, Result.Values are the columns of any other: Setup.Text says which is wanted. An error
// of Do says that the job itself is broken, and ends the worker; so does a panic, which costs the record in hand and no
// other.
//
// # What is borrowed
//
// A record, its values, and the result are valid until Do returns. What is to be kept is copied. One record is in hand at a
// time, unless the plan has an InHand: then the Runner is a [Forker], of which each record has its own, or a [Stream].
//
// What a job prints goes to the log of the run, with its record. It never reads standard input. It may start programs; they go with
// the worker.
//
// # Tests
//
// Package jobtest drives a job without a run, and is stricter than a worker. program.Check finds names and flags that cannot
// be. An example with all of this is in testdata/jobs/hello, and docs/jobs-in-go.md tells how to build it.
//
// # What stays
//
// This package and jobtest have a version, [APIVersion], within which things are only added. Other packages below jobs are
// brood's own and change as it needs to.
//
// This package imports nothing else of brood's but figures, the vocabulary of reports.
package jobs
