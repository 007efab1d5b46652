package fold_test

import (
	"brood/jobs/fold"
	"strings"
	"testing"
)

// TestStreet holds that the spellings of one street, with bars between, are the same.
func TestStreet(t *testing.T) {
	for _, c := range []struct{ country, spellings, want string }{
		{"DE", "Hauptstraße|Haupt Str.|hauptstr|Hauptstr.|HAUPTSTRASSE|Haupt-Straße", "hauptstr"},
		{"DE", "Straße des 17. Juni|Str. des 17 Juni", "str des 17 juni"},
		{"DE", "Kirchgasse|Kirch Gasse", "kirchg"},
		{"DE", "Karl-Marx-Platz|Karl Marx Pl.|Karl-Marxplatz", "karl marxpl"},
		{"AT", "Wiedner Gürtel", "wiedner gurtel"},
		{"CH", "Bahnhofstrasse|Bahnhofstr.", "bahnhofstr"},
		{"CH", "Rue du Rhône|R. du Rhone", "r du rhone"},
		{"NL", "Kerkstraat|Kerkstr.|Kerk straat", "kerkstr"},
		{"NL", "Burgemeester van der Meerlaan|Burg. v.d. Meerln|Burg vd Meerlaan", ""},
		{"SE", "Storgatan|Storg.|Stor gatan", "storg"},
		{"NO", "Kirkeveien|Kirkevn|Kirkevegen", "kirkev"},
		{"FI", "Mannerheimintie|Mannerheimin tie", "mannerheimint"},
		{"US", "North Main Street|N. Main St|N MAIN ST.|North Main St", "n main st"},
		{"US", "West Fifth Avenue|W 5th Ave|W 5 Av.", "w 5 av"},
		{"US", "Martin Luther King Jr Boulevard|Martin Luther King Jr Blvd.", "martin luther king jr blvd"},
		{"GB", "St. Mary's Road|Saint Mary's Rd", "st marys rd"},
		{"FR", "Boulevard de l'Église|Bd de l Eglise|Boul. de l’église", "bd de leglise"},
		{"FR", "Rond-point des Pins|Rd Pt des Pins|rondpoint des pins", "rpt des pins"},
		{"IT", "Piazza San Marco|P.zza S. Marco|P.za San Marco", "pza s marco"},
		{"ES", "Avenida de América|Av. de America|Avda de América", ""},
		{"PL", "ul. Marszałkowska|Marszałkowska|Ulica Marszałkowska", "marszalkowska"},
		{"PL", "ulica", "ul"},
		{"RU", "ул. Ленина|улица Ленина|Ленина", "ленина"},
		{"", "Main Street|Main St.", "main st"},
		{"", "Hauptstraße|Hauptstr.", "hauptstr"},
		{"US", "", ""},
	} {
		want := c.want
		for spelling := range strings.SplitSeq(c.spellings, "|") {
			got := fold.Street(spelling, c.country)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("Street(%q, %q) = %q, want %q", spelling, c.country, got, want)
			}
		}
	}
}

// TestStreetTells holds that streets of different names, or of another kind, are not the same.
func TestStreetTells(t *testing.T) {
	for _, c := range [][3]string{
		{"US", "Main Street", "Main Avenue"},
		{"US", "N Main St", "S Main St"},
		{"US", "5th Street", "6th Street"},
		{"DE", "Hauptstraße", "Hauptplatz"},
		{"DE", "Kirchweg", "Kirchgasse"},
		{"FR", "Rue Pasteur", "Avenue Pasteur"},
		{"NL", "Kerkstraat", "Kerklaan"},
	} {
		if a, b := fold.Street(c[1], c[0]), fold.Street(c[2], c[0]); a == b {
			t.Errorf("%s and %s are both %q", c[1], c[2], a)
		}
	}
}

func FuzzStreet(f *testing.F) {
	f.Add("Haupt Str. 5th l'eau", "DE")
	f.Add("W 5th Ave", "US")
	f.Add("rd pt d'ici", "FR")
	f.Fuzz(func(t *testing.T, s, country string) {
		got := fold.Street(s, country)
		if strings.HasPrefix(got, " ") || strings.HasSuffix(got, " ") || strings.Contains(got, "  ") {
			t.Errorf("Street(%q, %q) = %q", s, country, got)
		}
		if got == "" && fold.String(s) != "" {
			t.Errorf("nothing is left of %q", s)
		}
		if again := fold.Street(fold.String(s), country); again != got {
			t.Errorf("Street(%q) = %q, but of what is folded %q", s, got, again)
		}
	})
}
