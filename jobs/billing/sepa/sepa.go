// Package sepa writes the files by which a bank is asked to move euros: pain.008 for direct debits and pain.001 for
// credit transfers (ISO 20022), as the European Payments Council's rulebooks and guidelines narrow them (EPC130-08, EPC132-08, EPC131-08, EPC301-07).
//
// It promises that a file is the same bytes whenever it is written again from the same charges, plan and time of creation;
// that NbOfTxs and CtrlSum are counted from what was written; and that what Check passes is written. What
// it says about the texts that are changed on the way is said through File.Note.
//
// A charge's texts are spelt with the EPC's basic characters (package latin). Addresses are hybrid, town and country in
// elements of their own and the street as a line, or none; older versions have two lines. Mandates cannot be amended: a customer with another account
// signs a new one. Not here: banks' own dialects (pain.008.003.02 and the like), EBICS, other currencies than EUR.
package sepa

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/settings"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Version is a message of ISO 20022 in one version.
type Version string

// The versions that are written. German banks drop the older ones in November 2026.
const (
	Debit08    Version = "pain.008.001.08"
	Debit02    Version = "pain.008.001.02"
	Transfer09 Version = "pain.001.001.09"
	Transfer03 Version = "pain.001.001.03"
)

// VersionOf is the version that the settings ask for, of direct debits or of transfers. Who names an older one of the one
// gets the older one of the other: a bank knows both or neither.
func VersionOf(s *settings.SEPA, kind charge.Kind) (Version, error) {
	old := false
	switch Version(s.Version) {
	case "", Debit08, Transfer09:
	case Debit02, Transfer03:
		old = true
	default:
		return "", fmt.Errorf("there is no version %q of SEPA files; there are %s, %s, and the older %s and %s", s.Version, Debit08, Transfer09, Debit02, Transfer03)
	}
	switch {
	case kind == charge.KindCharge && old:
		return Debit02, nil
	case kind == charge.KindCharge:
		return Debit08, nil
	case kind == charge.KindPayout && old:
		return Transfer03, nil
	case kind == charge.KindPayout:
		return Transfer09, nil
	default:
		return "", fmt.Errorf("a line of kind %q does not go into a bank file", kind)
	}
}

// old reports whether the version has the elements of 2009.
func (v Version) old() bool { return v == Debit02 || v == Transfer03 }

// File is one file to be written.
type File struct {
	Plan string // the plan's hash, in hexadecimal
	// Part is 0 for the file of the run, and counts those that are sent later for charges of the same plan that were not in
	// it: a bank refuses a second file of the same MsgId.
	Part    int
	Created time.Time   // kept by the caller: a second writing has the same
	Kind    charge.Kind // KindCharge: direct debits; KindPayout: credit transfers
	Dir     string      // for what does not fit into memory
	// Note, if set, is told of what the file says otherwise than the plan.
	Note func(invoice, text string)
	// Placed, if set, is told where each charge stands.
	Placed func(invoice string, at Place)
}

// Place says by which names a bank speaks of a charge.
type Place struct {
	MsgID, PmtInfID, EndToEndID string
}

// MessageID is the MsgId: 26 characters that follow from the plan.
func (f *File) MessageID() string {
	id := strings.ToLower(f.Plan)
	if len(id) != 64 || strings.Trim(id, "0123456789abcdef") != "" || f.Part > 0 {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", f.Plan, f.Part))
		id = hex.EncodeToString(sum[:])
	}
	letter := "D"
	if f.Kind == charge.KindPayout {
		letter = "T"
	}
	return letter + strings.ToUpper(id[:25])
}

// block is a payment block: what is collected on one day in one way.
type block struct {
	day        string // YYYY-MM-DD
	sequence   string // FRST, RCUR, OOFF, FNAL; empty in transfers
	instrument string // CORE, B2B; empty in transfers
}

// id is the PmtInfId within a message: day and letters of sequence and instrument, so that it is the same however many
// blocks there are.
func (b block) id(message string) string {
	id := message + "-" + strings.ReplaceAll(b.day[2:], "-", "")
	if b.sequence == "" {
		return id
	}
	letter := b.sequence[:1]
	if b.sequence == "FNAL" {
		letter = "L" // F is FRST
	}
	return id + letter + b.instrument[:1]
}

// Block is what was written for one day in one way.
type Block struct {
	ID                        string
	Day, Sequence, Instrument string
	Count                     int
	Minor                     int64
}

// Written is what a file holds.
type Written struct {
	Version Version
	MsgID   string
	Count   int
	Minor   int64
	Blocks  []Block
	Others  int // lines of other kinds, which are not in the file
}
