package http

import (
	"brood/jobs"
	"brood/jobs/web"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// rule is one of --on: what the user says that some statuses, or ways to fail, mean.
type rule struct {
	from, to int        // statuses
	class    jobs.Class // in place of them
	verdict  jobs.Verdict
}

// ends are the ways to get no answer that --on can name.
var ends = []jobs.Class{jobs.ClassConnect, web.ClassSlow, web.ClassCut, web.ClassTLS, web.ClassAnswer, web.ClassRedirect, web.ClassPrivate, jobs.ClassOutput}

// parseRules reads 404=ok,409=skip,5xx=retry,slow=failed.
func parseRules(given []string) (out []rule, err error) {
	for _, one := range jobs.SplitList(given) {
		what, word, ok := strings.Cut(strings.TrimSpace(one), "=")
		if !ok {
			return nil, fmt.Errorf("%q is not given as STATUS=VERDICT, as in 404=ok", one)
		}
		if word == "skip" {
			word = jobs.VerdictSkipped.String()
		}
		r := rule{}
		if r.verdict, err = jobs.ParseVerdict(word); err != nil {
			return nil, fmt.Errorf("%s: %w", one, err)
		}
		if slices.Contains(ends, jobs.Class(what)) {
			r.class = jobs.Class(what)
		} else if r.from, r.to, err = parseStatuses(what); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// parseStatuses reads 404, 4xx or 500-503.
func parseStatuses(s string) (from, to int, err error) {
	if class, ok := strings.CutSuffix(strings.ToLower(s), "xx"); ok && len(class) == 1 && class >= "1" && class <= "5" {
		return int(class[0]-'0') * 100, int(class[0]-'0')*100 + 99, nil
	}
	first, last, between := strings.Cut(s, "-")
	if !between {
		last = first
	}
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err1 != nil || err2 != nil || from < 100 || to > 999 || from > to {
		words := make([]string, len(ends))
		for i, e := range ends {
			words[i] = string(e)
		}
		return 0, 0, fmt.Errorf("%q is neither a status (404, 5xx, 500-503) nor one of %s", s, strings.Join(words, ", "))
	}
	return from, to, nil
}

// of is what the user says of a status, or of a class where there is none: the last rule that fits.
func (r *rules) of(status int, class jobs.Class) (jobs.Verdict, bool) {
	for _, one := range slices.Backward(*r) {
		if one.class != "" && one.class == class || one.class == "" && status >= one.from && status <= one.to {
			return one.verdict, true
		}
	}
	return 0, false
}

type rules []rule

// expectation is one of --expect.
type expectation struct {
	given    string
	statuses [][2]int
	code     *query // of jq
}

// parseExpectation reads status=200,201 or jq: EXPRESSION.
func parseExpectation(given string) (e expectation, err error) {
	e.given = given
	if list, ok := strings.CutPrefix(given, "status="); ok {
		for s := range strings.SplitSeq(list, ",") {
			from, to, err := parseStatuses(strings.TrimSpace(s))
			if err != nil {
				return e, err
			}
			e.statuses = append(e.statuses, [2]int{from, to})
		}
		return e, nil
	}
	text, ok := strings.CutPrefix(given, "jq:")
	if !ok {
		return e, fmt.Errorf("%q is neither status=200,201 nor 'jq: .ok == true'", given)
	}
	e.code, err = compile(strings.TrimSpace(text))
	return e, err
}

func (e *expectation) hasStatus(status int) bool {
	return slices.ContainsFunc(e.statuses, func(s [2]int) bool { return status >= s[0] && status <= s[1] })
}
