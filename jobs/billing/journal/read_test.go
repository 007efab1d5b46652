package journal

import (
	"brood/jobs/billing/money"
	"bufio"
	"fmt"
	"math/big"
	"strings"
)

// ledgerOf reads a journal as far as it is written here, in whole numbers: the balance of each account and currency. It refuses a
// transaction that does not balance and what was not declared.
func ledgerOf(text string) (map[string]*big.Int, error) {
	balances, declared := map[string]*big.Int{}, map[string]bool{}
	open := map[string]*big.Int{} // the sums of the transaction, by currency
	inside := false
	end := func() error {
		for c, sum := range open {
			if sum.Sign() != 0 {
				return fmt.Errorf("a transaction is %s %s out", c, sum)
			}
		}
		clear(open)
		inside = false
		return nil
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "":
			if err := end(); err != nil {
				return nil, err
			}
		case strings.HasPrefix(line, ";"):
		case strings.HasPrefix(line, "account "), strings.HasPrefix(line, "commodity "):
			declared[line] = true
		case strings.HasPrefix(line, "    format "):
		case strings.HasPrefix(line, "    "):
			if !inside {
				return nil, fmt.Errorf("a posting without a transaction: %q", line)
			}
			account, amount, ok := strings.Cut(line[4:], "  ")
			code, number, ok2 := strings.Cut(amount, " ")
			if !ok || !ok2 || !declared["account "+account] || !declared["commodity "+code] {
				return nil, fmt.Errorf("no posting, or nothing is declared: %q", line)
			}
			digits, _ := money.Digits(money.Currency(code))
			_, fraction, _ := strings.Cut(number, ".")
			minor, good := new(big.Int).SetString(strings.ReplaceAll(number, ".", ""), 10)
			if !good || len(fraction) != digits {
				return nil, fmt.Errorf("no amount: %q", line)
			}
			for _, sum := range []struct {
				of  map[string]*big.Int
				key string
			}{{open, code}, {balances, account + " " + code}} {
				if sum.of[sum.key] == nil {
					sum.of[sum.key] = new(big.Int)
				}
				sum.of[sum.key].Add(sum.of[sum.key], minor)
			}
		case len(line) > 14 && line[4] == '-' && line[7] == '-' && strings.HasPrefix(line[10:], " * ("):
			inside = true
		default:
			return nil, fmt.Errorf("a line that is none: %q", line)
		}
	}
	return balances, end()
}
