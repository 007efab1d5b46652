package chart

import (
	"bufio"
	"encoding/json"
	"io"
	"math"
	"strconv"
)

// perDegree is in what part of a degree points are on the page: a metre, as nobody sees more.
const perDegree = 1e5

// writeData writes the rows as one JSON object, column by column, so that they pack well. Those
// that are listed come last.
func writeData(to io.Writer, g *gathered, o *Options) error {
	d := &data{w: bufio.NewWriterSize(to, 32<<10), points: g.points, listed: g.listed}
	columns := o.Columns[:min(len(o.Columns), maxColumns)]
	d.w.WriteByte('{') //nolint:errcheck // the error stays, and Flush returns it
	d.member("counts", g.counts)
	d.member("columns", nonNil(texts(columns)))
	d.member("attributions", nonNil(texts(o.Attributions)))
	d.member("every", g.every)
	d.member("left", g.left)
	made := ""
	if !o.Made.IsZero() {
		made = o.Made.Format("2 January 2006, 15:04")
	}
	d.member("made", made)
	d.degrees("lat", func(r *Row) float64 { return r.Point.Lat })
	d.degrees("lon", func(r *Row) float64 { return r.Point.Lon })
	d.letters("located", func(r *Row) byte {
		if r.Located {
			return '1'
		}
		return '0'
	})
	d.letters("precision", func(r *Row) byte { return '0' + byte(r.Precision) })
	d.letters("status", func(r *Row) byte { return r.Status.letter() })
	d.column("seq", func(r *Row) any { return r.Seq })
	d.column("query", func(r *Row) any { return r.Query })
	d.column("formatted", func(r *Row) any { return r.Formatted })
	d.column("why", func(r *Row) any { return r.Why })
	d.column("values", func(r *Row) any { return nonNil(r.Values) })
	providers := []string{}
	numbers := make(map[string]int)
	d.column("provider", func(r *Row) any {
		n, ok := numbers[r.Provider]
		if !ok {
			n = len(providers)
			numbers[r.Provider], providers = n, append(providers, r.Provider)
		}
		return n
	})
	d.member("providers", providers)
	d.w.WriteByte('}') //nolint:errcheck // as above
	if d.err != nil {
		return d.err
	}
	return d.w.Flush()
}

// data writes columns of rows. A bufio.Writer keeps its first error.
type data struct {
	w              *bufio.Writer
	points, listed []Row
	begun          bool
	err            error
}

func (d *data) each(f func(*Row)) {
	for _, rows := range [...][]Row{d.points, d.listed} {
		for i := range rows {
			f(&rows[i])
		}
	}
}

func (d *data) name(name string) {
	if d.begun {
		_ = d.w.WriteByte(',')
	}
	d.begun = true
	_, _ = d.w.WriteString(strconv.Quote(name) + ":")
}

func (d *data) value(v any) {
	b, err := json.Marshal(v)
	if err != nil && d.err == nil {
		d.err = err
	}
	_, _ = d.w.Write(b)
}

func (d *data) member(name string, v any) {
	d.name(name)
	d.value(v)
}

// column writes a value of each row.
func (d *data) column(name string, of func(*Row) any) {
	d.name(name)
	next := byte('[')
	d.each(func(r *Row) {
		_ = d.w.WriteByte(next)
		d.value(of(r))
		next = ','
	})
	if next == '[' {
		_ = d.w.WriteByte(next)
	}
	_ = d.w.WriteByte(']')
}

// letters writes a letter of each row, as one text.
func (d *data) letters(name string, of func(*Row) byte) {
	d.name(name)
	_ = d.w.WriteByte('"')
	d.each(func(r *Row) { _ = d.w.WriteByte(of(r)) })
	_ = d.w.WriteByte('"')
}

// degrees writes of each row that is located by how much it differs from the one before.
func (d *data) degrees(name string, of func(*Row) float64) {
	d.name(name)
	next, last := byte('['), int64(0)
	d.each(func(r *Row) {
		if !r.Located {
			return
		}
		n := int64(math.Round(of(r) * perDegree))
		_ = d.w.WriteByte(next)
		_, _ = d.w.WriteString(strconv.FormatInt(n-last, 10))
		next, last = ',', n
	})
	if next == '[' {
		_ = d.w.WriteByte(next)
	}
	_ = d.w.WriteByte(']')
}

func texts(all []string) []string {
	var out []string
	for _, s := range all {
		if s = text(s); s != "" {
			out = append(out, s)
		} else {
			out = append(out, "–")
		}
	}
	return out
}

// nonNil is a list that JSON has as [].
func nonNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
