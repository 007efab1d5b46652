package stripe

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/paytest"
	"brood/jobs/web"
	"context"
	"testing"
	"time"
)

// TestMethods: each row of the table that a payment method decides, through each API.
func TestMethods(t *testing.T) {
	for _, api := range APIs() {
		w := newWorld(t, paytest.Options{}, Config{API: api})
		for _, c := range []struct {
			word        string
			want        charge.Status
			decline     string
			advice, net string
			moved       int
		}{
			{"card_visa", charge.Succeeded, "", "", "", 1},
			{"insufficient_funds", charge.Declined, "insufficient_funds", "try_again_later", "51", 0},
			{"insufficient_funds_advice_24", charge.Declined, "insufficient_funds", "24", "51", 0},
			{"insufficient_funds_advice_03", charge.Failed, "insufficient_funds", "03", "51", 0},
			{"insufficient_funds_advice_21", charge.Failed, "insufficient_funds", "21", "51", 0},
			{"try_again_later", charge.Declined, "try_again_later", "try_again_later", "19", 0},
			{"lost_card", charge.Failed, "lost_card", "do_not_try_again", "41", 0},
			{"stolen_card", charge.Failed, "stolen_card", "do_not_try_again", "43", 0},
			{"do_not_honor", charge.Failed, "do_not_honor", "", "05", 0},
			{"do_not_honor_advice_02", charge.Declined, "do_not_honor", "02", "05", 0},
			{"expired_card", charge.Failed, "expired_card", "confirm_card_data", "54", 0},
			{"generic_decline", charge.Failed, "generic_decline", "", "05", 0},
			{"authentication_required", charge.RequiresAction, "authentication_required", "", "65", 0},
			{"processing", charge.Processing, "", "", "", 1},
			{"dispute", charge.Succeeded, "", "", "", 1},
		} {
			prefix := "pm_"
			if api == Charges {
				prefix = "card_"
			}
			b := bill("R-"+c.word, prefix+c.word)
			o := w.client.Charge(t.Context(), try(b))
			if c.word == "dispute" && api != Invoices && o.Status == charge.Disputed {
				o.Status = charge.Succeeded // at once is soon enough
			}
			if o.Trouble != nil || o.Status != c.want || o.DeclineCode != c.decline || o.Advice != c.advice || o.NetworkCode != c.net || o.ProviderID == "" || o.RequestID == "" {
				t.Errorf("%s %s: %+v %+v", api, c.word, o, o.Trouble)
			}
			if m := w.moved(b.InvoiceID); m.Charges != c.moved || c.moved == 1 && m.Charged != 1234 {
				t.Errorf("%s %s: %+v", api, c.word, m)
			}
			if api == Invoices && (o.Status == charge.RequiresAction) != (o.Link != "") {
				t.Errorf("%s %s: link %q", api, c.word, o.Link)
			}
			// The same again is the same answer, and moves nothing.
			second := w.client.Charge(t.Context(), w.again(try(b)))
			if second.Status != o.Status && second.Status != charge.Disputed || second.ProviderID != o.ProviderID || !second.Replayed || w.moved(b.InvoiceID).Charges != c.moved {
				t.Errorf("%s %s, again: %+v", api, c.word, second)
			}
		}
	}
}

