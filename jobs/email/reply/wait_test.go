package reply

import (
	"testing"
	"time"
)

func TestStatedWait(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"Greylisted for 300 seconds": 5 * time.Minute,
		"<a@x.example>: Recipient address rejected: Greylisted for 5 minutes, see help": 5 * time.Minute,
		"Greylisting in action, please come back in 00:04:59":                           4*time.Minute + 59*time.Second,
		"Greylisted, please try again in 180 seconds.":                                  3 * time.Minute,
		"retry after 60s":                                           time.Minute,
		"Please try again in at least 10 minutes":                   10 * time.Minute,
		"try again in 1 hour (greylisted)":                          time.Hour,
		"wait for another 42 sec":                                   42 * time.Second,
		"Greylisted, see http://postgrey.schweikert.ch/help/x.html": 0,
		"try again later":                                           0,
		"10 messages per 60 seconds":                                0,
		"rejected for 3 reasons":                                    0,
		"blocked for 24 hours":                                      0, // that is no greylisting
		"in 99999999999999999999 seconds":                           0,
		"come back in 0 seconds":                                    0,
		"come back in 12:30:30 am":                                  0,
		"in":                                                        0,
	} {
		if got, ok := StatedWait(text); got != want || ok != (want > 0) {
			t.Errorf("%q: %s, %v; want %s", text, got, ok, want)
		}
	}
	for text, want := range map[string]bool{
		"Greylisted, see http://x.example": true, "4.7.1 Greylisting in action": true, "Graylisted": true, "policy: Grey-listed": true,
		"try again later": false, "too much mail from you": false,
	} {
		if IsGreylisting(text) != want {
			t.Errorf("%q is greylisting: %v", text, !want)
		}
	}
}

// FuzzStatedWait: what a server says is a time that can be waited for, or none.
func FuzzStatedWait(f *testing.F) {
	f.Add("Greylisted for 300 seconds")
	f.Add("come back in 00:04:59")
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := StatedWait(text); d < 0 || d > StatedMost || ok != (d > 0) {
			t.Errorf("%q: %s, %v", text, d, ok)
		}
	})
}
