package plan

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"brood/jobs/billing/settings"
	"brood/jobs/files"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Options are what is to be planned, and how.
type Options struct {
	Files    []string
	Settings string // a file; empty: none
	Provider string
	Account  string
	Live     bool
	Scope    string // empty: the month that all charges are of
	Map      string
	// Previous is the plan to compare with: a file, a hash or what Resolve knows besides. Dunning is a run whose declined
	// charges are tried again.
	Previous, Dunning string
	// Out is the plan's file; empty: it is kept in the state directory alone.
	Out, State string
	Problems   string // a file for all of them
	Group      bool
	AllowZero  bool
	Several    bool // of one customer in one time
	Rounding   string
	Factor     int // by how much an amount has to differ to be told of
	Caps       settings.Caps
	// Resolve opens the plan of a run; nil: Previous is a file or a hash.
	Resolve func(run string) (*Plan, error)
	// CheckAmount says what the provider has against an amount; nil: nothing.
	CheckAmount func(money.Amount) error
	// CheckCredit says what speaks against a credit note, by the invoice that it takes back and those before it; nil: nobody looks.
	CheckCredit func(*charge.Charge, money.Amount) string
	// CheckCharge says what the provider has against a charge, in place of what is known of it here, and CheckSettings against
	// the settings; nil: they are not asked. What they only warn of may depend on the day, and is not counted in the header.
	CheckCharge   func(*charge.Charge, *settings.Settings) []charge.Problem
	CheckSettings func(*settings.Settings, charge.Kind) []charge.Problem
	// CheckTemplate says what is wrong with the page that invoices are made of, where all charges have these metadata; nil: there are no invoices.
	CheckTemplate func(page string, metadata []string) error
	// Undrawable makes what says of a text why it cannot stand on an invoice, and what to do, with these settings; nil: there are no invoices.
	Undrawable func(*settings.Settings) (func(text string) string, error)
}

// The providers.
const (
	Files  = "files"
	Stripe = "stripe"
	SEPA   = "sepa"
	NACHA  = "nacha"
)

// Providers are all of them.
func Providers() []string { return []string{Files, Stripe, SEPA, NACHA} }

// Flags are those of brood plan billing.
func Flags() []jobs.Flag {
	return []jobs.Flag{
		{Name: "settings", Usage: "who charges, and by which rules: a TOML `FILE`, as testdata/billing/seller.toml", Default: ""},
		{Name: "provider", Usage: "charge by `NAME`: files (invoices alone), stripe, sepa or nacha", Default: Files},
		{Name: "account", Usage: "the `NAME` of the account there, which is part of the keys", Default: "main"},
		{Name: "live", Usage: "it is about money, and not a test", Default: false},
		{Name: "scope", Usage: "what the run is for, as in 2026-11, which is part of the keys; without it the `MONTH` that all charges are of", Default: ""},
		{Name: "map", Usage: "which column has what: stripe, chargebee, xero or quickbooks, a `FILE`, or invoice_id=Number,amount=Total", Default: ""},
		{Name: "previous", Usage: "compare with the plan of `RUN`: periods, amounts, bank accounts", Default: ""},
		{Name: "dunning", Usage: "the rows are charges of `RUN` that were declined, and are tried once more", Default: ""},
		{Name: "output", Aliases: []string{"o"}, Usage: "write the plan to `FILE` too", Default: ""},
		{Name: "group", Usage: "rows of one invoice, one after the other, are its lines", Default: false},
		{Name: "allow-zero", Usage: "charges of nothing are allowed", Default: false},
		{Name: "several-per-period", Usage: "a customer may be charged several times for one time", Default: false},
		{Name: "tax-rounding", Usage: "round tax by `RULE`: rate (once for each rate) or line; without it as the settings say", Default: ""},
		{Name: "outlier", Usage: "tell of amounts that are `N` times as large as usual, or as the customer's previous one", Default: 3},
		{Name: "max-record", Usage: "refuse a charge above `CUR=AMOUNT,...`", Default: []string(nil)},
		{Name: "max-customer", Usage: "refuse more than `CUR=AMOUNT,...` of one customer", Default: []string(nil)},
		{Name: "max-run", Usage: "refuse more than `CUR=AMOUNT,...` in all", Default: []string(nil)},
		{Name: "problems", Usage: "write all that is wrong or odd to `FILE`, as CSV", Default: ""},
	}
}

