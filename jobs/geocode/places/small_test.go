package places

import (
	"brood/jobs/geocode/geo"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small is a few streets in which there is everything that a search must know.
const small = `lon,lat,number,street,unit,city,district,region,postcode,country
-89.6500,39.7800,100,Main St,,Springfield,,IL,62701,US
-89.6490,39.7800,102,Main St,,Springfield,,IL,62701,US
-89.6450,39.7800,110,Main St,,Springfield,,IL,62701,US
-89.6500,39.7802,101,Main St,,Springfield,,IL,62701,US
-89.6300,39.7802,151,Main St,,Springfield,,IL,62701,US
-72.5900,42.1000,100,Main St,,Springfield,,MA,01103,US
-73.9300,40.7500,37-10,31st Avenue,,Queens,,NY,11103,US
-73.9290,40.7500,37-14,31st Avenue,,Queens,,NY,11103,US
-73.9280,40.7500,37-02,31st Avenue,,Queens,,NY,11103,US
-73.9100,40.7500,5,32nd Avenue,,Queens,,NY,11103,US
13.3800,52.5300,12a,Hauptstraße,,Berlin,Mitte,,10115,DE
13.3810,52.5300,14,Hauptstraße,,Berlin,Mitte,,10115,DE
13.3820,52.5300,16-20,Hauptstraße,,Berlin,Mitte,,10115,DE
13.3800,52.5310,1,Karl-Liebknecht-Straße,,Berlin,,,10178,DE
13.3801,52.5320,,Mühlendamm,,Berlin,,,10178,DE
13.3901,52.5320,3,Mühlendamm,,Berlin,,,10178,DE
3.0400,50.6300,5,Rue de Loos,,Lille,Lomme,,59000,FR
3.0410,50.6300,5 bis,Rue de Loos,,Lille,Lomme,,59000,FR
3.0420,50.6300,7,Rue de Loos,,Lille,Lomme,,59000,FR
3.0500,50.6310,12,Rue de l'Église,,Lille,,,59000,FR
3.1500,50.6310,12,Rue de l'Église,,Lille,,,59000,FR
9.1900,45.4600,12/3,Via Roma,,Milano,,,20121,IT
9.1910,45.4600,15,Via Roma,,Milano,,,20121,IT
11.0000,46.0000,5,Via Unica Montanara,,Fiera,,,38054,IT
179.9990,-16.8000,1,Date Line Road,,Taveuni,,,,FJ
-179.9990,-16.8000,3,Date Line Road,,Taveuni,,,,FJ
`

// ranges are those of a street in the form of TIGER.
const ranges = `from;to;interpolation;street;city;state;postcode;geometry
100;198;even;Range Rd;Salem;OR;97301;LINESTRING(-123.00 44.90,-123.00 44.91)
101;199;odd;Range Rd;Salem;OR;97301;LINESTRING(-123.001 44.90,-123.001 44.91)
200;298;even;Range Rd;Salem;OR;97301;LINESTRING(-123.00 44.91,-123.00 44.92)
`

// index makes an index of texts.
func index(t testing.TB, texts ...string) *Index {
	t.Helper()
	dir := t.TempDir()
	var i Import
	for n, text := range texts {
		path := filepath.Join(dir, fmt.Sprintf("%d.csv", n))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		i.Files = append(i.Files, path)
	}
	if _, err := i.Write(t.Context(), filepath.Join(dir, "x.places")); err != nil {
		t.Fatal(err)
	}
	x, err := Open(filepath.Join(dir, "x.places"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func tell(p *geo.Place) string {
	return fmt.Sprintf("%s %s %s %.4f %.4f", p.Formatted, p.Match, p.Precision, p.Lat, p.Lon)
}

// TestFind asks for what is there, in parts: number|street|city|state|postcode|country.
func TestFind(t *testing.T) {
	x := index(t, small, ranges)
	for asked, want := range map[string]string{
		"100|Main Street|Springfield|IL|62701|US":   "100 Main St, Springfield, IL 62701 exact rooftop 39.7800 -89.6500",
		"100|main st|springfield|MA||US":            "100 Main St, Springfield, MA 01103 exact rooftop 42.1000 -72.5900",
		"100|Main St|||1103|US":                     "100 Main St, Springfield, MA 01103 exact rooftop 42.1000 -72.5900", // a spreadsheet took the nought
		"100|Main St||IL|1103|US":                   "",                                                                  // of another state than that of the whole code
		"100|Main St|||62701-1234|US":               "100 Main St, Springfield, IL 62701 exact rooftop 39.7800 -89.6500",
		"106|Main St|Springfield|IL||US":            "106 Main St, Springfield, IL 62701 interpolated street 39.7800 -89.6470",
		"104|Main St|Springfield|IL|62701|":         "104 Main St, Springfield, IL 62701 interpolated street 39.7800 -89.6480",
		"112|Main St|Springfield|IL|62701|US":       "112 Main St, Springfield, IL 62701 interpolated street 39.7802 -89.6456", // between odd ones
		"200|Main St|Springfield|IL|62701|US":       "Main St, Springfield, IL 62701 fallback street 39.7800 -89.6490",         // never beyond the last
		"|Main St|Springfield|IL|62701|US":          "Main St, Springfield, IL 62701 exact street 39.7800 -89.6490",
		"Haus Nord|Main St|Springfield|IL|62701|US": "Main St, Springfield, IL 62701 fallback street 39.7800 -89.6490",
		"37-12|31st Ave|Queens|NY|11103|US":         "37-12 31st Avenue, Queens, NY 11103 interpolated rooftop 40.7500 -73.9295",
		"37-2|31 Avenue|Queens|NY|11103|US":         "37-02 31st Avenue, Queens, NY 11103 exact rooftop 40.7500 -73.9280",
		"37-20|31st Ave|Queens|NY|11103|US":         "31st Avenue, Queens, NY 11103 fallback street 40.7500 -73.9300",
		"5|33rd Avenue|Queens|NY|11103|US":          "", // 32nd is another street
		"12a|Hauptstr.|Berlin||10115|DE":            "Hauptstraße 12a, 10115 Berlin exact rooftop 52.5300 13.3800",
		"12|Haupt Strasse|Berlin||10115|DE":         "Hauptstraße 12a, 10115 Berlin interpolated rooftop 52.5300 13.3800",
		"18|HAUPTSTRASSE|Mitte|||DE":                "Hauptstraße 16-20, 10115 Berlin exact rooftop 52.5300 13.3820",
		"14-16|Hauptstraße|Berlin||10115|DE":        "Hauptstraße 14, 10115 Berlin interpolated rooftop 52.5300 13.3810",
		"14|Haubtstraße|Berlin||10115|DE":           "Hauptstraße 14, 10115 Berlin exact rooftop 52.5300 13.3810",
		"1|Karl Liebknecht Str|Berlin|||DE":         "Karl-Liebknecht-Straße 1, 10178 Berlin exact rooftop 52.5310 13.3800",
		"1|Karl Liebknecht Strase|Berlni|||DE":      "Karl-Liebknecht-Straße 1, 10178 Berlin exact rooftop 52.5310 13.3800",
		"|Muehlendamm|Berlin|||DE":                  "Mühlendamm, 10178 Berlin exact street 52.5320 13.3801",
		"9|Muhlendamm|Berlin|||DE":                  "Mühlendamm, 10178 Berlin fallback street 52.5320 13.3801",
		"5 bis|R. de Loos|Lille||59000|FR":          "5 bis Rue de Loos, 59000 Lille exact rooftop 50.6300 3.0410",
		"5 ter|rue de loos|Lille Cedex 9|||FR":      "5 Rue de Loos, 59000 Lille interpolated rooftop 50.6300 3.0400",
		"7|Rue de Loos|Lomme|||FR":                  "7 Rue de Loos, 59000 Lille exact rooftop 50.6300 3.0420",
		"12|Rue de l'Eglise|Lille||59000|FR":        "12 Rue de l'Église, 59000 Lille exact rooftop 50.6310 3.0500",
		"12/3|Via Roma|Milano||20121|IT":            "Via Roma 12/3, 20121 Milano exact rooftop 45.4600 9.1900",
		"12|Via Roma|Milano||20121|IT":              "Via Roma 12/3, 20121 Milano interpolated rooftop 45.4600 9.1900",
		"5|Via Unica Montanara|Nessuno|||IT":        "Via Unica Montanara 5, 38054 Fiera exact rooftop 46.0000 11.0000", // the only one of its name
		"5|Via Unica Montanara|Milano|||IT":         "",                                                                 // not in that town
		"5|Via Unica Montanara|||38054|FR":          "",                                                                 // not in that country
		"2|Date Line Rd|Taveuni|||FJ":               "Date Line Road, Taveuni fallback street -16.8000 179.9990",
		"150|Range Road|Salem|OR|97301|US":          "150 Range Rd, Salem, OR 97301 interpolated street 44.9051 -123.0000",
		"198|Range Road|Salem|OR|97301|US":          "198 Range Rd, Salem, OR 97301 interpolated rooftop 44.9100 -123.0000",
		"299|Range Road|Salem|OR|97301|US":          "Range Rd, Salem, OR 97301 fallback street 44.9100 -123.0000",
		"100|Oak St|Springfield|IL|62701|US":        "",
	} {
		f := strings.Split(asked, "|")
		q := &geo.Query{Address: geo.Address{Number: f[0], Street: f[1], City: f[2], State: f[3], Postcode: f[4], CountryCode: f[5]}}
		found, err := x.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(found) > 0 {
			got = tell(&found[0])
		}
		if got != want {
			t.Errorf("%s:\n got  %s\n want %s", asked, got, want)
		}
	}
}

// TestLine asks for addresses on one line, whose parts the index knows.
func TestLine(t *testing.T) {
	x := index(t, small)
	for line, want := range map[string]string{
		"100 Main St, Springfield, IL 62701":            "100 Main St, Springfield, IL 62701 exact rooftop 39.7800 -89.6500",
		"100 main street springfield il 62701 usa":      "100 Main St, Springfield, IL 62701 exact rooftop 39.7800 -89.6500",
		"100 Main St Apt 4, 01103":                      "100 Main St, Springfield, MA 01103 exact rooftop 42.1000 -72.5900",
		"Hauptstr. 14, 10115 Berlin":                    "Hauptstraße 14, 10115 Berlin exact rooftop 52.5300 13.3810",
		"10115 Berlin, Hauptstraße 14":                  "Hauptstraße 14, 10115 Berlin exact rooftop 52.5300 13.3810",
		"Berlin Hauptstrasse 14":                        "Hauptstraße 14, 10115 Berlin exact rooftop 52.5300 13.3810",
		"Haubtstrasse 14 D-10115 Berlin":                "Hauptstraße 14, 10115 Berlin exact rooftop 52.5300 13.3810",
		"5 bis rue de Loos 59000 Lille":                 "5 bis Rue de Loos, 59000 Lille exact rooftop 50.6300 3.0410",
		"5 bis, rue de Loos, Lille":                     "5 bis Rue de Loos, 59000 Lille exact rooftop 50.6300 3.0410",
		"37-10 31st Avenue, Queens NY":                  "37-10 31st Avenue, Queens, NY 11103 exact rooftop 40.7500 -73.9300",
		"Via Roma 12/3, Milano":                         "Via Roma 12/3, 20121 Milano exact rooftop 45.4600 9.1900",
		"c/o Rossi, Via Roma, 12/3, 20121 Milano (MI)":  "Via Roma 12/3, 20121 Milano exact rooftop 45.4600 9.1900",
		"Karl-Liebknecht-Straße 1\n10178 Berln":         "Karl-Liebknecht-Straße 1, 10178 Berlin exact rooftop 52.5310 13.3800",
		"Mühlendamm, Berlin":                            "Mühlendamm, 10178 Berlin exact street 52.5320 13.3801",
		"nothing of this is known here":                 "",
		", ;":                                           "",
		"62701":                                         "",
		strings.Repeat("Main 5 Springfield 62701 ", 99): "",
		"5 Via Unica Montanara, Milano":                 "",
		"5 Via Unica Montanara, Fiera di Primiero":      "Via Unica Montanara 5, 38054 Fiera exact rooftop 46.0000 11.0000",
		"Via Unica Montanara 5":                         "Via Unica Montanara 5, 38054 Fiera exact rooftop 46.0000 11.0000",
	} {
		found, err := x.Find(t.Context(), &geo.Query{Address: geo.Address{Line: line}})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(found) > 0 {
			got = tell(&found[0])
		}
		if got != want {
			t.Errorf("%.60s:\n got  %s\n want %s", line, got, want)
		}
	}
}

// TestBounds: countries, a box, and a point that answers should be near.
func TestBounds(t *testing.T) {
	x := index(t, small)
	q := geo.Query{Address: geo.Address{Number: "100", Street: "Main St", City: "Springfield"}}
	first := func(q geo.Query) string {
		found, err := x.Find(t.Context(), &q)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			return ""
		}
		return fmt.Sprintf("%s %.2f of %d", found[0].State, found[0].Confidence, len(found))
	}
	near, box := q, q
	near.Near = &geo.Point{Lat: 42, Lon: -72}
	box.Box = &geo.Box{West: -73, South: 42, East: -72, North: 43}
	abroad := q
	abroad.Countries = []string{"DE"}
	city := q
	city.Level = geo.LevelCity
	box2 := q
	box2.Limit = 1
	for _, c := range []struct {
		q    geo.Query
		want string
	}{{q, "IL 0.50 of 2"}, {near, "MA 0.50 of 2"}, {box, "MA 1.00 of 1"}, {abroad, ""}, {city, ""}, {box2, "IL 0.50 of 1"}} {
		if got := first(c.q); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
	if found, err := x.Find(t.Context(), &geo.Query{Address: geo.Address{POBox: "12", Line: "PO Box 12, 62701 Springfield"}}); err != nil || len(found) > 0 {
		t.Errorf("a box at a post office is at %v, %v", found, err)
	}
}

// TestReverse finds what is nearest, within ranges too, and over the 180th meridian.
func TestReverse(t *testing.T) {
	x := index(t, small, ranges)
	for _, c := range []struct {
		lat, lon, most float64
		want           string
	}{
		{39.7801, -89.6491, 0, "102 Main St, Springfield, IL 62701 exact rooftop 39.7800 -89.6490, 14 m"},
		{52.5300, 13.3821, 0, "Hauptstraße 16-20, 10115 Berlin exact rooftop 52.5300 13.3820, 7 m"},
		{-16.8, 180, 0, "Date Line Road 1, Taveuni exact rooftop -16.8000 179.9990, 106 m"},
		{-16.8, -179.9999, 0, "Date Line Road 3, Taveuni exact rooftop -16.8000 -179.9990, 96 m"},
		{44.905, -122.9995, 0, "150 Range Rd, Salem, OR 97301 interpolated rooftop 44.9050 -123.0000, 39 m"},
		{44.905, -122.9995, 30, ""},
		{0, 0, 0, ""},
		{91, 0, 0, ""},
		{52.5320, 13.3801, 0, "Mühlendamm, 10178 Berlin exact street 52.5320 13.3801, 0 m"},
	} {
		found, err := x.Find(t.Context(), &geo.Query{Reverse: true, Point: geo.Point{Lat: c.lat, Lon: c.lon}, MaxMetres: c.most})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(found) > 0 {
			got = fmt.Sprintf("%s, %.0f m", tell(&found[0]), found[0].Metres)
		}
		if got != c.want {
			t.Errorf("%v, %v:\n got  %s\n want %s", c.lat, c.lon, got, c.want)
		}
	}
}
