package reply

import "testing"

// Whose it is that does not exist is told by what stands beside the words, and by which side.
func TestOursIsMissing(t *testing.T) {
	for text, want := range map[string]bool{
		"HELO domain does not exist":                          true,
		"unknown host in EHLO":                                true,
		"no such user here: team@shop.example (sender)":       true,
		"the sender's account does not exist":                 true,
		"Absender unbekannt":                                  true,
		"Domaine de l'exp\u00e9diteur introuvable":            true,
		"the account your server tried to reach is unknown":   false,
		"El remitente es correcto, pero el usuario no existe": false,
		"HELO ok, MAIL FROM ok, user does not exist":          false,
		"user unknown":                                         false,
		"HELO mx.shop.example, unknown user":                   false,
		"EHLO accepted; recipient mailbox does not exist":      false,
		"unknown user, check your address":                     false,
		"your message to ann@example.org: no such user":        false,
		"user unknown. Message from your host was logged":      false,
		"Please verify your address list, it does not exist":   false,
		"sorry, no such mailbox; notify the sender of this":    false,
		"Empfänger unbekannt. Absender wurde benachrichtigt":   false,
		"<helo@your-domain.example>: user unknown in MAIL box": false,
	} {
		if got := plainOf(text).oursIsMissing(); got != want {
			t.Errorf("%q is about us: %v", text, got)
		}
	}
}
