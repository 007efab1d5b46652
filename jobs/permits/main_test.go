package permits

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// TestMain lets the test binary stand for other processes of the user: see helper.
func TestMain(m *testing.M) {
	switch os.Getenv("PERMITS_HELPER") {
	case "":
		os.Exit(m.Run())
	case "hammer":
		hammer()
	case "occupy":
		occupy()
	}
}

// helper is this binary as another process.
func helper(what string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "PERMITS_HELPER="+what)...)
	cmd.Stderr = os.Stderr
	return cmd
}

func helperGate() *Gate {
	rate, _ := strconv.ParseFloat(os.Getenv("PERMITS_RATE"), 64)
	atOnce, _ := strconv.Atoi(os.Getenv("PERMITS_ATONCE"))
	g, err := Open(os.Getenv("PERMITS_DIR"), "host", Limits{PerSecond: rate, AtOnce: atOnce})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return g
}

// hammer takes permits from several goroutines until its time is over, and says when it got each.
func hammer() {
	g := helperGate()
	d, _ := time.ParseDuration(os.Getenv("PERMITS_FOR"))
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	times := make(chan int64)
	const several = 4
	done := make(chan struct{})
	for range several {
		go func() {
			for {
				p, err := g.Take(ctx, Ask{})
				if err != nil {
					done <- struct{}{}
					return
				}
				times <- p.given
				p.Release(true)
			}
		}()
	}
	out := bufio.NewWriter(os.Stdout)
	for left := several; left > 0; {
		select {
		case t := <-times:
			fmt.Fprintln(out, t)
			out.Flush() // whoever is killed has said what it did
		case <-done:
			left--
		}
	}
	os.Exit(0)
}

// occupy takes a permit, says so, and keeps it until it is killed.
func occupy() {
	g := helperGate()
	if _, err := g.Take(context.Background(), Ask{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("taken")
	for {
		time.Sleep(time.Hour) // until it is killed
	}
}

// fakeClock is a clock that goes on when somebody sleeps.
type fakeClock struct {
	now  time.Time
	up   int64
	late func() time.Duration // by how much a sleep lasts longer
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), up: int64(time.Hour)}
}

func (c *fakeClock) wall() time.Time { return c.now }
func (c *fakeClock) mono() int64     { return c.up }

func (c *fakeClock) pass(d time.Duration) {
	c.now = c.now.Add(d)
	c.up += int64(d)
}

func (c *fakeClock) sleep(ctx context.Context, d time.Duration) error {
	if c.late != nil {
		d += c.late()
	}
	c.pass(d)
	return ctx.Err()
}

func openFake(t *testing.T, dir string, l Limits, c *fakeClock) *Gate {
	t.Helper()
	g, err := open(dir, "host", l, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func take(t *testing.T, g *Gate, a Ask) *Permit {
	t.Helper()
	p, err := g.Take(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// busiest is the most of sorted times that lie within one second.
func busiest(times []int64) (most int) {
	from := 0
	for i, at := range times {
		for at-times[from] >= int64(time.Second) {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
