// Package billing is the job that charges people, and what goes with it: brood plan billing, brood run billing and
// refund, brood reconcile.
//
// A run does a plan and nothing else. What makes that safe, beyond what the engine does for every record:
//
//   - the plan's hash covers every charge, and what the operator types (count and sums) must agree with it;
//   - before the first request leaves, all charges are in the register, where one invoice has one open charge;
//   - the key of a charge is a hash of account, mode, scope, invoice and attempt: never of its amount or its line;
//   - an answer that leaves open whether money has moved never ends as failed: it is asked for again under its key, looked up
//     where that may be forgotten, or unknown.
//
// A worker has a provider: package stripe, the documents of package invoice, or a bank's file, of which it checks one entry and the parent
// writes the whole when the run is done.
package billing

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/plan"
	"brood/jobs/billing/register"
	"brood/jobs/billing/settings"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Provider is who is asked to charge.
type Provider string

// The providers.
const (
	Files  Provider = "files"  // writes an invoice for each charge, and moves no money
	Stripe Provider = "stripe" // Stripe, or a server in its shape
	SEPA   Provider = "sepa"   // a file for a bank of the euro area
	NACHA  Provider = "nacha"  // a file for a bank of the United States
)

// config is what the ledger keeps of a run, and the workers are given.
type config struct {
	Plan     string             `json:"plan"` // its hash
	Provider Provider           `json:"provider"`
	Account  string             `json:"account"`
	Mode     plan.Mode          `json:"mode"`
	Scope    string             `json:"scope"`
	Dunning  string             `json:"dunning,omitempty"`
	Count    int                `json:"count"`
	Sums     string             `json:"sums"`
	Settings *settings.Settings `json:"settings"`
	// PlanDir is where the plan is kept, with what was made for its documents.
	PlanDir string    `json:"plan_dir"`
	Begun   time.Time `json:"begun"`
	ID      string    `json:"id"`                    // of the run, by chance: a name is free again when its run is removed
	Who     string    `json:"who"`                   // who has begun it
	Signed  string    `json:"approved_by,omitempty"` // whose signature the plan has

	API       string        `json:"api,omitempty"`
	BaseURL   string        `json:"base_url,omitempty"`
	KeyFile   string        `json:"key_file,omitempty"`
	KeyLife   time.Duration `json:"key_life,omitempty"`
	Settle    time.Duration `json:"settle,omitempty"`
	PerSecond float64       `json:"per_second,omitempty"`

	Invoices string `json:"invoices,omitempty"`  // the directory of the documents
	BankFile string `json:"bank_file,omitempty"` // absolute
	Journal  string `json:"journal,omitempty"`   // absolute
}

func readConfig(raw json.RawMessage) (*config, error) {
	c := new(config)
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, fmt.Errorf("billing: read configuration: %w", err)
	}
	return c, nil
}

func (c *config) owner() register.Owner {
	return register.Owner{Account: c.Account, Mode: string(c.Mode)}
}

// keyScope is within what an invoice and an attempt are unique.
func (c *config) keyScope() string {
	return fmt.Sprintf("billing/%s/%s/%s/%s", c.Provider, c.Account, c.Mode, c.Scope)
}

// year is that of a document, for its number.
func year(c *charge.Charge) int {
	for _, date := range []string{c.InvoiceDate, c.ChargeDate, c.DueDate} {
		if t, err := time.Parse(time.DateOnly, date); err == nil {
			return t.Year()
		}
	}
	return 0
}

// printable is a text as it may go to a terminal: what stands in it may come from a record or from the other side.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
