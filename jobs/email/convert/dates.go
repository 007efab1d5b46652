package convert

import (
	"strings"
	"sync"
)

// strftimeParts are the marks of strftime, and how Go writes them.
var strftimeParts = sync.OnceValue(func() map[byte]string {
	return map[byte]string{
		'Y': "2006", 'y': "06", 'm': "01", 'B': "January", 'b': "Jan", 'h': "Jan", 'd': "02", 'e': "_2", 'A': "Monday", 'a': "Mon", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'P': "pm", 'z': "-0700", 'Z': "MST",
		'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06", 'R': "15:04", 'j': "002", '%': "%",
	}
})

// strftime is a layout of strftime(3) as Go's.
func strftime(layout string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' || i+1 == len(layout) {
			out.WriteByte(layout[i])
			continue
		}
		i++
		if layout[i] == '-' && i+1 < len(layout) { // without a zero before
			i++
			if short, ok := map[byte]string{'d': "2", 'm': "1", 'H': "15", 'I': "3"}[layout[i]]; ok && layout[i] != 'H' {
				out.WriteString(short)
				continue
			}
		}
		part, ok := strftimeParts()[layout[i]]
		if !ok || part == "%" {
			return "", cannot("%" + layout[i:i+1] + " in a date is not known here")
		}
		out.WriteString(part)
	}
	return out.String(), nil
}

// phpParts are the letters of PHP's date(), as Mailchimp's *|DATE:d/m/y|* has them.
var phpParts = sync.OnceValue(func() map[byte]string {
	return map[byte]string{
		'd': "02", 'j': "2", 'D': "Mon", 'l': "Monday", 'm': "01", 'n': "1", 'M': "Jan", 'F': "January", 'Y': "2006", 'y': "06", 'H': "15", 'h': "03", 'g': "3", 'i': "04", 's': "05", 'A': "PM", 'a': "pm",
	}
})

// phpDate is a layout of PHP's date() as Go's.
func phpDate(layout string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(layout); i++ {
		b := layout[i]
		part, ok := phpParts()[b]
		switch {
		case ok:
			out.WriteString(part)
		case b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '\\':
			return "", cannot(string(rune(b)) + " in a date is not known here")
		default:
			out.WriteByte(b)
		}
	}
	return out.String(), nil
}
