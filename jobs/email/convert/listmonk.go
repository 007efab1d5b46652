package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template/parse"
)

// subscriber is what listmonk calls the fields of a subscriber, and its export.
var subscriber = sync.OnceValue(func() map[string]string {
	return map[string]string{"Email": "email", "Name": "name", "UUID": "uuid", "Status": "status", "CreatedAt": "created_at", "UpdatedAt": "updated_at"}
})

// listmonkRefused are functions of listmonk's that brood has nothing for.
var listmonkRefused = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"ManageURL": noProfile, "OptinURL": noProfile, "MessageURL": noPage, "ArchiveURL": noPage, "RootURL": "write the address of your site", "LogoURL": "write the address of your picture",
		"L": "write the text out in the language of the message; there can be a template for each: --template 'letter.{lang}.eml'",
	}
})

// sameFunctions are those of Sprig and Go that are called and used alike here.
var sameFunctions = []string{
	"upper", "lower", "title", "trim", "replace", "join", "default", "contains", "add", "sub", "mul", "div", "now", "date", "print", "printf", "println", "len", "index", "slice", "html", "js", "urlquery",
	"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "true", "false",
}

// trackedLink is how listmonk marks a link that it follows.
var trackedLink = lazily(`@TrackLink\b`)

// listmonk converts Go templates of listmonk's.
func (c *converter) listmonk() {
	for _, p := range goPieces(c.text) {
		if p.kind == plainText {
			text := trackedLink().ReplaceAllString(p.text, "")
			if at := strings.Index(p.text, "@TrackLink"); at >= 0 {
				c.note(p.at+at, "@TrackLink", "taken off: brood follows no links", false)
			}
			c.out.WriteString(text)
			continue
		}
		if p.kind == remark {
			c.out.WriteString(p.text)
			continue
		}
		text, err := c.goAction(p)
		if err != nil {
			c.keep(p.at, p.text, err.Error())
			continue
		}
		c.out.WriteString(text)
	}
}

// goPieces cuts a Go template into text and actions.
func goPieces(text string) []piece {
	var out []piece
	for _, p := range cut(strings.NewReplacer("{%", "{\x00", "{#", "{\x01").Replace(text)) {
		back := strings.NewReplacer("{\x00", "{%", "{\x01", "{#")
		p.text, p.inner = back.Replace(p.text), back.Replace(p.inner)
		switch {
		case p.kind == unclosed:
			p.kind = plainText
		case strings.HasPrefix(p.inner, "/*"):
			p.kind = remark
		}
		out = append(out, p)
	}
	return out
}

// insertContent is where listmonk puts the message.
var insertContent = lazily(`^template\s+"content"\s+\.$`)

// goAction converts one action.
func (c *converter) goAction(p piece) (string, error) {
	word, _, _ := strings.Cut(p.inner, " ")
	switch {
	case insertContent().MatchString(p.inner):
		if c.Content == nil {
			return "", cannot("the message comes in here: give it with --content FILE")
		}
		inner := Convert(*c.Content, Options{Dialect: Listmonk, Columns: c.Columns})
		c.notes = append(c.notes, inner.Notes...)
		return inner.Text, nil
	case p.inner == "TrackView" || strings.HasPrefix(p.inner, "TrackView "):
		c.note(p.at, p.text, "taken out: brood counts no openings", false)
		return "", nil
	case word == "define" || word == "block" || word == "template":
		return "", cannot(word + " is not converted: put the text where it belongs")
	case word == "if" || word == "range" || word == "with":
		defer func() { c.goBlocks = append(c.goBlocks, word) }()
	case word == "end" && len(c.goBlocks) > 0:
		c.goBlocks = c.goBlocks[:len(c.goBlocks)-1]
	}
	if slices.Contains([]string{"else", "end", "break", "continue"}, p.inner) {
		return p.text, nil
	}
	// One action at a time, so that one that cannot be said leaves the others.
	head, body := "", p.inner
	for _, k := range []string{"else if", "else with", "if", "with", "range"} {
		if rest, ok := strings.CutPrefix(p.inner, k+" "); ok {
			head, body = k, strings.TrimSpace(rest)
			break
		}
	}
	declared := ""
	if m := declaration().FindStringSubmatch(body); m != nil {
		declared, body = m[1], body[len(m[0]):]
	}
	text, err := c.goPipe(body, head)
	if err != nil {
		return "", err
	}
	if s, err := strconv.Unquote(text); err == nil && head+declared == "" && !strings.Contains(s, "{{") {
		return s, nil // of TrackLink only the address is left
	}
	text = strings.TrimSpace(head + " " + declared + text)
	open, end := "{{", "}}"
	if p.left {
		open = "{{- "
	}
	if p.right {
		end = " -}}"
	}
	return open + text + end, nil
}