// TestRequiresAction: a method that leads to a page.
func TestRequiresAction(t *testing.T) {
	for _, api := range []API{PaymentIntents, Invoices} {
		w := newWorld(t, paytest.Options{}, Config{API: api})
		o := w.client.Charge(t.Context(), try(bill("R-1", "pm_requires_action")))
		if o.Status != charge.RequiresAction || o.Link == "" || o.Trouble != nil || has(o.Link, "secret") {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
	}
}

// TestFaults: each row of the table that the way decides. Every one ends as the server's journal has it.
func TestFaults(t *testing.T) {
	type row struct {
		fault   paytest.Fault
		verdict jobs.Verdict // of the first answer
		class   jobs.Class
		who     jobs.Delays
		end     charge.Status
		moved   int
	}
	for _, api := range APIs() {
		w := newWorld(t, paytest.Options{Late: 20 * time.Millisecond}, Config{API: api, Timeout: 10 * time.Second})
		for _, c := range []row{
			{paytest.FaultReset, jobs.VerdictUnknown, web.ClassCut, jobs.DelaysDefault, charge.Succeeded, 1},
			{paytest.FaultDrop, jobs.VerdictUnknown, web.ClassCut, jobs.DelaysDefault, charge.Succeeded, 1},
			{paytest.FaultHalf, jobs.VerdictUnknown, web.ClassCut, jobs.DelaysDefault, charge.Succeeded, 1},
			{paytest.FaultVanish, jobs.VerdictUnknown, web.ClassCut, jobs.DelaysDefault, charge.Succeeded, 1},
			{paytest.FaultBusy, jobs.VerdictUnknown, "http_503", jobs.DelaysDefault, charge.Succeeded, 1},
			{paytest.FaultLimit, jobs.VerdictThrottle, "http_429", jobs.DelaysAll, charge.Succeeded, 1},
			{paytest.FaultLock, jobs.VerdictThrottle, classLock, jobs.DelaysRecord, charge.Succeeded, 1},
			{paytest.FaultErrorDone, jobs.VerdictUnknown, "http_500", jobs.DelaysDefault, charge.Succeeded, 1},
			{paytest.FaultErrorUndone, jobs.VerdictUnknown, "http_500", jobs.DelaysDefault, charge.Failed, 0},
			{paytest.FaultErrorBegun, jobs.VerdictUnknown, "http_500", jobs.DelaysDefault, charge.Failed, 0},
		} {
			if api == Charges && c.fault == paytest.FaultErrorBegun {
				continue // it has one step
			}
			b := bill("R-"+string(c.fault), "pm_fault_"+string(c.fault))
			if api == Charges {
				b.PaymentMethod = "card_fault_" + string(c.fault)
			}
			first := w.client.Charge(t.Context(), try(b))
			if first.Trouble == nil || (first.Status == charge.Unknown) != (c.verdict == jobs.VerdictUnknown) || first.Trouble.Verdict != c.verdict || first.Trouble.Class != c.class || first.Trouble.Delays != c.who {
				t.Errorf("%s %s: first %+v %+v", api, c.fault, first, first.Trouble)
			}
			if (c.verdict == jobs.VerdictThrottle) != (first.Trouble != nil && first.Trouble.RetryAfter >= time.Second && first.Trouble.RetryAfter <= 2*time.Second) {
				t.Errorf("%s %s: waits %s", api, c.fault, first.Trouble.RetryAfter)
			}
			o := w.engine(t.Context(), w.client, w.again(try(b)))
			if o.Trouble != nil || o.Status != c.end || (c.end == charge.Failed) != (o.ErrorCode == codeNotMade) {
				t.Errorf("%s %s: %+v %+v", api, c.fault, o, o.Trouble)
			}
			if m := w.moved(b.InvoiceID); m.Charges != c.moved {
				t.Errorf("%s %s: charged %d times", api, c.fault, m.Charges)
			}
			if w.server.Faulted()[c.fault] == 0 {
				t.Errorf("%s %s did not happen", api, c.fault)
			}
		}
	}
}

// TestInUse: while a request with the key is under way that record waits, and costs nothing.
func TestInUse(t *testing.T) {
	w := newWorld(t, paytest.Options{Late: time.Second}, Config{})
	b := try(bill("R-1", "pm_fault_vanish"))
	if o := w.client.Charge(t.Context(), b); o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictUnknown {
		t.Fatalf("%+v", o)
	}
	o := w.client.Charge(t.Context(), w.again(b))
	if o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictThrottle || o.Trouble.Class != classInUse || o.Trouble.Delays != jobs.DelaysRecord || o.Trouble.RetryAfter < time.Second {
		t.Fatalf("%+v %+v", o, o.Trouble)
	}
	w.server.Close()
	if o = w.client.Charge(t.Context(), w.again(b)); o.Status != charge.Succeeded || !o.Replayed || w.moved("R-1").Charges != 1 {
		t.Fatalf("%+v %+v", o, o.Trouble)
	}
}

// TestLate: an answer that comes too late is asked for again, with the same key.
func TestLate(t *testing.T) {
	w := newWorld(t, paytest.Options{Late: 400 * time.Millisecond}, Config{Timeout: 100 * time.Millisecond})
	b := try(bill("R-1", "pm_fault_late"))
	o := w.client.Charge(t.Context(), b)
	if o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictUnknown || o.Trouble.Class != web.ClassSlow {
		t.Fatalf("%+v %+v", o, o.Trouble)
	}
	patient := w.another(t, Config{})
	for o.Trouble != nil {
		o = patient.Charge(t.Context(), w.again(b))
	}
	if o.Status != charge.Succeeded || w.moved("R-1").Charges != 1 {
		t.Fatalf("%+v", o)
	}
}

// TestChangedUnderKey: another amount with the same key stops that record, loudly, and charges nothing.
func TestChangedUnderKey(t *testing.T) {
	for _, api := range APIs() {
		w := newWorld(t, paytest.Options{}, Config{API: api})
		b := bill("R-1", "card_1")
		k := try(b)
		if o := w.client.Charge(t.Context(), k); o.Status != charge.Succeeded {
			t.Fatalf("%s: %+v %+v", api, o, o.Trouble)
		}
		other := *b
		other.Amount = "12.35"
		k.Charge = &other
		o := w.client.Charge(t.Context(), k)
		if o.Status != charge.Unknown || o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictUnknown || o.Trouble.Class != classKey || !has(o.Trouble.Text, "CHANGED") {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
		if m := w.moved("R-1"); m.Charges != 1 || m.Charged != 1234 {
			t.Errorf("%s: %+v", api, m)
		}
	}
}

// TestInvalid: a request that is wrong has failed, and a key that is wrong ends the run.
func TestInvalid(t *testing.T) {
	w := newWorld(t, paytest.Options{Keys: []string{testKey, "rk_test_readonly"}}, Config{})
	missing := bill("R-1", "pm_1")
	missing.PaymentCustomer = "cus_missing"
	noMethod := bill("R-2", "pm_missing")
	for _, b := range []*charge.Charge{missing, noMethod} {
		o := w.client.Charge(t.Context(), try(b))
		if o.Trouble != nil || o.Status != charge.Failed || o.ErrorType != "invalid_request_error" || o.ErrorCode != "resource_missing" || o.HTTPStatus != 400 {
			t.Errorf("%+v %+v", o, o.Trouble)
		}
	}
	for key, status := range map[string]int{"sk_test_wrong": 401, "rk_test_readonly": 403} {
		o := w.another(t, Config{Key: key}).Charge(t.Context(), try(bill("R-3", "pm_1")))
		if o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictAbort || o.HTTPStatus != status || has(o.Trouble.Text, "wrong") {
			t.Errorf("%s: %+v %+v", key, o, o.Trouble)
		}
	}
	refusedHere := bill("R-4", "pm_1")
	refusedHere.Amount, refusedHere.Currency = "1.234", "KWD"
	before := w.server.Requests()
	if o := w.client.Charge(t.Context(), try(refusedHere)); o.Status != charge.Failed || o.ErrorCode != "refused" || w.server.Requests() != before {
		t.Errorf("%+v", o)
	}
	if len(w.server.Moves()) != 0 {
		t.Error(w.server.Moves())
	}
}

// TestForgotten: a key that may be forgotten is looked up, and nothing is sent.
func TestForgotten(t *testing.T) {
	for _, api := range APIs() {
		w := newWorld(t, paytest.Options{}, Config{API: api})
		paid, never := try(bill("R-paid", "card_1")), try(bill("R-never", "card_1"))
		if o := w.client.Charge(t.Context(), paid); o.Status != charge.Succeeded {
			t.Fatalf("%s: %+v", api, o)
		}
		paid, never = w.again(paid), w.again(never)
		w.advance(23 * time.Hour)
		w.server.Forget()
		if o := w.client.Charge(t.Context(), paid); o.Status != charge.Succeeded || o.Trouble != nil || o.ProviderID == "" {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
		// What is not there is not believed at once, and not by another worker, which has looked once.
		client := w.client
		for range 2 {
			o := client.Charge(t.Context(), never)
			if o.Trouble == nil || o.Status != "" || o.Trouble.Verdict != jobs.VerdictThrottle || o.Trouble.Class != classMissing || o.Trouble.RetryAfter != TheProfile().Settle {
				t.Errorf("%s: %+v %+v", api, o, o.Trouble)
			}
			client = w.another(t, Config{API: api})
		}
		w.advance(TheProfile().Settle - time.Second)
		if o := w.client.Charge(t.Context(), never); o.Trouble == nil || o.Trouble.Class != classMissing {
			t.Errorf("%s: too early: %+v", api, o)
		}
		w.advance(2 * time.Second)
		if o := w.client.Charge(t.Context(), never); o.Trouble != nil || o.Status != charge.Failed || o.ErrorCode != codeNotMade {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
		if m := paytest.ByInvoice(w.server.Moves()); len(m) != 1 || m["R-paid"].Charges != 1 {
			t.Errorf("%s: %+v", api, m)
		}
		unknownSince := *never
		unknownSince.Since = time.Time{}
		if o := w.client.Charge(t.Context(), &unknownSince); o.Trouble == nil || o.Trouble.Class != classMissing {
			t.Errorf("%s: without a time: %+v", api, o)
		}
	}
}

// TestForgottenFirst: a first try that comes when its key may be forgotten may be one that was sent before, and was in hand when
// everything was killed. It is looked for, and made if it is not there.
func TestForgottenFirst(t *testing.T) {
	for _, api := range APIs() {
		w := newWorld(t, paytest.Options{}, Config{API: api})
		sent, never := try(bill("R-sent", "card_1")), try(bill("R-never", "card_1"))
		sent.Since, never.Since = w.now().Add(5*time.Hour), w.now().Add(5*time.Hour) // by a clock that was wrong
		if o := w.client.Charge(t.Context(), sent); o.Status != charge.Succeeded {
			t.Fatalf("%s: %+v", api, o)
		}
		w.advance(28 * time.Hour)
		w.server.Forget()
		client := w.another(t, Config{API: api})
		if o := client.Charge(t.Context(), sent); o.Status != charge.Succeeded || o.Trouble != nil {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
		if o := client.Charge(t.Context(), never); o.Trouble == nil || o.Trouble.Class != classMissing {
			t.Errorf("%s: one look: %+v %+v", api, o, o.Trouble)
		}
		w.advance(TheProfile().Settle)
		if o := client.Charge(t.Context(), never); o.Trouble != nil || o.Status != charge.Succeeded {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
		if m := paytest.ByInvoice(w.server.Moves()); len(m) != 2 || m["R-sent"].Charges != 1 || m["R-never"].Charges != 1 {
			t.Errorf("%s: %+v", api, m)
		}
	}
}

// TestRefundForgottenFirst is the same of a refund.
func TestRefundForgottenFirst(t *testing.T) {
	w := newWorld(t, paytest.Options{}, Config{})
	paid := w.client.Charge(t.Context(), try(bill("R-1", "card_1")))
	back := try(bill("R-1", "card_1"))
	back.Charge.Amount, back.Key, back.Since = "2.00", "refund-1", w.now()
	if o := w.client.Refund(t.Context(), back, paid.ProviderID); o.Status != charge.Refunded {
		t.Fatalf("%+v %+v", o, o.Trouble)
	}
	w.advance(28 * time.Hour)
	w.server.Forget()
	if o := w.another(t, Config{}).Refund(t.Context(), back, paid.ProviderID); o.Status != charge.Refunded {
		t.Fatalf("%+v %+v", o, o.Trouble)
	}
	if m := w.moved("R-1"); m.Refunds != 1 || m.Back != 200 {
		t.Errorf("%+v", m)
	}
}

// TestFind: the look-up of a charge whose end is not known.
func TestFind(t *testing.T) {
	for _, api := range APIs() {
		w := newWorld(t, paytest.Options{}, Config{API: api})
		since := w.now()
		var want []charge.Outcome
		words := []string{"card_1", "card_insufficient_funds", "card_processing"}
		for _, word := range words {
			want = append(want, w.client.Charge(t.Context(), try(bill("R-"+word, word))))
		}
		for i, word := range words {
			k := try(bill("R-"+word, word))
			o, found, err := w.client.Find(t.Context(), k.Charge, k.Key, since)
			if api == Invoices && want[i].Status == charge.Declined { // it was given up
				want[i].Status, want[i].DeclineCode = charge.Failed, ""
				w.advance(TheProfile().Settle)
				o, found, err = w.client.Find(t.Context(), k.Charge, k.Key, since)
			}
			if err != nil || !found || o.Status != want[i].Status || o.ProviderID != want[i].ProviderID || o.DeclineCode != want[i].DeclineCode {
				t.Errorf("%s %s: %+v %v %v, want %+v", api, word, o, found, err, want[i])
			}
		}
		k := try(bill("R-none", "card_1"))
		if _, found, err := w.client.Find(t.Context(), k.Charge, k.Key, since); found || err != ErrUnsettled {
			t.Errorf("%s: %v %v", api, found, err)
		}
		w.advance(TheProfile().Settle)
		if _, found, err := w.client.Find(t.Context(), k.Charge, k.Key, since); found || err != nil {
			t.Errorf("%s: %v %v", api, found, err)
		}
	}
}

// TestTwice: two payments of one charge, as a forgotten key makes them elsewhere, are told.
func TestTwice(t *testing.T) {
	w := newWorld(t, paytest.Options{}, Config{})
	k := try(bill("R-1", "pm_1"))
	for range 2 {
		if o := w.client.Charge(t.Context(), k); o.Status != charge.Succeeded {
			t.Fatal(o)
		}
		w.server.Forget()
	}
	if o, found, err := w.client.Find(t.Context(), k.Charge, k.Key, w.now()); err != nil || !found || o.Status != charge.Unknown || !has(o.Reason, "2 open or paid", "refund") {
		t.Errorf("%+v %v %v", o, found, err)
	}
}

// TestStopped: who is told to stop says that nothing is known yet.
func TestStopped(t *testing.T) {
	w := newWorld(t, paytest.Options{}, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o := w.client.Charge(ctx, try(bill("R-1", "pm_1"))); o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictRetry || o.Trouble.Class != jobs.ClassTimeout {
		t.Errorf("%+v %+v", o, o.Trouble)
	}
}

// TestUnreached: where nobody can be reached a charge is to be tried again, and is unknown where an earlier try may have charged.
func TestUnreached(t *testing.T) {
	for _, api := range APIs() {
		client, err := New(Config{BaseURL: "http://127.0.0.1:1", Key: testKey, API: api})
		if err != nil {
			t.Fatal(err)
		}
		first := try(bill("R-1", "card_1"))
		if o := client.Charge(t.Context(), first); o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictRetry || o.Trouble.Class != jobs.ClassConnect || o.Status != "" {
			t.Errorf("%s: %+v %+v", api, o, o.Trouble)
		}
		for _, since := range []time.Duration{time.Minute, 48 * time.Hour} {
			again := &charge.Try{Charge: first.Charge, Key: first.Key, Again: true, Since: time.Now().Add(-since)}
			if o := client.Charge(t.Context(), again); o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictUnknown || o.Status != charge.Unknown {
				t.Errorf("%s after %s: %+v %+v", api, since, o, o.Trouble)
			}
			if o := client.Refund(t.Context(), again, "pi_1"); o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictUnknown || o.Status != charge.Unknown {
				t.Errorf("%s after %s: refund %+v %+v", api, since, o, o.Trouble)
			}
		}
		if o := client.Refund(t.Context(), first, "pi_1"); o.Trouble == nil || o.Trouble.Verdict != jobs.VerdictRetry {
			t.Errorf("%s: refund %+v %+v", api, o, o.Trouble)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}
