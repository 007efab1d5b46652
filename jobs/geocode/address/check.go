package address

import (
	"fmt"
	"net/netip"
	"strings"
)

// Denied is a column that was guessed and whose values say that it is something else.
type Denied struct {
	Part   Part
	Column string
	Reason string
}

func (d Denied) String() string {
	return fmt.Sprintf("column %q is not taken as %s: %s", d.Column, d.Part, d.Reason)
}

// minSample is how many values say something about their column.
const minSample = 3

// Check looks at the values of some rows, and returns the mapping without the columns that they
// deny: a state that is shipped or pending, a postcode without any figure, an address with an @.
func (m Mapping) Check(rows []func(column string) string) (Mapping, []Denied) {
	var denied []Denied
	for p := range partCount {
		var kept []string
		for _, c := range m.columns[p] {
			if reason := denies(p, c, rows); reason != "" {
				denied = append(denied, Denied{p, c, reason})
				continue
			}
			kept = append(kept, c)
		}
		m.columns[p] = kept
	}
	if m.Has(Lat) != m.Has(Lon) {
		m.columns[Lat], m.columns[Lon] = nil, nil
	}
	if !m.Has(Street) {
		m.columns[Number] = nil
	}
	return m, denied
}

// denies says why the values of a column cannot be a part; "" if they can.
func denies(p Part, column string, rows []func(string) string) string {
	n, wrong := 0, 0
	example := ""
	for _, row := range rows {
		s := clean(row(column))
		if s == "" {
			continue
		}
		n++
		if !mayBe(p, s) {
			if wrong++; example == "" {
				example = s
			}
		}
	}
	// More than half of them: a list with some wrong rows is a list all the same.
	if n < minSample || wrong*2 <= n {
		return ""
	}
	if len(example) > 40 {
		example = example[:40] + "…"
	}
	return fmt.Sprintf("it has values like %q", strings.ToValidUTF8(example, ""))
}

// mayBe reports whether a value can be a part.
func mayBe(p Part, s string) bool {
	if p == ID || p == Name {
		return true
	}
	if strings.Contains(s, "@") && !strings.HasPrefix(s, "http") || isHost(s) {
		return false
	}
	switch p {
	case Postcode:
		return hasDigit(s) && len(s) <= 60
	case Lat, Lon:
		_, _, ok := angle(s)
		return ok
	case City, District, County:
		return hasLetter(s) && !isStatus(s)
	case State:
		return !isStatus(s) && (hasLetter(s) || len(s) <= 2)
	case Country:
		return hasLetter(s) && !isStatus(s) || len(s) == 3 && allDigits(s)
	case Street:
		return hasLetter(s) && !isStatus(s)
	case Whole:
		return !isStatus(s)
	case Number:
		return hasDigit(s) && len(s) <= 20
	default:
		return true
	}
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil && strings.ContainsAny(s, ".:") {
		return true
	}
	return len(s) == 17 && strings.Count(s, ":") == 5 // of a network card
}

// isStatus reports whether a value is a state of something that is no land.
func isStatus(s string) bool {
	switch strings.ToLower(s) {
	case "active", "inactive", "pending", "shipped", "delivered", "cancelled", "canceled", "paid", "unpaid", "open", "closed", "done", "new", "complete", "completed", "processing", "failed", "success", "succeeded", "refunded", "returned", "on hold", "hold", "draft", "approved", "rejected", "enabled", "disabled", "true", "false", "yes", "no", "in progress", "running", "stopped", "ready", "error", "ok", "expired", "trial", "fulfilled", "unfulfilled", "in transit", "archived", "deleted", "valid", "invalid",
		"aktiv", "inaktiv", "offen", "bezahlt", "versendet", "storniert", "geliefert", "erledigt", "neu", "actif", "inactif", "payé", "activo", "inactivo", "pendiente", "pagado", "enviado", "attivo", "inattivo", "ativo", "inativo", "pendente", "pago", "actief", "betaald", "aktywny", "nieaktywny", "nowy", "zakończony":
		return true
	}
	return false
}
