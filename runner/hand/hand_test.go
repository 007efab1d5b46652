package hand_test

import (
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"context"
	"testing"
)

// The hand within a process, by which those who talk to hands are tested, is a hand.
func TestHandWithinAProcess(t *testing.T) {
	handtest.Run(t, func(t *testing.T, worn uint64) handtest.Place {
		s := &handtest.Slot{WornAfter: worn}
		run, end := context.WithCancel(t.Context())
		return handtest.Place{Start: func() hand.Hand { return s.Start(run) }, End: end, Losses: s.Losses}
	})
}
