package billing

import (
	"brood/jobs/billing/money"
	"brood/jobs/billing/reconcile"
	"brood/jobs/files"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// differenceColumns are those of the file of differences.
var differenceColumns = [...]string{
	"difference", "invoice_id", "amount", "currency", "billing_status",
	"their_reference", "their_id", "their_amount", "their_currency", "their_status", "their_reason", "their_place",
}

// differencesAreFree refuses to write the differences over what they are differences of: the results, the journal, a bank's file, a statement.
func (c *config) differencesAreFree(path string, others []string) error {
	others = append(others, c.Journal)
	if c.BankFile != "" {
		for _, k := range c.bankKinds() {
			for part := range byte(mostParts) {
				others = append(others, c.bankPath(k, part+1))
			}
		}
	}
	for _, other := range others {
		if files.Same(path, other) {
			return fmt.Errorf("--differences %s would be written over %s: give it a name of its own", path, other)
		}
	}
	return nil
}

// writeDifferences writes them as CSV, whole, in the place of what is at the path.
func writeDifferences(path string, r *reconcile.Report) error {
	_, err := replace(path, func(out io.Writer) error {
		w := csv.NewWriter(out)
		_ = w.Write(differenceColumns[:]) // Error says it
		for i := range r.Differences {
			_ = w.Write(differenceRow(&r.Differences[i]))
		}
		w.Flush()
		return w.Error()
	})
	if err != nil {
		return fmt.Errorf("--differences: %w", err)
	}
	return nil
}

// differenceRow is one of them; the side that has nothing is empty.
func differenceRow(d *reconcile.Difference) []string {
	row := make([]string, len(differenceColumns))
	row[0] = string(d.Kind)
	if o := d.Ours; o != nil {
		copy(row[1:], []string{o.Invoice, o.Amount.String(), string(o.Amount.Currency), string(o.Status)})
	}
	if t := d.Theirs; t != nil {
		theirs := money.Amount{Minor: t.Minor, Currency: money.Currency(strings.ToUpper(t.Currency))}
		copy(row[5:], []string{t.Reference, t.ProviderID, theirs.String(), string(theirs.Currency), string(t.Status), t.Reason, t.Place})
	}
	return row
}
