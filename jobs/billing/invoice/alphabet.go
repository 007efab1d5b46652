package invoice

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/invoice/typeface"
	"brood/jobs/billing/settings"
	"brood/jobs/files"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// Alphabet gathers the characters of a plan, and says which of them its font cannot draw. It is used by one goroutine.
type Alphabet struct {
	font *typeface.Font
	seen map[rune]struct{}
	low  [256]bool // seen of the first ones, which are nearly all
}

// Font is the font that the settings name by a path, or the embedded one. Its SHA-256 in hexadecimal is Settings' FontSum; it is empty for
// the embedded one.
func Font(path string) (f *typeface.Font, sum string, err error) {
	if path == "" {
		f, err = typeface.Embedded()
		return f, "", err
	}
	b, err := os.ReadFile(path) //nolint:gosec // the user's own path
	if err != nil {
		return nil, "", fmt.Errorf("read the font of invoices: %w", err)
	}
	if f, err = typeface.Parse(b); err != nil {
		return nil, "", fmt.Errorf("font %s: %w", path, err)
	}
	hash := sha256.Sum256(b)
	return f, hex.EncodeToString(hash[:]), nil
}

// NewAlphabet begins with what every document says: the words of all languages, digits, signs, and the seller. What of the
// seller's text the font cannot draw is an error.
func NewAlphabet(f *typeface.Font, s *settings.Settings) (*Alphabet, error) {
	a := &Alphabet{font: f, seen: map[rune]struct{}{}}
	for r := ' '; r <= '~'; r++ {
		a.note(r)
	}
	missing := a.text("€£" + nbsp + "–…\ufffd")
	for _, l := range Languages() {
		missing = append(missing, a.words(l.words())...)
		missing = append(missing, a.text(l.country(s.Seller.Country))...)
	}
	of := sellerOf(s)
	for _, text := range slices.Concat([]string{of.party.Name, of.party.TaxID, of.party.Email, of.iban, of.bic}, of.party.Address, of.footer) {
		missing = append(missing, a.text(text)...)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the font has no glyph for %s of the seller's own text: write it otherwise, or give another font", Describe(missing))
	}
	return a, nil
}

// Describe names characters that are missing, by themselves and by their codes.
func Describe(runes []rune) string {
	text := ""
	for i, r := range runes {
		if i > 0 {
			text += ", "
		}
		const most = 10
		if i == most {
			return text + fmt.Sprintf("and %d more", len(runes)-most)
		}
		text += fmt.Sprintf("%q (U+%04X)", r, r)
	}
	return text
}

// Undrawable says for a plan what of a text the font of the settings cannot draw, and what to do; empty: nothing. It goes by the same font,
// as the run's Alphabet does, so what passes is drawn. An error is about the font, or the seller's own text.
func Undrawable(s *settings.Settings) (func(text string) string, error) {
	f, _, err := Font(s.Invoice.Font)
	if err != nil {
		return nil, err
	}
	if _, err := NewAlphabet(f, s); err != nil {
		return nil, err
	}
	return func(text string) string {
		missing := f.Missing(clean(text))
		switch {
		case len(missing) == 0:
			return ""
		case slices.ContainsFunc(missing, typeface.NeedsShaping):
			return "it has " + Describe(missing) + ", of a script that is written from right to left, joined or one sign above another, which is not drawn here whatever the font: write it in Latin letters"
		default:
			return "the font has no " + Describe(missing) + ", and there would be no invoice: write it otherwise, or name a font that has it in the settings, font = \"FILE.ttf\" in [invoice]"
		}
	}, nil
}

// Add takes in a charge and returns what the font cannot draw of it: its invoice would fail.
func (a *Alphabet) Add(c *charge.Charge) (missing []rune) {
	for _, text := range [...]string{
		c.InvoiceID, c.CustomerID, string(c.Currency), c.Name, c.Email, c.Description, c.TaxNote, c.CreditOf, c.CreditElsewhere, c.Street, c.Postcode, c.City,
		LanguageOf(c.Language).country(c.Country), c.TaxID, c.MandateID, c.IBAN, c.AccountNumber,
	} {
		missing = append(missing, a.text(text)...)
	}
	for i := range c.Lines {
		l := &c.Lines[i]
		for _, text := range [...]string{l.Description, l.Quantity, l.Unit, l.UnitAmount, l.TaxRate} {
			missing = append(missing, a.text(text)...)
		}
	}
	for _, t := range c.Taxes {
		missing = append(missing, a.text(t.Rate)...)
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// text takes in what is drawn of a text.
func (a *Alphabet) text(text string) (missing []rune) {
	for _, r := range clean(text) {
		if r < rune(len(a.low)) && a.low[r] {
			continue
		}
		if !a.font.Has(r) {
			missing = append(missing, r)
			continue
		}
		a.note(r)
	}
	return missing
}

func (a *Alphabet) note(r rune) {
	if !a.font.Has(r) {
		return
	}
	if r < rune(len(a.low)) {
		a.low[r] = true
	}
	a.seen[r] = struct{}{}
}

func (a *Alphabet) words(w Words) (missing []rune) {
	all := reflect.ValueOf(w)
	for i := range all.NumField() {
		missing = append(missing, a.text(all.Field(i).String())...)
	}
	return missing
}

// faceFile is what the font of a run is called in the directory of its plan.
const faceFile = "invoice-font.json"

// Write makes the font of the run from the characters, in a directory that nobody else may write to. The same
// characters make the same bytes.
func (a *Alphabet) Write(dir string) error {
	b, err := a.encode()
	if err != nil {
		return err
	}
	return files.Write(filepath.Join(dir, faceFile), b, 0o600)
}

// Open reads what a run's documents are made with: its font from the directory of the plan, and the settings. Each worker
// does it once.
func Open(dir string, s *settings.Settings) (*Press, error) {
	b, err := os.ReadFile(filepath.Join(dir, faceFile)) //nolint:gosec // the directory of the plan
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the plan has no font: plan again: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the font of the run: %w", err)
	}
	f, err := decodeFace(b)
	if err != nil {
		return nil, fmt.Errorf("the font of the run, %s, is damaged: plan again: %w", filepath.Join(dir, faceFile), err)
	}
	p, err := parsePage(s.Invoice.Template)
	if err != nil {
		return nil, err
	}
	of := sellerOf(s)
	f.letter = of.letter
	return &Press{seller: of, face: f, page: p}, nil
}
