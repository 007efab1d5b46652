package feed

import (
	"brood/jobs"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// count is how many records a group makes intents for.
func count(g *Group) (n int) {
	for _, r := range g.Rows {
		n += r.Count
	}
	return n
}

// lines are so many lines.
func lines(n int) []string { return slices.Repeat([]string{"x"}, n) }

// The window: at least two records a slot, and beyond that what is worked on in the time of
// some commits; while half of it is there no more are asked for.
func TestIntentWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, Slots: 3})
		x.push(lines(5000)...)
		time.Sleep(time.Second)
		g := x.group()
		if got := count(g); got != 6 {
			t.Fatalf("%d records at first, want 2 for each of 3 slots", got)
		}
		x.feed.Grant(g) // a commit that took no time
		x.take(2)
		if g := x.group(); !g.empty() {
			t.Errorf("more than half of the window is there, and %d are asked for", count(g))
		}
		x.take(4)
		time.Sleep(10 * time.Millisecond) // 6 records in 10 ms: 60 in the tenth of a second ahead
		if g = x.group(); count(g) != 60 {
			t.Errorf("%d records, want 60", count(g))
		}
		x.feed.Grant(g)
		x.feed.SetSlots(100)
		x.take(60)
		x.want(x.take(1), "") // a slot has asked for one that had no intent
		time.Sleep(time.Hour)
		if g = x.group(); count(g) != 4*60 {
			t.Errorf("%d records after a slot had to wait, want four times as many as before", count(g))
		}
	})
}

// What is worked on in eight times the time that commits take, on average, has intents.
func TestWindowFollowsCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, Slots: 3})
		x.push(lines(5000)...)
		g := x.group()
		for _, c := range []struct {
			commit time.Duration
			want   int
		}{
			{100 * time.Millisecond, 12},  // 25 ms on average; 6 records in 100 ms, 200 ms ahead
			{200 * time.Millisecond, 33},  // 68.75 ms; 12 in 200 ms, 550 ms ahead
			{200 * time.Millisecond, 133}, // 101.5625 ms; 33 in 200 ms, 812.5 ms ahead
		} {
			n := count(g)
			time.Sleep(c.commit)
			x.feed.Grant(g)
			x.take(n)
			if g = x.group(); count(g) > c.want+1 || count(g) < c.want-1 {
				t.Fatalf("%d records after %d and a commit of %s, want %d", count(g), n, c.commit, c.want)
			}
		}
	})
}

// However slow the disk is, no more has intents than is worked on in two seconds.
func TestWindowInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, Slots: 50})
		x.push(lines(5000)...)
		g := x.group()
		time.Sleep(10 * time.Second)
		x.feed.Grant(g)
		x.take(100)
		x.feed.SetSlots(1)
		if g = x.group(); count(g) != 20 {
			t.Errorf("%d records after 100 in ten seconds, want 20", count(g))
		}
	})
}

// However many slots there are, and however many retries are due, a group is bounded.
func TestWindowInRecords(t *testing.T) {
	x := newFixture(t, Config{Intents: true, Slots: intentMost})
	x.push(lines(intentMost + 1)...)
	if g := x.group(); count(g) != intentMost {
		t.Errorf("%d new records, want %d", count(g), intentMost)
	}
	x = newFixture(t, Config{Intents: true})
	due := time.Now()
	for seq := range jobs.Seq(intentMost + 1) {
		x.again(&Retry{Item: Item{Seq: seq}, Attempt: 2, Due: due, Body: []byte{1, 'x'}})
	}
	if g := x.group(); count(g) != intentMost {
		t.Errorf("%d retries, want %d", count(g), intentMost)
	}
}

// The window is over all blocks, and rows of blocks have nothing of retries before them.
func TestWindowOverBlocks(t *testing.T) {
	x := newFixture(t, Config{Intents: true, Slots: 3})
	x.push(lines(4)...)
	x.push(lines(4)...)
	x.push(lines(4)...)
	r := retry(100, time.Now())
	r.HasIntent, r.Key = false, []byte("key")
	x.again(r)
	g := x.group()
	if got, want := rows(g), "100+1/2 0+4/1 4+2/1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for i, want := range []string{"key", "", ""} {
		if got := string(g.Rows[i].Keys); got != want {
			t.Errorf("row %d has the keys %q, want %q", i, got, want)
		}
	}
}

// That a slot had to wait makes the next window larger, and not those after it.
func TestWindowAfterStarving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, Slots: 3})
		x.push(lines(5000)...)
		for i, want := range []int{6, 24, 6} {
			g := x.group()
			if count(g) != want {
				t.Errorf("group %d: %d records, want %d", i, count(g), want)
			}
			x.feed.Grant(g)
			x.take(want)
			if i == 0 {
				x.want(x.take(1), "")
			}
			time.Sleep(time.Hour)
		}
	})
}

// Who makes intents is told when half of the window has left, and not before.
func TestHalfOfTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newFixture(t, Config{Intents: true, Slots: 3})
		x.push(lines(100)...)
		x.feed.Grant(x.feed.NextGroup(t.Context(), 1))
		groups := make(chan *Group, 1)
		go func() { groups <- x.feed.NextGroup(t.Context(), 1) }()
		synctest.Wait()
		x.take(2)
		synctest.Wait()
		if len(groups) > 0 {
			t.Error("four of six are there, and more are asked for")
		}
		x.take(1)
		synctest.Wait()
		if len(groups) == 0 {
			t.Fatal("half of them have left, and nobody was told")
		}
		if g := <-groups; count(g) == 0 {
			t.Error("a group of nothing")
		}
	})
}
