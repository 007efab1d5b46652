package http

import (
	"brood/jobs"
	"brood/jobs/http/curl"
	"errors"
	"fmt"
	nethttp "net/http"
	"path/filepath"
	"slices"
	"strings"
)

// content is what there is to send, of the flags or of a command of curl.
type content struct {
	data    []curl.Data
	json    []string
	form    []string
	strings []string
	file    string
	get     bool
	head    bool
}

// readContent reads the body, and what follows from it: the method, and parameters of -G.
func (c *config) readContent(o jobs.Options, cmd *curl.Command) error {
	in := content{data: cmd.Data, json: cmd.JSON, form: cmd.Form, strings: cmd.Strings, file: o.String("body-file"), get: cmd.Get || o.Bool("get"), head: cmd.Head || o.Bool("head")}
	own := content{json: o.StringSlice("json"), form: o.StringSlice("form")}
	for _, d := range []struct {
		flag string
		kind curl.Kind
	}{{"data", curl.Plain}, {"data-raw", curl.Raw}, {"data-binary", curl.Binary}, {"data-urlencode", curl.URLEncode}} {
		for _, text := range o.StringSlice(d.flag) {
			own.data = append(own.data, curl.Data{Kind: d.kind, Text: text})
		}
	}
	if len(own.json)+len(own.form)+len(own.data) > 0 || in.file != "" { // they take the place of the command's
		if len(in.data)+len(in.json)+len(in.form)+len(in.strings) > 0 && !slices.ContainsFunc(o.StringSlice("header"), isContentType) {
			c.Headers = slices.DeleteFunc(c.Headers, isContentType) // it was of that one
		}
		in.data, in.json, in.form, in.strings = own.data, own.json, own.form, nil
	}
	kinds := 0
	for _, there := range []bool{len(in.data) > 0, len(in.json) > 0, len(in.form)+len(in.strings) > 0, in.file != ""} {
		if there {
			kinds++
		}
	}
	if kinds > 1 {
		return errors.New("there are several bodies: give one of -d, --json, -F and --body-file")
	}
	var err error
	switch {
	case in.get && kinds > 0 && len(in.data) == 0:
		return errors.New("-G makes parameters of -d, and of nothing else")
	case in.get:
		err = c.dataInQuery(in.data)
	case len(in.data) > 0:
		err = c.dataInBody(in.data)
	case len(in.json) > 0:
		err = c.jsonBody(in.json)
	case len(in.form)+len(in.strings) > 0:
		err = c.formBody(&in)
	case in.file != "":
		err = c.fileBody(in.file)
	}
	if err != nil {
		return err
	}
	c.chooseMethod(cmd, &in)
	return nil
}

// chooseMethod is the method that was given, or that curl would take.
func (c *config) chooseMethod(cmd *curl.Command, in *content) {
	if c.Method == "" {
		c.Method = cmd.Method
	}
	switch {
	case c.Method != "":
		c.Method = strings.ToUpper(c.Method)
	case in.head:
		c.Method = nethttp.MethodHead
	case c.Body.Kind != bodyNone:
		c.Method = nethttp.MethodPost
	default:
		c.Method = nethttp.MethodGet
	}
}

func isContentType(header string) bool { return headerName(header) == "content-type" }

