package jobs

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// Secrets do not show: whole, by the line, quoted; what is too short to be told from other
// text does.
func TestMaskText(t *testing.T) {
	m := NewMask([]string{"hunter22", "line one\nline two", `with "quotes"`, "abc", "hunter22-longer", "a<b>&c:d/e f"})
	for text, want := range map[string]string{
		"password hunter22!":                   "password ***!",
		"hunter22-longer":                      "***",
		"… line two":                           "… ***",
		`"with \"quotes\""`:                    `"***"`,
		`with "quotes"`:                        "***",
		"abc is no secret":                     "abc is no secret",
		"line one\nline two end":               "*** end",
		"":                                     "",
		"hunter2":                              "hunter2",
		hex.EncodeToString([]byte("hunter22")): "***",
		strings.ToUpper(hex.EncodeToString([]byte("hunter22"))): "***",
		"?k=" + url.QueryEscape("a<b>&c:d/e f"):                 "?k=***",
		"/" + url.PathEscape("a<b>&c:d/e f"):                    "/***",
		`{"k":"a\u003cb\u003e\u0026c:d/e f"}`:                   `{"k":"***"}`,
	} {
		if got := m.Text(text); got != want {
			t.Errorf("%q shows as %q, want %q", text, got, want)
		}
	}
	if m := NewMask([]string{"", "x"}); m != nil || m.Text("x") != "x" || m.Cut("x") != 1 {
		t.Error("nothing to hide is hidden")
	}
}

// In base64 a secret shows wherever it stands: as in a header of basic authentication.
func TestMaskBase64(t *testing.T) {
	const secret = "hunter22?>~"
	m := NewMask([]string{secret})
	for _, before := range []string{"", "u", "us", "use", "user:"} {
		for _, after := range []string{"", "!", "!!", "!!!"} {
			for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
				text := "Basic " + e.EncodeToString([]byte(before+secret+after))
				got := m.Text(text)
				// A character at either end may hold some bits of it.
				if _, rest, found := strings.Cut(got, "***"); !found || len(rest) > 8 {
					t.Errorf("%q, %q: %s shows as %s", before, after, text, got)
				}
			}
		}
	}
}

// Nothing that a job says holds a secret, and what was JSON still is.
func TestMaskResult(t *testing.T) {
	m := NewMask([]string{"hunter22", "short", "12345678"})
	r := &Result{
		Verdict: VerdictFailed, Class: "is-hunter22", Error: "key short, hunter22", Text: []byte("12345678\n"),
		Values: [][]byte{[]byte(`{"hunter22":"x hunter22"}`), []byte("12345678"), []byte(`{"n":12345678}`), nil, []byte("short of it"), []byte("nothing")},
	}
	m.Result(r)
	if r.Class != "is-***" || r.Error != "key ***, ***" || string(r.Text) != "\"***\"\n" {
		t.Errorf("%q, %q, %q", r.Class, r.Error, r.Text)
	}
	for i, want := range []string{`{"***":"x ***"}`, `"***"`, `"***"`, "", "short of it", "nothing"} {
		if got := string(r.Values[i]); got != want || (i < 3 && !json.Valid(r.Values[i])) {
			t.Errorf("value %d is %q, want %q", i, got, want)
		}
	}
	(*Mask)(nil).Result(r)
}

// A text that is cut is not cut within a secret.
func TestMaskCut(t *testing.T) {
	const secret = "hunter22"
	m := NewMask([]string{secret})
	for before := range 200 {
		text := strings.Repeat("x", 100+before) + secret + strings.Repeat("y", 100)
		for from := 0; from < len(text); {
			part := text[from:min(from+150, len(text))]
			n := len(part)
			if from+150 < len(text) {
				n = m.Cut(part)
			}
			if got := m.Text(part[:n]); strings.Contains(got, "hunt") || strings.Contains(got, "r22") {
				t.Errorf("%d before: %q", before, got)
			}
			from += n
		}
	}
}
