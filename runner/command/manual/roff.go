package manual

import (
	"fmt"
	"strings"
)

// Roff writes a page for man(7). Version and date stand at its foot; the date is as in 2026-11-30.
func (p *Page) Roff(version, date string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 %s %s %s\n", quoteRoff(strings.ToUpper(p.Name)), `"`+strings.Trim(date, `"\`)+`"`, quoteRoff("brood "+version), quoteRoff("brood manual"))
	// No words are broken, and lines need not end at one column: commands stand in them.
	b.WriteString(".nh\n.ad l\n")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escapeRoff(p.Name), escapeRoff(p.Summary))
	for _, s := range p.Sections {
		fmt.Fprintf(&b, ".SH %s\n", quoteRoff(s.Title))
		for i, block := range s.Blocks {
			block.roff(&b, i == 0, s.Title == "SYNOPSIS")
		}
	}
	return b.String()
}

func (k *Block) roff(b *strings.Builder, first, bold bool) {
	switch {
	case len(k.Items) > 0:
		if k.Title != "" {
			fmt.Fprintf(b, ".SS %s\n", quoteRoff(k.Title))
		}
		for _, i := range k.Items {
			fmt.Fprintf(b, ".TP\n\\fB%s\\fR\n%s\n", escapeRoff(i.Term), lineRoff(i.Text))
		}
	case len(k.Lines) > 0 && bold:
		for i, l := range k.Lines {
			if i > 0 {
				b.WriteString(".br\n")
			}
			fmt.Fprintf(b, "\\fB%s\\fR\n", escapeRoff(l))
		}
	case len(k.Lines) > 0:
		if !first {
			b.WriteString(".PP\n")
		}
		b.WriteString(".RS 4\n.nf\n")
		for _, l := range k.Lines {
			b.WriteString(lineRoff(l) + "\n")
		}
		b.WriteString(".fi\n.RE\n")
	default:
		if !first {
			b.WriteString(".PP\n")
		}
		b.WriteString(lineRoff(k.Text) + "\n")
	}
}

// lineRoff is a line of text: one that begins with what a request begins with does not begin one.
func lineRoff(s string) string {
	s = escapeRoff(s)
	if s == "" {
		return `\&`
	}
	if s[0] == '.' || s[0] == '\'' || s[0] == ' ' {
		return `\&` + s
	}
	return s
}

// escapeRoff makes text of text: groff_char(7). A - is one that can be pasted, as are quotes and the rest.
func escapeRoff(s string) string {
	return strings.NewReplacer(`\`, `\(rs`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`, "\n", " ", "\t", "    ").Replace(s)
}

// quoteRoff is an argument of a request.
func quoteRoff(s string) string { return `"` + escapeRoff(s) + `"` }
