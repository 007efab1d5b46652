package permits

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestRate takes permits as fast as they are given, by sleepers that wake up late, and looks at
// every second.
func TestRate(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 2, 50, 500} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			c := newFakeClock()
			c.late = func() time.Duration { return time.Duration(random.Int64N(int64(3 * time.Millisecond))) }
			g := openFake(t, t.TempDir(), Limits{PerSecond: rate}, c)
			var times []int64
			for range 3000 {
				p := take(t, g, Ask{})
				times = append(times, p.given)
				p.Release(true)
			}
			if got := busiest(times); float64(got) > max(rate, 1) {
				t.Errorf("%d in one second", got)
			}
			span := float64(times[len(times)-1]-times[0]) / 1e9
			if got := float64(len(times)-1) / span; got < 0.94*rate || got > rate {
				t.Errorf("%.2f a second over all, of %g", got, rate)
			}
		})
	}
}

// TestLateRequests gives permits to requests of which each tenth leaves much later, and looks at
// when they left.
func TestLateRequests(t *testing.T) {
	for _, rate := range []float64{1, 5, 50} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			random := rand.New(rand.NewPCG(3, 4))
			c := newFakeClock()
			g := openFake(t, t.TempDir(), Limits{PerSecond: rate}, c)
			var left []int64
			for i := range 2000 {
				p := take(t, g, Ask{})
				if i%10 == 0 {
					c.pass(time.Duration(random.Int64N(int64(2 * time.Second))))
				}
				left = append(left, c.mono())
				p.Left()
				p.Release(true)
			}
			if got := busiest(left); float64(got) > rate {
				t.Errorf("%d in one second", got)
			}
		})
	}
}

// TestStrict lets requests take as long as they like until they come, and looks at when they came.
func TestStrict(t *testing.T) {
	for _, rate := range []float64{1, 2.5, 20} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			c := newFakeClock()
			g := openFake(t, t.TempDir(), Limits{PerSecond: rate}, c)
			type flight struct {
				permit *Permit
				over   int64
			}
			var came []int64
			var under []flight
			for range 40_000 {
				// Those that are answered by now.
				under = slices.DeleteFunc(under, func(f flight) bool {
					if f.over <= c.up {
						f.permit.Release(true)
					}
					return f.over <= c.up
				})
				p, wait := (&taking{gate: g, n: 1, begun: c.up}).try()
				if p == nil {
					c.pass(min(time.Duration(wait), time.Millisecond)) // an answer may come meanwhile
					continue
				}
				// Every other second the network holds back what leaves at its beginning, so that it
				// comes together with what leaves later. Some answers take long, too.
				there := c.up
				if c.up%int64(2*time.Second) < int64(grace) {
					there += int64(grace) - 1
				}
				came = append(came, there)
				if len(came)%7 == 0 {
					p.Release(false) // whoever asked has given up, and it comes all the same
					continue
				}
				under = append(under, flight{p, there + int64(len(came)%40/39)*int64(time.Second)})
			}
			slices.Sort(came)
			if got := busiest(came); float64(got) > max(1, math.Ceil(rate)) || len(came) < 2 {
				t.Errorf("%d of %d came in one second", got, len(came))
			}
		})
	}
}

// TestBatch counts a request as many.
func TestBatch(t *testing.T) {
	c := newFakeClock()
	g := openFake(t, t.TempDir(), Limits{PerSecond: 10, PerDay: 1500}, c)
	first := take(t, g, Ask{N: 1000})
	second := take(t, g, Ask{})
	if d := time.Duration(second.given - first.given); d < 100*time.Second || d > 110*time.Second {
		t.Errorf("%v after a thousand, ten a second", d)
	}
	if g.Today() != 1001 {
		t.Errorf("%d today", g.Today())
	}
	var wait *Wait
	if _, err := g.Take(t.Context(), Ask{N: 1000, Patience: time.Minute}); !errors.As(err, &wait) || wait.Why != ReasonDay {
		t.Errorf("more than are left of the day: %v", err)
	}
}