// FromOptions reads the flags.
func FromOptions(o jobs.Options, paths []string) (Options, error) {
	p := Options{
		Files: paths, Settings: o.String("settings"), Provider: o.String("provider"), Account: o.String("account"), Live: o.Bool("live"), Scope: o.String("scope"),
		Map: o.String("map"), Previous: o.String("previous"), Dunning: o.String("dunning"), Out: o.String("output"), State: o.StateDir(), Problems: o.String("problems"),
		Group: o.Bool("group"), AllowZero: o.Bool("allow-zero"), Several: o.Bool("several-per-period"), Rounding: o.String("tax-rounding"), Factor: o.Int("outlier"),
	}
	for _, c := range []struct {
		flag string
		to   *map[money.Currency]string
	}{{"max-record", &p.Caps.Record}, {"max-customer", &p.Caps.Customer}, {"max-run", &p.Caps.Run}} {
		for _, pair := range jobs.SplitList(o.StringSlice(c.flag)) {
			cur, amount, ok := strings.Cut(pair, "=")
			a, err := money.Parse(amount, money.Currency(cur))
			if !ok {
				err = errors.New("write it as EUR=5000.00")
			}
			if err == nil && a.Minor <= 0 {
				err = fmt.Errorf("%s allows nothing", pair)
			}
			if err != nil {
				return p, fmt.Errorf("--%s %s: %w", c.flag, pair, err)
			}
			if *c.to == nil {
				*c.to = make(map[money.Currency]string)
			}
			(*c.to)[a.Currency] = a.String()
		}
	}
	return p, p.check()
}

// check refuses what no plan can be made of.
func (o *Options) check() error {
	switch {
	case len(o.Files) == 0:
		return errors.New("say what is to be charged: brood plan billing FILE")
	case !slices.Contains(Providers(), o.Provider):
		return fmt.Errorf("--provider %s: there are %s", o.Provider, strings.Join(Providers(), ", "))
	case !isWord(o.Account):
		return fmt.Errorf("--account %s: take letters, digits and - _ . alone", o.Account)
	case o.Scope != "" && !isWord(o.Scope):
		return fmt.Errorf("--scope %s: take letters, digits and - _ . alone", o.Scope)
	case !slices.Contains([]string{"", settings.RoundByRate, settings.RoundByLine}, o.Rounding):
		return fmt.Errorf("--tax-rounding %s: there are rate and line", o.Rounding)
	case o.Factor < 2:
		return fmt.Errorf("--outlier %d: 2 is the least", o.Factor)
	case o.Out == "" && o.State == "":
		return errors.New("there is no state directory to keep the plan in: say -o FILE")
	case o.overwritten() != "":
		return fmt.Errorf("%s is read for the plan, and would be written over: give -o and --problems names of their own", o.overwritten())
	case o.Dunning != "" && o.Group:
		return errors.New("--group: charges that are tried again have their lines already")
	}
	return nil
}

// overwritten is a file that is read and was named to be written as well.
func (o *Options) overwritten() string {
	for _, in := range append([]string{o.Settings, o.Map}, o.Files...) {
		if files.Same(in, o.Out) || files.Same(in, o.Problems) {
			return in
		}
	}
	return ""
}

// settingsName is what the settings are called in what is told.
func (o *Options) settingsName() string {
	if o.Settings == "" {
		return ""
	}
	return filepath.Base(o.Settings)
}

// isWord reports whether a name can be part of keys and paths.
func isWord(s string) bool {
	return s != "" && len(s) <= 64 && s[0] != '.' && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// Mode is that of the plan. An invoice and a bank's file mean what they say.
func (o *Options) Mode() Mode {
	if o.Live || o.Provider != Stripe {
		return Live
	}
	return Test
}
