package invoice

import "strings"

// width is how wide a text is.
func (l *layout) width(text string, s style) float64 {
	n := 0
	for _, r := range text {
		n += int(l.face.place(r).width)
	}
	return float64(n) * s.size / 1000
}

// wrap parts a text into lines that are no wider than a width: between words, and within one that is wider by itself. A text without
// anything has no lines; each other has at least one.
func (l *layout) wrap(text string, s style, width float64) []string {
	if text == "" {
		return nil
	}
	width += 0.01 // sums of the same numbers in another order differ in their last digits
	if l.width(text, s) <= width {
		return []string{text}
	}
	var lines []string
	line, wide := "", 0.0
	space := l.width(" ", s)
	for _, word := range strings.Split(text, " ") { // not at a no-break space
		w := l.width(word, s)
		switch {
		case line == "":
			line, wide = word, w
		case wide+space+w <= width:
			line, wide = line+" "+word, wide+space+w
		default:
			lines = append(lines, line)
			line, wide = word, w
		}
		for wide > width {
			head := l.fitting(line, s, width)
			if head == len(line) {
				break // one character, wider than all the room there is
			}
			lines = append(lines, line[:head])
			line = line[head:]
			wide = l.width(line, s)
		}
	}
	return append(lines, line)
}

// fitting is how many bytes of a text fit, at least the first character.
func (l *layout) fitting(text string, s style, width float64) int {
	n := 0.0
	for i, r := range text {
		n += float64(l.face.place(r).width) * s.size / 1000
		if n > width && i > 0 {
			return i
		}
	}
	return len(text)
}
