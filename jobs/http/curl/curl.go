// Package curl reads a command line of curl, as browsers copy a request ("Copy as cURL (bash)") and as
// the pages of APIs show one, and says what request it is.
//
// Words are split as a shell does, and nothing is expanded or run: a variable in the command is told as
// such, for the caller to find its value elsewhere. What curl can and brood does not is refused by
// name, and what changes nothing about the request (-s, -v, --compressed) is passed over. It knows nothing
// of placeholders: they are text.
package curl

import (
	"errors"
	"fmt"
	"strings"
)

// Command is a request as curl would make it.
type Command struct {
	URL string
	// Method is that of -X; empty: it follows from what there is to send.
	Method string
	// Headers are those of -H, -A, -e and -b, in order, as "Name: value"; "Name:" takes one away, and
	// "Name;" sends an empty one.
	Headers []string
	Data    []Data
	JSON    []string // of --json
	Form    []string // of -F
	// Strings are the same of --form-string: their values mean nothing but themselves.
	Strings                []string
	Query                  []string // of --url-query
	User                   string
	Get, Head              bool
	Follow                 bool
	CACert, Cert, Key      string
	Proxy, NoProxy         string
	Resolve                []string
	HTTP1                  bool
	MaxTime, Connect       string // seconds
	MaxRedirs, MaxFileSize string
	// Variables are the names of those of the shell that stand in it, as {secret:NAME}.
	Variables []string
	// Notes say what was passed over and may surprise.
	Notes []string
}

// Data is one -d, --data-raw, --data-binary or --data-urlencode.
type Data struct {
	Kind Kind
	Text string
}

// Kind is how the text of a Data is meant.
type Kind uint8

// The kinds.
const (
	Plain     Kind = iota // -d, --data-ascii: @FILE names a file, whose line ends are taken out
	Raw                   // --data-raw: @ means nothing
	Binary                // --data-binary: @FILE as it is
	URLEncode             // --data-urlencode
)

// Parse reads a command line.
func Parse(text string) (*Command, error) {
	words, variables, err := split(text)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("there is no command")
	}
	if name := words[0][strings.LastIndexByte(words[0], '/')+1:]; name != "curl" && name != "curl.exe" {
		return nil, fmt.Errorf("the command is %.40q, not curl", words[0])
	}
	c := &Command{Variables: variables}
	return c, c.read(words[1:])
}

// read takes the words behind curl.
func (c *Command) read(words []string) error {
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		var err error
		switch {
		case w == "--":
			for _, u := range words {
				if err := c.url(u); err != nil {
					return err
				}
			}
			words = nil
		case strings.HasPrefix(w, "--"):
			words, err = c.long(w, words)
		case strings.HasPrefix(w, "-") && len(w) > 1:
			words, err = c.short(w, words)
		default:
			err = c.url(w)
		}
		if err != nil {
			return err
		}
	}
	if c.URL == "" {
		return errors.New("the command names no URL")
	}
	return nil
}

func (c *Command) url(u string) error {
	if c.URL != "" {
		return fmt.Errorf("the command has two URLs, %.60q and %.60q: a record is one request", c.URL, u)
	}
	if !strings.Contains(u, "://") && !strings.HasPrefix(u, "{") {
		u = "http://" + u // as curl guesses
	}
	c.URL = u
	return nil
}

// long reads --name, whose value is the next word, or, which curl itself does not take, behind =.
func (c *Command) long(w string, rest []string) ([]string, error) {
	name, value, glued := strings.Cut(w[2:], "=")
	o, known := options()[name]
	if !known {
		if positive, ok := strings.CutPrefix(name, "no-"); ok && options()[positive].ignored {
			return rest, nil
		}
		return nil, unknown("--" + name)
	}
	return c.apply(o, "--"+name, value, glued, rest)
}

// short reads -x, with its value behind it or in the next word, or several without values in one.
func (c *Command) short(w string, rest []string) ([]string, error) {
	for i := 1; i < len(w); i++ {
		flag := "-" + w[i:i+1]
		name, known := shorts()[w[i]]
		if !known {
			return nil, unknown(flag)
		}
		o := options()[name]
		if o.takesValue() {
			return c.apply(o, flag, w[i+1:], i+1 < len(w), rest)
		}
		var err error
		if rest, err = c.apply(o, flag, "", false, rest); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

func (c *Command) apply(o option, flag, value string, glued bool, rest []string) ([]string, error) {
	switch {
	case o.refused != "":
		return nil, fmt.Errorf("%s: %s", flag, o.refused)
	case o.takesValue() && !glued:
		if len(rest) == 0 {
			return nil, fmt.Errorf("%s has no value: the command is cut off", flag)
		}
		value, rest = rest[0], rest[1:]
	case glued && !o.takesValue():
		return nil, fmt.Errorf("%s takes no value", flag)
	}
	if o.set != nil {
		if err := o.set(c, value); err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
	}
	return rest, nil
}

func unknown(flag string) error {
	return fmt.Errorf("%s of curl is not known here: take it out, if the request is the same without", flag)
}
