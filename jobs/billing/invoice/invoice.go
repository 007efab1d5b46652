// Package invoice makes the documents of a charge: an HTML page and a PDF, the numbers of their series, and the files that
// hold them, durable before they are acknowledged.
//
// It promises that the same charge with the same settings makes the same bytes, in any process and at any time: the date of
// creation is the invoice's, nothing is random, nothing depends on the machine's zone or language. That text which came from a
// record is text in both: escaped, without control characters and without those that turn the direction of
// writing. That no character is lost: one which the font cannot draw is an error (and Alphabet says so when a run is
// planned). And that a file which is acknowledged is whole and on the disk, and one that was there is never overwritten.
//
// The PDF is simple: one font in one weight (bold is drawn with an outline), no PDF/A. Its font is made once for a run, with
// just the characters of the run, by the parent (Alphabet.Write); a worker reads it (Open) and each PDF embeds it as it
// is.
//
// It leaves to others which number a charge has (the register), when an invoice may be made, and whether it is one: where the
// law wants an e-invoice between businesses, this is none.
package invoice

import (
	"brood/jobs/billing/charge"
	"fmt"
)

// Press makes the documents of a run. It may be used by several goroutines at the same time.
type Press struct {
	seller seller
	face   *face
	page   *page
}

// Documents are what is made of one charge.
type Documents struct {
	Number string // also what the files are called
	HTML   []byte
	PDF    []byte
}

// Make makes both documents. An error is about this charge: it will be the same in every try.
func (p *Press) Make(c *charge.Charge) (*Documents, error) {
	v, err := p.seller.view(c)
	if err != nil {
		return nil, fmt.Errorf("invoice %s: %w", c.InvoiceID, err)
	}
	html, err := p.page.fill(v)
	if err != nil {
		return nil, fmt.Errorf("invoice %s as HTML: %w", c.InvoiceID, err)
	}
	pdf, err := p.face.draw(v)
	if err != nil {
		return nil, fmt.Errorf("invoice %s as PDF: %w", c.InvoiceID, err)
	}
	return &Documents{Number: c.Number, HTML: html, PDF: pdf}, nil
}