// contentType is the type of the body that the user gave.
func (c *config) contentType() string {
	for _, h := range slices.Backward(c.Headers) {
		if isContentType(h) {
			_, v, _ := strings.Cut(h, ":")
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// textOf is the text of a -d: what stands there, or in a file.
func textOf(d curl.Data) (string, error) {
	path, isFile := strings.CutPrefix(d.Text, "@")
	if !isFile || d.Kind == curl.Raw {
		return d.Text, nil
	}
	text, err := readText(path)
	if d.Kind == curl.Plain { // as curl does
		text = strings.NewReplacer("\r", "", "\n", "").Replace(text)
	}
	return text, err
}

// encodedPair is the text of --data-urlencode as name=value.
func encodedPair(text string) (string, error) {
	name, value, ok := strings.Cut(text, "=")
	if strings.Contains(name, "@") || !ok {
		return "", fmt.Errorf("--data-urlencode %q is not given as name=value", text)
	}
	if strings.Contains(text, "\n") {
		return "", fmt.Errorf("--data-urlencode %s: it has a line break; write %%0A by -d", name)
	}
	return name + "=" + value, nil
}

// dataInBody makes a body of -d, as curl does: several with & between.
func (c *config) dataInBody(data []curl.Data) error {
	given := c.contentType()
	encoded := !slices.ContainsFunc(data, func(d curl.Data) bool { return d.Kind != curl.URLEncode })
	if encoded && given == "" {
		var lines []string
		for _, d := range data {
			p, err := encodedPair(d.Text)
			if err != nil {
				return err
			}
			lines = append(lines, p)
		}
		c.Body = body{Kind: bodyPairs, Text: strings.Join(lines, "\n")}
		return nil
	}
	var texts []string
	for _, d := range data {
		text, err := textOf(d)
		if err != nil {
			return fmt.Errorf("-d: %w", err)
		}
		if d.Kind == curl.URLEncode {
			return errors.New("--data-urlencode stands beside another -d: give all of them by it")
		}
		texts = append(texts, text)
	}
	text := strings.Join(texts, "&")
	if given == "" && isJSONText(text) {
		return errors.New("-d sends a form, as curl does, and this looks like JSON: give it by --json, or say what it is by -H 'Content-Type: …'")
	}
	return c.textBody(text, given, bodyForm)
}

// textBody is a body of a text, of the type that was given.
func (c *config) textBody(text, given string, otherwise bodyKind) (err error) {
	kind := otherwise
	if given != "" {
		if kind, err = typeOfBody(given); err != nil {
			return err
		}
		if kind == bodyPlain && !strings.HasPrefix(strings.ToLower(given), "text/") && hasPlaceholder(text) {
			return fmt.Errorf("how a value is written in %s is not known: values can stand in JSON, forms, XML and text/…", given)
		}
	}
	c.Body = body{Kind: kind, Text: text}
	return nil
}

// hasPlaceholder reports whether there may be one in a text.
func hasPlaceholder(text string) bool {
	i := strings.IndexByte(text, '{')
	return i >= 0 && strings.IndexByte(text[i:], '}') > 0
}

// outside is where a character stands first in a text, not counting what stands between braces: a name may have it
// as well. -1: nowhere.
func outside(text string, c byte) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == c:
			return i
		case text[i] == '{' && (i == 0 || text[i-1] != '\\'):
			i += max(0, strings.IndexByte(text[i:], '}'))
		}
	}
	return -1
}

// dataInQuery makes parameters of -d.
func (c *config) dataInQuery(data []curl.Data) error {
	for _, d := range data {
		text, err := textOf(d)
		if err != nil {
			return fmt.Errorf("-d: %w", err)
		}
		if d.Kind == curl.URLEncode {
			if text, err = encodedPair(d.Text); err != nil {
				return err
			}
			c.Query = append(c.Query, text)
			continue
		}
		if i := outside(c.URL, '#'); i >= 0 { // which is not sent
			c.URL = c.URL[:i]
		}
		sign := "?"
		if outside(c.URL, '?') >= 0 {
			sign = "&"
		}
		c.URL += sign + text
	}
	return nil
}

func (c *config) jsonBody(texts []string) error {
	var all strings.Builder
	for _, text := range texts { // one behind the other, as curl has it
		if path, isFile := strings.CutPrefix(text, "@"); isFile {
			var err error
			if text, err = readText(path); err != nil {
				return fmt.Errorf("--json: %w", err)
			}
		}
		all.WriteString(text)
	}
	c.Body = body{Kind: bodyJSON, Text: all.String()}
	return nil
}

func (c *config) formBody(in *content) error {
	c.Body.Kind = bodyInPart
	for i, given := range slices.Concat(in.form, in.strings) {
		p, err := parsePart(given, i >= len(in.form))
		if err != nil {
			return err
		}
		if p.File != "" && !hasPlaceholder(p.File) {
			if p.File, err = filepath.Abs(p.File); err != nil {
				return err
			}
		}
		c.Body.Parts = append(c.Body.Parts, p)
	}
	if c.contentType() != "" {
		return errors.New("the type of a body of -F follows from it: take the header Content-Type away")
	}
	return nil
}

// fileBody is a body of a file, whose name says what it is, unless the user does.
func (c *config) fileBody(path string) error {
	text, err := readText(path)
	if err != nil {
		return fmt.Errorf("--body-file: %w", err)
	}
	kind := bodyPlain
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json", ".ndjson", ".jsonl":
		kind = bodyJSON
	case ".xml", ".html", ".xhtml", ".soap":
		kind = bodyXML
	case ".form", ".urlencoded":
		kind = bodyForm
	}
	return c.textBody(strings.TrimRight(text, "\n"), c.contentType(), kind)
}
