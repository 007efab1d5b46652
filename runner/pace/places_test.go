package pace

import (
	"testing"
	"time"
)

// Eight begin at the same time where there are two places: each who is turned away counts
// once, and two are left.
func TestPlacesOfAWave(t *testing.T) {
	var p Places
	now := time.Unix(1e9, 0)
	if may, more := p.Try(now, 100, 100); !may || more || p.Limited() {
		t.Error("there is a limit though nobody was turned away")
	}
	for others := 7; others >= 2; others-- {
		p.TurnedAway(now, others)
	}
	if p.Limit() != 2 {
		t.Fatalf("%d places, want 2", p.Limit())
	}
	if may, _ := p.Try(now, 2, 2); may {
		t.Error("a third one may ask at once")
	}
	if may, more := p.Try(now, 1, 1); !may || more {
		t.Error("nobody may have the place of one who has gone")
	}
	p.TurnedAway(now, 1)
	p.TurnedAway(now, 0)
	if p.Limit() != 1 {
		t.Errorf("%d places, and there is one at least", p.Limit())
	}
}

// One more is let try at times, and less often each time that it is turned away.
func TestPlacesArePatient(t *testing.T) {
	var p Places
	now := time.Unix(1e9, 0)
	p.TurnedAway(now, 2)
	var waits []time.Duration
	for range 10 {
		from := now
		for ; ; now = now.Add(time.Second) {
			if may, more := p.Try(now, 2, 2); may {
				if !more {
					t.Fatal("it is not said to be one more")
				}
				break
			}
		}
		waits = append(waits, now.Sub(from))
		if may, _ := p.Try(now, 3, 3); may {
			t.Fatal("two ask at the same time for a place more")
		}
		p.TurnedAway(now, 2)
		if p.Limit() != 2 {
			t.Fatalf("%d places, want 2", p.Limit())
		}
	}
	for i, want := range []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		if waits[i] != want*time.Second {
			t.Errorf("try %d comes after %s, want %s", i+1, waits[i], want*time.Second)
		}
	}
}

// Who is let in makes room for the next, up to all there are: a bad minute passes.
func TestPlacesGrow(t *testing.T) {
	var p Places
	now := time.Unix(1e9, 0)
	p.TurnedAway(now, 1)
	now = now.Add(placesPatience)
	for held := 1; held < 8; held++ {
		if _, more := p.Try(now, held, held-1); more {
			t.Fatalf("one more asks though %d of %d work", held-1, held)
		}
		if may, more := p.Try(now, held, held); !may || !more {
			t.Fatalf("nobody may try beside %d", held)
		}
		p.LetIn(now, 8)
	}
	if p.Limited() {
		t.Errorf("all are in, and %d are the limit", p.Limit())
	}
	p.TurnedAway(now, 3)
	now = now.Add(placesPatience)
	if may, more := p.Try(now, 3, 3); !may || !more {
		t.Fatal("nobody may try")
	}
	p.NotTried(now) // there was nothing to do for it
	if may, _ := p.Try(now, 3, 3); may || p.Limit() != 3 {
		t.Errorf("a place that nobody has asked for counts: %d", p.Limit())
	}
	if p.Next(now) != placesPatience || p.Next(now.Add(time.Hour)) != placesPatience {
		t.Errorf("to be asked again after %s, %s", p.Next(now), p.Next(now.Add(time.Hour)))
	}
}
