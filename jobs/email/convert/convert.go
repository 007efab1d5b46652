// Package convert writes the templates of other mailers as brood's: Jinja2 of mailmerge, merge
// tags of Mailchimp, Go templates of listmonk, Handlebars, Liquid, and the simpler ones.
//
// What cannot be said in the other language stays in the output as it stood, where brood run
// refuses it, and is a note with its place: nothing is lost without a word. What comes out means
// the same for a record of which no column is empty. One that is empty is a failed record in
// brood, unless the template asks for it with default or if, and what is converted is no
// exception: a mail with a hole is what the others make of it.
package convert

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Dialect is a language of templates.
type Dialect string

// The dialects.
const (
	Auto        Dialect = ""            // whatever it looks like
	Mailmerge   Dialect = "mailmerge"   // Jinja2, below headers
	Mailchimp   Dialect = "mailchimp"   // *|FNAME|*
	Listmonk    Dialect = "listmonk"    // {{ .Subscriber.Name }}
	Handlebars  Dialect = "handlebars"  // {{#if name}}; also Mustache and SendGrid
	Liquid      Dialect = "liquid"      // {{ name | default: "x" }}
	Brevo       Dialect = "brevo"       // {{ contact.FIRSTNAME }}
	HubSpot     Dialect = "hubspot"     // {{ contact.firstname }}
	Mailjet     Dialect = "mailjet"     // {{var:name:"x"}}
	Thunderbird Dialect = "thunderbird" // {{name|x|then|else}} of the add-on Mail Merge
	Simple      Dialect = "simple"      // {name}, %NAME%, [NAME], ${name}, <<name>>
)

// Dialects are all that can be named.
var Dialects = []Dialect{Mailmerge, Mailchimp, Listmonk, Handlebars, Liquid, Brevo, HubSpot, Mailjet, Thunderbird, Simple}

// Source is a template as it was read.
type Source struct{ Name, Text string }

// Options say how a template is read.
type Options struct {
	Dialect Dialect
	// Columns are those of the dataset, as templates can name them; nil: not known.
	Columns []string
	// Set are values that are the same for all records, such as that of LIST:COMPANY, by the name
	// of what stands for them in capitals.
	Set map[string]string
	// Content is what listmonk puts into a template: the message; nil: not given.
	Content *Source
}

// Note is what there is to say about one place of a template.
type Note struct {
	File         string
	Line, Column int // from 1; the column in characters
	Found        string
	Why          string
	// Left says that it stands there as it was; otherwise it was converted or taken out, and
	// somebody should know.
	Left bool
}

func (n Note) String() string {
	if n.Found == "" {
		return fmt.Sprintf("%s:%d:%d: %s", n.File, n.Line, n.Column, n.Why)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", n.File, n.Line, n.Column, n.Found, n.Why)
}

// Result is a template of brood's.
type Result struct {
	Text    string
	Dialect Dialect
	Notes   []Note
}

// Left is how many places were left as they were.
func (r *Result) Left() (n int) {
	for _, note := range r.Notes {
		if note.Left {
			n++
		}
	}
	return n
}

// Convert writes a template as brood's.
func Convert(s Source, o Options) Result {
	if o.Dialect == Auto {
		o.Dialect = Detect(s.Text)
	}
	c := &converter{name: s.Name, text: strings.TrimPrefix(s.Text, "\ufeff"), Options: o, words: wordsOf(o.Dialect), globals: make(map[string]string)}
	c.html = looksHTML().MatchString(c.text)
	switch o.Dialect {
	case Mailchimp:
		c.mailchimp()
	case Listmonk:
		c.listmonk()
	case Handlebars:
		c.handlebars()
	case Thunderbird:
		c.thunderbird()
	case Simple:
		c.simple()
	default:
		c.jinja()
	}
	text := c.out.String()
	if o.Dialect == Mailmerge {
		text = c.headers(text)
	}
	slices.SortStableFunc(c.notes, func(a, b Note) int {
		if a.File != b.File {
			return 0
		}
		return (a.Line-b.Line)*10000 + a.Column - b.Column
	})
	return Result{Text: text, Dialect: o.Dialect, Notes: c.notes}
}

// lazily compiles a pattern when it is needed: a worker never needs any of these.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// Piece is what one placeholder of another mailer's would be here, or nothing if that cannot be
// said of it alone.
func Piece(text string, columns []string) string {
	for _, d := range []Dialect{Auto, Handlebars, Simple} {
		r := Convert(Source{Text: text}, Options{Dialect: d, Columns: columns})
		if strings.Contains(r.Text, "{{") && !strings.Contains(r.Text, text) && r.Text != `{{"`+text[:min(2, len(text))]+`"}}`+text[min(2, len(text)):] {
			return r.Text
		}
	}
	return ""
}

var looksHTML = lazily(`(?i)<(?:!doctype|html|body|table|div|p|br|a|span|b|i|h[1-6]|td|ul|ol|img)\b[^>]*>`)

// Detect says what language a template is in.
func Detect(text string) Dialect {
	has := func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(text) }
	switch {
	case has(`\*\|[^|*\n]+\|\*`):
		return Mailchimp
	case has(`\{\{-?\s*(?:template "content"|UnsubscribeURL|ManageURL|TrackView|TrackLink|MessageURL|OptinURL|Date "|L\.)|\.Subscriber\.|\.Campaign\.|@TrackLink`):
		return Listmonk
	case has(`\{\{\s*(?:var|data):`) || has(`\{%\s*(?:if|elseif)\s+(?:var|data):`):
		return Mailjet
	case has(`\{\{[#/^!>&{]|\{\{~|\{\{\s*insert `):
		return Handlebars
	case has(`\{\{\s*contact\.[A-Z0-9_]+\b|\{%-?\s*(?:if|elif) contact\.[A-Z0-9_]+\b|\{\{\s*params\.`):
		return Brevo
	case has(`\{\{\s*(?:contact|company|owner|site_settings)\.[a-z]|personalization_token`):
		return HubSpot
	case has(`\{%-?\s*(?:elsif|unless|assign|case|capture|comment)\b|\{\{[^{}]*\|\s*\w+:\s*[^}]*\}\}|\{\{[^{}]*\|\s*(?:upcase|downcase|strip)\b`):
		return Liquid
	case has(`\{\{[^{}|]*(?:\|[^{}|]*){2,4}\}\}`) && has(`\{\{[^{}]*\|(?:\*|\^|\$|==|>|>=|<|<=)\|`) || has(`\{\{[\w ]+\|[^{}|()]*\|[^{}]*\}\}`) && !has(`\|\s*(?:default|upper|lower|title|trim|round|replace|int|float|length)\b`):
		return Thunderbird
	case has(`\{\{\s*\p{Lu}[\pL\pN_]*(?: [\p{Lu}\pN][\pL\pN_]*)+\s*\}\}`): // {{First Name}}, as address books call it
		return Thunderbird
	case has(`\{%`) || has(`\{\{\s*[\pL_]`):
		return Mailmerge
	}
	return Simple
}

