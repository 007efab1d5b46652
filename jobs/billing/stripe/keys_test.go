package stripe

import (
	"strings"
	"testing"
)

func TestCheckKey(t *testing.T) {
	for _, c := range []struct {
		key  string
		live bool
		why  string // empty: it can be used
	}{
		{"sk_test_abc", false, ""},
		{"rk_test_abc", false, ""},
		{"sk_live_abc", true, ""},
		{"rk_live_abc", true, ""},
		{"sk_live_abc", false, "would move money"},
		{"rk_live_abc", false, "would move money"},
		{"sk_test_abc", true, "moves no money"},
		{"rk_test_abc", true, "moves no money"},
		{"", false, KeyVariable},
		{"pk_test_abc", false, "publishable"},
		{"pk_live_abc", true, "publishable"},
		{"whsec_abc", false, "webhook"},
		{"sk_test_", false, "none of Stripe's"},
		{"sk_abc", true, "none of Stripe's"},
		{"SK_TEST_abc", false, "none of Stripe's"},
		{"sk_test_abc\n", false, "ends of lines"},
		{"abc", false, "none of Stripe's"},
	} {
		err := CheckKey(c.key, c.live)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%q, live %v: %v", c.key, c.live, err)
		}
		if err != nil && strings.Contains(err.Error(), "abc") {
			t.Errorf("%q is shown: %v", c.key, err)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	long := TheProfile().LongestKey
	seen := map[string]bool{}
	for _, try := range []string{"0a1b", strings.Repeat("f", 64), strings.Repeat("e", 200), strings.Repeat("e", 201), strings.Repeat("e", 1000)} {
		for _, s := range []step{stepCharge, stepInvoice, stepItem, stepFinalize, stepPay, stepVoid, stepRefund} {
			k := idempotencyKey(try, s)
			if len(k) > long || seen[k] || k != idempotencyKey(try, s) {
				t.Errorf("%q, %s: %q", try, s, k)
			}
			seen[k] = true
		}
	}
	if IdempotencyKey("0a1b") != "brood-0a1b" {
		t.Error("another key than before would charge again what earlier versions have charged")
	}
}