// declaration is a variable, or two, that get a value.
var declaration = lazily(`^(\$\w+(?:\s*,\s*\$\w+)?\s*:?=\s*)`)

// goPipe converts a pipeline that stands behind head.
func (c *converter) goPipe(body, head string) (string, error) {
	vars := ""
	for _, v := range goVariable().FindAllString(body, -1) {
		vars += "{{" + v + " := 0}}"
	}
	tree := parse.New("action")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(vars+"{{"+body+"}}", "", "", make(map[string]*parse.Tree)); err != nil {
		_, why, _ := strings.Cut(err.Error(), ": ")
		_, why, _ = strings.Cut(why, ": ")
		return "", cannot("it cannot be read: " + why)
	}
	action, ok := tree.Root.Nodes[len(tree.Root.Nodes)-1].(*parse.ActionNode)
	if !ok {
		return "", cannot("it is not known here")
	}
	if strings.HasSuffix(head, "if") {
		o, err := c.goAsked(action.Pipe)
		return o.text, err
	}
	asks := strings.HasSuffix(head, "with")
	o, err := c.goNode(action.Pipe, asks)
	return o.text, err
}

var goVariable = lazily(`\$\w+`)

// goAsked converts what decides: a value that is there, and neither false nor 0.
func (c *converter) goAsked(n parse.Node) (operand, error) {
	cmd, ok := n.(*parse.CommandNode)
	if p, isPipe := n.(*parse.PipeNode); isPipe && len(p.Cmds) == 1 && len(p.Decl) == 0 {
		cmd, ok = p.Cmds[0], true
	}
	if !ok {
		o, err := c.goNode(n, true)
		switch n.(type) {
		case *parse.FieldNode, *parse.VariableNode:
			o = given(o)
		}
		return o, err
	}
	if len(cmd.Args) == 1 {
		if _, isFunction := cmd.Args[0].(*parse.IdentifierNode); !isFunction {
			return c.goAsked(cmd.Args[0])
		}
	}
	if !isCall(cmd, "and") && !isCall(cmd, "or") && !isCall(cmd, "not") {
		return c.goCall(cmd, true, false)
	}
	var all []operand
	for _, a := range cmd.Args[1:] {
		o, err := c.goAsked(a)
		if err != nil {
			return o, err
		}
		all = append(all, o)
	}
	return call("%s%s", cmd.Args[0], args(all)), nil
}

// goNode converts a node. Missing says that a column may be missing.
func (c *converter) goNode(n parse.Node, missing bool) (operand, error) {
	switch n := n.(type) {
	case *parse.PipeNode:
		out := operand{}
		for i, cmd := range n.Cmds {
			if len(n.Cmds) > i+1 && isCall(n.Cmds[i+1], "default") {
				missing = false // default sees to that
			}
			if i > 0 && isCall(cmd, "printf") {
				o, err := c.goPrintf(cmd, &out)
				if err != nil {
					return o, err
				}
				out = o
				continue
			}
			o, err := c.goCall(cmd, missing, i > 0)
			if err != nil {
				return o, err
			}
			if i == 0 {
				out = o
			} else {
				out = out.piped(o.text)
			}
		}
		return out, nil
	case *parse.FieldNode:
		return c.subscriberField(n.Ident, "", missing)
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			return c.subscriberField(n.Ident[1:], "$", missing)
		}
		return one(strings.Join(n.Ident, ".")), nil
	case *parse.DotNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.NilNode:
		return one(n.String()), nil
	case *parse.IdentifierNode:
		return c.goCall(&parse.CommandNode{NodeType: parse.NodeCommand, Args: []parse.Node{n}}, missing, false)
	}
	return operand{}, cannot(n.String() + " is not known here")
}

