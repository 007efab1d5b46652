package worker

import "testing"

// TestLowestPlace: the lowest place that is free is taken.
func TestLowestPlace(t *testing.T) {
	p := newPlaces(3)
	take := func() int {
		<-p.some
		return p.take()
	}
	if !p.all() || take() != 0 || take() != 1 || p.all() {
		t.Error("the first are not taken first")
	}
	p.give(0)
	if at := take(); at != 0 {
		t.Errorf("place %d, though 0 is free", at)
	}
	if at := take(); at != 2 {
		t.Errorf("place %d, want 2", at)
	}
	p.give(2)
	p.give(0)
	p.give(1)
	if !p.all() || take() != 0 {
		t.Error("not all are free")
	}
}
