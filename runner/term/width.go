package term

import "golang.org/x/term"

// Columns is how wide the terminal is that is written to; 0: it is none, and no line is too
// long for it.
func (w *Writer) Columns() int {
	if !w.tty || w.file == nil {
		return 0
	}
	if n, _, err := term.GetSize(int(w.file.Fd())); err == nil && n > 0 {
		return n
	}
	return usual
}

// Fit is a line as it fits between two edges of the terminal, cut off with an ellipsis; where
// there is no terminal, all of it.
func (w *Writer) Fit(line string) string {
	if n := w.Columns(); n > 0 {
		return cut(line, n)
	}
	return line
}
