package http

import (
	"brood/jobs"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// query is an expression of jq. It is compiled once, and may be run by several at a time.
type query struct {
	code *gojq.Code
	// plain is the path of an expression that is nothing else, such as .features[0].id: most are,
	// and to follow one needs no machine.
	plain []step
}

// variables are what an expression has besides the body.
var variables = []string{"$status", "$headers"}

// jqTime bounds an expression: some never end.
const jqTime = 5 * time.Second

func compile(text string) (*query, error) {
	q, err := gojq.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no expression of jq: %w", text, err)
	}
	code, err := gojq.Compile(q, gojq.WithVariables(variables))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return &query{code: code, plain: stepsOf(text)}, nil
}

// step is a member of an object, or, with name empty, an element of a list.
type step struct {
	name string
	at   int
}

// stepsOf are those of a path of plain names and numbers; nil: it is something else.
func stepsOf(text string) (out []step) {
	for rest := text; rest != ""; {
		switch {
		case rest[0] == '.':
			n := 1
			for n < len(rest) && (rest[n] == '_' || rest[n] >= 'a' && rest[n] <= 'z' || rest[n] >= 'A' && rest[n] <= 'Z' || n > 1 && rest[n] >= '0' && rest[n] <= '9') {
				n++
			}
			if n == 1 {
				return nil
			}
			out = append(out, step{name: rest[1:n]})
			rest = rest[n:]
		case rest[0] == '[' && len(out) > 0:
			number, after, ok := strings.Cut(rest[1:], "]")
			at, err := strconv.Atoi(number)
			if !ok || err != nil || at < 0 {
				return nil
			}
			out = append(out, step{at: at})
			rest = after
		default:
			return nil
		}
	}
	return out
}

// follow gives what stands at the end of the path; ok is false where jq has to say what that means.
func follow(v any, path []step) (end any, ok bool) {
	for _, s := range path {
		switch of := v.(type) {
		case nil:
			return nil, true
		case map[string]any:
			if s.name == "" {
				return nil, false
			}
			v = of[s.name]
		case []any:
			if s.name != "" {
				return nil, false
			}
			if s.at >= len(of) {
				return nil, true
			}
			v = of[s.at]
		default:
			return nil, false
		}
	}
	return v, true
}

// first is the first result of an expression; none is nil.
func (q *query) first(ctx context.Context, a *answer) (any, error) {
	if v, ok := follow(a.value, q.plain); ok && q.plain != nil {
		return v, nil
	}
	ctx, cancel := context.WithTimeout(ctx, jqTime)
	defer cancel()
	v, ok := q.code.RunWithContext(ctx, a.value, a.Status, a.headers()).Next()
	if !ok {
		return nil, nil //nolint:nilnil // no result is no value, and no error
	}
	if err, is := v.(error); is {
		var halt *gojq.HaltError
		if errors.As(err, &halt) && halt.Value() == nil {
			return nil, nil //nolint:nilnil // as above
		}
		return nil, err
	}
	return v, nil
}

// decode reads a body as JSON, nested no deeper than may be. Numbers stay as they are written.
func decode(body []byte, depth int) (v any, err error) {
	if jobs.TooDeep(body, depth) >= 0 {
		return nil, fmt.Errorf("it is nested deeper than %d levels", depth)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err = d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err = d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows behind it")
	}
	return v, nil
}

// textOfValue is a value as text: a string without quotes, null as nothing, others as JSON.
func textOfValue(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(strings.ToValidUTF8(v, "\ufffd")), nil
	case bool:
		return strconv.AppendBool(nil, v), nil
	case int:
		return strconv.AppendInt(nil, int64(v), 10), nil
	case json.Number:
		return []byte(v), nil
	case *big.Int:
		return v.Append(nil, 10), nil
	default:
		return gojq.Marshal(v)
	}
}