func isCall(c *parse.CommandNode, function string) bool {
	id, ok := c.Args[0].(*parse.IdentifierNode)
	return ok && id.Ident == function
}

// subscriberField is a field of the record.
func (c *converter) subscriberField(names []string, dot string, missing bool) (operand, error) {
	switch {
	case names[0] == "Campaign":
		return operand{}, cannot(writeOut)
	case names[0] == "Tx" && len(names) > 2 && names[1] == "Data":
		names = append([]string{"Subscriber", "Attribs"}, names[2:]...)
	case names[0] != "Subscriber":
		return members(dot, names, missing), nil // of what range or with is about
	}
	switch {
	case len(names) == 2 && (names[1] == "FirstName" || names[1] == "LastName"):
		which := map[string]int{"FirstName": 1, "LastName": -1}[names[1]]
		o := one(dot + ".name")
		if missing {
			o = o.or(`""`)
		}
		return o.piped(fmt.Sprintf("word %d", which)), nil
	case len(names) == 2 && names[1] == "Attribs":
		return one(dot + ".attributes"), nil
	case len(names) > 2 && names[1] == "Attribs":
		names = names[2:]
		if _, own := reverse(subscriber())[names[0]]; own || names[0] == "attributes" { // the column counts more than the attribute
			names = append([]string{"attributes"}, names...)
		}
		if c.Columns != nil && !slices.Contains(c.Columns, "attributes") {
			column, err := c.column(names[0])
			if err != nil {
				return operand{}, err
			}
			return members(written(dot, column), names[1:], missing), nil
		}
		return members(dot, names, missing), nil
	case len(names) == 2 && subscriber()[names[1]] != "":
		return members(dot+"."+subscriber()[names[1]], nil, missing), nil
	}
	return operand{}, cannot("an export of listmonk's has no such column")
}

func reverse(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[v] = k
	}
	return out
}

// goCall converts a command of a pipeline; piped says that it gets what is before it.
func (c *converter) goCall(cmd *parse.CommandNode, missing, piped bool) (operand, error) {
	id, ok := cmd.Args[0].(*parse.IdentifierNode)
	if !ok {
		if strings.HasPrefix(cmd.String(), "L.") {
			return operand{}, cannot(listmonkRefused()["L"])
		}
		if len(cmd.Args) > 1 {
			return operand{}, cannot(cmd.String() + " is not known here")
		}
		return c.goNode(cmd.Args[0], missing)
	}
	if id.Ident == "printf" && !piped {
		return c.goPrintf(cmd, nil)
	}
	if why, ok := listmonkRefused()[strings.SplitN(id.Ident, ".", 2)[0]]; ok {
		return operand{}, cannot(why)
	}
	var rest []operand
	for i, a := range cmd.Args[1:] {
		strict := slices.Contains([]string{"lt", "le", "gt", "ge"}, id.Ident) || id.Ident == "default" && i == 1
		chooses := (id.Ident == "or" || id.Ident == "and") && i+2 < len(cmd.Args)
		o, err := c.goNode(a, missing && !strict || chooses)
		if err != nil {
			return o, err
		}
		rest = append(rest, o)
	}
	switch f := id.Ident; {
	case f == "UnsubscribeURL":
		if slices.Contains(c.goBlocks, "range") || slices.Contains(c.goBlocks, "with") {
			return one("$." + unsubscribe), nil
		}
		return one("." + unsubscribe), nil
	case f == "Date" && len(rest) == 1:
		return call("now | date %s", rest[0]), nil
	case f == "TrackLink" && len(rest) > 0:
		return rest[0], nil
	case f == "Safe":
		return operand{}, cannot("a value is never markup here: write it where it belongs")
	case f == "round" && len(rest) == 2:
		return call("round %s %s", rest[1], rest[0]), nil
	case f == "empty" && len(rest) == 1:
		return call("not %s", rest[0]), nil
	case slices.Contains(sameFunctions, f):
		if len(rest) == 0 && !piped {
			return one(f), nil
		}
		return call("%s%s", f, args(rest)), nil
	}
	return operand{}, cannot("the function " + id.Ident + " is not known here")
}
