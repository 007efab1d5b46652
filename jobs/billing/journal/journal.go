// Package journal writes what became of the charges of a run as a double-entry journal: plain text in the format of hledger
// and Ledger, which both accept in their strict forms, as every account and currency is declared before it is used.
//
// It promises that each transaction balances to the smallest unit, which is checked before it is written; that the same charges
// and outcomes make the same bytes, in the order in which they come; and that text of a record is text: it can
// end no line, begin no comment, and be no date, tag or account.
//
// What is booked, under the names that the settings have for the accounts:
//
//	an invoice            receivable        to  revenue, VAT by rate
//	a credit note         revenue, VAT      to  receivable
//	paid                  bank              to  receivable
//	a fee                 fees              to  bank
//	refunded              refunds           to  bank         (of a credit note: receivable to bank)
//	returned              returns           to  bank
//	a payout              refunds           to  bank
//
// What is submitted or being processed, or of which nobody knows whether it was paid, stays receivable, in an account below
// it that has the name of the status. Of a charge that failed and of one that was skipped nothing is booked, and
// a comment says so.
//
// It leaves to others what became of a charge, where the file stands, and whether it is written at once.
package journal

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"bufio"
	"fmt"
	"io"
	"iter"
)

// Entry is a charge and what became of it. Amounts that are not there are zero values.
type Entry struct {
	Charge *charge.Charge
	Status charge.Status
	// Date is when that became so, YYYY-MM-DD; empty is the date of the invoice.
	Date string
	// Unpaid says that the provider only made the invoice: nothing was paid, whatever the status.
	Unpaid bool
	// Issued says of a charge that failed that its invoice stands nevertheless.
	Issued bool
	// Fee is what the provider kept, in any currency. Refunded and Returned are what went back of the amount; with the
	// status refunded or returned and no amount it is the whole.
	Fee, Refunded, Returned money.Amount
}

// Write writes the journal. It ends at the first error of the entries, and at an entry that does not balance.
func Write(w io.Writer, s *settings.Settings, entries iter.Seq2[Entry, error]) error {
	names, err := accountsOf(&s.Journal)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	j := &book{w: b, names: names, declared: map[string]bool{}}
	j.line("; The journal of a billing run, in the format of hledger and Ledger.")
	for _, name := range names.all() {
		j.account(name)
	}
	for e, err := range entries {
		if err != nil {
			return fmt.Errorf("write the journal: %w", err)
		}
		if err := j.entry(&e); err != nil {
			return fmt.Errorf("the journal of invoice %s: %w", e.Charge.InvoiceID, err)
		}
		if j.err != nil {
			break
		}
	}
	if j.err == nil {
		j.err = b.Flush()
	}
	if j.err != nil {
		return fmt.Errorf("write the journal: %w", j.err)
	}
	return nil
}
