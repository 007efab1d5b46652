package statement

import (
	"brood/jobs/billing/charge"
	"errors"
)

// endPayment hands a payment on. One that names a file or block and no payment of it stands for all of them.
func (b *booked) endPayment(line int) error {
	x, e := &b.tx, &b.entry
	b.part.payments++
	if e.onlyInfo() {
		return nil
	}
	if !x.indicated {
		x.debit = e.debit
	}
	whole, original, currency, err := b.amounts()
	if err != nil {
		return err
	}
	returned := x.returned || x.reason != "" || returns(x.family, x.sub)
	e.items++
	ref := x.endToEnd
	if ref == "" {
		ref = x.instruction
	}
	if block := firstOf(x.block, b.part.block, x.message, b.part.message); ref == "" && block != "" && !returned && !e.reversal {
		return b.p.item(Item{Booked: true, Debit: x.debit, Text: x.text, Batch: &Batch{
			Reference: block, Count: b.part.count, Minor: whole, Currency: currency, Status: e.means(false), At: e.at, Place: b.p.place(line),
		}})
	}
	i := Item{Booked: true, Debit: x.debit, Text: x.text, Listed: &charge.Listed{
		Reference: ref, ProviderID: firstOf(x.id, e.reference), Minor: whole, Currency: currency, Status: e.means(returned),
		Reason: x.reason, At: e.at, Place: b.p.place(line),
	}}
	if i.Listed.Status == charge.Returned && original > 0 {
		i.Listed.Minor = original
		i.Fee = max(0, whole-original)
	}
	return b.p.item(i)
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// amounts are what was booked for a payment, and what had been ordered if it is in the same currency: the one is more than the other
// where a bank has added its fee to a return.
func (b *booked) amounts() (whole, original int64, currency string, err error) {
	x, e := &b.tx, &b.entry
	currency = e.currency
	for _, kind := range []int{plain, transacted, instructed} {
		if x.amounts[kind] == "" || x.currencies[kind] != currency {
			continue
		}
		if whole, err = amount(x.amounts[kind], currency); err != nil {
			return 0, 0, "", err
		}
		break
	}
	if x.amounts[instructed] != "" && x.currencies[instructed] == currency {
		if original, err = amount(x.amounts[instructed], currency); err != nil {
			return 0, 0, "", err
		}
	}
	if whole > 0 && x.amounts[plain] == "" && x.amounts[transacted] == "" && b.part.payments == 1 && e.items == 0 {
		// Only what was ordered is said; what was booked is the entry, if it is the only one. Should there be others, the fee is not known.
		if all, bad := amount(e.amount, currency); bad == nil && b.tx.returned && b.part.count <= 1 {
			whole = max(whole, all)
		}
	}
	if whole == 0 {
		if e.items > 0 || e.bare {
			return 0, 0, "", errors.New("the entry has several payments, and one of them has no amount in the account's currency")
		}
		e.bare = true
		whole, err = amount(e.amount, currency)
	} else if e.bare {
		return 0, 0, "", errors.New("the entry has several payments, and one of them has no amount in the account's currency")
	}
	return whole, original, currency, err
}

// endPart hands a sum on that has no payments told.
func (b *booked) endPart(line int) error {
	p, e := &b.part, &b.entry
	if p.payments > 0 || !p.any || e.onlyInfo() {
		return nil
	}
	text, currency := p.amount, p.currency
	if text == "" {
		text, currency = e.amount, e.currency
	}
	sum, err := amount(text, currency)
	if err != nil {
		return err
	}
	e.items++
	return b.p.item(Item{Booked: true, Debit: e.debit, Text: e.text, Batch: &Batch{
		Reference: firstOf(p.block, p.message), Count: p.count, Minor: sum, Currency: currency, Status: e.means(false), At: e.at, Place: b.p.place(line),
	}})
}

// endEntry hands on an entry of which nothing more is told.
func (b *booked) endEntry(line int) error {
	e := &b.entry
	if e.items > 0 || e.onlyInfo() {
		return nil
	}
	if e.amount == "" {
		return errors.New("an entry has no amount")
	}
	sum, err := amount(e.amount, e.currency)
	if err != nil {
		return err
	}
	return b.p.item(Item{Booked: true, Debit: e.debit, Text: e.text, Listed: &charge.Listed{
		ProviderID: e.reference, Minor: sum, Currency: e.currency, Status: e.means(false), At: e.at, Place: b.p.place(line),
	}})
}
