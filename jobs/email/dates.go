package email

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// moment is a time in a template.
type moment struct{ time.Time }

func (m moment) String() string { return m.Format(time.RFC3339) }

// dateLayouts are how values write dates. 12/24/2026 is none: it may be another day elsewhere.
var dateLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly, "20060102", "2006/01/02",
	"2.1.2006", "2.1.2006 15:04", "2.1.2006 15:04:05", "2 January 2006", "January 2, 2006", "2 Jan 2006", "Jan 2, 2006",
	"2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05.999999-07", "2006-01-02 15:04:05 -0700", time.RFC1123Z, time.RFC1123,
}

// dateOf reads a date, or a date and a time.
func dateOf(v any) (time.Time, error) {
	switch v := v.(type) {
	case moment:
		return v.Time, nil
	case time.Time:
		return v, nil
	case string:
		text := strings.TrimSpace(v)
		for _, layout := range dateLayouts {
			if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date such as 2026-12-24, 2026-12-24 18:00 or 24.12.2026", fmt.Sprint(v))
}

// plusDays is a date so many days later, at the same time of the day.
func plusDays(days int, v any) (moment, error) {
	t, err := dateOf(v)
	return moment{t.AddDate(0, 0, days)}, err
}

// checkLayout refuses a layout of a date in which nothing of a date is, such as %d.%m.%Y.
func checkLayout(layout string) error {
	a, b := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC), time.Date(2010, 11, 12, 13, 14, 15, 0, time.UTC)
	if strings.Contains(layout, "%") || a.Format(layout) == b.Format(layout) {
		return fmt.Errorf("date %q: a date is described by how 2 January 2006, 15:04:05 would be written, as in %q", layout, "02.01.2006")
	}
	return nil
}

// dateNames are what a language calls months and days of the week, January and Sunday first, as
// they stand beside a day.
type dateNames struct{ months, days []string }

var namesOf = sync.OnceValue(func() map[string]dateNames {
	out := make(map[string]dateNames)
	for lang, names := range map[string][2]string{
		"de":    {"Januar Februar März April Mai Juni Juli August September Oktober November Dezember", "Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"},
		"de-at": {"Jänner Februar März April Mai Juni Juli August September Oktober November Dezember", "Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"},
		"fr":    {"janvier février mars avril mai juin juillet août septembre octobre novembre décembre", "dimanche lundi mardi mercredi jeudi vendredi samedi"},
		"es":    {"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre", "domingo lunes martes miércoles jueves viernes sábado"},
		"it":    {"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre", "domenica lunedì martedì mercoledì giovedì venerdì sabato"},
		"nl":    {"januari februari maart april mei juni juli augustus september oktober november december", "zondag maandag dinsdag woensdag donderdag vrijdag zaterdag"},
		"pt":    {"janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro", "domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado"},
		"pl":    {"stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia", "niedziela poniedziałek wtorek środa czwartek piątek sobota"},
		"cs":    {"ledna února března dubna května června července srpna září října listopadu prosince", "neděle pondělí úterý středa čtvrtek pátek sobota"},
		"sv":    {"januari februari mars april maj juni juli augusti september oktober november december", "söndag måndag tisdag onsdag torsdag fredag lördag"},
		"da":    {"januar februar marts april maj juni juli august september oktober november december", "søndag mandag tirsdag onsdag torsdag fredag lørdag"},
		"nb":    {"januar februar mars april mai juni juli august september oktober november desember", "søndag mandag tirsdag onsdag torsdag fredag lørdag"},
	} {
		out[lang] = dateNames{strings.Fields(names[0]), strings.Fields(names[1])}
	}
	out["no"] = out["nb"]
	return out
})

// named are the parts of a layout that are names in English: time.Format.
var namedParts = []string{"January", "Jan", "Monday", "Mon"}

// writeDate writes a date by a layout, with the names of a language; "" is English.
func writeDate(layout, lang string, t time.Time) (string, error) {
	lang = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(lang), "_", "-"))
	wider, _, _ := strings.Cut(lang, "-")
	if lang == "" || wider == "en" || !slices.ContainsFunc(namedParts, func(p string) bool { return strings.Contains(layout, p) }) {
		return t.Format(layout), nil
	}
	names, ok := namesOf()[lang]
	if !ok {
		names, ok = namesOf()[wider]
	}
	if !ok {
		return "", fmt.Errorf("the names of months are not known in language %q, but in en, %s: write numbers, as in %q", lang, strings.Join(slices.Sorted(maps.Keys(namesOf())), ", "), "2006-01-02")
	}
	short := func(s string) string { return string([]rune(s)[:min(3, len([]rune(s)))]) }
	month, day := names.months[t.Month()-1], names.days[t.Weekday()]
	var out strings.Builder
	for layout != "" {
		part, at := "", len(layout)
		for _, p := range namedParts { // the longer one of two that begin alike is first
			if i := strings.Index(layout, p); i >= 0 && i < at {
				part, at = p, i
			}
		}
		out.WriteString(t.Format(layout[:at]))
		switch part {
		case "January":
			out.WriteString(month)
		case "Jan":
			out.WriteString(short(month))
		case "Monday":
			out.WriteString(day)
		case "Mon":
			out.WriteString(short(day))
		}
		layout = layout[at+len(part):]
	}
	return out.String(), nil
}
