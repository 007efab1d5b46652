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
		v.setReturned(p.unpacked())
	case p.kind == "" || strings.HasPrefix(p.kind, "text/") || top:
		v.addText(p.text(), strings.TrimSpace(disposition) == "attachment")
	case strings.HasSuffix(strings.ToLower(p.params["name"]), ".eml"):
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
	subject := v.subject()
	switch {
	case len(v.feedback) > 0 || v.isLooseComplaint():
		return Complaint
	case v.notice() != nil:
		if v.notice().complaint() {
			return Complaint
		}
		return Delivery
	case len(v.fields) > 0 || len(v.disposition) > 0 || h.has("x-failed-recipients"):
		return Delivery
	case isDaemon(h):
		return Delivery
	case isUnsubscribe(h, v.prose):
		return Unsubscribe
	case autoSubject().MatchString(subject):
		return AutoReply
	case strings.Contains(v.prose, "Final-Recipient:"):
		return Delivery
	case reportSubject().MatchString(subject) && (v.whole != nil || isAutomatic(h) || failureWords().MatchString(v.beginning())):
		return Delivery // but not: your delivery has been shipped
	case ours && isQuote(v.prose):
		return Delivery // whatever it looks like
	case isAutomatic(h):
		// Nobody's return path: a mail system that has words of its own, or an answering machine, which may
		// have words about addresses too: I have left, write to grace@example.net.
		if failureWords().MatchString(v.beginning()) && (v.whole != nil || readLetter(v.prose).quotes()) {
			return Delivery
		}
		return AutoReply
	}
	return Other
}

// isDaemon reports whether a mail system has written this, as its address or its name says.
func isDaemon(h header) bool {
	from := strings.ToLower(h.text("from"))
	if h.has("from") && (from == "" || strings.TrimSpace(from) == "<>") {
		return true
	}
	return daemon().MatchString(from)
}

var daemon = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`mailer[-_. ]?daemon|mail[-_. ]?daemon|post[-_]?master@|^"?(mail )?postmaster"?\b|mail(er)?[-_. ]deliver[a-z]*[-_. ](sub)?system|mail deliver(y)? (sub)?system|mail administrator|system administrator|microsoft outlook|(^|<)bounces?@|no-?reply@sns\.amazonaws|delivery[-_]?(status|notification)`)
})

// isAutomatic reports whether a program has written this: RFC 3834, and what others do.
func isAutomatic(h header) bool {
	if s := strings.ToLower(h.get("auto-submitted")); s != "" && !strings.HasPrefix(s, "no") {
		return true
	}
	if h.has("return-path") && strings.Trim(h.get("return-path"), "<> ") == "" {
		return true
	}
	switch strings.ToLower(h.get("precedence")) {
	case "auto_reply", "auto-reply":
		return true
	}
	for _, name := range []string{"x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-from", "x-autogenerated", "x-autoreply-from", "x-mail-autoreply", "x-vacation"} {
		if h.has(name) {
			return true
		}
	}
	return false
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

// isUnsubscribe knows the messages that mail programs write when somebody clicks on leave.
func isUnsubscribe(h header, prose string) bool {
	const short = 400
	text := strings.TrimSpace(prose)
	subject := strings.ToLower(strings.TrimSpace(h.text("subject")))
	return len(text) < short && subject == "unsubscribe" || strings.EqualFold(text, "unsubscribe") && len(subject) < short
}
