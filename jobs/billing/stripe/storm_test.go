package stripe

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/paytest"
	"fmt"
	"sync"
	"testing"
	"time"
)

// storm is what goes wrong, much more often than it does.
func storm() map[paytest.Fault]float64 {
	return map[paytest.Fault]float64{
		paytest.FaultReset: 0.03, paytest.FaultDrop: 0.05, paytest.FaultVanish: 0.03, paytest.FaultHalf: 0.03, paytest.FaultErrorDone: 0.03,
		paytest.FaultErrorUndone: 0.02, paytest.FaultErrorBegun: 0.02, paytest.FaultBusy: 0.02, paytest.FaultLimit: 0.03, paytest.FaultLock: 0.03,
	}
}

// many are charges in three currencies, of which some are declined.
func many(n int) (all []*charge.Charge) {
	for i := range n {
		b := bill(fmt.Sprintf("R-%05d", i), fmt.Sprintf("card_%d", i))
		switch i % 3 {
		case 1:
			b.Currency, b.Amount = "JPY", fmt.Sprint(100+i)
		case 2:
			b.Currency, b.Amount = "KWD", money.Format(int64(10*(100+i)), 3)
		default:
			b.Amount = money.Format(int64(100+i), 2)
		}
		switch i % 40 {
		case 7:
			b.PaymentMethod = fmt.Sprintf("card_insufficient_funds_%d", i)
		case 23:
			b.PaymentMethod = fmt.Sprintf("card_lost_card_%d", i)
		}
		all = append(all, b)
	}
	return all
}

// TestStorm charges two thousand in a storm of faults, asked again as the engine does, by workers that die. The server's
// journal is the oracle: nobody is charged twice, or another amount, and everybody of whom it is said that he was charged was.
func TestStorm(t *testing.T) {
	for api, n := range map[API]int{PaymentIntents: 2000, Charges: 300, Invoices: 300} {
		t.Run(string(api), func(t *testing.T) {
			w := newWorld(t, paytest.Options{Faults: storm(), Seed: 7, Late: 3 * time.Millisecond}, Config{API: api, Settle: 50 * time.Millisecond})
			all := many(n)
			outcomes := make([]charge.Outcome, n)
			next := make(chan int)
			var workers sync.WaitGroup
			for range 16 {
				workers.Go(func() {
					client := w.client
					for i := range next {
						if i%100 == 99 { // another worker goes on in place of this one
							client = w.another(t, Config{API: api, Settle: 50 * time.Millisecond})
						}
						outcomes[i] = w.engine(t.Context(), client, try(all[i]))
					}
				})
			}
			for i := range n {
				next <- i
			}
			close(next)
			workers.Wait()
			w.server.Close()
			judgeStorm(t, w, all, outcomes)
		})
	}
}

func judgeStorm(t *testing.T, w *world, all []*charge.Charge, outcomes []charge.Outcome) {
	t.Helper()
	paid := paytest.ByInvoice(w.server.Moves())
	counts := map[charge.Status]int{}
	for i, b := range all {
		o, p := outcomes[i], paid[b.InvoiceID]
		delete(paid, b.InvoiceID)
		counts[o.Status]++
		want := 0
		switch o.Status {
		case charge.Succeeded:
			want = 1
		case charge.Declined, charge.Failed:
		default:
			t.Errorf("%s: %+v %+v", b.InvoiceID, o, o.Trouble)
		}
		if p.Charges != want || want == 1 && (p.Charged != minorText(t, b) || p.Currency != small(string(b.Currency))) {
			t.Errorf("%s is said to be %s (%s), and was charged %d times: %+v", b.InvoiceID, o.Status, o.ErrorCode, p.Charges, p)
		}
	}
	if len(paid) > 0 {
		t.Errorf("charged, and not planned: %v", paid)
	}
	t.Logf("%v in %d requests, %v", counts, w.server.Requests(), w.server.Faulted())
	for _, f := range []paytest.Fault{paytest.FaultDrop, paytest.FaultVanish, paytest.FaultErrorDone, paytest.FaultErrorUndone} {
		if w.server.Faulted()[f] == 0 {
			t.Errorf("%s did not happen", f)
		}
	}
	if counts[charge.Succeeded] < len(all)/2 || counts[charge.Declined] == 0 || counts[charge.Failed] == 0 {
		t.Errorf("%v", counts)
	}
}
