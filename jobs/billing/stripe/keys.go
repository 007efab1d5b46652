package stripe

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// KeyVariable is the variable of the environment that has the secret key.
const KeyVariable = "BROOD_STRIPE_KEY"

// CheckKey says why a secret key cannot be used for a run: one of the other mode, a publishable one, or none. Its
// errors show nothing of the key but how it begins.
func CheckKey(key string, live bool) error {
	mode, kind, ok := modeOf(key)
	switch {
	case key == "":
		return fmt.Errorf("there is no key: put Stripe's secret key into %s, or into a file of --secret", KeyVariable)
	case strings.ContainsAny(key, " \t\r\n\"'"):
		return errors.New("the key has spaces, quotes or ends of lines in it: give it alone")
	case strings.HasPrefix(key, "pk_"):
		return errors.New("the key begins with pk_: that is a publishable one, which charges nothing; use a secret (sk_) or restricted (rk_) one")
	case strings.HasPrefix(key, "whsec_"):
		return errors.New("the key begins with whsec_: that is the secret of a webhook; use a secret (sk_) or restricted (rk_) one")
	case !ok:
		return errors.New("the key is none of Stripe's: they begin with sk_test_, rk_test_, sk_live_ or rk_live_")
	case mode == "live" && !live:
		return fmt.Errorf("the key begins with %s_live_ and would move money: this is a test run; give --live when that is meant", kind)
	case mode == "test" && live:
		return fmt.Errorf("the key begins with %s_test_ and moves no money: with --live a live key is needed", kind)
	}
	return nil
}

func modeOf(key string) (mode, kind string, ok bool) {
	for _, kind := range []string{"sk", "rk"} {
		for _, mode := range []string{"live", "test"} {
			if rest, ok := strings.CutPrefix(key, kind+"_"+mode+"_"); ok && rest != "" {
				return mode, kind, true
			}
		}
	}
	return "", "", false
}

// step is one request of those that a charge is made of; each has a key of its own.
type step string

const (
	stepCharge   step = "" // the one request of payment_intents and charges
	stepInvoice  step = "invoice"
	stepItem     step = "item"
	stepFinalize step = "finalize"
	stepPay      step = "pay"
	stepVoid     step = "void"
	stepRefund   step = "refund"
)

// longestTryKey is how long the key of a try may be to stand within another as it is.
const longestTryKey = 200

// IdempotencyKey is what is sent as Idempotency-Key for the one request of a charge, of the key of its try. It is the
// same for the same try, whoever asks.
func IdempotencyKey(try string) string { return idempotencyKey(try, stepCharge) }

func idempotencyKey(try string, s step) string {
	if len(try) > longestTryKey {
		sum := sha256.Sum256([]byte(try))
		try = hex.EncodeToString(sum[:])
	}
	if s == stepCharge {
		return "brood-" + try
	}
	return "brood-" + try + "-" + string(s)
}
