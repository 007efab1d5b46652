package register

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"context"
	"fmt"
	"iter"
	"testing"
	"time"
)

// BenchmarkRun is what a run of 20,000 charges asks of the register: it takes them, says how they ended, and reads them again.
func BenchmarkRun(b *testing.B) {
	const count = 20_000
	for b.Loop() {
		r, err := Open(context.Background(), b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		o := Owner{Account: "shop", Mode: "test"}
		now := time.Unix(1_764_000_000, 0)
		var charges iter.Seq2[*charge.Charge, error] = func(yield func(*charge.Charge, error) bool) {
			for i := range count {
				c := &charge.Charge{
					InvoiceID: fmt.Sprint("K-", i), Attempt: 1, Kind: charge.KindCharge, CustomerID: fmt.Sprint("C-", i), Amount: "50.00", Currency: "EUR",
					PeriodStart: "2026-11-01", PeriodEnd: "2026-11-30",
				}
				if !yield(c, nil) {
					return
				}
			}
		}
		if err := r.Take(context.Background(), &Plan{Owner: o, Hash: "h", Run: "m", Identity: "i"}, charges, now); err != nil {
			b.Fatal(err)
		}
		var ended iter.Seq2[*Ended, error] = func(yield func(*Ended, error) bool) {
			for i := range count {
				if !yield(&Ended{Seq: jobs.Seq(i), Status: charge.Succeeded, ProviderID: fmt.Sprintf("pi_%020d", i)}, nil) {
					return
				}
			}
		}
		if err := r.Settle(context.Background(), o, "h", "chain", false, ended, now); err != nil {
			b.Fatal(err)
		}
		if list, err := r.Charges(context.Background(), o, "h"); err != nil || len(list) != count {
			b.Fatal(len(list), err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/count, "µs/charge")
}
