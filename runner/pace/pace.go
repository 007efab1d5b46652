// Package pace decides when work may start: rates over all records and for each
// key, how many of a key may be in flight, a number for each day, hours of the
// day, and a slow beginning. It is owned by the parent, so that a limit holds
// over all workers together. It knows keys and times, and no records.
package pace

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Rate is so many starts in a time.
type Rate struct {
	N   float64       `json:"n"`
	Per time.Duration `json:"per"`
}

// units are what may stand behind the slash.
var units = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "second": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hour": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour,
}

// ParseRate reads N/s, N/m, N/h or N/day; N alone is for a second.
func ParseRate(s string) (Rate, error) {
	number, unit, found := strings.Cut(s, "/")
	if !found {
		unit = "s"
	}
	n, err := strconv.ParseFloat(number, 64)
	per := units[unit]
	if err != nil || !(n > 0) || math.IsInf(n, 0) || per == 0 {
		return Rate{}, fmt.Errorf("%q is not a rate such as 50/s, 100/m or 2000/h", s)
	}
	return Rate{n, per}, nil
}

func (r Rate) String() string {
	for _, unit := range []string{"s", "m", "h", "day"} {
		if units[unit] == r.Per {
			return strconv.FormatFloat(r.N, 'g', -1, 64) + "/" + unit
		}
	}
	return fmt.Sprintf("%g/%s", r.N, r.Per)
}

// limit is the rate in starts a second.
func (r Rate) limit() rate.Limit { return rate.Limit(r.N / r.Per.Seconds()) }

// burstTime is how much of its rate a limit may catch up with at once, unless it
// is told otherwise: what is late by less is not lost.
const burstTime = 100 * time.Millisecond

// burst is the default burst of a rate.
func (r Rate) burst() int {
	return max(1, int(math.Ceil(float64(r.limit())*burstTime.Seconds())))
}

// Spec is what a user asks for. The zero value is no limit.
type Spec struct {
	Rate  *Rate `json:"rate,omitempty"`
	Burst int   `json:"burst,omitempty"` // of Rate; 0 is a tenth of a second's
	By    *Rate `json:"by,omitempty"`    // for each key
	// ByValue are other rates for keys of some values.
	ByValue   map[string]Rate `json:"by_value,omitempty"`
	MaxPerKey int             `json:"max_per_key,omitempty"`
	Quota     int             `json:"quota,omitempty"` // a day
	WarmUp    time.Duration   `json:"warm_up,omitempty"`
	Window    *Window         `json:"window,omitempty"`
}

// Keyed reports whether there are limits for each key.
func (s *Spec) Keyed() bool { return s.By != nil || s.MaxPerKey > 0 }

// Timed reports whether the times of starts are limited.
func (p *Pacer) Timed() bool { return p.all != nil || p.spec.By != nil }

// warmUpFrom is the share of the rate that a slow beginning begins with.
const warmUpFrom = 0.1

// Pacer applies a Spec. It is not safe for concurrent use. Times are given to
// it, so that it can be tested without waiting.
type Pacer struct {
	spec  Spec
	all   *rate.Limiter // nil: no limit
	begun time.Time
	keys  map[uint64]*key
	rates map[uint64]Rate // other than the one of spec.By
	swept time.Time
	day   string // of used
	used  int
}

// key is the state of one key.
type key struct {
	limiter  *rate.Limiter // nil: no rate
	inFlight int
	slow     time.Time
	// next is when a record that comes now would start if all went well, and
	// denied the same for those that could not start when they should.
	next, denied time.Time
}

// New returns a pacer that begins now. Used is how many starts of the quota of
// the day are used up already.
func New(s Spec, now time.Time, day string, used int) *Pacer {
	p := &Pacer{spec: s, begun: now, keys: make(map[uint64]*key), rates: make(map[uint64]Rate), swept: now, day: day, used: used}
	p.setRate(now)
	return p
}

// SetRate changes the rate over all records; nil takes it away. It warms up no
// more.
func (p *Pacer) SetRate(r *Rate, now time.Time) {
	p.spec.Rate, p.spec.WarmUp = r, 0
	p.setRate(now)
}

