package dunning

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// ago are tries so long before now.
func ago(t TryMade, spans ...time.Duration) (out []TryMade) {
	for _, s := range spans {
		t.At = now.Add(-s)
		out = append(out, t)
	}
	return out
}

// evenly are n tries that lie so far apart, the last of them so long ago.
func evenly(n int, apart, last time.Duration) (out []TryMade) {
	for i := range n {
		out = append(out, TryMade{At: now.Add(-last - time.Duration(n-1-i)*apart)})
	}
	return out
}

func TestMay(t *testing.T) {
	never := time.Duration(-1 << 62)
	for _, c := range []struct {
		name    string
		history []TryMade
		network Network
		wait    time.Duration // from now until Earliest, if that is later; never
		why     string
	}{
		{"the first", nil, Visa, 0, "no try"},
		{"visa, once", ago(TryMade{}, time.Hour), Visa, 0, "below"},
		{"visa category 1", ago(TryMade{Advice: "1"}, 90*day), Visa, never, "category 1"},
		{"visa category 2", ago(TryMade{Advice: "2"}, time.Hour), Visa, 0, "below"},
		{"visa lost", ago(TryMade{Response: "41"}, 90*day), Visa, never, "41"},
		{"visa stolen", ago(TryMade{Response: "43"}, 90*day), Visa, never, "43"},
		{"visa pick up", ago(TryMade{Response: "04"}, time.Hour), Visa, never, "04"},
		{"visa no such issuer", ago(TryMade{Response: "15"}, time.Hour), Visa, never, "15"},
		{"visa closed", ago(TryMade{Response: "46"}, time.Hour), Visa, never, "46"},
		{"visa not permitted", ago(TryMade{Response: "57"}, time.Hour), Visa, never, "57"},
		{"visa revoked", ago(TryMade{Response: "R1"}, time.Hour), Visa, never, "R1"},
		{"visa insufficient", ago(TryMade{Response: "51"}, time.Hour), Visa, 0, "below"},
		{"visa does not know Mastercard's codes", ago(TryMade{Advice: "30", Response: "51"}, time.Hour), Visa, 0, "below"},
		{"visa 19 of 20", evenly(19, time.Hour, time.Minute), Visa, 0, "below"},
		{"visa 20 of 20", evenly(20, time.Hour, time.Hour), Visa, 30*day - 20*time.Hour, "20 tries in 30 days"},
		{"visa 20, the first just out", evenly(20, 30*day/20, 30*day/20), Visa, 0, "below"},
		{"visa 25", evenly(25, time.Hour, time.Hour), Visa, 30*day - 20*time.Hour, "20 tries"},
		{"mastercard 03", ago(TryMade{Advice: "03"}, 90*day), Mastercard, never, "03"},
		{"mastercard 21", ago(TryMade{Advice: "21"}, 90*day), Mastercard, never, "21"},
		{"mastercard 03, and another after it", append(ago(TryMade{Advice: "03"}, 9*day), ago(TryMade{Advice: "24"}, 8*day)...), Mastercard, never, "03"},
		{"mastercard 40", ago(TryMade{Advice: "40"}, day), Mastercard, never, "40"},
		{"mastercard 01", ago(TryMade{Advice: "01"}, time.Minute), Mastercard, 0, "below"},
		{"mastercard 02", ago(TryMade{Advice: "02"}, time.Hour), Mastercard, 3*day - time.Hour, "advice 02"},
		{"mastercard 24", ago(TryMade{Advice: "24"}, time.Minute), Mastercard, 59 * time.Minute, "advice 24"},
		{"mastercard 25", ago(TryMade{Advice: "25"}, time.Minute), Mastercard, day - time.Minute, "advice 25"},
		{"mastercard 26", ago(TryMade{Advice: "26"}, time.Minute), Mastercard, 2*day - time.Minute, "2 days"},
		{"mastercard 27", ago(TryMade{Advice: "27"}, time.Minute), Mastercard, 4*day - time.Minute, "4 days"},
		{"mastercard 28", ago(TryMade{Advice: "28"}, time.Minute), Mastercard, 6*day - time.Minute, "6 days"},
		{"mastercard 29", ago(TryMade{Advice: "29"}, time.Minute), Mastercard, 8*day - time.Minute, "8 days"},
		{"mastercard 30", ago(TryMade{Advice: "30"}, time.Minute), Mastercard, 10*day - time.Minute, "10 days"},
		{"mastercard 30, and it is over", ago(TryMade{Advice: "30"}, 10*day), Mastercard, 0, "advice 30"},
		{"mastercard, an older advice", append(ago(TryMade{Advice: "30"}, day), ago(TryMade{Advice: "24"}, time.Hour)...), Mastercard, 0, "advice 24"},
		{"mastercard 9 of a day", evenly(9, time.Hour, time.Minute), Mastercard, 0, "below"},
		{"mastercard 10 of a day", evenly(10, time.Hour, time.Hour), Mastercard, 14 * time.Hour, "10 tries in 24 hours"},
		{"mastercard 34 of 35", evenly(34, 12*time.Hour, time.Hour), Mastercard, 0, "below"},
		{"mastercard 35 of 35", evenly(35, 12*time.Hour, 12*time.Hour), Mastercard, 30*day - 35*12*time.Hour, "35 tries in 30 days"},
		{"mastercard, the day is over sooner than the month", evenly(35, 2*time.Hour, 2*time.Hour), Mastercard, 30*day - 70*time.Hour, "35 tries"},
		{"do_not_try_again", ago(TryMade{Never: true}, 90*day), Other, never, "advises against"},
		{"another network", evenly(50, time.Minute, time.Minute), Other, 0, "below"},
		{"another network 03", ago(TryMade{Advice: "03"}, day), Other, never, "03"},
		{"another network 26", ago(TryMade{Advice: "26"}, day), Other, day, "advice 26"},
		{"R01 once", ago(TryMade{Response: "R01"}, 5*day), ACH, 0, "2 of 3"},
		{"R09 twice", ago(TryMade{Response: "R09"}, 9*day, 5*day), ACH, 0, "3 of 3"},
		{"R01 three times", ago(TryMade{Response: "R01"}, 9*day, 5*day, day), ACH, never, "twice, and was"},
		{"R02", ago(TryMade{Response: "R02"}, 5*day), ACH, never, "R02"},
		{"R10 and R01", append(ago(TryMade{Response: "R10"}, 9*day), ago(TryMade{Response: "R01"}, 5*day)...), ACH, never, "R10"},
		{"R01 of 180 days ago", ago(TryMade{Response: "R01"}, 180*day), ACH, never, "180 days"},
		{"R01 of not quite", ago(TryMade{Response: "R01"}, 180*day-time.Second), ACH, 0, "2 of 3"},
		{"no code of return", ago(TryMade{}, day), ACH, never, "nothing that is known"},
	} {
		d := May(c.history, c.network, now)
		if (c.wait == never) != d.Earliest.IsZero() || d.OK != (c.wait == 0) || c.wait > 0 && d.Earliest != now.Add(c.wait) || d.OK && d.Earliest.After(now) || !strings.Contains(d.Why, c.why) {
			t.Errorf("%s: %+v (in %s)", c.name, d, d.Earliest.Sub(now))
		}
		if again := d.Description == RetryDescription && d.Same; again != (c.network == ACH && d.OK) {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

// TestFollowed: who asks May before each try never passes a ceiling, whatever was answered.
func TestFollowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		network := rapid.SampledFrom([]Network{Visa, Mastercard}).Draw(t, "network")
		var history []TryMade
		at := now
		for range 80 {
			at = at.Add(time.Duration(rapid.Int64Range(0, int64(8*time.Hour)).Draw(t, "later")))
			d := May(history, network, at)
			if d.Earliest.IsZero() {
				t.Fatalf("never: %s", d.Why)
			}
			if !d.OK {
				if !May(history, network, d.Earliest).OK || May(history, network, d.Earliest.Add(-1)).OK {
					t.Fatalf("%s is not the earliest: %s", d.Earliest, d.Why)
				}
				at = d.Earliest
			}
			history = append(history, TryMade{At: at, Advice: rapid.SampledFrom([]string{"", "24", "25"}).Draw(t, "advice")})
			history = rapid.Permutation(history).Draw(t, "order")
		}
		slices.SortFunc(history, func(a, b TryMade) int { return a.At.Compare(b.At) })
		count := func(in time.Duration) (most int) {
			for i := range history {
				n := 0
				for _, h := range history[i:] {
					if h.At.Sub(history[i].At) < in {
						n++
					}
				}
				most = max(most, n)
			}
			return most
		}
		if network == Visa && count(window) > mostVisa || network == Mastercard && (count(window) > mostMastercard || count(day) > mostMastercardDay) {
			t.Fatalf("%d in 30 days, %d in one", count(window), count(day))
		}
	})
}

func TestParseNetwork(t *testing.T) {
	for word, want := range map[string]Network{"Visa": Visa, " mastercard": Mastercard, "ach": ACH, "amex": Other, "": Other} {
		if got := ParseNetwork(word); got != want {
			t.Errorf("%q: %s", word, got)
		}
	}
}
