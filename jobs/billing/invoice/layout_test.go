package invoice

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestLaidOut holds for any lines and any footer: nothing stands outside of the page or below the foot's edge, no line is wider than its
// column, each page begins with what the one before it carried, and that is the sum of the lines above.
func TestLaidOut(t *testing.T) {
	base := aCharge(German, 1)
	base.Name = everyScript() + "abcWÄż –."
	p := pressOf(t, theSeller(), base)
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abcWÄż –.")), 0, 40, -1)
	rapid.Check(t, func(t *rapid.T) {
		c := aCharge(rapid.SampledFrom(Languages()).Draw(t, "language"), 0)
		c.Name, c.Street = word.Draw(t, "name"), strings.Repeat(word.Draw(t, "street"), rapid.IntRange(0, 9).Draw(t, "n"))
		for range rapid.IntRange(1, 120).Draw(t, "lines") {
			line := charge.Line{Description: strings.Repeat(word.Draw(t, "text"), rapid.SampledFrom([]int{1, 1, 1, 9, 200}).Draw(t, "times"))}
			line.Net = money.Format(rapid.Int64Range(-1e6, 1e12).Draw(t, "net"), 2)
			line.Quantity = rapid.SampledFrom([]string{"", "1", "12345.678"}).Draw(t, "quantity")
			c.Lines = append(c.Lines, line)
		}
		v, err := p.seller.view(c)
		if err != nil {
			t.Fatal(err)
		}
		l, err := p.face.lay(v)
		if err != nil {
			t.Fatal(err)
		}
		checkPlaces(t, l)
		checkCarried(t, l)
		if _, err := p.face.draw(v); err != nil {
			t.Fatal(err)
		}
	})
}

func checkPlaces(t *rapid.T, l *layout) {
	for i, page := range l.pages {
		for _, m := range page {
			end := m.x + m.width + l.width(m.text, m.style)
			if m.x < left-0.1 || end > l.right()+0.1 || m.y < top || m.y > l.paper.height-15 {
				t.Fatalf("page %d of %d: %q stands from %.1f to %.1f at %.1f", i+1, len(l.pages), m.text, m.x, end, m.y)
			}
			if m.style != footing && m.y > l.bottom+leading+2 && m.width == 0 {
				t.Fatalf("page %d: %q stands at %.1f, in the foot, which begins at %.1f", i+1, m.text, m.y, l.bottom)
			}
		}
	}
}

// checkCarried adds up the amounts that stand at the right edge of the table.
func checkCarried(t *rapid.T, l *layout) {
	amounts := map[string]int64{}
	for i := range l.view.Lines {
		amounts[l.view.Lines[i].Amount] = l.view.Lines[i].minor
	}
	w, sum, next := l.view.Words, int64(0), 0
	for i, page := range l.pages {
		for j, m := range page {
			forward := m.style == quiet && (m.text == w.Carried || m.text == w.Brought)
			switch {
			case forward:
				if want := l.view.Language.decimal(money.Format(sum, 2)); page[j+1].text != want {
					t.Fatalf("page %d carries %s, and the lines above have %s", i+1, page[j+1].text, want)
				}
			case next < len(l.view.Lines) && m.style == plain && m.text == l.view.Lines[next].Amount && m.x+l.width(m.text, plain) > l.right()-0.1 && (i > 0 || j > 3):
				sum += amounts[m.text]
				next++
			}
		}
	}
	if next != len(l.view.Lines) {
		t.Fatalf("%d of %d lines were found", next, len(l.view.Lines))
	}
}

// TestTooMuch refuses what no document has room for.
func TestTooMuch(t *testing.T) {
	c := aCharge(English, 1)
	s := theSeller()
	for range 60 {
		s.Invoice.Footer = append(s.Invoice.Footer, "line")
	}
	if _, err := pressOf(t, s, c).Make(c); err == nil || !strings.Contains(err.Error(), "footer") {
		t.Error(err)
	}
	c.Lines[0].Description = strings.Repeat("W ", 3_000_000)
	if _, err := pressOf(t, theSeller(), c).Make(c); err == nil || !strings.Contains(err.Error(), "pages") {
		t.Error(err)
	}
	c = aCharge(English, 2)
	c.Lines[0].Net, c.Lines[1].Net = "92233720368547758.07", "0.01"
	if _, err := pressOf(t, theSeller(), c).Make(c); err == nil || !strings.Contains(err.Error(), "sum") {
		t.Error(err)
	}
}
