package jobs

// APIVersion is the version of what a job in Go is written against: this package, and package
// jobtest. Within a version things are added, as fields whose zero value changes nothing, as functions and as constants; nothing is
// taken away, renamed or given another meaning. What a plan has stored (Plan.Config) is the job's own. A
// job says in one line for which version it was written, and does not compile with another:
//
//	var _ = [1]struct{}{}[jobs.APIVersion-1]
//
// What else there is in brood changes as it needs to, but for runner/program.
const APIVersion = 1
