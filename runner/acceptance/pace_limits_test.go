package acceptance

import (
	"brood/jobs"
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// arriveJob tells the server that BROOD_TEST_SERVER names about each record.
func arriveJob() *jobs.Definition {
	return &jobs.Definition{
		Name: "arrive",
		Plan: func(jobs.Options, *jobs.Shape) (jobs.Plan, error) { return jobs.Plan{}, nil },
		Open: func(_ context.Context, _ jobs.Setup) (jobs.Runner, error) {
			c, err := net.Dial("tcp", os.Getenv("BROOD_TEST_SERVER"))
			return arrive{c}, err
		},
	}
}

type arrive struct{ net.Conn }

func (a arrive) Do(_ context.Context, rec *jobs.Record, _ *jobs.Result) error {
	if _, err := fmt.Fprintf(a, "%s\n", rec.Value(0)); err != nil {
		return err
	}
	_, err := a.Read(make([]byte, 1)) // the server has it
	return err
}

// arrivals is a server that logs when what arrives, and how many at a time.
type arrivals struct {
	net.Listener
	mu   sync.Mutex
	at   map[string][]time.Time // by domain; "" is all
	busy map[string]int
	most map[string]int
	hold time.Duration // how long each takes
}

func listenForArrivals(t *testing.T, hold time.Duration) *arrivals {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &arrivals{Listener: l, at: make(map[string][]time.Time), busy: make(map[string]int), most: make(map[string]int), hold: hold}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *arrivals) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		_, domain, _ := strings.Cut(lines.Text(), "@")
		now := time.Now()
		s.mu.Lock()
		for _, d := range []string{"", domain} {
			s.at[d] = append(s.at[d], now)
			s.busy[d]++
			s.most[d] = max(s.most[d], s.busy[d])
		}
		s.mu.Unlock()
		<-time.After(s.hold)
		s.mu.Lock()
		s.busy[""]--
		s.busy[domain]--
		s.mu.Unlock()
		if _, err := c.Write([]byte{'\n'}); err != nil {
			return
		}
	}
}

// mostWithin is the largest number of arrivals of a domain in one second.
func (s *arrivals) mostWithin(domain string) int {
	at := s.at[domain]
	best, from := 0, 0
	for to := range at {
		for at[to].Sub(at[from]) >= time.Second {
			from++
		}
		best = max(best, to-from+1)
	}
	return best
}

func addresses(t *testing.T, domains, each int) string {
	t.Helper()
	var data strings.Builder
	data.WriteString("email\n")
	for i := range domains * each {
		fmt.Fprintf(&data, "u%d@d%d.example\n", i, i%domains)
	}
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func runArrivals(t *testing.T, s *arrivals, input string, args ...string) {
	t.Helper()
	cmd := asBroodtest(t, append([]string{"run", "arrive", input, "-o", filepath.Join(t.TempDir(), "out.csv")}, args...)...)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+t.TempDir(), "BROOD_TEST_SERVER="+s.Addr().String())
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
}

// TestLimitsHold has 32 workers ask a server: no second may see more than the
// limits and their bursts allow, over all and for each domain, whatever the
// effect, as what is once goes through intents as well.
func TestLimitsHold(t *testing.T) {
	for _, effect := range []string{"none", "once"} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			const domains, each = 20, 20
			late := 1.1
			if raceEnabled { // a hundred processes' worth of work on each processor
				late = 1.6
			}
			s := listenForArrivals(t, 20*time.Millisecond)
			runArrivals(t, s, addresses(t, domains, each), "-j", "32", "--effect", effect, "--rate", "50/s", "--rate-by", "domain(email)=5/s")
			s.mu.Lock()
			defer s.mu.Unlock()
			at := s.at[""]
			if len(at) != domains*each {
				t.Fatalf("%d arrivals", len(at))
			}
			// What leaves in time may arrive late, on a machine that is busy: one
			// tenth more is allowed for that.
			if n := s.mostWithin(""); float64(n) > late*55 {
				t.Errorf("%d arrivals in a second: the limit is 50, its burst 5", n)
			}
			for d := range domains {
				if n := s.mostWithin(fmt.Sprintf("d%d.example", d)); float64(n) > late*6+1 {
					t.Errorf("%d arrivals of domain %d in a second: the limit is 5, its burst 1", n, d)
				}
			}
			took := at[len(at)-1].Sub(at[0])
			t.Logf("most in a second: %d of 50+5; used: %.1f %% of the rate", s.mostWithin(""), 100*float64(len(at)-1)/50/took.Seconds())
		})
	}
}

// TestMaxPerKey holds how many of a domain are in flight.
func TestMaxPerKey(t *testing.T) {
	for _, effect := range []string{"none", "keyed"} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			s := listenForArrivals(t, 5*time.Millisecond)
			runArrivals(t, s, addresses(t, 3, 60), "-j", "12", "--effect", effect, "--rate-by", "domain(email)=1000/s", "--max-per-key", "2")
			s.mu.Lock()
			defer s.mu.Unlock()
			for d := range 3 {
				if n := s.most[fmt.Sprintf("d%d.example", d)]; n != 2 {
					t.Errorf("%d of domain %d at a time, want 2", n, d)
				}
			}
			if n := s.most[""]; n > 6 {
				t.Errorf("%d at a time, want 6", n)
			}
		})
	}
}
