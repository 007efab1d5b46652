// Package nacha writes ACH files of the United States, as the Nacha Operating Rules, appendix three, have them: records of 94
// characters in blocks of ten, one batch for each effective entry date, direction and description.
//
// Debits and credits of the classes PPD, CCD and WEB in dollars. A file is the same bytes whenever it is written again from the same
// charges and time of creation. It has no offsetting entry for the company's own account: banks book that themselves, unless
// agreed otherwise. No addenda are written.
//
// A file has records of one line each: 1 file header, 5 batch header, 6 entry, 8 batch control, 9 file control, and lines of nines
// that fill the last block. The entry hash is the sum of the first eight digits of the routing numbers, modulo 10^10.
package nacha

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/latin"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// What the widths of the fields allow.
const (
	mostEntry   = 99_999_999_99    // 10 digits of cents
	mostTotal   = 9_999_999_999_99 // 12 digits of cents
	mostEntries = 999_999          // of a batch
	mostTrace   = 9_999_999        // entries of a file, by the trace number's sequence
	mostBatches = 999_999          // of a file
	hashModulus = 10_000_000_000
)

// File is one file to be written.
type File struct {
	Created time.Time // kept by the caller: a second writing has the same
	// Modifier tells several files of one day apart: A to Z and 0 to 9; none is A.
	Modifier byte
	// Prenotes writes an entry of no dollars for each charge, by which banks check the account: it is sent three banking days before
	// the first real one.
	Prenotes bool
	Dir      string // for what does not fit into memory
	// Retry says whether an entry is presented again after R01 or R09, and is described as RETRY PYMT; none: every debit of an attempt
	// after the first is. Credits are never.
	Retry func(*charge.Charge) bool
	Note  func(invoice, text string)             // if set, is told of what the file says otherwise than the plan
	Trace func(invoice, reference, trace string) // if set, is told by which numbers returns will come back
}

// Batch is what one batch holds.
type Batch struct {
	Number        int
	Day           string // effective entry date, YYYY-MM-DD
	Description   string
	Count         int
	Debit, Credit int64 // cents
}

// Written is what a file holds.
type Written struct {
	Count         int
	Debit, Credit int64 // cents
	Hash          int64
	Batches       []Batch
	Others        int // lines of other kinds, which are not in the file
}

const longestReference = 15

// Reference is the individual identification number of a charge, by which returns come back, beside the trace number. It is the
// invoice's id where that has up to fifteen characters that files take, and the charge is a first attempt. Else it
// is four characters of it, a hyphen and ten digits of its SHA-256 with the attempt.
func Reference(c *charge.Charge) (id string, changed bool) {
	spelt, lost := latin.Spell(c.InvoiceID, latin.ACH)
	if c.Attempt <= 1 && spelt == c.InvoiceID && len(lost) == 0 && len(spelt) <= longestReference && spelt != "" {
		return spelt, false
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", max(1, c.Attempt), c.InvoiceID))
	kept := strings.TrimSpace(spelt[:min(len(spelt), longestReference-11)])
	return kept + "-" + strings.ToUpper(hex.EncodeToString(sum[:5])), true
}

// class is the standard entry class.
func class(s string) string {
	if s == "" {
		return "PPD"
	}
	return s
}

// code is the transaction code: the kind of account, the direction, and whether it is a prenote.
func code(c *charge.Charge, prenote bool) int {
	n := 27
	if c.Kind == charge.KindPayout {
		n = 22
	}
	if prenote {
		n++
	}
	if c.AccountType == "savings" {
		n += 10
	}
	return n
}