// TestDay spends a day of a server in California, and the next one.
func TestDay(t *testing.T) {
	zone := time.FixedZone("", -8*60*60)
	c := newFakeClock()
	c.now = time.Date(2026, 11, 30, 23, 30, 0, 0, zone)
	g := openFake(t, t.TempDir(), Limits{PerDay: 3, Zone: zone}, c)
	for range 3 {
		take(t, g, Ask{})
	}
	var wait *Wait
	_, err := g.Take(t.Context(), Ask{Patience: time.Minute})
	if midnight := time.Date(2026, 12, 1, 0, 0, 0, 0, zone); !errors.As(err, &wait) || wait.Why != ReasonDay || !wait.Until.Equal(midnight) {
		t.Fatalf("the fourth: %v", err)
	}
	take(t, g, Ask{})
	if c.now.In(zone).Day() != 1 || g.Today() != 1 {
		t.Errorf("at %v, %d today", c.now.In(zone), g.Today())
	}
	// Set back over midnight: what was given on the day that has not come yet counts.
	c.now = c.now.Add(-time.Hour)
	if g.Today() != 1 {
		t.Errorf("%d after the clock was set back", g.Today())
	}
	c.now = c.now.Add(72 * time.Hour)
	if g.Today() != 0 {
		t.Errorf("%d days later", g.Today())
	}
}

// TestHold holds another gate on the same file, and is not shortened.
func TestHold(t *testing.T) {
	dir, c := t.TempDir(), newFakeClock()
	a, b := openFake(t, dir, Limits{PerSecond: 100}, c), openFake(t, dir, Limits{PerSecond: 100}, c)
	end := c.now.Add(90 * time.Second)
	a.Hold(end)
	a.Hold(c.now.Add(time.Second))
	var wait *Wait
	if _, err := b.Take(t.Context(), Ask{Patience: 30 * time.Second}); !errors.As(err, &wait) || wait.Why != ReasonHeld || wait.Until.Before(end) {
		t.Fatalf("held: %v", err)
	}
	take(t, b, Ask{})
	if d := c.now.Sub(end); d < 0 || d > 10*time.Millisecond {
		t.Errorf("left %v after the end", d)
	}
	// The clock is set back by a day: nobody waits for a day.
	a.Hold(c.now.Add(time.Minute))
	c.now = c.now.Add(-24 * time.Hour)
	before := c.up
	take(t, b, Ask{})
	if d := time.Duration(c.up - before); d > 2*time.Minute {
		t.Errorf("waited %v", d)
	}
	a.Hold(c.now.Add(1000 * time.Hour))
	if d := a.page.held(c.now); d > 8*24*time.Hour {
		t.Errorf("held for %v", d)
	}
}

// TestReboot begins the monotonic clock anew.
func TestReboot(t *testing.T) {
	dir, c := t.TempDir(), newFakeClock()
	c.up = int64(1000 * time.Hour)
	g := openFake(t, dir, Limits{PerSecond: 1}, c)
	take(t, g, Ask{})
	c.up = int64(20 * time.Second)
	before := c.up
	take(t, g, Ask{})
	if d := time.Duration(c.up - before); d < time.Second || d > 2*time.Second {
		t.Errorf("waited %v after the machine was booted", d)
	}
}

