package manual

import "strings"

// describe takes a description apart, as a help has it: paragraphs, indented lines, which stay as they are, and at its end
// examples.
func describe(text string) (blocks, examples []Block) {
	inExamples := false
	var plain, lines []string
	flush := func() {
		switch {
		case len(plain) > 0:
			blocks = append(blocks, Block{Text: strings.Join(plain, " ")})
		case len(lines) > 0 && inExamples:
			examples = append(examples, Block{Lines: dedent(lines)})
		case len(lines) > 0:
			blocks = append(blocks, Block{Lines: dedent(lines)})
		}
		plain, lines = nil, nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "Example:" || line == "Examples:":
			flush()
			inExamples = true
		case strings.TrimSpace(line) == "":
			flush()
		case line[0] == ' ':
			if len(plain) > 0 {
				flush()
			}
			lines = append(lines, line)
		default:
			if len(lines) > 0 || inExamples {
				flush()
				inExamples = false
			}
			plain = append(plain, line)
		}
	}
	flush()
	return blocks, examples
}

// dedent takes off the spaces that all lines begin with.
func dedent(lines []string) []string {
	least := -1
	for _, l := range lines {
		if n := len(l) - len(strings.TrimLeft(l, " ")); least < 0 || n < least {
			least = n
		}
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimRight(l[least:], " ")
	}
	return out
}

// beforeExit leaves the paragraph about the exit status out: the manual has a section for it.
func beforeExit(text string) string {
	before, rest, found := strings.Cut(text, "\nExit status: ")
	if !found {
		return text
	}
	_, after, _ := strings.Cut(rest, "\n\n")
	return before + "\n" + after
}