// converter is one conversion under way.
type converter struct {
	name, text string
	Options
	words  vocabulary
	html   bool // what is written is HTML
	out    strings.Builder
	notes  []Note
	blocks []*block
	loops  int // how many there were
	// goBlocks are the open blocks of a Go template.
	goBlocks []string
	// globals are variables that the template sets, and what they are here.
	globals map[string]string
}

// note says something about a place.
func (c *converter) note(at int, found, why string, left bool) {
	before := c.text[:min(at, len(c.text))]
	line := 1 + strings.Count(before, "\n")
	n := Note{File: c.name, Line: line, Column: 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:])), Found: oneLine(found), Why: why, Left: left}
	if !slices.Contains(c.notes, n) {
		c.notes = append(c.notes, n)
	}
}

// oneLine is a text as a note quotes it.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}

// keep leaves a piece as it stands.
func (c *converter) keep(at int, piece, why string) {
	name := strings.ToUpper(strings.TrimLeft(strings.Trim(piece, "*|{}%[]<>$«» "), "."))
	if value, there := c.Set[name]; there {
		if c.html {
			value = html.EscapeString(value)
		}
		c.literal(value)
		return
	}
	c.out.WriteString(piece)
	c.note(at, piece, why, true)
}

// literal writes text that is no template's.
func (c *converter) literal(text string) {
	c.out.WriteString(strings.ReplaceAll(text, "{{", `{{"{{"}}`))
}

// comment writes a comment.
func (c *converter) comment(text string) {
	c.out.WriteString("{{/* " + strings.TrimSpace(strings.ReplaceAll(text, "*/", "* /")) + " */}}")
}

// action writes an action, with the trimming that the other language asked for.
func (c *converter) action(text string, left, right bool) {
	open, end := "{{", "}}"
	if left {
		open = "{{- "
	}
	if right {
		end = " -}}"
	}
	c.out.WriteString(open + text + end)
}

// cannot is why something is not written.
type cannot string

func (e cannot) Error() string { return string(e) }

var identifier = lazily(`^[\pL_][\pL\pN_]*$`)

// Plain is what a column is called by a template: First Name is first_name.
func Plain(column string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(strings.TrimSpace(column)), unicode.IsSpace), "_")
}

// column finds what a column is called here; from is how the other language has it.
func (c *converter) column(from string) (string, error) {
	name := from
	if to, ok := c.words.names[strings.ToLower(from)]; ok {
		name = to
	} else if c.words.plain {
		name = Plain(from)
	}
	if c.Columns == nil || name == unsubscribe {
		return name, nil
	}
	for _, want := range []string{name, from, Plain(from)} {
		for _, have := range c.Columns {
			if have == want || Plain(have) == Plain(want) {
				return have, nil
			}
		}
	}
	return "", cannot("there is no such column; the dataset has " + strings.Join(c.Columns[:min(20, len(c.Columns))], ", "))
}

// written is a column as an expression; dot is what the record is called there: "" or "$".
func written(dot, column string) string {
	if !identifier().MatchString(column) && identifier().MatchString(Plain(column)) {
		column = Plain(column)
	}
	if identifier().MatchString(column) {
		return dot + "." + column
	}
	if dot == "" {
		dot = "."
	}
	return fmt.Sprintf("(index %s %q)", dot, column)
}

// unsubscribe is the variable that has where one leaves the list.
const unsubscribe = "unsubscribe_url"
