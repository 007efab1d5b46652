package runner

import "brood/jobs"

// death is how a worker ended that should have gone on.
type death struct {
	how    string // for people
	said   string // the last of its standard error
	silent bool   // it was told to
	limit  bool   // it was stopped at a limit, and how says at which
}

func (d *death) error(class jobs.Class) string {
	s := "the worker died with this record in hand (" + d.how + ")"
	if class == jobs.ClassKilled {
		return "the run was stopped at once with this record in hand"
	}
	if d.limit {
		s = d.how
	}
	if d.said != "" {
		s += ": " + d.said
	}
	return s
}
