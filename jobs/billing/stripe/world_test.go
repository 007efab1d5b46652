package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/paytest"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const testKey = "sk_test_brood123456"

// world is a payment server, a client of it, and a time that both have.
type world struct {
	server *paytest.Server
	url    string
	client *Client
	ahead  atomic.Int64 // of time.Now, in nanoseconds
}

func (w *world) now() time.Time          { return time.Now().Add(time.Duration(w.ahead.Load())) }
func (w *world) advance(d time.Duration) { w.ahead.Add(int64(d)) }

func newWorld(t testing.TB, o paytest.Options, c Config) *world {
	t.Helper()
	w := &world{}
	o.Now = w.now
	w.server = paytest.New(o)
	h := httptest.NewServer(w.server)
	w.url = h.URL
	t.Cleanup(func() { w.server.Close(); h.Close() })
	w.client = w.another(t, c)
	return w
}

// another is another client of the same server, as a new worker has it.
func (w *world) another(t testing.TB, c Config) *Client {
	t.Helper()
	c.BaseURL, c.Now = w.url, w.now
	if c.Key == "" {
		c.Key = testKey
	}
	if c.Plan == "" {
		c.Plan = "plan-1"
	}
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// bill is a charge that is paid by a method.
func bill(invoice, method string) *charge.Charge {
	return &charge.Charge{
		InvoiceID: invoice, Attempt: 1, Kind: charge.KindCharge, CustomerID: "c-" + invoice, Amount: "12.34", Currency: "EUR",
		PaymentCustomer: "cus_" + invoice, PaymentMethod: method, Description: "November", Metadata: map[string]string{"team": "north & south"},
	}
}

func try(c *charge.Charge) *charge.Try {
	sum := sha256.Sum256([]byte(c.InvoiceID))
	return &charge.Try{Charge: c, Key: hex.EncodeToString(sum[:])}
}

// again is the next try of the same.
func (w *world) again(t *charge.Try) *charge.Try {
	next := *t
	if !next.Again {
		next.Again, next.Since = true, w.now()
	}
	return &next
}

// engine asks as long as it is to be asked again, as the engine does: it waits by the time of the world.
func (w *world) engine(ctx context.Context, client *Client, t *charge.Try) charge.Outcome {
	for tries := 1; ; tries++ {
		o := client.Charge(ctx, t)
		if o.Trouble == nil || o.Trouble.Verdict == jobs.VerdictAbort || tries > 500 {
			return o
		}
		t = w.again(t)
		switch o.Trouble.Class {
		case classMissing:
			w.advance(o.Trouble.RetryAfter)
		case classInUse:
			w.server.Close() // until what is at work has ended
		}
	}
}

// moved is how often, and how much, an invoice was charged.
func (w *world) moved(invoice string) paytest.Paid {
	return paytest.ByInvoice(w.server.Moves())[invoice]
}

// minorText is an amount in words of its own, not the package's: for the oracle.
func minorText(t testing.TB, c *charge.Charge) int64 {
	t.Helper()
	a, err := money.Parse(c.Amount, c.Currency)
	if err != nil {
		t.Fatal(err)
	}
	return a.Minor
}

func has(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
