package sepa

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/latin"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const longestID = 35

// validID reports whether a text can be an identifier of the scheme: up to 35 of the basic characters, no slash at the ends and no two
// together (EPC130-08, chapter 1).
func validID(id string) bool {
	if id == "" || len(id) > longestID || strings.TrimSpace(id) != id {
		return false
	}
	for i := range len(id) {
		if !latin.EPC(id[i]) {
			return false
		}
	}
	return id[0] != '/' && id[len(id)-1] != '/' && !strings.Contains(id, "//") && !strings.Contains(id, "  ") && id != "NOTPROVIDED"
}

// EndToEndID is the reference of a charge, by which returns come back. It is the invoice's id where that is a valid
// identifier, and the charge a first attempt. Else it is what can be kept of it, a hyphen, and ten digits of its
// SHA-256 with the attempt: two charges never have one reference, and it can be worked out from the charge alone.
func EndToEndID(c *charge.Charge) (id string, changed bool) {
	if c.Attempt <= 1 && validID(c.InvoiceID) {
		return c.InvoiceID, false
	}
	kept, _ := latin.Spell(c.InvoiceID, latin.EPC)
	for strings.Contains(kept, "//") {
		kept = strings.ReplaceAll(kept, "//", "/")
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", max(1, c.Attempt), c.InvoiceID))
	kept = strings.Trim(kept, "/ ")
	kept = strings.Trim(kept[:min(len(kept), longestID-11)], "/ ")
	return kept + "-" + hex.EncodeToString(sum[:5]), true
}

// remittance is what the payer reads: the invoice and what it is for.
func remittance(c *charge.Charge) (text string, lost []rune) {
	name := c.InvoiceID
	if c.Number != "" {
		name = c.Number
	}
	text = name
	if d := strings.TrimSpace(c.Description); d != "" {
		text = d
		if !strings.Contains(d, name) {
			text = name + " " + d
		}
	}
	if text, lost = latin.Spell(text, latin.EPC); text == "" {
		text, _ = EndToEndID(c)
	}
	return cut(text, 140), lost
}

// cut bounds a text that is ASCII by now.
func cut(text string, most int) string {
	return strings.TrimSpace(text[:min(len(text), most)])
}
