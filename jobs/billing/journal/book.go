package journal

import (
	"brood/jobs/billing/money"
	"bufio"
	"errors"
	"fmt"
	"strings"
	"time"
)

// book is a journal that is being written.
type book struct {
	w        *bufio.Writer
	names    *accounts
	declared map[string]bool // accounts, and currencies behind a $
	err      error
}

func (j *book) line(text string) {
	if j.err == nil {
		_, j.err = j.w.WriteString(text + "\n")
	}
}

// account declares one, once.
func (j *book) account(name string) {
	if !j.declared[name] {
		j.declared[name] = true
		j.line("account " + name)
	}
}

// currency declares one with its digits, once. The code stands before the number, as Ledger does not read a
// format that has no decimals and the code behind them.
func (j *book) currency(c money.Currency) error {
	if j.declared["$"+string(c)] {
		return nil
	}
	digits, ok := money.Digits(c)
	if !ok {
		return fmt.Errorf("there is no currency %q in ISO 4217", string(c))
	}
	j.declared["$"+string(c)] = true
	j.line("commodity " + string(c))
	j.line("    format " + string(c) + " 1000." + strings.Repeat("0", digits))
	return nil
}

// transaction is one that is put together.
type transaction struct {
	date, code, payee, note string
	postings                []posting
}

// posting is an amount on an account; to is positive, from negative.
type posting struct {
	account string
	amount  money.Amount
}

// move takes an amount from one account to another.
func (t *transaction) move(to, from string, a money.Amount) {
	t.add(to, a)
	t.add(from, negative(a))
}

func (t *transaction) add(account string, a money.Amount) {
	if a.Minor != 0 {
		t.postings = append(t.postings, posting{account, a})
	}
}

func negative(a money.Amount) money.Amount {
	return money.Amount{Minor: -a.Minor, Currency: a.Currency}
}

var errUnbalanced = errors.New("its net amount and taxes do not add up to its amount")

// write checks that a transaction balances in each currency, and writes it. One without postings is left out.
func (j *book) write(t *transaction) error {
	if len(t.postings) == 0 {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, t.date); err != nil {
		return fmt.Errorf("%q is no date; write one like 2026-11-30", t.date)
	}
	sums := map[money.Currency]money.Amount{}
	for _, p := range t.postings {
		c := p.amount.Currency
		sum, err := money.Amount{Minor: sums[c].Minor, Currency: c}.Add(p.amount)
		if err != nil {
			return err
		}
		sums[c] = sum
		j.account(p.account)
		if err := j.currency(c); err != nil {
			return err
		}
	}
	for _, sum := range sums {
		if sum.Minor != 0 {
			return errUnbalanced
		}
	}
	j.line("")
	j.line(t.date + " * (" + strings.ReplaceAll(safe(t.code), " ", "-") + ") " + safe(t.payee) + " | " + t.note)
	for _, p := range t.postings {
		j.line("    " + p.account + "  " + p.amount.WithCode())
	}
	return nil
}
