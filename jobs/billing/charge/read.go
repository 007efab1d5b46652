package charge

import (
	"brood/jobs/billing/money"
	"bytes"
	"strconv"
)

// line is a line of a plan that is read.
type line struct {
	all  string // of which the texts of the charge are parts
	at   int
	fine bool
}

// read reads a line that is as Charge.Encode writes it, without an escape in it: members in their order, none of them empty
// but those that every charge has. Any other is left to package encoding/json, whose word counts: nil. What is read here is the same
// as what that package reads, and is canonical, as its tests hold.
func read(text []byte) *Charge {
	if bytes.IndexByte(text, '\\') >= 0 || !isValid(text) {
		return nil
	}
	l := &line{all: string(text), fine: true}
	c := new(Charge)
	c.InvoiceID = l.text(`{"invoice_id":"`)
	c.Attempt = l.number(`,"attempt":`)
	c.Kind = Kind(l.text(`,"kind":"`))
	c.CustomerID = l.text(`,"customer_id":"`)
	c.Amount = l.text(`,"amount":"`)
	c.Currency = money.Currency(l.text(`,"currency":"`))
	texts := c.texts()
	for i := range texts[:textsBefore] {
		*texts[i] = l.member(textNames[i])
	}
	c.Taxes, c.Lines = l.taxes(), l.lines()
	c.Metadata = l.metadata()
	c.Number = l.member(textNames[textsBefore])
	if l.word(`}`); !l.fine || l.at != len(l.all) {
		return nil
	}
	return c
}

// isValid reports whether there is nothing in a line that package encoding/json would refuse, or escape: control characters, and what
// is no UTF-8.
func isValid(text []byte) bool {
	ascii := true
	for _, c := range text {
		if c < ' ' {
			return false
		}
		ascii = ascii && c < 0x80
	}
	return ascii || isPlainUnicode(string(text))
}

// has reports whether a word is next.
func (l *line) has(word string) bool {
	return len(l.all)-l.at >= len(word) && l.all[l.at:l.at+len(word)] == word
}

// word is one that has to be next.
func (l *line) word(w string) {
	if l.fine = l.fine && l.has(w); l.fine {
		l.at += len(w)
	}
}

// rest is what comes up to the next quote, which is passed.
func (l *line) rest() string {
	from := l.at
	for i := from; i < len(l.all); i++ {
		if l.all[i] == '"' {
			l.at = i + 1
			return l.all[from:i]
		}
	}
	l.fine = false
	return ""
}

// text is one that has to be there, behind a word with its quote.
func (l *line) text(before string) string {
	if l.word(before); !l.fine {
		return ""
	}
	return l.rest()
}

// number is one that has to be there.
func (l *line) number(before string) int {
	l.word(before)
	from := l.at
	for l.at < len(l.all) && (l.all[l.at] >= '0' && l.all[l.at] <= '9' || l.all[l.at] == '-') {
		l.at++
	}
	digits := l.all[from:l.at]
	n, err := strconv.Atoi(digits)
	if err != nil || strconv.Itoa(n) != digits {
		l.fine = false
	}
	return n
}

// member is a text that may be missing; that it is there and empty is not canonical.
func (l *line) member(name string) string {
	at := l.at
	if !l.fine || at >= len(l.all) || l.all[at] != ',' && l.all[at-1] != '{' {
		return ""
	}
	if l.all[at] == ',' {
		at++
	}
	end := at + len(name) + len(`"":"`)
	if end > len(l.all) || l.all[at] != '"' || l.all[at+1:at+1+len(name)] != name || l.all[at+1+len(name):end] != `":"` {
		return ""
	}
	l.at = end
	text := l.rest()
	l.fine = l.fine && text != ""
	return text
}

// items calls f for each item of an array that may be missing.
func (l *line) items(name string, f func()) {
	if !l.fine || !l.has(name) {
		return
	}
	l.at += len(name)
	for l.fine {
		f()
		if !l.has(",") {
			break
		}
		l.at++
	}
	l.word("]")
}

func (l *line) taxes() (all []Tax) {
	l.items(`,"taxes":[`, func() {
		all = append(all, Tax{Rate: l.text(`{"rate":"`), Base: l.text(`,"base":"`), Tax: l.text(`,"tax":"`)})
		l.word("}")
	})
	return all
}

func (l *line) lines() (all []Line) {
	l.items(`,"lines":[`, func() {
		var one Line
		l.word("{")
		texts := one.texts()
		for i, text := range texts {
			*text = l.member(lineNames[i])
		}
		l.word("}")
		all = append(all, one)
	})
	return all
}

func (l *line) metadata() map[string]string {
	const begin = `,"metadata":{`
	if !l.fine || !l.has(begin) {
		return nil
	}
	l.at += len(begin)
	m := make(map[string]string)
	last := ""
	for n := 0; l.fine; n++ {
		name := l.text(`"`)
		m[name] = l.text(`:"`)
		if n > 0 && name <= last {
			l.fine = false
		}
		last = name
		if !l.has(",") {
			break
		}
		l.at++
	}
	l.word("}")
	return m
}