// SetKeyRate gives a key another rate than the rest have.
func (p *Pacer) SetKeyRate(id uint64, r Rate) { p.rates[id] = r }

// SetKeyRates changes the rates of all keys: by, or nil for none, and other rates for some.
func (p *Pacer) SetKeyRates(by *Rate, other map[uint64]Rate, now time.Time) {
	p.spec.By, p.rates = by, other
	for id, k := range p.keys {
		l := p.keyLimiter(id)
		if l != nil && k.limiter != nil { // what it has is no more than there was
			l.AllowN(now, max(0, l.Burst()-int(max(k.limiter.TokensAt(now), 0))))
		}
		k.limiter, k.next, k.denied = l, time.Time{}, time.Time{}
	}
}

// keyLimiter is a limiter for a key; nil: it has no rate.
func (p *Pacer) keyLimiter(id uint64) *rate.Limiter {
	if p.spec.By == nil {
		return nil
	}
	by, other := p.rates[id]
	if !other {
		by = *p.spec.By
	}
	return rate.NewLimiter(by.limit(), by.burst())
}

// Rate is the rate over all records, or nil.
func (p *Pacer) Rate() *Rate { return p.spec.Rate }

func (p *Pacer) setRate(now time.Time) {
	if p.spec.Rate == nil {
		p.all = nil
		return
	}
	burst := p.spec.Burst
	if burst == 0 {
		burst = p.spec.Rate.burst()
	}
	p.all = rate.NewLimiter(p.spec.Rate.limit(), burst)
	// Not a whole burst at once at the beginning.
	p.all.AllowN(now, burst-1)
}

// warm fits the rate to how long ago the beginning was.
func (p *Pacer) warm(now time.Time) {
	if p.all == nil || p.spec.WarmUp <= 0 {
		return
	}
	full := p.spec.Rate.limit()
	share := min(1, warmUpFrom+(1-warmUpFrom)*float64(now.Sub(p.begun))/float64(p.spec.WarmUp))
	if want := full * rate.Limit(share); want != p.all.Limit() {
		p.all.SetLimitAt(now, want)
	}
}

// Room returns how many records may start now, at most n, as far as their keys
// do not matter; if none, when to look again, and why.
func (p *Pacer) Room(now time.Time, n int) (room int, again time.Time, why string) {
	if p.spec.Window != nil {
		if open := p.spec.Window.Next(now); open.After(now) {
			return 0, open, "outside of --window " + p.spec.Window.String()
		}
	}
	if p.spec.Quota > 0 {
		p.newDay(now)
		if n = min(n, p.spec.Quota-p.used); n <= 0 {
			return 0, nextDay(now), fmt.Sprintf("the quota of %d for today is used up", p.spec.Quota)
		}
	}
	if p.all == nil {
		return n, now, ""
	}
	p.warm(now)
	if tokens := p.all.TokensAt(now); tokens < 1 {
		wait := time.Duration((1 - tokens) / float64(p.all.Limit()) * float64(time.Second))
		return 0, now.Add(max(wait, time.Microsecond)), ""
	} else if tokens < float64(n) {
		n = int(tokens)
	}
	return n, now, ""
}

// Start takes n records off what Room has said.
func (p *Pacer) Start(now time.Time, n int) {
	if p.spec.Quota > 0 {
		p.newDay(now)
		p.used += n
	}
	if p.all != nil {
		p.all.AllowN(now, n)
	}
}

// GiveBack takes back that a record of a key has started: it was not tried after all.
func (p *Pacer) GiveBack(now time.Time, id uint64) {
	p.used = max(p.used-1, 0)
	if p.all != nil {
		p.all.AllowN(now, -1)
	}
	if k := p.keys[id]; k != nil && k.limiter != nil {
		k.limiter.AllowN(now, -1)
	}
}

// errFull is returned by StartKey for a key with as many in flight as may be.
var errFull = errors.New("as many of this key are in flight as may be")

