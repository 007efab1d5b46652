package billing

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/reconcile"
	"os"
	"path/filepath"
	"testing"
)

// TestDifferences writes both sides of each, and nothing into what a link leads to that somebody else has put there.
func TestDifferences(t *testing.T) {
	dir := t.TempDir()
	victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "differ.csv")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path); err != nil {
		t.Fatal(err)
	}
	r := &reconcile.Report{Differences: []reconcile.Difference{
		{Kind: reconcile.Missing, Ours: &reconcile.Ours{Invoice: "R-1", Amount: money.Amount{Minor: 1250, Currency: "EUR"}, Status: charge.Succeeded}},
		{Kind: reconcile.Extra, Theirs: &charge.Listed{Reference: "R,9", ProviderID: "pi_9", Minor: 500, Currency: "jpy", Status: charge.Succeeded, Place: "list:3"}},
	}}
	if err := writeDifferences(path, r); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "precious" {
		t.Errorf("what the link led to is %q now, %v", b, err)
	}
	want := "difference,invoice_id,amount,currency,billing_status,their_reference,their_id,their_amount,their_currency,their_status,their_reason,their_place\n" +
		"missing,R-1,12.50,EUR,succeeded,,,,,,,\n" +
		"extra,,,,,\"R,9\",pi_9,500,JPY,succeeded,,list:3\n"
	if b, err := os.ReadFile(path); err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
}
