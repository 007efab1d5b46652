package main

import (
	"fmt"
	"html"
	"os"
	"strconv"
	"strings"
)

// look is how a terminal shows a character.
type look struct {
	bold, faint, reversed bool
	colour                int // of the eight, from 1; 0 is that of the text
}

// drawFile draws what a terminal has shown.
func drawFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, []byte(draw(string(b))), 0o644)
}

const (
	cellWidth  = 8
	cellHeight = 18
	margin     = 14
)

// palette are the colours of a terminal on a dark ground, in their order.
var palette = [...]string{"#d9e0e8", "#0e141b", "#ff7b72", "#7ee787", "#f2cc60", "#79c0ff", "#d2a8ff", "#76e3ea", "#ffffff"}

// draw is a screen as a picture: a text for each stretch that looks the same, with its place, so that a font of other widths moves nothing far.
func draw(screen string) string {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	var body strings.Builder
	widest := 0
	for y, line := range lines {
		widest = max(widest, drawLine(&body, line, margin+(y+1)*cellHeight-5))
	}
	width, height := widest*cellWidth+2*margin, len(lines)*cellHeight+2*margin
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "+
		"font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\" font-size=\"13\">\n"+
		"<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"%s\"/>\n%s</svg>\n", width, height, width, height, palette[1], body.String())
}

// drawLine draws a line, and says how many characters it has.
func drawLine(b *strings.Builder, line string, y int) int {
	var now look
	x := 0
	for line != "" {
		if rest, found := strings.CutPrefix(line, "\x1b["); found {
			codes, after, ok := strings.Cut(rest, "m")
			if !ok {
				break
			}
			now, line = now.after(codes), after
			continue
		}
		text := line
		if i := strings.IndexByte(line, '\x1b'); i >= 0 {
			text = line[:i]
		}
		if text == "" { // an escape of another kind
			line = line[1:]
			continue
		}
		line = line[len(text):]
		n := len([]rune(text))
		if strings.TrimSpace(text) != "" || now.reversed {
			now.draw(b, text, margin+x*cellWidth, y, n*cellWidth)
		}
		x += n
	}
	return x
}

func (l look) draw(b *strings.Builder, text string, x, y, width int) {
	ink := palette[l.colour]
	if l.reversed {
		fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", x, y-cellHeight+5, width, cellHeight, ink)
		ink = palette[1]
	}
	style := ""
	if l.bold {
		style += " font-weight=\"bold\""
	}
	if l.faint {
		style += " opacity=\"0.65\""
	}
	fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"%s\"%s xml:space=\"preserve\">%s</text>\n", x, y, width, ink, style, html.EscapeString(text))
}

// after is how it goes on after the codes of ECMA-48, 8.3.117 (SGR).
func (l look) after(codes string) look {
	for code := range strings.SplitSeq(codes, ";") {
		switch n, _ := strconv.Atoi(code); {
		case n == 0:
			l = look{}
		case n == 1:
			l.bold = true
		case n == 2:
			l.faint = true
		case n == 7:
			l.reversed = true
		case n == 22:
			l.bold, l.faint = false, false
		case n == 27:
			l.reversed = false
		case n >= 30 && n <= 37:
			l.colour = n - 29
		case n >= 90 && n <= 97:
			l.colour = n - 89
		case n == 39:
			l.colour = 0
		}
	}
	return l
}
