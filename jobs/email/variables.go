package email

import (
	"brood/jobs"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// variables are what a template may use of a record: its columns that are not
// empty, as one that is empty is as good as missing: a mail must not have a hole
// where a name should be. Values are strings; of JSON also booleans, lists and
// objects.
type variables map[string]any

// attributesColumn holds a JSON object whose members are columns as well, where
// there is none of that name: so listmonk exports its subscribers.
const attributesColumn = "attributes"

// Acting are the values of columns that act, see use.go.
func (c *composer) variablesOf(rec *jobs.Record) (vars, acting variables, err error) {
	if vars, err = c.valuesOf(rec); err != nil {
		return nil, nil, err
	}
	if _, there := vars["email"]; !there && rec.Shape.Index("email") < 0 { // it is in the second column
		if v := c.addressOf(rec); len(v) > 0 {
			vars["email"] = string(v)
		}
	}
	acting = c.own(vars)
	more := make(variables)
	switch a := vars[attributesColumn].(type) {
	case nil:
	case string:
		if err := decode([]byte(a), &more); err != nil {
			return nil, nil, fmt.Errorf("column %s is not a JSON object: %w", attributesColumn, err)
		}
		vars[attributesColumn] = map[string]any(more)
	case map[string]any:
		more = a
	}
	for name, value := range more {
		if _, there := vars[name]; !there {
			vars[name] = value
		}
	}
	if c.Use == nil {
		acting = vars
	}
	if rec.Shape.Rows {
		if err := c.addRows(rec, vars, acting); err != nil {
			return nil, nil, err
		}
	}
	return vars, acting, nil
}

// valuesOf are the columns of a record that are not empty, also by their plain names.
func (c *composer) valuesOf(rec *jobs.Record) (variables, error) {
	vars := make(variables)
	if rec.Shape.Kind == jobs.Objects {
		if err := decode(rec.Object(), &vars); err != nil {
			return nil, err
		}
	} else {
		rec.Each(func(name string, value []byte) {
			if len(bytes.TrimSpace(value)) > 0 {
				vars[name] = string(value)
			}
		})
	}
	for _, column := range c.addresses { // it is the same in a template as on the envelope
		if v, ok := vars[column].(string); ok {
			vars[column] = strings.TrimSpace(string(jobs.CleanAddress([]byte(v))))
		}
	}
	for plain, column := range c.plain {
		if v, there := vars[column]; there {
			vars[plain] = v
		}
	}
	return vars, nil
}

func decode(text []byte, to *variables) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind its end")
	}
	v, _ := full(map[string]any(*to))
	*to = variables(v.(map[string]any))
	return nil
}

// full takes what is empty out of a JSON value, and reports whether anything is
// left. Numbers become text as they are written.
func full(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, strings.TrimSpace(v) != ""
	case json.Number:
		return v.String(), true
	case map[string]any:
		for name, member := range v {
			m, ok := full(member)
			if v[name] = m; !ok {
				delete(v, name)
			}
		}
		return v, len(v) > 0
	case []any:
		out := v[:0]
		for _, e := range v {
			if e, ok := full(e); ok {
				out = append(out, e)
			}
		}
		return out, len(out) > 0
	default:
		return v, v != nil
	}
}

// text is a variable as text, or nothing if there is none.
func (v variables) text(name string) string {
	switch x := v[name].(type) {
	case nil:
		return ""
	case string:
		return x
	default:
		return fmt.Sprint(x)
	}
}

// member is what index gives in a template: a member of an object or of a list, or a letter of a
// text. Of what is missing that is an error.
func member(item any, keys ...any) (any, error) {
	for _, key := range keys {
		var there bool
		switch v := item.(type) {
		case variables:
			item, there = v[fmt.Sprint(key)]
		case map[string]any:
			item, there = v[fmt.Sprint(key)]
		case []any:
			if i, ok := key.(int); ok && i >= 0 && i < len(v) {
				item, there = v[i], true
			}
		case string: // one of its letters
			if i, ok := key.(int); ok && i >= 0 {
				if r := []rune(v); i < len(r) {
					item, there = string(r[i]), true
				}
			}
		}
		if !there {
			return nil, fmt.Errorf("the template needs %v, which is empty or missing", key)
		}
	}
	return item, nil
}