// TestPatience asks with less of it than the wait needs.
func TestPatience(t *testing.T) {
	c := newFakeClock()
	g := openFake(t, t.TempDir(), Limits{PerSecond: 0.1}, c)
	take(t, g, Ask{})
	before := c.up
	var wait *Wait
	if _, err := g.Take(t.Context(), Ask{Patience: 5 * time.Second}); !errors.As(err, &wait) || wait.Why != ReasonRate {
		t.Fatal(err)
	}
	if d := wait.Until.Sub(c.now); c.up != before || d < 10*time.Second || d > 11*time.Second {
		t.Errorf("waited %v, until in %v", time.Duration(c.up-before), d)
	}
	take(t, g, Ask{Patience: 11 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Take(ctx, Ask{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestRefused refuses limits and names that cannot be.
func TestRefused(t *testing.T) {
	for _, l := range []Limits{{PerSecond: -1}, {PerSecond: 1e-9}, {PerSecond: 1e9}, {AtOnce: -1}, {AtOnce: 100000}, {PerDay: -1}} {
		if g, err := Open(t.TempDir(), "host", l); err == nil {
			t.Errorf("%+v", l)
			_ = g.Close()
		}
	}
	for _, name := range []string{"", "..", "a/b", ".hidden"} {
		if _, err := Open(t.TempDir(), name, Limits{}); err == nil {
			t.Errorf("%q", name)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "host"), make([]byte, pageBytes), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "host", Limits{}); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a file of another kind: %v", err)
	}
}

func TestName(t *testing.T) {
	a := Name("Nominatim.example.org:443", "secret")
	if strings.Contains(a, "secret") || !strings.HasPrefix(a, "nominatim.example.org_443-") {
		t.Error(a)
	}
	if a == Name("Nominatim.example.org:443", "other") || a == Name("nominatim.example.com:443", "secret") {
		t.Error("one name for two")
	}
	for _, host := range []string{"", "../../etc", "[::1]:80", strings.Repeat("x", 400)} {
		if g, err := Open(t.TempDir(), Name(host, ""), Limits{}); err != nil {
			t.Errorf("%q: %v", host, err)
		} else if err := g.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestProcesses lets processes hammer one gate, kills some of them, and looks at every second.
func TestProcesses(t *testing.T) {
	const rate = 100
	dir := t.TempDir()
	var all []int64
	type other struct {
		lines chan []int64
		kill  func()
	}
	var others []other
	for i := range 6 {
		cmd := helper("hammer", "PERMITS_DIR="+dir, fmt.Sprint("PERMITS_RATE=", rate), "PERMITS_FOR=2500ms")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		o := other{lines: make(chan []int64, 1), kill: func() { _ = cmd.Process.Kill() }}
		others = append(others, o)
		go func() {
			var got []int64
			for s := bufio.NewScanner(out); s.Scan(); {
				at, _ := strconv.ParseInt(s.Text(), 10, 64)
				got = append(got, at)
				if i < 2 && len(got) == 10*(i+1) {
					o.kill() // in the middle of what it does
				}
			}
			_ = cmd.Wait()
			o.lines <- got
		}()
	}
	for _, o := range others {
		all = append(all, <-o.lines...)
	}
	slices.Sort(all)
	if got := busiest(all); got > rate {
		t.Errorf("%d in one second", got)
	}
	if len(all) < rate {
		t.Errorf("only %d permits in all: the gate does not give them", len(all))
	}
	t.Logf("%d permits, at most %d in a second", len(all), busiest(all))
}

// TestSlots lets two be under way, in this process and another one, which is killed.
func TestSlots(t *testing.T) {
	dir := t.TempDir()
	g, err := Open(dir, "host", Limits{AtOnce: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	cmd := helper("occupy", "PERMITS_DIR="+dir, "PERMITS_ATONCE=2")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "taken\n" {
		t.Fatalf("%q, %v", line, err)
	}
	mine := take(t, g, Ask{})
	var wait *Wait
	if _, err := g.Take(t.Context(), Ask{Patience: 5 * time.Millisecond}); !errors.As(err, &wait) || wait.Why != ReasonSlots {
		t.Fatalf("a third: %v", err)
	}
	mine.Release(true)
	mine = take(t, g, Ask{})
	// Whoever waits gets the place of who is killed.
	got := make(chan error, 1)
	go func() {
		p, err := g.Take(context.Background(), Ask{})
		if err == nil {
			p.Release(true)
		}
		got <- err
	}()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err := <-got; err != nil {
		t.Error(err)
	}
	mine.Release(true)
	if g.slots.busy[0] || g.slots.busy[1] {
		t.Error("a place is still taken")
	}
}

// FuzzPage gives a gate what a damaged file can hold: a permit comes after a bounded wait.
func FuzzPage(f *testing.F) {
	f.Add(int64(1<<62), int64(1<<62), int64(-1), int64(-1))
	f.Add(int64(-5), int64(0), int64(20787<<32|7), int64(1)<<60|5)
	f.Fuzz(func(t *testing.T, next, reach, day, held int64) {
		c := newFakeClock()
		g := openFake(t, t.TempDir(), Limits{PerSecond: 10, PerDay: 100}, c)
		for at, v := range map[int]int64{atNext: next, atReach: reach, atDay: day, atHeld: held} {
			word(g.page.mem, at).Store(v)
		}
		for i := range g.ring.n {
			g.ring.place(i).Store(next + int64(i)*day)
		}
		before := c.up
		take(t, g, Ask{})
		if d := time.Duration(c.up - before); d > 400*24*time.Hour {
			t.Errorf("waited %v", d)
		}
	})
}
