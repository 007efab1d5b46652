package invoice

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"strings"
	"sync"
)

//go:embed page.html
var ownPage string

// page is a template that HTML is made of.
type page struct {
	template *template.Template
	source   string
}

// ownTemplate is the one that is used when the user has none.
var ownTemplate = sync.OnceValues(func() (*page, error) { return readPage(ownPage) })

// parsePage reads a template; without one it is the own.
func parsePage(text string) (*page, error) {
	if text == "" {
		return ownTemplate()
	}
	return readPage(text)
}

// readPage reads a template. A value that is missing is an error and never a hole.
func readPage(text string) (*page, error) {
	t, err := template.New("invoice").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the template of invoices: %w", err)
	}
	return &page{template: t, source: text}, nil
}

// CheckTemplate reads a template of the user's and fills it with an invoice and a credit note that are made up, so that what
// no record could fill is said when a run is planned. Metadata is what the records have, by its names.
func CheckTemplate(text string, metadata []string) error {
	p, err := parsePage(text)
	if err != nil {
		return err
	}
	s, c := sample(metadata)
	for _, credit := range []bool{false, true} {
		if credit {
			c.Kind, c.CreditOf = "credit_note", "2026-000001"
		}
		v, err := s.view(c)
		if err != nil {
			return err
		}
		if _, err := p.fill(v); err != nil {
			return err
		}
	}
	return nil
}

// holes are what html/template, and fmt within it, write in the place of what is missing or not safe; and the word in
// each of them.
func holes() [5][2]string {
	return [5][2]string{
		{"<no value>", "no value"}, {"&lt;no value&gt;", "no value"}, {"<nil>", "nil"}, {"&lt;nil&gt;", "nil"}, {"ZgotmplZ", "ZgotmplZ"},
	}
}

// fill makes the page. A hole in it is an error, unless the template or the record says these words itself.
func (p *page) fill(v *View) ([]byte, error) {
	const room = 4096 // for what a record brings
	var b bytes.Buffer
	b.Grow(len(p.source) + room)
	if err := p.template.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("the template of invoices: %w", err)
	}
	for _, hole := range holes() {
		if bytes.Contains(b.Bytes(), []byte(hole[0])) && !strings.Contains(p.source, hole[0]) && !v.says(hole[1]) {
			return nil, fmt.Errorf("the template of invoices makes %q: a value is missing, or not safe where it stands, such as a URL that is none", hole[0])
		}
	}
	return b.Bytes(), nil
}

// says reports whether the record brings a word.
func (v *View) says(word string) bool {
	texts := []string{v.Seller.Name, v.Customer.Name, v.Customer.TaxID, v.Email, v.CustomerID, v.InvoiceID, v.Note}
	texts = append(append(append(append(texts, v.Seller.Address...), v.Customer.Address...), v.Payment...), v.Footer...)
	for _, f := range v.Facts {
		texts = append(texts, f.Value)
	}
	for i := range v.Lines {
		texts = append(texts, v.Lines[i].Description, v.Lines[i].Quantity, v.Lines[i].Rate)
	}
	for _, m := range v.Metadata {
		texts = append(texts, m)
	}
	for _, t := range texts {
		if strings.Contains(t, word) {
			return true
		}
	}
	return false
}
