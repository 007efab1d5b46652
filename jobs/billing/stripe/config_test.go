package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/paytest"
	"brood/jobs/permits"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	for _, c := range []struct {
		c   Config
		why string
	}{
		{Config{Key: testKey}, ""},
		{Config{Key: "sk_live_abc", Live: true}, ""},
		{Config{Key: testKey, Live: true}, "moves no money"},
		{Config{Key: testKey, API: "sources"}, "no API"},
		{Config{Key: testKey, BaseURL: "https://pay.example/stripe/"}, ""},
		{Config{Key: testKey, BaseURL: "http://127.0.0.1:8000"}, ""},
		{Config{Key: testKey, BaseURL: "http://[::1]:8000"}, ""},
		{Config{Key: testKey, BaseURL: "http://localhost:8000"}, ""},
		{Config{Key: testKey, BaseURL: "http://pay.example"}, "https://"},
		{Config{Key: testKey, BaseURL: "http://10.0.0.1"}, "https://"},
		{Config{Key: testKey, BaseURL: "http://127.example.com.evil.example:80/"}, "https://"},
		{Config{Key: testKey, BaseURL: "ftp://127.0.0.1"}, "https://"},
		{Config{Key: testKey, BaseURL: "https://user:word@pay.example"}, "nothing behind it"},
		{Config{Key: testKey, BaseURL: "https://pay.example?x=1"}, "nothing behind it"},
		{Config{Key: testKey, BaseURL: "pay.example"}, "must be an address"},
	} {
		client, err := New(c.c)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%+v: %v", c.c, err)
		}
		if err == nil {
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestCheckCharge(t *testing.T) {
	for _, c := range []struct {
		change func(*charge.Charge)
		api    API
		why    string
	}{
		{func(*charge.Charge) {}, PaymentIntents, ""},
		{func(c *charge.Charge) { c.PaymentMethod = "" }, PaymentIntents, "payment_method is empty"},
		{func(c *charge.Charge) { c.PaymentMethod = "" }, Invoices, ""},
		{func(c *charge.Charge) { c.PaymentMethod = "" }, Charges, ""},
		{func(*charge.Charge) {}, Charges, "pm_"},
		{func(c *charge.Charge) { c.PaymentMethod = "pm_\n1" }, PaymentIntents, "no id"},
		{func(c *charge.Charge) { c.PaymentCustomer = "" }, PaymentIntents, "payment_customer is empty"},
		{func(c *charge.Charge) { c.PaymentCustomer = "cus_1/../x" }, PaymentIntents, "no id"},
		{func(c *charge.Charge) { c.Kind = charge.KindCreditNote }, PaymentIntents, "refund"},
		{func(c *charge.Charge) { c.Amount = "0.00" }, PaymentIntents, "not more than nothing"},
		{func(c *charge.Charge) { c.Amount = "x" }, PaymentIntents, "no amount"},
		{func(c *charge.Charge) { c.Currency, c.Amount = "UGX", "100" }, PaymentIntents, "UGX"},
		{func(c *charge.Charge) { c.InvoiceID = strings.Repeat("x", 501) }, PaymentIntents, "invoice_id"},
		{func(c *charge.Charge) { c.Description = strings.Repeat("é", 1001) }, PaymentIntents, "description"},
		{func(c *charge.Charge) { c.Metadata = map[string]string{"brood_key": "x"} }, PaymentIntents, "by brood itself"},
		{func(c *charge.Charge) { c.Metadata = map[string]string{"invoice_id": "x"} }, PaymentIntents, "by brood itself"},
		{func(c *charge.Charge) { c.Metadata = map[string]string{"a[b]": "x"} }, PaymentIntents, "brackets"},
		{func(c *charge.Charge) { c.Metadata = map[string]string{strings.Repeat("n", 41): "x"} }, PaymentIntents, "40"},
		{func(c *charge.Charge) { c.Metadata = map[string]string{"n": strings.Repeat("x", 501)} }, PaymentIntents, "500"},
		{func(c *charge.Charge) {
			c.Metadata = map[string]string{}
			for i := range 47 {
				c.Metadata[fmt.Sprint(i)] = "x"
			}
		}, PaymentIntents, "46"},
	} {
		b := bill("R-1", "pm_1")
		c.change(b)
		err := CheckCharge(b, c.api)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s %+v: %v", c.api, b, err)
		}
	}
}

