package hand_test

import (
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"testing"
)

// The hand within a process, by which those who talk to hands are tested, is a hand.
func TestHandWithinAProcess(t *testing.T) {
	handtest.Run(t, func(*testing.T) func() hand.Hand {
		s := &handtest.Slot{}
		return s.Start
	})
}
