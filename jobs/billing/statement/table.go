package statement

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// table is where the columns stand; -1 is nowhere.
type table struct {
	c                                                   *Columns
	reference, id, amount, currency, status, reason, at int
	text                                                int
}

func readTable(r io.Reader, p *printer, c *Columns) error {
	m := &meter{r: r, most: longest, beyond: "a row"}
	in, err := charset(c.Encoding, m)
	if err != nil {
		return err
	}
	rows := csv.NewReader(in)
	rows.Comma = c.Separator
	rows.ReuseRecord = true
	var t *table
	for {
		row, err := rows.Read()
		if err == io.EOF {
			if t == nil {
				err = errors.New("the table has no head")
				return err
			}
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := rows.FieldPos(0)
		m.past(m.read)
		if t == nil {
			if t, err = head(c, row); err != nil {
				return err
			}
			continue
		}
		if err := t.row(p, row, line); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// head finds the columns by their names.
func head(c *Columns, row []string) (*table, error) {
	row = slices.Clone(row)
	for i := range row {
		row[i] = strings.TrimSpace(strings.TrimPrefix(row[i], "\ufeff"))
	}
	t := &table{c: c}
	for _, f := range []struct {
		name string
		to   *int
	}{
		{c.Reference, &t.reference},
		{c.ProviderID, &t.id},
		{c.Amount, &t.amount},
		{c.Currency, &t.currency},
		{c.Status, &t.status},
		{c.Reason, &t.reason},
		{c.Date, &t.at},
		{c.Text, &t.text},
	} {
		*f.to = -1
		if f.name == "" || f.name[0] == '=' {
			continue
		}
		at := slices.Index(row, f.name)
		if at < 0 {
			return nil, fmt.Errorf("the table has no column %q; it has %.200q%s", f.name, row, separated(row, c.Separator))
		}
		if slices.Contains(row[at+1:], f.name) {
			return nil, fmt.Errorf("the table has two columns %q", f.name)
		}
		*f.to = at
	}
	return t, nil
}

// separated is a hint for a head that is one column, as another sign separates its fields.
func separated(row []string, is rune) string {
	for sign, name := range map[rune]string{';': "semicolon", '\t': "tab", ',': "comma"} {
		if sign != is && len(row) == 1 && strings.ContainsRune(row[0], sign) {
			return ": say which sign is between the fields with --map ...,separator=" + name
		}
	}
	return ""
}

// field is a column's text, or the constant in its place.
func field(row []string, at int, name string) string {
	if at >= 0 {
		return strings.TrimSpace(row[at])
	}
	return strings.TrimPrefix(name, "=")
}

func (t *table) row(p *printer, row []string, line int) error {
	c := t.c
	currency := strings.ToUpper(field(row, t.currency, c.Currency))
	l := &charge.Listed{
		Reference: reference(field(row, t.reference, c.Reference)), ProviderID: field(row, t.id, c.ProviderID), Reason: field(row, t.reason, c.Reason),
		Currency: currency, Place: p.place(line),
	}
	var err error
	if l.Minor, err = c.amount(field(row, t.amount, c.Amount), money.Currency(currency)); err != nil {
		return err
	}
	i := Item{Listed: l, Text: field(row, t.text, c.Text)}
	if i.Debit = l.Minor < 0; i.Debit {
		if l.Minor = -l.Minor; l.Minor < 0 {
			return errors.New("the amount is too large")
		}
	}
	if l.At, err = c.date(field(row, t.at, c.Date)); err != nil {
		return err
	}
	if i.Booked = c.Status == ""; i.Booked {
		l.Status = charge.Succeeded
		return p.item(i)
	}
	if l.Status, err = c.status(field(row, t.status, c.Status)); err != nil {
		return err
	}
	return p.item(i)
}
