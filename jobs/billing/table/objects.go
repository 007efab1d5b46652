package table

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// objects reads JSON objects, one on each line. Numbers stay as they are written.
type objects struct {
	in   *bufio.Reader
	line int
}

func (o *objects) next(t *Table) (*Row, error) {
	var text []byte
	for len(bytes.TrimSpace(text)) == 0 {
		var err error
		text, err = o.in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(bytes.TrimSpace(text)) == 0 {
			return nil, io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		o.line++
	}
	if !utf8.Valid(text) {
		return nil, &RowError{o.line, errUTF8.Error()}
	}
	names, fields, err := members(text)
	if err != nil {
		return nil, &RowError{o.line, err.Error()}
	}
	if !slices.Equal(names, t.Header) {
		t.Header = names
	}
	return &Row{Line: o.line, Fields: fields, table: t}, nil
}

// members are the names and values of an object: strings as they are, of null nothing, and anything else as JSON.
func members(text []byte) (names, fields []string, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errors.New("it is no JSON object")
	}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, nil, errors.New("it is no JSON object")
		}
		if slices.Contains(names, name) {
			return nil, nil, fmt.Errorf("the member %q stands there twice", name)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, nil, errors.New("it is no JSON object")
		}
		value := string(raw)
		switch {
		case value == "null":
			value = ""
		case raw[0] == '"':
			if err := json.Unmarshal(raw, &value); err != nil {
				return nil, nil, errors.New("it is no JSON object")
			}
		}
		names, fields = append(names, name), append(fields, value)
		if len(names) > mostColumns {
			return nil, nil, fmt.Errorf("it has more than %d members", mostColumns)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, nil, errors.New("it is no JSON object")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("there is more than one JSON object on the line")
	}
	return names, fields, nil
}
