package places

import (
	"brood/jobs/geocode/places/source"
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// mostExamples is how many rows of each kind are shown.
const mostExamples = 3

// report counts what is odd about the rows of files, and shows the first of each kind.
type report struct {
	counts   [source.Kinds]uint64
	examples [source.Kinds][]string
	rejects  *csv.Writer // all of them; or nil
}

func newReport(rejects io.Writer) (*report, error) {
	r := &report{}
	if rejects == nil {
		return r, nil
	}
	r.rejects = csv.NewWriter(rejects)
	return r, r.rejects.Write([]string{"file", "line", "why", "taken", "text"})
}

func (r *report) odd(o source.Oddity) error {
	r.counts[o.Kind]++
	if has := r.examples[o.Kind]; len(has) < mostExamples {
		text := visible(o.Text)
		if len(text) > 80 {
			text = strings.ToValidUTF8(text[:80], "") + "…"
		}
		r.examples[o.Kind] = append(has, fmt.Sprintf("%s:%d: %s", filepath.Base(o.File), o.Line, text))
	}
	if r.rejects == nil {
		return nil
	}
	taken := "no"
	if o.Kind.Taken() {
		taken = "yes"
	}
	return r.rejects.Write([]string{o.File, strconv.Itoa(o.Line), o.Kind.String(), taken, o.Text})
}

// end writes what is left of the rejects.
func (r *report) end() error {
	if r.rejects == nil {
		return nil
	}
	r.rejects.Flush()
	return r.rejects.Error()
}

// left is how many rows were left out.
func (r *report) left() (n uint64) {
	for k, c := range r.counts {
		if !source.Kind(k).Taken() { //nolint:gosec // there are few
			n += c
		}
	}
	return n
}

// write writes the report, a line for each kind, what was left out first.
func (r *report) write(w io.Writer) error {
	var b strings.Builder
	for _, taken := range [...]bool{false, true} {
		for k, n := range r.counts {
			if kind := source.Kind(k); n > 0 && kind.Taken() == taken { //nolint:gosec // there are few
				what := "left out"
				if taken {
					what = "taken"
				}
				if kind == source.NotUTF8 {
					fmt.Fprintf(&b, "%s, from\n", kind)
				} else {
					fmt.Fprintf(&b, "%s, %s: %d\n", kind, what, n)
				}
				for _, e := range r.examples[k] {
					fmt.Fprintf(&b, "  %s\n", e)
				}
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// visible is a text of a file as it may be shown on a terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, s)
}
