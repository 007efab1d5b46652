package curl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// mostBytes bounds a command line: what browsers copy is rarely over some thousand.
const mostBytes = 1 << 20

// split takes a command line apart as bash does. A variable becomes {secret:NAME}.
func split(text string) (words, variables []string, err error) {
	if len(text) > mostBytes {
		return nil, nil, fmt.Errorf("the command is longer than %d bytes", mostBytes)
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	text = strings.TrimPrefix(text, "$ ") // a prompt
	if isWindows(text) {
		return nil, nil, errors.New(`this is a command for Windows: let the browser copy it by "Copy as cURL (bash)" or "(POSIX)"`)
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil, nil, fmt.Errorf("it is no command of a shell: %w", err)
	}
	if len(file.Stmts) == 0 {
		return nil, nil, nil
	}
	if len(file.Stmts) != 1 {
		return nil, nil, fmt.Errorf("there are %d commands, where one is expected", len(file.Stmts))
	}
	stmt := file.Stmts[0]
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	switch {
	case !ok:
		return nil, nil, errors.New("curl stands together with another command: leave that out (what jq would do, --column does)")
	case len(stmt.Redirs) > 0 || stmt.Background || stmt.Negated || stmt.Coprocess:
		return nil, nil, errors.New("the command is redirected: leave that out; answers go into columns, or into files by --save")
	case len(call.Assigns) > 0:
		return nil, nil, errors.New("variables are set in front of the command: give them by --secret NAME, or write them into it")
	}
	for _, w := range call.Args {
		var b strings.Builder
		if err := plain(&b, w.Parts, &variables, false); err != nil {
			return nil, nil, err
		}
		words = append(words, b.String())
	}
	slices.Sort(variables)
	return words, slices.Compact(variables), nil
}

// isWindows reports whether a command is quoted as cmd.exe and PowerShell have it.
func isWindows(text string) bool {
	return strings.Contains(text, `^"`) || strings.Contains(text, "^\n") || strings.HasSuffix(text, "^") ||
		strings.HasPrefix(text, "Invoke-WebRequest") || strings.HasPrefix(text, "$session") || strings.Contains(text, "`\n")
}

// plain is the text of a word, without its quotes.
func plain(b *strings.Builder, parts []syntax.WordPart, variables *[]string, quoted bool) error {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(unescape(p.Value, quoted))
		case *syntax.SglQuoted:
			if !p.Dollar {
				b.WriteString(p.Value)
				continue
			}
			s, _, err := expand.Format(nil, p.Value, nil) // without arguments a % is one
			if err != nil {
				return fmt.Errorf("$'…' in it cannot be read: %w", err)
			}
			b.WriteString(s)
		case *syntax.DblQuoted:
			if err := plain(b, p.Parts, variables, true); err != nil {
				return err
			}
		case *syntax.ParamExp:
			if p.Param == nil || p.Exp != nil || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Length || p.Excl || p.Width || !syntax.ValidName(p.Param.Value) {
				return errors.New("a variable of the shell in it is changed on the way: write its value")
			}
			*variables = append(*variables, p.Param.Value)
			b.WriteString("{secret:" + p.Param.Value + "}")
		default:
			return errors.New("what the shell would compute in it is not computed here: write its value")
		}
	}
	return nil
}

// unescape takes the backslashes away that the shell would.
func unescape(s string, quoted bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			next := s[i+1]
			if next == '\n' {
				i++
				continue
			}
			if !quoted || strings.IndexByte("\\\"$`", next) >= 0 {
				i++
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
