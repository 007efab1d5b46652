package spec

import (
	"brood/jobs"
	"fmt"
)

// OnUnknown is what to do with a record of which nobody knows whether it was
// done.
type OnUnknown string

// The ways to deal with such a record.
const (
	OnUnknownHold  OnUnknown = "hold"  // it ends as unknown, and waits for a decision
	OnUnknownRetry OnUnknown = "retry" // it is tried again
	OnUnknownSkip  OnUnknown = "skip"  // it ends as skipped
)

// ParseOnUnknown reads one of the words.
func ParseOnUnknown(s string) (OnUnknown, error) {
	switch o := OnUnknown(s); o {
	case OnUnknownHold, OnUnknownRetry, OnUnknownSkip:
		return o, nil
	}
	return "", fmt.Errorf("there is no %q; there are hold, retry, skip", s)
}

// DefaultOnUnknown is what is done unless the user says otherwise.
func DefaultOnUnknown(e jobs.Effect) OnUnknown {
	if e == jobs.EffectOnce {
		return OnUnknownHold
	}
	return OnUnknownRetry
}
