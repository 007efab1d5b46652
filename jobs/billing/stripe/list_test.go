package stripe

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/paytest"
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestList: the provider's own list, over several pages, of one plan, while pages do not come.
func TestList(t *testing.T) {
	for _, api := range APIs() {
		faults := map[paytest.Fault]float64{paytest.FaultReset: 0.05, paytest.FaultHalf: 0.05, paytest.FaultBusy: 0.05}
		w := newWorld(t, paytest.Options{Faults: faults, Seed: 3}, Config{API: api})
		other := w.another(t, Config{API: api, Plan: "plan-2"})
		since := w.now()
		w.client.pause = time.Millisecond
		const n = 130
		want := map[string]*charge.Charge{}
		for i, b := range many(n + 5) {
			client := w.client
			if i >= n {
				client = other
			} else {
				want[b.InvoiceID] = b
			}
			if i%10 == 0 {
				b.PaymentMethod = fmt.Sprintf("card_processing_%d", i)
			}
			if o := w.engine(t.Context(), client, try(b)); o.Trouble != nil {
				t.Fatalf("%+v %+v", o, o.Trouble)
			}
		}
		seen := map[string]charge.Status{}
		err := w.client.List(t.Context(), "plan-1", since, func(l charge.Listed) error {
			b := want[l.Reference]
			if b == nil {
				t.Fatalf("%s %s: not of the plan, or twice: %+v", api, l.Reference, l)
			}
			delete(want, l.Reference)
			if l.Minor != minorText(t, b) || l.Currency != string(b.Currency) || l.At.IsZero() || l.ProviderID == "" {
				t.Errorf("%s %+v, planned %s %s", api, l, b.Amount, b.Currency)
			}
			seen[l.Reference] = l.Status
			return nil
		})
		if err != nil || len(want) > 0 {
			t.Errorf("%s: %v, %d are missing", api, err, len(want))
		}
		for i, id := range []string{"R-00000", "R-00001"} {
			if want := []charge.Status{charge.Processing, charge.Succeeded}[i]; seen[id] != want {
				t.Errorf("%s %s: %s", api, id, seen[id])
			}
		}
		stop := errors.New("enough")
		if err := w.client.List(t.Context(), "plan-1", since, func(charge.Listed) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%s: %v", api, err)
		}
		if err := w.client.List(t.Context(), "plan-1", w.now().Add(48*time.Hour), func(charge.Listed) error { return stop }); err != nil {
			t.Errorf("%s: something of the future: %v", api, err)
		}
	}
}

// TestLater: what became of money after it had come in is in the list.
func TestLater(t *testing.T) {
	w := newWorld(t, paytest.Options{DisputeAfter: time.Hour, ProcessFor: 72 * time.Hour}, Config{})
	since := w.now()
	for _, word := range []string{"pm_dispute", "pm_processing", "pm_visa"} {
		w.client.Charge(t.Context(), try(bill(word, word)))
	}
	states := func() map[string]charge.Status {
		out := map[string]charge.Status{}
		if err := w.client.List(t.Context(), "", since, func(l charge.Listed) error { out[l.Reference] = l.Status; return nil }); err != nil {
			t.Error(err)
		}
		return out
	}
	if s := states(); s["pm_dispute"] != charge.Succeeded || s["pm_processing"] != charge.Processing || s["pm_visa"] != charge.Succeeded {
		t.Error(s)
	}
	w.advance(73 * time.Hour)
	if s := states(); s["pm_dispute"] != charge.Disputed || s["pm_processing"] != charge.Succeeded {
		t.Error(s)
	}
}

// TestRefund: in parts, each once, and no more than was paid.
func TestRefund(t *testing.T) {
	for _, api := range APIs() {
		w := newWorld(t, paytest.Options{}, Config{API: api})
		paid := w.client.Charge(t.Context(), try(bill("R-1", "card_1")))
		part := func(id, amount string) *charge.Try {
			return try(&charge.Charge{InvoiceID: id, Attempt: 1, Kind: charge.KindCharge, Amount: amount, Currency: "EUR"})
		}
		for _, c := range []struct {
			id, amount string
			want       charge.Status
		}{{"RF-1", "5.00", charge.Refunded}, {"RF-2", "7.00", charge.Refunded}, {"RF-2", "7.00", charge.Refunded}, {"RF-3", "0.35", charge.Failed}, {"RF-4", "0.34", charge.Refunded}, {"RF-5", "0.01", charge.Failed}} {
			o := w.client.Refund(t.Context(), part(c.id, c.amount), paid.ProviderID)
			if o.Status != c.want || o.Trouble != nil || (c.want == charge.Refunded) != has(o.ProviderID, "re_") {
				t.Errorf("%s %s: %+v %+v", api, c.id, o, o.Trouble)
			}
		}
		var back int64
		for _, m := range w.server.Moves() {
			if m.Kind == paytest.MoveRefund {
				back += m.Amount
			}
		}
		if back != 1234 {
			t.Errorf("%s: %d went back", api, back)
		}
		// Past the life of keys it is looked up.
		w.server.Forget()
		old := w.again(part("RF-2", "7.00"))
		w.advance(25 * time.Hour)
		if o := w.client.Refund(t.Context(), old, paid.ProviderID); o.Status != charge.Refunded || o.Trouble != nil {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
		never := &charge.Try{Charge: old.Charge, Key: "never", Again: true, Since: old.Since}
		if o := w.client.Refund(t.Context(), never, paid.ProviderID); o.Trouble == nil || o.Trouble.Class != classMissing {
			t.Errorf("%s: %+v", api, o)
		}
		w.advance(TheProfile().Settle)
		if o := w.client.Refund(t.Context(), never, paid.ProviderID); o.Status != charge.Failed || o.ErrorCode != codeNotMade {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
		yen := part("RF-6", "1")
		yen.Charge.Currency = "JPY"
		if o := w.client.Refund(t.Context(), yen, paid.ProviderID); o.Status != charge.Failed || !has(o.Reason, "EUR") {
			t.Errorf("%s: %+v", api, o)
		}
		for _, of := range []string{"pi_none", "ch_none", "in_none", "cus_1", "", "pi_../../x"} {
			if o := w.client.Refund(t.Context(), part("RF-7", "1.00"), of); o.Status != charge.Failed || o.Trouble != nil {
				t.Errorf("%s %q: %+v %+v", api, of, o, o.Trouble)
			}
		}
	}
}

// TestRefundFaults: a refund whose answer does not come is made once.
func TestRefundFaults(t *testing.T) {
	w := newWorld(t, paytest.Options{Late: time.Millisecond}, Config{Settle: time.Millisecond})
	paid := w.client.Charge(t.Context(), try(bill("R-1", "pm_1")))
	for _, f := range paytest.Faults() {
		c := &charge.Charge{InvoiceID: "RF-" + string(f), Attempt: 1, Amount: "0.10", Currency: "EUR", Metadata: map[string]string{"fault": "fault_" + string(f)}}
		refund := func(tr *charge.Try) charge.Outcome { return w.client.Refund(t.Context(), tr, paid.ProviderID) }
		k := try(c)
		o := refund(k)
		for n := 0; o.Trouble != nil && n < 100; n++ {
			w.server.Close()
			w.advance(time.Second)
			o = refund(w.again(k))
		}
		want, status := 1, charge.Refunded
		if f == paytest.FaultErrorUndone {
			want, status = 0, charge.Failed
		}
		if p := w.moved(c.InvoiceID); o.Status != status || p.Refunds != want {
			t.Errorf("%s: %+v %+v, %d times", f, o, o.Trouble, p.Refunds)
		}
	}
}
