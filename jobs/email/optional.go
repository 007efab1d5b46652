package email

import (
	"brood/jobs"
	"fmt"
	"text/template/parse"
)

// {{.name | default "friend"}} is what everybody writes, and the template language looks .name up
// before default is asked: a column that is empty or missing is an error by then. So what stands
// before default is looked up by a function of its own that gives "" instead. It has a name that
// nobody writes.

// optionally is that function's name.
const optionally = "_optional"

// optional is a member of a value, or "".
func optional(item any, keys ...string) any {
	for _, key := range keys {
		var there bool
		switch v := item.(type) {
		case variables:
			item, there = v[key]
		case map[string]any:
			item, there = v[key]
		}
		if !there {
			return ""
		}
	}
	return item
}

// allowMissing rewrites what default and given are asked about, below a node.
func allowMissing(tree *parse.Tree, node parse.Node) {
	walk(node, func(n parse.Node) {
		pipe, ok := n.(*parse.PipeNode)
		if !ok {
			return
		}
		for i, c := range pipe.Cmds {
			id, ok := c.Args[0].(*parse.IdentifierNode)
			if !ok || id.Ident != "default" && id.Ident != "given" {
				continue
			}
			if first := pipe.Cmds[0]; i > 0 && len(first.Args) == 1 {
				if args := looked(tree, first.Args[0]); args != nil {
					first.Args = args
				}
			}
			if last := len(c.Args) - 1; last == 2 || last == 1 && id.Ident == "given" {
				if args := looked(tree, c.Args[last]); args != nil {
					c.Args[last] = &parse.PipeNode{
						NodeType: parse.NodePipe, Pos: c.Pos, Line: pipe.Line,
						Cmds: []*parse.CommandNode{{NodeType: parse.NodeCommand, Pos: c.Pos, Args: args}},
					}
				}
			}
		}
	})
}

// {{range .orders}}…{{else}}none{{end}} says what there is to say where there are no orders, and an
// empty list is missing here. So with an {{else}} what range and with are about may be missing.

// listedOptionally is the name of the function that looks it up.
const listedOptionally = "_listed"

// listed is a member of a value, or an empty list.
func listed(item any, keys ...string) any {
	if v := optional(item, keys...); v != "" {
		return v
	}
	return []any{}
}

// allowElse rewrites what range and with are about that have an else, below a node. The rows of a
// record are always there.
func allowElse(tree *parse.Tree, node parse.Node, shape *jobs.Shape) {
	walk(node, func(n parse.Node) {
		var b *parse.BranchNode
		switch n := n.(type) {
		case *parse.RangeNode:
			b = &n.BranchNode
		case *parse.WithNode:
			b = &n.BranchNode
		default:
			return
		}
		if b.ElseList == nil || len(b.Pipe.Cmds) != 1 || len(b.Pipe.Cmds[0].Args) != 1 {
			return
		}
		first := b.Pipe.Cmds[0]
		if isRows(first.Args[0]) && shape != nil && shape.Rows {
			return
		}
		if args := looked(tree, first.Args[0]); args != nil {
			args[0] = parse.NewIdentifier(listedOptionally).SetPos(first.Pos).SetTree(tree)
			first.Args = args
		}
	})
}

// looked is the call that looks up what a node stands for, or nil if it is no column or member.
func looked(tree *parse.Tree, node parse.Node) []parse.Node {
	var item parse.Node
	var keys []string
	switch n := node.(type) {
	case *parse.FieldNode:
		item, keys = &parse.DotNode{NodeType: parse.NodeDot, Pos: n.Pos}, n.Ident
	case *parse.VariableNode:
		if len(n.Ident) < 2 {
			return nil
		}
		item, keys = &parse.VariableNode{NodeType: parse.NodeVariable, Pos: n.Pos, Ident: n.Ident[:1]}, n.Ident[1:]
	default:
		return nil
	}
	args := []parse.Node{parse.NewIdentifier(optionally).SetPos(node.Position()).SetTree(tree), item}
	for _, key := range keys {
		args = append(args, &parse.StringNode{NodeType: parse.NodeString, Pos: node.Position(), Quoted: fmt.Sprintf("%q", key), Text: key})
	}
	return args
}
