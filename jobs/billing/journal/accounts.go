package journal

import (
	"brood/jobs/billing/settings"
	"fmt"
	"strings"
	"unicode"
)

// accounts are the names, none of them empty.
type accounts settings.Journal

// accountsOf takes the names that the settings have, and for those that they have not the usual ones.
func accountsOf(j *settings.Journal) (*accounts, error) {
	a := accounts(*j)
	for _, name := range []struct {
		of    *string
		usual string
	}{
		{&a.Receivable, "assets:receivable"},
		{&a.Revenue, "revenue:sales"},
		{&a.VAT, "liabilities:vat"},
		{&a.Bank, "assets:bank"},
		{&a.Fees, "expenses:fees"},
		{&a.Refunds, "expenses:refunds"},
		{&a.Returns, "assets:receivable:returned"},
	} {
		if *name.of == "" {
			*name.of = name.usual
		}
		if !isAccount(*name.of) {
			return nil, fmt.Errorf("%q is no name of an account: it begins with a letter or a digit, and has no two spaces after each other and none of ; ( ) [ ] { } | = @ and quotes", *name.of)
		}
	}
	return &a, nil
}

func (a *accounts) all() []string {
	return []string{a.Receivable, a.Revenue, a.VAT, a.Bank, a.Fees, a.Refunds, a.Returns}
}

// isAccount reports whether both programs read a name as one, and as one only. A name ends at two spaces, a parenthesis or
// bracket before it makes the posting virtual, and * and ! are states (Ledger's manual, "Journal Format").
func isAccount(name string) bool {
	for i, r := range name {
		switch {
		case i == 0 && !unicode.IsLetter(r) && !unicode.IsDigit(r):
			return false
		case !unicode.IsPrint(r), strings.ContainsRune(`;()[]{}|=@"'`, r): // of the spaces only U+0020 is printable
			return false
		}
	}
	return name != "" && !strings.Contains(name, "  ") && !strings.HasSuffix(name, " ") &&
		!strings.HasPrefix(name, ":") && !strings.HasSuffix(name, ":") && !strings.Contains(name, "::")
}