// TestGates: requests leave as the rates of the account and of the endpoint allow, for all clients of the account together,
// and a 429 holds them all.
func TestGates(t *testing.T) {
	dir := t.TempDir()
	names := map[string]permits.Limits{}
	open := func(name string, l permits.Limits) (*permits.Gate, error) {
		names[name] = l
		return permits.Open(dir, name, l)
	}
	w := newWorld(t, paytest.Options{}, Config{Account: "shop", OpenGate: open})
	if o := w.client.Charge(t.Context(), try(bill("R-1", "pm_fault_limit"))); o.Trouble == nil || o.Trouble.Delays != jobs.DelaysAll {
		t.Fatalf("%+v", o)
	}
	other := w.another(t, Config{Account: "shop", OpenGate: open})
	before := w.server.Requests()
	// Everybody is held for a second and more; a client with more patience than that would wait: so it is held for longer.
	w.client.gates.hold(time.Minute)
	o := other.Charge(t.Context(), try(bill("R-2", "pm_1")))
	if o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictThrottle || o.Trouble.Class != classRate || o.Trouble.Delays != jobs.DelaysAll || w.server.Requests() != before {
		t.Errorf("%+v %+v", o, o.Trouble)
	}
	stranger := w.another(t, Config{Account: "another", OpenGate: open})
	if o := stranger.Charge(t.Context(), try(bill("R-3", "pm_1"))); o.Status != charge.Succeeded {
		t.Errorf("%+v %+v", o, o.Trouble)
	}
	if len(names) != 2 {
		t.Errorf("in test mode the account's limit is that of each endpoint: %v", names)
	}
	for name, l := range names {
		if l.PerSecond != TheProfile().Test.Account || strings.Contains(name, "shop") {
			t.Errorf("%s: %+v", name, l)
		}
	}
	live := w.another(t, Config{Account: "shop", OpenGate: open, Live: true, Key: "sk_live_1"})
	if o := live.Charge(t.Context(), try(bill("R-4", "pm_1"))); o.Status != charge.Succeeded || len(names) != 4 {
		t.Errorf("%+v %+v %v", o, o.Trouble, names)
	}
	free := w.another(t, Config{Account: "free", OpenGate: open, PerSecond: -1})
	if o := free.Charge(t.Context(), try(bill("R-5", "pm_1"))); o.Status != charge.Succeeded || len(names) != 4 {
		t.Errorf("%+v %+v %v", o, o.Trouble, names)
	}
}

// TestAnotherAnswer: an answer about another payment than the one that was asked for is not believed.
func TestAnotherAnswer(t *testing.T) {
	w := newWorld(t, paytest.Options{}, Config{})
	b := bill("R-1", "pm_1")
	for _, c := range []object{
		{ID: "pi_1", Object: "payment_intent", Status: "succeeded", Amount: 1235, Currency: "eur", Metadata: map[string]string{metaKey: "k"}},
		{ID: "pi_1", Object: "payment_intent", Status: "succeeded", Amount: 1234, Currency: "usd", Metadata: map[string]string{metaKey: "k"}},
		{ID: "pi_1", Object: "payment_intent", Status: "succeeded", Amount: 1234, Currency: "eur", Metadata: map[string]string{metaKey: "x"}},
		{ID: "pi_1", Object: "payment_intent", Status: "succeeded", Amount: 1234, Currency: "eur", Live: true, Metadata: map[string]string{metaKey: "k"}},
	} {
		o := charge.Outcome{Status: charge.Succeeded}
		w.client.compare(&o, &c, minorText(t, b), "EUR", "k")
		if o.Status != charge.Unknown || o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictUnknown {
			t.Errorf("%+v: %+v", c, o)
		}
	}
}
