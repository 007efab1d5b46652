package runner

import (
	"brood/runner/ledger"
	"brood/runner/queue"
	"testing"
)

// TestMayBeDoneBy: what was given to somebody who said nothing may be done, but for what was given to this run and has not come into
// its spool, as nothing of that has begun.
func TestMayBeDoneBy(t *testing.T) {
	given := func(token string) *ledger.Owed { return &ledger.Owed{Verb: ledger.VerbLater, Token: token} }
	done := &ledger.Owed{Verb: queue.Done.String(), Token: "1"}
	mine := queue.Job{Doubt: true, Own: true, Silent: "1"}
	later := queue.Job{Doubt: true, Own: true, Silent: "3", Before: "2"}
	theirs := queue.Job{Doubt: true}
	for name, x := range map[string]struct {
		job          queue.Job
		before       *ledger.Owed
		names, stays bool
		want         bool
	}{
		"nobody had it":                                 {queue.Job{}, nil, true, true, false},
		"nobody had it since it was given back":         {queue.Job{}, given("1"), true, true, false},
		"another had it":                                {theirs, nil, true, true, true},
		"who had it is not known":                       {theirs, nil, false, true, true},
		"this run had it first":                         {mine, nil, true, true, false},
		"the same, and this is a copy of the run":       {mine, nil, true, false, true},
		"somebody had it before this run":               {later, nil, true, true, true},
		"this run had it after it was given back":       {later, given("2"), true, true, false},
		"the same, of a copy":                           {later, given("2"), true, false, true},
		"the silent delivery was given back":            {later, given("3"), true, true, false},
		"two had it since it was given back":            {later, given("1"), true, true, true},
		"another had it since it was given back":        {theirs, given("1"), true, true, true},
		"the same, and who had it is not known":         {theirs, given("1"), false, true, false},
		"it is known what it came to, whoever had it":   {theirs, done, true, true, false},
		"it is known, and this run had it once more":    {mine, done, true, true, false},
		"it is known, and nobody knows who had it":      {theirs, done, false, false, false},
		"nobody can tell how often this run has had it": {queue.Job{Doubt: true, Own: true, Silent: "9", Before: "8"}, given("2"), true, true, true},
	} {
		if got := mayBeDoneBy(&x.job, x.before, x.names, x.stays); got != x.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
