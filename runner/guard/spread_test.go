package guard

import (
	"brood/jobs"
	"brood/runner/reasons"
	"fmt"
	"testing"
)

func TestSpread(t *testing.T) {
	refused := func(n int) *reasons.Failure {
		return failure(n, jobs.StatusFailed, "policy", fmt.Sprintf("rcpt: 550 5.7.1 <x%d@d%d.example>: not today, x%d (id %d-abc)", n, n, n, n*71))
	}
	domain := func(n int) string { return fmt.Sprintf("d%d.example", n) }
	for name, c := range map[string]struct {
		of   func(n int) *reasons.Failure
		key  func(n int) string
		want int // after how many it is said; 0: never
	}{
		"the same":                 {refused, domain, SpreadEnough},
		"of one key":               {refused, func(int) string { return "d.example" }, 0},
		"of two keys":              {refused, func(n int) string { return domain(n % 2) }, 0},
		"of no key":                {refused, func(int) string { return "" }, 0},
		"the third key comes late": {refused, func(n int) string { return domain(max(0, n-7)) }, 10},
		"of another class": {func(n int) *reasons.Failure {
			f := refused(n)
			f.Class = "bounce"
			return f
		}, domain, 0},
		"behind dead ones": {func(n int) *reasons.Failure {
			f := refused(n)
			if n < 30 {
				f.Class = "bounce"
			}
			return f
		}, domain, 30 + SpreadEnough},
		"but the words": {func(n int) *reasons.Failure {
			return failure(n, jobs.StatusFailed, "policy", "rcpt: 550 "+string(rune('a'+n%26))+string(rune('a'+n/26)))
		}, domain, 0},
		"after one that went well": {func(n int) *reasons.Failure {
			if n == 2 {
				return nil
			}
			return refused(n)
		}, domain, 0},
	} {
		s := NewSpread([]jobs.Class{"policy", "reply"})
		said := 0
		for n := range 60 {
			f := c.of(n)
			if f == nil {
				s.Differs()
				continue
			}
			if g := s.Bad(f, c.key(n)); g != nil {
				if said > 0 {
					t.Errorf("%s: it is said again after %d", name, n+1)
				}
				said = n + 1
				if g.Records < SpreadEnough || g.Class != "policy" || g.Reason == "" {
					t.Errorf("%s: %+v", name, g)
				}
			}
		}
		if said != c.want {
			t.Errorf("%s: said after %d, want %d", name, said, c.want)
		}
	}
	if !NewSpread(nil).Over() {
		t.Error("without classes it waits for something")
	}
}
