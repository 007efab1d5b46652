package acceptance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// arrivalLog is a server that logs when which record comes, on the clock of this machine, which does not go back.
type arrivalLog struct {
	*httptest.Server
	mu    sync.Mutex
	began time.Time
	at    map[string][]time.Duration // by domain; "" is all
}

func newArrivalLog(t *testing.T) *arrivalLog {
	t.Helper()
	s := &arrivalLog{began: time.Now(), at: make(map[string][]time.Duration)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, domain, _ := strings.Cut(r.URL.Path, "@")
		s.mu.Lock()
		defer s.mu.Unlock()
		at := time.Since(s.began)
		for _, d := range []string{"", domain} {
			s.at[d] = append(s.at[d], at)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// late is how much later than another one an arrival must have been on its way at the least, if all had left at a rate with a burst.
func late(at []time.Duration, rate, burst float64) (most time.Duration) {
	each := time.Duration(float64(time.Second) / rate)
	full := time.Duration(-1 << 62) // the time at which the bucket is full again
	for _, t := range at {
		// full is what a bucket of that size owes; as in the generic cell rate algorithm (ITU-T I.371).
		full = max(full, t) + each
		most = max(most, full-t-time.Duration(burst*float64(each)))
	}
	return most
}

// count is how many have come.
func (s *arrivalLog) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at[""])
}

// within is the largest number of arrivals in a second.
func within(at []time.Duration) (best int) {
	from := 0
	for to := range at {
		for at[to]-at[from] >= time.Second {
			from++
		}
		best = max(best, to-from+1)
	}
	return best
}

// TestMachinesRate has eight machines ask a server as often as the run may: 100 a second over all, and 5 for each of 40 domains, which are enough for that. One
// machine's link carries nothing for a while.
//
// What the coordinator gives out is never above, see TestRatesAreNeverAbove of package feed. It arrives later by its way: so no second sees more than
// the rate, its burst, what arrives in the time that a way took, and what was on the link that stood still: a record for each of its slots.
// BROOD_CHAOS takes 25 seconds.
func TestMachinesRate(t *testing.T) {
	t.Parallel()
	seconds := 6
	if os.Getenv("BROOD_CHAOS") != "" {
		seconds = 25
	}
	for _, effect := range []string{"once", "none"} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			rateOfMachines(t, effect, seconds)
		})
	}
}

// Of TestMachinesRate.
const (
	rateAll, rateEach = 100, 5
	rateBurst         = rateAll / 10
	rateSlots         = 4
	allDomains        = 40
	// rateLate is how much longer the way of one record may take than that of another, where ten processes share two processors.
	rateLate = int(600 * time.Millisecond)
)

func rateOfMachines(t *testing.T, effect string, seconds int) {
	t.Helper()
	s := newArrivalLog(t)
	w := newMachinesWorld(t, 0, effect)
	w.write(t, "in.csv", readText(t, addresses(t, allDomains, rateAll*seconds/allDomains)))
	w.lease = "15s"
	request := "GET"
	if effect == "once" {
		request = "POST"
	}
	w.coordinator = w.start(t, w.command(t, "hub", "run", "http", w.path("in.csv"), "--run", "q", "-o", w.path("q.csv"), "--progress", "never", "--no-guard",
		"-X", request, "--url", s.URL+"/{email}", "-j", "0", "--listen", w.addr, "--machine-lease", w.lease,
		"--rate", fmt.Sprint(rateAll, "/s"), "--rate-by", fmt.Sprint("domain(email)=", rateEach, "/s")))
	for range 8 {
		w.machine(t, rateSlots)
	}
	half := rateAll * seconds / 2
	waitFor(t, func() bool { return s.count() >= half })
	still := w.agents[3].cable
	still.change(func() { still.held[wayDown] = true })
	waitFor(t, func() bool { return s.count() >= half+rateAll })
	still.change(func() { still.held[wayDown] = false })
	if code := w.coordinator.await(t); code != 0 {
		t.Fatalf("exit status %d", code)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.at[""]
	if len(all) != allDomains*(rateAll*seconds/allDomains) {
		t.Fatalf("%d arrivals", len(all))
	}
	domain, most := time.Duration(0), 0
	for d := range allDomains {
		at := s.at[fmt.Sprintf("d%d.example", d)]
		if domain, most = max(domain, late(at, rateEach, 1)), max(most, within(at)); most > rateEach+1+rateLate*rateEach/int(time.Second)+rateSlots {
			t.Errorf("%d arrivals of domain %d in a second", most, d)
		}
	}
	if n := within(all); n > rateAll+rateBurst+rateLate*rateAll/int(time.Second)+rateSlots {
		t.Errorf("%d arrivals in a second", n)
	}
	took := all[len(all)-1] - all[0]
	used := 100 * float64(len(all)-1) / rateAll / took.Seconds()
	t.Logf("%d arrivals in %v: %.1f %% of the rate; most in a second %d of %d and its burst of %d, late by %v at the most; of a domain %d of %d and its burst of 1, late by %v",
		len(all), took.Round(time.Millisecond), used, within(all), rateAll, rateBurst, late(all, rateAll, rateBurst), most, rateEach, domain)
	if used < 95 && os.Getenv("BROOD_CHAOS") != "" {
		t.Errorf("%.1f %% of the rate are used", used)
	}
}
