package report

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// view is a message laid out: what is for people, what is for programs, and what is returned.
type view struct {
	m           *part
	prose       string
	fields      []string // texts of the fields of reports
	feedback    []string
	disposition []string
	returned    header // of the message that comes back
	whole       *part  // that message, as a part that has not been taken apart
	attached    bool   // it is a part of its own, and not text that anybody may have typed
	reported    bool   // parts are held together as those of a report: RFC 6522
}

func (p *part) view() *view {
	v := &view{m: p}
	v.walk(p, p.kind == "")
	return v
}

func (v *view) walk(p *part, top bool) {
	disposition, _, _ := strings.Cut(strings.ToLower(p.header.get("content-disposition")), ";")
	switch {
	case p.kind == "multipart/alternative":
		v.alternative(p)
	case len(p.parts) > 0:
		v.reported = v.reported || p.kind == "multipart/report"
		for _, child := range p.parts {
			v.walk(child, false)
		}
	case strings.HasSuffix(p.kind, "/delivery-status") || strings.HasSuffix(p.kind, "/global-delivery-status"):
		v.fields = append(v.fields, p.text())
	case strings.HasSuffix(p.kind, "/feedback-report"):
		v.feedback = append(v.feedback, p.text())
	case strings.HasSuffix(p.kind, "/disposition-notification") || strings.HasSuffix(p.kind, "/global-disposition-notification"):
		v.disposition = append(v.disposition, p.text())
	case strings.HasPrefix(p.kind, "message/") || strings.HasSuffix(p.kind, "/rfc822-headers") || strings.HasSuffix(p.kind, "/global-headers"):
		v.attached = v.attached || v.whole == nil
		v.setReturned(p.unpacked())
	case p.kind == "" || strings.HasPrefix(p.kind, "text/") || top:
		v.addText(p.text(), strings.TrimSpace(disposition) == "attachment")
	case strings.HasSuffix(strings.ToLower(p.params["name"]), ".eml"):
		v.attached = v.attached || v.whole == nil
		v.setReturned(p.unpacked())
	}
}

// alternative takes the plainest part that has words.
func (v *view) alternative(p *part) {
	for _, kind := range []string{"text/plain", "text/html"} {
		for _, child := range p.parts {
			if child.kind == kind && strings.TrimSpace(child.text()) != "" {
				v.walk(child, false)
				return
			}
		}
	}
	for _, child := range p.parts {
		v.walk(child, false)
	}
}

// addText adds the text of a part, up to where it returns a message.
func (v *view) addText(text string, attached bool) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	words, rest := cutReturned(text)
	if rest != "" {
		v.setReturned([]byte(rest))
	}
	if attached && v.prose != "" {
		return
	}
	if len(v.prose) < maxText {
		v.prose += words + "\n"
	}
}

func (v *view) setReturned(raw []byte) {
	if v.whole != nil || len(raw) == 0 {
		return
	}
	raw = outdented(bytes.TrimLeft(raw, "\r\n"))
	v.returned, _ = readHeader(raw)
	v.whole = &part{raw: raw}
}

// outdented takes the margin off a message: its first line has nothing before it.
func outdented(raw []byte) []byte {
	margin := raw[:len(raw)-len(bytes.TrimLeft(raw, " \t"))]
	if bytes.HasPrefix(raw, []byte("> ")) {
		margin = raw[:2]
	}
	if len(margin) == 0 {
		return raw
	}
	raw = bytes.TrimPrefix(clipBytes(raw, maxHeader), margin)
	return bytes.ReplaceAll(raw, append([]byte("\n"), margin...), []byte("\n"))
}

// passesOn is for mail of a person: whether it has a report attached that came to where this has come to, or
// to an address made for one recipient. Others' reports about others' mail are none of ours.
func (v *view) passesOn(inner *part, written Written) bool {
	in := inner.view()
	if !v.attached || in.speaker() == person || isReply().MatchString(v.subject()) {
		return false
	}
	for _, a := range inner.header.addresses("to", "delivered-to") {
		if among(a, v.m.header.addresses("to", "delivered-to", "x-original-to")) {
			return true
		}
	}
	return written != nil && in.writtenTo(written, nil) != ""
}

// inner is the message that is returned, if it looks like a report itself.
func (v *view) inner() *part {
	if v.whole == nil || !isDaemon(v.returned) && !isAutomatic(v.returned) && !reportSubject().MatchString(v.returned.text("subject")) && !strings.Contains(v.returned.get("content-type"), "multipart/report") {
		return nil
	}
	return parse(v.whole.raw)
}

