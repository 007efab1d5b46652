package email

import (
	"brood/jobs/email/convert"
	"fmt"
	"strings"
	"testing"
)

// TestConvertDraft: what a draft has comes through, in brood's words, and the result is a draft
// that is read as what was written.
func TestConvertDraft(t *testing.T) {
	text := strings.Join([]string{
		"MIME-Version: 1.0", "From: =?UTF-8?Q?Zo=C3=AB?= <zoe@example.org>", "Subject: =?UTF-8?Q?Caf=C3=A9_for_{{First_Name}=7D?=",
		"X-Mozilla-Draft-Info: internal/draft", "Content-Type: multipart/mixed; boundary=b", "",
		"--b", "Content-Type: text/html; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "",
		"<p>Dear {{First=20Na=", "me}}, {{nobody knows|this}} =E9 <img src=3D\"cid:p@x\"></p>",
		"--b", "Content-Type: image/png; name=p.png", "Content-ID: <p@x>", "Content-Disposition: inline; filename=p.png", "Content-Transfer-Encoding: base64", "", strings.Repeat("AAAA", 40),
		"--b", "Content-Type: text/plain; name=note.txt", "Content-Disposition: attachment; filename=\"a note.txt\"", "", "Dear {{First Name}}, this is a file",
		"--b--", "",
	}, "\r\n")
	r, err := convertDraft(&convert.Source{Name: "draft.eml", Text: text}, convert.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Left() != 1 || !strings.HasPrefix(r.Notes[0].String(), "draft.eml, its HTML:1:") {
		t.Errorf("notes: %v", r.Notes)
	}
	d, err := readDraft([]byte(r.Text))
	if err != nil {
		t.Fatal(err)
	}
	if want := "[{From \"Zoë\" <zoe@example.org>} {Subject Café for {{.first_name}}}]"; fmt.Sprint(d.headers) != want {
		t.Errorf("headers %v, want %s", d.headers, want)
	}
	if want := "<p>Dear {{.first_name}}, {{nobody knows|this}} é <img src=\"cid:p@x\"></p>"; strings.TrimSpace(d.html) != want || d.text != "" {
		t.Errorf("HTML %q, text %q", d.html, d.text)
	}
	if len(d.files) != 2 || d.files[0].ID != "p@x" || len(d.files[0].Content) != 120 || d.files[1].Name != "a note.txt" || string(d.files[1].Content) != "Dear {{First Name}}, this is a file" {
		t.Errorf("files %v", d.files)
	}
	if strings.Contains(r.Text, "=3D") || strings.Contains(r.Text, "X-Mozilla") {
		t.Errorf("it is\n%s", r.Text)
	}
}

// TestConvertDraftOfText: one with nothing but text becomes a template as one writes it.
func TestConvertDraftOfText(t *testing.T) {
	r, err := convertDraft(&convert.Source{Name: "d", Text: "Content-Type: text/plain; charset=utf-8\nSubject: x *|FNAME|*\n\nHi *|FNAME|*\n"}, convert.Options{})
	if want := "Subject: x {{.first_name}}\n\nHi {{.first_name}}\n"; err != nil || r.Text != want || len(r.Notes) > 0 {
		t.Errorf("%q (%v, %v), want %q", r.Text, err, r.Notes, want)
	}
}

// TestStillForeign: what is of another mailer than the rest is told; what a run refuses is either
// converted or told.
func TestStillForeign(t *testing.T) {
	for text, want := range map[string]string{
		"Hi %FIRSTNAME%,\n{First Name} {{First Name}} [1] 100% #fff#": "t:1:4: %FIRSTNAME%|t:2:1: {First Name}",
		"Hi [First Name] [1], [see]":                                  "",
		"*|FNAME|* [subscriber:name]":                                 "t:1:11: [subscriber:name]",
		"{{ nosuch | x }} {% if a %}":                                 "",
		"<unsubscribe>out</unsubscribe>":                              "t:1:1: <unsubscribe>",
		"Hi [Plan]":                                                   "",
		"body{color:#abc} <a href=\"#x\">":                            "",
	} {
		s := &convert.Source{Name: "t", Text: text}
		r := convert.Convert(*s, convert.Options{})
		var got []string
		for _, n := range stillForeign(s, &r, nil) {
			got = append(got, strings.SplitAfterN(n.String(), ": ", 3)[0]+n.Found)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q, want %s", text, got, want)
		}
	}
	if r := convert.Convert(convert.Source{Name: "t", Text: "Hi [First Name]"}, convert.Options{}); r.Text != "Hi {{.first_name}}" {
		t.Error(r.Text)
	}
	for text, want := range map[string]string{
		"[First Name]":                "brood template convert t writes all of it so",
		"[Plan]":                      "brood template convert --columns 'email,Plan' t writes all of it so",
		"[Plan] {{Plan Two}} {email}": "brood template convert t writes what it can so, and tells what it cannot",
	} {
		if got := converting("t", text, []string{"email", "Plan"}); got != "; "+want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
