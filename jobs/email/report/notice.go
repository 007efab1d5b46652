package report

import (
	"brood/jobs/email/reply"
	"encoding/json"
	"strings"
)

// notice is what a service says in JSON, by mail, about a message: Amazon SES by way of SNS. The
// shape is that of its documentation, "Amazon SNS notification contents".
type notice struct {
	Type    string `json:"notificationType"`
	Event   string `json:"eventType"`
	Message string // of SNS, if it wraps what it brings
	Bounce  struct {
		Type       string        `json:"bounceType"`
		Sub        string        `json:"bounceSubType"`
		Recipients []noticeAbout `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		Recipients []noticeAbout `json:"complainedRecipients"`
		Kind       string        `json:"complaintFeedbackType"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string `json:"recipients"`
		Reply      string   `json:"smtpResponse"`
	} `json:"delivery"`
	Delay struct {
		Recipients []noticeAbout `json:"delayedRecipients"`
		Type       string        `json:"delayType"`
	} `json:"deliveryDelay"`
}

type noticeAbout struct {
	Address string `json:"emailAddress"`
	Action  string `json:"action"`
	Status  string `json:"status"`
	Said    string `json:"diagnosticCode"`
}

// notice is nil where there is none.
func (v *view) notice() *notice {
	const far = 200 // into the text
	i := strings.IndexByte(clip(v.prose, far), '{')
	if i < 0 || !isNotifier(v.m.header) || !strings.Contains(v.prose, "notificationType") && !strings.Contains(v.prose, "eventType") {
		return nil
	}
	n := &notice{}
	text := strings.ReplaceAll(v.prose[i:], "!\n ", "") // where sendmail has broken a line that was too long
	if err := json.NewDecoder(strings.NewReader(text)).Decode(n); err != nil {
		return nil
	}
	if n.Type == "" && n.Event == "" && n.Message != "" {
		in := &notice{}
		if err := json.Unmarshal([]byte(n.Message), in); err != nil {
			return nil
		}
		n = in
	}
	if n.Type == "" {
		n.Type = n.Event
	}
	if len(n.about()) == 0 {
		return nil
	}
	return n
}

func (n *notice) complaint() bool { return n.Type == "Complaint" }

func (n *notice) about() []Recipient {
	var out []Recipient
	switch n.Type {
	case "Bounce":
		for _, r := range n.Bounce.Recipients {
			out = append(out, n.bounced(r))
		}
	case "Complaint":
		class := ClassComplaint
		if n.Complaint.Kind != "" {
			class = classOfFeedback(n.Complaint.Kind)
		}
		for _, r := range n.Complaint.Recipients {
			out = append(out, Recipient{Address: r.Address, Class: class, Text: "feedback: " + n.Complaint.Kind})
		}
	case "Delivery":
		for _, a := range n.Delivery.Recipients {
			out = append(out, Recipient{Address: a, Class: ClassDelivered, Action: delivered, Text: n.Delivery.Reply})
		}
	case "DeliveryDelay":
		for _, r := range n.Delay.Recipients {
			out = append(out, judged(r.Address, r.Status, delayed, r.Said))
		}
	}
	return out[:min(len(out), maxRecipients)]
}

// bounced judges by what the server said, and by the type where it is not told.
func (n *notice) bounced(r noticeAbout) Recipient {
	action := strings.ToLower(r.Action)
	said := r.Said
	if kind, text, ok := strings.Cut(said, ";"); ok && !strings.Contains(kind, " ") {
		said = strings.TrimSpace(text)
	}
	out := judged(r.Address, r.Status, action, said)
	if r.Status != "" || said != "" {
		return out
	}
	out.Text = strings.TrimSpace(n.Bounce.Type + " " + n.Bounce.Sub)
	switch n.Bounce.Type + " " + n.Bounce.Sub {
	case "Permanent General", "Permanent NoEmail", "Permanent Suppressed", "Permanent OnAccountSuppressionList":
		out.Class = reply.ClassBounce
	case "Transient MailboxFull":
		out.Class = reply.ClassFull
	case "Transient MessageTooLarge":
		out.Class = reply.ClassContent
	case "Transient ContentRejected", "Transient AttachmentRejected":
		out.Class = reply.ClassPolicy
	default:
		out.Class = reply.ClassReply
	}
	return out
}
