package dataset

import "strings"

// Unfit says that a file is not the dataset that it is taken for, and what to do.
type Unfit struct {
	File string
	Is   string // what it is, or seems to be
	Do   string // a sentence
}

func (e *Unfit) Error() string { return e.File + ": " + e.Is }

// unfit words a refusal. FILE in what to do stands for the file, as a shell reads it.
func unfit(path, is, do string) *Unfit {
	name := "FILE"
	if path != Stdin {
		name = shellWord(path)
	}
	return &Unfit{File: displayName(path), Is: is, Do: strings.ReplaceAll(do, "FILE", name)}
}

// shellWord quotes a word that a shell would not take as it is.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@:,", r)
	}
	if s != "" && strings.TrimLeftFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