// unpacked is the body of a part without its encoding.
func (p *part) unpacked() []byte {
	switch strings.ToLower(strings.TrimSpace(p.header.get("content-transfer-encoding"))) {
	case "base64":
		return unbase64(p.body)
	case "quoted-printable":
		return unquote(p.body)
	}
	return p.body
}

// subject is bounded as a line is.
func (v *view) subject() string { return clip(v.m.header.text("subject"), maxLine) }

// beginning is what is looked through for words that say what kind of letter this is.
func (v *view) beginning() string { return clip(v.prose, 2*maxPassage) }

// kind tells what came back. Ours says that it came to an address made for one recipient.
func (v *view) kind(ours bool) Kind {
	h := v.m.header
	who := v.speaker()
	switch {
	case len(v.feedback) > 0 && who != person || v.isLooseComplaint():
		return Complaint
	case v.notice() != nil:
		if v.notice().complaint() {
			return Complaint
		}
		return Delivery
	case len(v.disposition) > 0 && len(v.fields) == 0, who == system:
		return Delivery
	case who == program && (len(v.fields) > 0 || h.has("x-failed-recipients")):
		return Delivery
	case isUnsubscribe(v.subject(), v.prose):
		return Unsubscribe
	case autoSubject().MatchString(v.subject()):
		return AutoReply
	case who == program && v.isReport(ours):
		return Delivery
	case isAutomatic(h):
		return AutoReply
	}
	return Other
}

// isReport tells a report from other mail of programs, which may have words about addresses too: I have
// left, write to grace@example.net; your parcel could not be delivered.
func (v *view) isReport(ours bool) bool {
	h := v.m.header
	code := readLetter(v.prose).quotes()
	switch {
	case strings.Contains(v.prose, "Final-Recipient:"), ours && isQuote(v.prose):
		return true
	case reportSubject().MatchString(v.subject()):
		return v.whole != nil || code || hasNoReturn(h) && failureWords().MatchString(v.beginning())
	case !failureWords().MatchString(v.beginning()):
		return false
	case code:
		return true
	}
	// Not of him to whom it was written, who quotes it.
	to := v.returned.writtenTo()
	for _, a := range h.addresses("from") {
		if among(a, to) {
			return false
		}
	}
	return len(to) > 0
}

// reportSubject are the subjects of reports, in the languages in which mail systems speak.
var reportSubject = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)undeliver|returned (e-?)?mail|mail (returned|delivery|system error)|delivery[ -](status|failure|fail|report|error|problem|delay|has|notification|incomplete)|delivery of .*fail` +
		`|failure (notice|delivery)|fail(ed|ure)[a-z]* (to deliver|delivery|mail)|message (delivery|not delivered|could not be)|(could not|couldn.t|cannot|unable to|not) be? ?deliver|error sending your mail|mail failure|loop alert` +
		`|non[- ]?(remis|deliver|recapit|distribu)|unzustellbar|nicht zustellbar|unzugestellt|zustell(ung|fehler)|échec|echec de|mancat[ao] (consegna|recapito)|no se (ha )?(puede|pudo|podido) entregar|devuelto|não (foi )?entreg|onbestelbaar|niet bezorgd|не (был[оа]? )?доставлен|недоставлен|配信|送信エラー|投递失败|退信|系统退信`)
})

// autoSubject are the subjects of answering machines.
var autoSubject = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*((re|aw|sv|fw)\s*:\s*)*\[?(auto(matic|matische|matique|mated|matisk|mático|mático)?[ _-]*(reply|response|antwort|answer|responder|svar|respuesta|resposta|réponse|reponse|re)?\s*[:\]-]` +
		`|auto[ -]?(reply|response)|automatic (reply|response|email)|automatische antwort|autosvar|réponse automatique|respuesta automática|risposta automatica|resposta automática|out[ -]of[ -](the[ -])?office|abwesen|absence|absent|on (vacation|holiday|leave)|vacation|away from|i am (away|out)|fuori ufficio|fuera de la oficina|不在|自動返信|自动回复|автоответ)`)
})

// failureWords are those by which a letter of no return path says that it is a report.
var failureWords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(not|n't|n’t|unable|fail|undeliver|impossible|error|reject|refus)[^.]{0,80}(deliver|recipient|address|mailbox|sent|reach)|(deliver|recipient|address|mailbox|mail)[a-z]*[^.]{0,80}(fail|reject|unknown|full|refus|not found|invalid|error|disabled)|user unknown|no such user|\b[45]\d\d[ -][45]\.\d\.\d`)
})
