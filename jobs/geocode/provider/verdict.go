package provider

import (
	"brood/jobs"
	"brood/jobs/web"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

var errBadURL = errors.New("the base URL of the provider makes no request; look at --base-url")

// Classes of what a provider answers.
const (
	classAnswer jobs.Class = "answer" // it makes no sense
	classAsked  jobs.Class = "asked"  // the provider does not take the question
	classQuota  jobs.Class = "quota"  // no more requests for today, or for the money
	classRate   jobs.Class = "rate"   // too many requests
	classAuth   jobs.Class = "auth"   // it does not know the key, or has had enough of its user
	classServer jobs.Class = "server" // something in it broke
	ClassBatch  jobs.Class = "batch"  // what came back is not what was sent
)

// abort, throttle, retry and failed are what an answer can come to.
func abort(class jobs.Class, text string) *web.Trouble {
	return &web.Trouble{Verdict: jobs.VerdictAbort, Class: class, Text: text}
}

func throttle(after time.Duration, text string) *web.Trouble {
	return &web.Trouble{Verdict: jobs.VerdictThrottle, Class: classRate, Text: text, RetryAfter: after}
}

func retry(class jobs.Class, text string) *web.Trouble {
	return &web.Trouble{Verdict: jobs.VerdictRetry, Class: class, Text: text}
}

func failed(text string) *web.Trouble {
	return &web.Trouble{Verdict: jobs.VerdictFailed, Class: classAsked, Text: text}
}

// asTrouble makes an error of a reader one: what is no Trouble is a body that cannot be read.
func asTrouble(err error, body []byte) error {
	var t *web.Trouble
	if errors.As(err, &t) {
		return t
	}
	text := "the answer is not what it should be: " + err.Error()
	if len(body) == 0 {
		text = "the answer is empty"
	} else if s := said(body); s != "" && !json.Valid(body) {
		text += ": " + s
	}
	return retry(classAnswer, text)
}

// judged says what a status other than 200 means. Nil is that nothing was found.
func (f *form) judged(status int, header http.Header, body []byte, now time.Time) error {
	common := web.Judge(status, header, now)
	if common == nil { // another 2xx than 200: there is no answer in it
		common = retry(classAnswer, "the answer has no places in it: "+web.StatusText(status))
	}
	if s := said(body); s != "" && !strings.Contains(common.Text, s) && s != strings.TrimPrefix(common.Text, "HTTP ") {
		common.Text += ": " + s
	}
	if f.judge == nil {
		return common
	}
	return f.judge(status, body, common)
}

// longestSaid bounds what of a body stands in an error.
const longestSaid = 200

// said is what a body says about an error: the member of its JSON that has it, or its
// beginning, without tags.
func said(body []byte) string {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) == nil {
		for _, name := range []string{"error_message", "error_description", "message", "error", "detail", "description", "title", "errors", "status", "meta"} {
			if s := textOf(m[name]); s != "" {
				return clip(s)
			}
		}
		return ""
	}
	s := string(body[:min(len(body), 4096)])
	if i := strings.Index(strings.ToLower(s), "<title>"); i >= 0 {
		s, _, _ = strings.Cut(s[i+len("<title>"):], "<")
	}
	return clip(s)
}

// textOf is the text in a value: itself, its first element, or the member that explains it.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return textOf(list[0])
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) == nil {
		for _, name := range []string{"message", "description", "detail"} {
			if err := json.Unmarshal(m[name], &s); err == nil && s != "" {
				return s
			}
		}
	}
	return ""
}

// clip makes a text one short line of valid UTF-8.
func clip(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) <= longestSaid {
		return s
	}
	s = s[:longestSaid]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
