// Package settings is what a billing run knows besides its rows: who charges, in whose name, by which rules. It is
// read from one TOML file (--settings FILE), checked, and written into the plan as canonical JSON, so that the plan's
// hash covers it.
//
// No secret stands in it: keys of providers come by --secret or the environment.
package settings

import "brood/jobs/billing/money"

// Settings are those of one seller. What is not needed by the provider that is used may be empty.
type Settings struct {
	Seller   Seller   `json:"seller" toml:"seller"`
	Invoice  Invoice  `json:"invoice" toml:"invoice"`
	Journal  Journal  `json:"journal" toml:"journal"`
	SEPA     SEPA     `json:"sepa" toml:"sepa"`
	NACHA    NACHA    `json:"nacha" toml:"nacha"`
	Caps     Caps     `json:"caps" toml:"caps"`
	Approval Approval `json:"approval" toml:"approval"`
	// Zone is an IANA name: in which a day begins. Empty is UTC.
	Zone string `json:"zone,omitempty" toml:"zone"`
	// TaxRounding is "line" or "rate" (EN 16931, BR-CO-17); empty is "rate".
	TaxRounding string `json:"tax_rounding,omitempty" toml:"tax_rounding"`
}

// Seller is who sends the invoices.
type Seller struct {
	Name     string `json:"name,omitempty" toml:"name"`
	Street   string `json:"street,omitempty" toml:"street"`
	Postcode string `json:"postcode,omitempty" toml:"postcode"`
	City     string `json:"city,omitempty" toml:"city"`
	Country  string `json:"country,omitempty" toml:"country"` // ISO 3166-1, two letters
	TaxID    string `json:"tax_id,omitempty" toml:"tax_id"`
	Email    string `json:"email,omitempty" toml:"email"`
	IBAN     string `json:"iban,omitempty" toml:"iban"`
	BIC      string `json:"bic,omitempty" toml:"bic"`
}

// Invoice says how invoices are numbered and written.
type Invoice struct {
	// Series is the form of a number: {year}, and {number} or {number:6} with leading zeros. Empty is
	// "{year}-{number:6}". CreditSeries is that of credit notes; empty is "C" before the other.
	Series       string `json:"series,omitempty" toml:"series"`
	CreditSeries string `json:"credit_series,omitempty" toml:"credit_series"`
	// First is the first number of a series of which brood knows none yet; 0 is 1.
	First int `json:"first,omitempty" toml:"first"`
	// HTML is a template in place of the own one; a path that is resolved beside the settings file. Its text
	// goes into the plan as Template.
	HTML     string `json:"-" toml:"html"`
	Template string `json:"template,omitempty" toml:"-"`
	// Font is a TrueType file in place of the embedded one: its SHA-256 goes into the plan as FontSum.
	Font    string   `json:"-" toml:"font"`
	FontSum string   `json:"font_sum,omitempty" toml:"-"`
	Footer  []string `json:"footer,omitempty" toml:"footer"` // lines at the foot of each page
}

// Journal names the accounts of the double-entry journal; empty members have the names of Defaults.
type Journal struct {
	Receivable string `json:"receivable,omitempty" toml:"receivable"`
	Revenue    string `json:"revenue,omitempty" toml:"revenue"`
	VAT        string `json:"vat,omitempty" toml:"vat"`
	Bank       string `json:"bank,omitempty" toml:"bank"`
	Fees       string `json:"fees,omitempty" toml:"fees"`
	Refunds    string `json:"refunds,omitempty" toml:"refunds"`
	Returns    string `json:"returns,omitempty" toml:"returns"`
}

// SEPA is what bank files of the euro area need.
type SEPA struct {
	Name       string `json:"name,omitempty" toml:"name"` // of the creditor or debtor; empty: the seller's
	IBAN       string `json:"iban,omitempty" toml:"iban"`
	BIC        string `json:"bic,omitempty" toml:"bic"`
	CreditorID string `json:"creditor_id,omitempty" toml:"creditor_id"` // EPC AT-02
	Instrument string `json:"instrument,omitempty" toml:"instrument"`   // CORE or B2B; empty is CORE
	NoticeDays int    `json:"notice_days,omitempty" toml:"notice_days"` // 0 is 14, as the rulebook has it unless agreed
	Version    string `json:"version,omitempty" toml:"version"`         // pain.008.001.08, pain.001.001.09, or older; empty is the newest
}

// NACHA is what ACH files of the United States need.
type NACHA struct {
	ImmediateDestination     string `json:"immediate_destination,omitempty" toml:"immediate_destination"`
	ImmediateDestinationName string `json:"immediate_destination_name,omitempty" toml:"immediate_destination_name"`
	ImmediateOrigin          string `json:"immediate_origin,omitempty" toml:"immediate_origin"`
	ImmediateOriginName      string `json:"immediate_origin_name,omitempty" toml:"immediate_origin_name"`
	CompanyName              string `json:"company_name,omitempty" toml:"company_name"`
	CompanyID                string `json:"company_id,omitempty" toml:"company_id"`
	EntryDescription         string `json:"entry_description,omitempty" toml:"entry_description"`
	OriginatingDFI           string `json:"originating_dfi,omitempty" toml:"originating_dfi"` // 8 digits
	Class                    string `json:"class,omitempty" toml:"class"`                     // PPD, CCD or WEB; empty is PPD
	Prenotes                 bool   `json:"prenotes,omitempty" toml:"prenotes"`
}

// Caps bound what may be charged, by currency, as decimal amounts; a currency that is not named has no cap.
type Caps struct {
	Record   map[money.Currency]string `json:"record,omitempty" toml:"record"`
	Customer map[money.Currency]string `json:"customer,omitempty" toml:"customer"`
	Run      map[money.Currency]string `json:"run,omitempty" toml:"run"`
}

// Approval says whose signatures a plan needs before it is run.
type Approval struct {
	Required bool `json:"required,omitempty" toml:"required"`
	// AllowedSigners is a file as ssh-keygen(1) has it; a path beside the settings file. Its text goes into the plan.
	AllowedSigners string `json:"-" toml:"allowed_signers"`
	Signers        string `json:"signers,omitempty" toml:"-"`
}
