package http

import (
	"brood/jobs"
	"brood/jobs/web"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fill fills the result of an answer that is well.
func (r *runner) fill(ctx context.Context, a *answer, res *jobs.Result) {
	if !r.setup.Text {
		if err := r.values(ctx, a, res); err != nil {
			r.columnFailed(err, res)
		}
		return
	}
	if len(r.Columns) == 0 {
		res.Text = append(res.Text, a.Body...)
		if len(a.Body) > 0 && a.Body[len(a.Body)-1] != '\n' {
			res.Text = append(res.Text, '\n')
		}
		return
	}
	// As plain text the columns are an object on one line, as of the job pipe.
	err := r.values(ctx, a, res)
	res.Text = append(res.Text, '{')
	for i, c := range r.resultColumns() {
		if i > 0 {
			res.Text = append(res.Text, ',')
		}
		res.Text = append(jobs.AppendJSONString(res.Text, []byte(c.Name)), ':')
		res.Text = jobs.AppendJSONString(res.Text, res.Values[i])
	}
	res.Text = append(res.Text, '}', '\n')
	res.Values = res.Values[:0]
	if err != nil {
		r.columnFailed(err, res)
	}
}

// columnFailed makes a record failed of which an expression could not be computed, if it can be asked
// for again; what was done is done, and its log says what is missing.
func (r *runner) columnFailed(err error, res *jobs.Result) {
	text := r.hide(err.Error())
	if r.Once || r.Idempotency != "" {
		fmt.Fprintln(os.Stderr, text)
		return
	}
	res.Verdict, res.Class, res.Error = jobs.VerdictFailed, ClassColumn, text
}

// values fills the columns, and says what the first of them lacks that could not be computed.
func (r *runner) values(ctx context.Context, a *answer, res *jobs.Result) (first error) {
	res.Values = append(res.Values[:0], strconv.AppendInt(nil, int64(a.Status), 10))
	for i, c := range r.Columns {
		var v []byte
		switch c.From {
		case fromHeader:
			v = []byte(strings.Join(a.Header.Values(c.Of), ", "))
		case fromBody:
			v = a.Body
		case fromBytes:
			v = strconv.AppendInt(nil, int64(len(a.Body)), 10)
		case fromMS:
			v = strconv.AppendInt(nil, a.Took.Milliseconds(), 10)
		case fromURL:
			v = []byte(a.URL.Redacted())
		case fromRedirects:
			v = strconv.AppendInt(nil, int64(a.Redirects), 10)
		case fromProto:
			v = []byte(a.Proto)
		default:
			value, err := r.queries[i].first(ctx, a)
			if err == nil {
				v, err = textOfValue(value)
			}
			if err != nil && first == nil && !a.empty {
				first = fmt.Errorf("--column %s: %w", c.Name, err)
			}
		}
		if !utf8.Valid(v) {
			v = []byte(strings.ToValidUTF8(string(v), "\ufffd"))
		}
		res.Values = append(res.Values, v)
	}
	if len(r.Columns) == 0 {
		v := a.Body
		if !utf8.Valid(v) {
			v = []byte(strings.ToValidUTF8(string(v), "\ufffd"))
		}
		res.Values = append(res.Values, v)
	}
	return first
}

// answer is what came, and what of it is JSON.
type answer struct {
	*web.Answer
	value any
	// empty says that there is no body where there need not be one.
	empty bool
}

// headers are those of the answer for an expression: in small letters, several of a name with commas.
func (a *answer) headers() map[string]any {
	out := make(map[string]any, len(a.Header))
	for name, values := range a.Header {
		out[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return out
}
