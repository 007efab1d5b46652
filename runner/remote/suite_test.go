package remote

import (
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"context"
	"fmt"
	"testing"
)

// TestSuite has a hand that stands for an agent's slot pass the tests of hands, over a network that is good, and over one that loses and
// doubles messages.
func TestSuite(t *testing.T) {
	for _, bad := range []float64{0, 0.2} {
		t.Run(fmt.Sprintf("%g of messages lost and doubled", bad), func(t *testing.T) {
			handtest.Run(t, func(t *testing.T, worn uint64) handtest.Place {
				w := newWorld(t, bad)
				place := &handtest.Slot{WornAfter: worn}
				w.join(&shop{[]*handtest.Slot{place}})
				kill, end := context.WithCancel(context.Background())
				t.Cleanup(end)
				return handtest.Place{
					Start:  func() hand.Hand { return w.hand(kill, 0) },
					End:    end,
					Losses: place.Losses,
				}
			})
		})
	}
}
