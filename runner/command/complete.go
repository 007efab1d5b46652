package command

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// Completion of what somebody types at a shell. The shells' scripts know nothing of brood: at each
// press of the key they call
//
//	brood completion --answer bash LINE REST WORDBREAKS
//	brood completion --answer zsh|fish N CURRENT WORD ...
//
// LINE is what stands before the cursor, and REST behind it, as typed. N is how many of the WORDs stand before the
// word that is being typed, CURRENT that, up to the cursor; no WORD is quoted any more. The answer is a line that says
// how to go on (see manner), and then a line for each word that may stand there: for zsh and fish with a
// tab and what it is. Nothing of it is ever an error: whoever types sees no more than that nothing comes.

//go:embed completion/brood.bash
var bashScript string

//go:embed completion/brood.zsh
var zshScript string

//go:embed completion/brood.fish
var fishScript string

// shell is one that brood has completion for.
type shell string

// The shells.
const (
	bash shell = "bash"
	zsh  shell = "zsh"
	fish shell = "fish"
)

// script is what the shell loads.
func (s shell) script() string {
	switch s {
	case bash:
		return bashScript
	case zsh:
		return zshScript
	case fish:
		return fishScript
	}
	return ""
}

// answerFlag asks for an answer in place of a script.
const answerFlag = "--answer"

// manner says what comes beside the words of an answer.
type manner struct {
	words    []choice
	files    bool // names of files may stand there as well
	dirs     bool // of directories only
	commands bool // of programs
	open     bool // the word is not at its end: no space behind it
	joined   bool // the value stands behind --flag=
}

// choice is a word that may stand there, and what it is.
type choice struct{ word, what string }

func (m *manner) add(word, what string) { m.words = append(m.words, choice{word, what}) }

// line is the first line of an answer.
func (m *manner) line() string {
	var out []string
	for _, w := range []struct {
		is   bool
		word string
	}{{m.files, "files"}, {m.dirs, "dirs"}, {m.commands, "commands"}, {m.open, "nospace"}, {m.joined, "joined"}} {
		if w.is {
			out = append(out, w.word)
		}
	}
	return strings.Join(out, " ")
}

func (e *env) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print what a shell needs to complete brood's commands, flags and columns", ArgsUsage: "bash|zsh|fish",
		Description: `The key TAB then completes commands, flags and their values, the names of runs and
jobs, and the columns of the dataset that the line names, as behind --key and
--rate-by, or within a placeholder: {na. The packages for Debian and Fedora have it
where the shells look for it.

Examples:
   source <(brood completion bash)     # or in ~/.bashrc
   brood completion zsh > _brood       # into a folder of $fpath
   brood completion fish > brood.fish  # into ~/.config/fish/completions`,
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			text := shell(c.Args().First()).script()
			if c.NArg() != 1 || text == "" {
				return usage("As in: brood completion bash", "say for which shell: bash, zsh or fish")
			}
			_, err := fmt.Fprint(e.stdout, text)
			return err
		},
	}
}

// answers reports whether a shell asks what may stand in a line.
func answers(args []string) bool {
	return len(args) > 3 && args[1] == "completion" && args[2] == answerFlag
}

// answerShell answers it, and returns the exit status.
func (e *env) answerShell(args []string) int {
	var text string
	switch s := shell(args[3]); {
	case s == bash && len(args) == 7:
		text = e.answerBash(args[4], args[5], args[6])
	case (s == zsh || s == fish) && len(args) > 6:
		n, err := strconv.Atoi(args[4])
		words := args[6:]
		if err != nil || n < 1 || n > len(words) {
			return exitUsage
		}
		text = e.answerWords(words[:n], args[5], words[n:])
	default:
		return exitUsage
	}
	if _, err := fmt.Fprint(e.stdout, text); err != nil {
		return exitWrite
	}
	return exitOK
}

// answerWords is the answer for shells that take a word with what it is, and quote it themselves.
func (e *env) answerWords(before []string, current string, after []string) string {
	m := e.choices(before, current, after)
	var b strings.Builder
	b.WriteString(m.line() + "\n")
	for _, c := range m.words {
		if strings.ContainsAny(c.word, "\n\t\r") {
			continue // no line of an answer can hold it
		}
		b.WriteString(c.word)
		if c.what != "" {
			b.WriteString("\t" + oneLine(plainText(c.what)))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// answerBash is the answer for bash: the words as they are to be inserted, from where bash takes the word to begin.
func (e *env) answerBash(line, rest, breaks string) string {
	typed := splitLine(line)
	if len(typed) == 0 {
		return "\n"
	}
	last := typed[len(typed)-1]
	var before, after []string
	for _, w := range typed[:len(typed)-1] {
		before = append(before, w.text)
	}
	for i, w := range splitLine(rest) {
		if i > 0 || strings.HasPrefix(rest, " ") { // otherwise it is the end of the word that is typed
			after = append(after, w.text)
		}
	}
	if len(before) == 0 {
		return "\n"
	}
	m := e.choices(before, last.text, after)
	cut := last.broken(breaks)
	var b strings.Builder
	b.WriteString(m.line() + "\n")
	for _, c := range m.words {
		if strings.ContainsAny(c.word, "\n\t\r") {
			continue
		}
		word := c.word[min(cut, len(c.word)):]
		if last.open == 0 {
			word = escapeBash(word)
		}
		b.WriteString(word + "\n")
	}
	return b.String()
}

// plainText is what a flag does, without the marks of its usage.
func plainText(s string) string { return strings.ReplaceAll(s, "`", "") }

// typedWord is a word as it stands on a line.
type typedWord struct {
	text   string // without its quotes
	quoted []bool // of each byte
	open   byte   // the quote that is not closed yet; 0: none is
}

// splitLine splits the beginning of a command line as a shell does, but expands nothing. The last word is the one
// that is being typed, empty behind a space.
func splitLine(line string) []typedWord {
	words := []typedWord{{}}
	quote := byte(0)
	put := func(c byte, quoted bool) {
		w := &words[len(words)-1]
		w.text += string([]byte{c})
		w.quoted = append(w.quoted, quoted)
	}
	fresh := true // the last word has not begun
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if !fresh {
				words, fresh = append(words, typedWord{}), true
			}
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(line) && (quote == 0 || strings.IndexByte("\"\\$`", line[i+1]) >= 0):
			i++
			put(line[i], true)
		default:
			put(c, quote != 0)
		}
		fresh = false
	}
	words[len(words)-1].open = quote
	return words
}

// broken is where bash takes the word to begin that it completes: behind the last of its word breaks.
func (w typedWord) broken(breaks string) int {
	for i := len(w.text) - 1; i >= 0; i-- {
		if !w.quoted[i] && strings.IndexByte(breaks, w.text[i]) >= 0 {
			return i + 1
		}
	}
	return 0
}

// escapeBash quotes what bash would read as something else. Braces stay: alone they mean nothing to it.
func escapeBash(s string) string {
	var b strings.Builder
	for _, r := range s {
		plain := r >= 0x80 || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !plain && !strings.ContainsRune("_@%+=:,./-{}", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