// StartKey starts a record of a key if it may. Otherwise it returns when to try
// again, or, with Full, that another of the key has to end before.
func (p *Pacer) StartKey(now time.Time, id uint64) (again time.Time, err error) {
	k := p.key(now, id)
	if now.Before(k.slow) {
		return k.slow, nil
	}
	if p.spec.MaxPerKey > 0 && k.inFlight >= p.spec.MaxPerKey {
		return time.Time{}, errFull
	}
	if k.limiter != nil {
		if tokens := k.limiter.TokensAt(now); tokens < 1 {
			wait := time.Duration((1 - tokens) / float64(k.limiter.Limit()) * float64(time.Second))
			return k.queue(&k.denied, now.Add(max(wait, time.Microsecond))), nil
		}
		k.limiter.AllowN(now, 1)
	}
	k.inFlight++
	return time.Time{}, nil
}

// Schedule returns when a record of a key that comes now may start at the
// earliest, as far as its rate goes. It is a forecast: StartKey decides.
func (p *Pacer) Schedule(now time.Time, id uint64) time.Time {
	k := p.key(now, id)
	if k.limiter == nil {
		return now
	}
	return k.queue(&k.next, now)
}

// queue gives out times at the key's rate, from now or from the last of them.
func (k *key) queue(next *time.Time, now time.Time) time.Time {
	t := *next
	if t.Before(now) {
		t = now
	}
	*next = t.Add(time.Duration(float64(time.Second) / float64(k.limiter.Limit())))
	return t
}

// InFlight is how many records of a key have started and not ended.
func (p *Pacer) InFlight(id uint64) int {
	if k := p.keys[id]; k != nil {
		return k.inFlight
	}
	return 0
}

// Full reports whether StartKey has refused as too many are in flight.
func Full(err error) bool { return errors.Is(err, errFull) }

// EndKey notes that a record of a key is not in flight any more.
func (p *Pacer) EndKey(id uint64) {
	if k := p.keys[id]; k != nil && k.inFlight > 0 {
		k.inFlight--
	}
}

// SlowKey holds the records of a key back until a time.
func (p *Pacer) SlowKey(now time.Time, id uint64, until time.Time) {
	if k := p.key(now, id); until.After(k.slow) {
		k.slow = until
	}
}

// sweepEvery is how often keys that are at rest are forgotten.
const sweepEvery = time.Minute

func (p *Pacer) key(now time.Time, id uint64) *key {
	if now.Sub(p.swept) > sweepEvery {
		p.swept = now
		for id, k := range p.keys {
			if k.inFlight == 0 && !now.Before(k.slow) && !now.Before(k.next) && !now.Before(k.denied) && (k.limiter == nil || k.limiter.TokensAt(now) >= float64(k.limiter.Burst())) {
				delete(p.keys, id)
			}
		}
	}
	k := p.keys[id]
	if k == nil {
		k = &key{limiter: p.keyLimiter(id)}
		p.keys[id] = k
	}
	return k
}

func (p *Pacer) newDay(now time.Time) {
	if day := now.Format(time.DateOnly); day != p.day {
		p.day, p.used = day, 0
	}
}

// Used is how much of the quota of a day is used up.
func (p *Pacer) Used() (day string, n int) { return p.day, p.used }

func nextDay(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())
}

// Estimate says how long n starts take as far as the limits go, of which so many
// have each key; and which limit that is, or nothing if there is none. Hours of
// the day, and a slow beginning, are left out.
func (s Spec) Estimate(n int, by map[string]int) (d time.Duration, limit string) {
	at := func(n int, r Rate) time.Duration {
		return time.Duration(float64(n) / float64(r.limit()) * float64(time.Second))
	}
	if s.Rate != nil {
		d, limit = at(n, *s.Rate), "--rate "+s.Rate.String()
	}
	if s.By != nil {
		for key, n := range by {
			rate, other := s.ByValue[key]
			if !other {
				rate = *s.By
			}
			if t := at(n, rate); t > d {
				d, limit = t, fmt.Sprintf("--rate-by, %s for %s", rate, key)
			}
		}
	}
	if s.Quota > 0 && n > s.Quota {
		if t := time.Duration((n-1)/s.Quota) * 24 * time.Hour; t > d {
			d, limit = t, fmt.Sprintf("--quota %d/day", s.Quota)
		}
	}
	return d, limit
}
