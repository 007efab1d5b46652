package feed

import (
	"context"
	"testing"
	"testing/synctest"
)

// As many slots are told to begin as there are records, and the rest when there will be no more.
func TestCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Config{Slots: 5, Intents: true})
		const slots = 5
		told := make([]chan bool, slots+1)
		ctx, cancel := context.WithCancel(t.Context())
		for n := 1; n <= slots; n++ {
			told[n] = make(chan bool, 1)
			of := t.Context()
			if n == slots {
				of = ctx
			}
			go func() { told[n] <- f.Came(of, n) }()
		}
		heard := func(n int) string {
			select {
			case yes := <-told[n]:
				told[n] <- yes
				if yes {
					return "yes"
				}
				return "no"
			default:
				return "waits"
			}
		}
		want := func(when string, all ...string) {
			t.Helper()
			synctest.Wait()
			for i, w := range all {
				if got := heard(i + 1); got != w {
					t.Errorf("%s, slot %d: %s, want %s", when, i+1, got, w)
				}
			}
		}
		want("nothing has come", "waits", "waits", "waits", "waits", "waits")
		push := func(n int) {
			b := f.Blank(t.Context())
			for range n {
				b.items = append(b.items, Item{})
			}
			f.Push(b)
		}
		push(2)
		want("two have come", "yes", "yes", "waits", "waits", "waits")
		f.Adopt()
		want("one by another way", "yes", "yes", "yes", "waits", "waits")
		cancel()
		want("the run ends", "yes", "yes", "yes", "waits", "no")
		f.End()
		want("there are no more", "yes", "yes", "yes", "no", "no")
	})
}
