package source

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// heard is what was told of files.
type heard struct {
	points, odd []string
	what        []What
}

func (h *heard) options(columns, country string) *Options {
	c, err := ParseColumns(columns)
	if err != nil {
		panic(err)
	}
	return &Options{
		Columns: c, Country: country,
		Said:  func(w What) error { h.what = append(h.what, w); return nil },
		Point: func(p Point) error { h.points = append(h.points, describe(&p)); return nil },
		Odd: func(o Oddity) error {
			h.odd = append(h.odd, fmt.Sprintf("%d %s: %s", o.Line, o.Kind, o.Text))
			return nil
		},
	}
}

func describe(p *Point) string {
	s := fmt.Sprintf("%d %s|%s|%s|%s|%s|%s|%s %.5f %.5f", p.Line, p.Number, p.Street, p.City, p.District, p.Region, p.Postcode, p.Country, p.Lat, p.Lon)
	if p.Unit {
		s += " unit"
	}
	if p.Anchor {
		s += " anchor"
	}
	return s
}

// readText reads a file with this text.
func readText(t *testing.T, h *heard, text []byte, columns, country string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(t.Context(), path, h.options(columns, country))
}

func compare(t *testing.T, what string, got []string, want string) {
	t.Helper()
	if g := strings.Join(got, "\n"); g != strings.TrimSpace(want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, g, strings.TrimSpace(want))
	}
}

// TestForms reads a file of each form as it comes from where it is made.
func TestForms(t *testing.T) {
	for _, c := range []struct {
		name, text, columns, country string
		format                       Format
		points, odd                  string
	}{
		{
			name: "OpenAddresses", format: OpenAddresses, country: "US",
			text: "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n" +
				"-89.6501,39.7817,12A,Main St,,Springfield,Sangamon,IL,62701,1,ab\n" +
				"-89.6502,39.7818,14,\"Oak \"\"Old\"\" St, North\",Apt 3,Springfield,,IL,62701,2,ac\n",
			points: "2 12a|Main St|Springfield|Sangamon|IL|62701|US 39.78170 -89.65010\n3 14|Oak \"Old\" St, North|Springfield||IL|62701|US 39.78180 -89.65020 unit",
		},
		{
			name: "OpenAddresses as GeoJSON", format: OpenAddresses, country: "NL",
			text: `{"type":"Feature","properties":{"hash":"a","number":"12","street":"Dorpsstraat","unit":"","city":"Rotterdam","district":"","region":"ZH","postcode":"3011 AA","id":""},"geometry":{"type":"Point","coordinates":[4.48,51.92]}}` + "\n" +
				`{"type":"Feature","properties":{"hash":"b","number":"14","street":"Dorpsstraat"},"geometry":null}` + "\n" + `{"type":"Feat` + "\n",
			points: "1 12|Dorpsstraat|Rotterdam||ZH|3011 AA|NL 51.92000 4.48000",
			odd:    "2 no coordinates: its geometry is no point\n3 malformed row: not a feature: {\"type\":\"Feat",
		},
		{
			name: "a FeatureCollection", format: GeoJSON,
			text: "{\n\"type\": \"FeatureCollection\",\n\"features\": [\n" +
				`{ "type": "Feature", "properties": { "addr:housenumber": 5, "addr:street": "Hauptstr.", "addr:city": "Ulm" }, "geometry": { "type": "Point", "coordinates": [ 9.99, 48.4 ] } },` + "\n]\n}\n",
			points: "4 5|Hauptstr.|Ulm|||| 48.40000 9.99000",
		},
		{
			name: "BAN", format: BAN,
			text: "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;type_position;alias\n" +
				"59360_1;;12;bis;Rue de Loos;59000;59350;Lille;59355;Lomme;700000.1;7059000.2;3.0412;50.6311;entrée;\n" +
				"59360_2;;9999;;Le Bourg;59000;59350;Lille;;;700000.1;7059000.2;3.0413;50.6312;;\n",
			points: "2 12 bis|Rue de Loos|Lille|Lomme||59000|FR 50.63110 3.04120\n3 |Le Bourg|Lille|||59000|FR 50.63120 3.04130",
			odd:    "3 no number: taken for the street: Le Bourg",
		},
		{
			name: "BAN with its columns moved", format: BAN,
			text:   "lat;lon;nom_commune;code_postal;nom_voie;rep;numero;x;y\n50.6311;3.0412;Lille;59000;Rue de Loos;;7;1;2\n",
			points: "2 7|Rue de Loos|Lille|||59000|FR 50.63110 3.04120",
		},
		{
			name: "G-NAF", format: GNAF,
			text: "ADDRESS_DETAIL_PID|NUMBER_FIRST_PREFIX|NUMBER_FIRST|NUMBER_FIRST_SUFFIX|NUMBER_LAST|FLAT_NUMBER|STREET_NAME|STREET_TYPE_CODE|STREET_SUFFIX_CODE|LOCALITY_NAME|STATE_ABBREVIATION|POSTCODE|LONGITUDE|LATITUDE\n" +
				"GANSW1||12|A|||GEORGE|STREET|N|SYDNEY|NSW|2000|151.2073|-33.8612\nGANSW2||3||7|2|THE CORSO|||MANLY|NSW|2095|151.28|-33.79\n",
			points: "2 12a|GEORGE STREET N|SYDNEY||NSW|2000|AU -33.86120 151.20730\n3 3-7|THE CORSO|MANLY||NSW|2095|AU -33.79000 151.28000 unit",
		},
		{
			name: "TIGER of Nominatim", format: Ranges,
			text: "from;to;interpolation;street;city;state;postcode;geometry\n100;108;even;Main St;Salem;OR;97301;LINESTRING(-123.0 44.9,-123.0 44.902,-123.0 44.904)\n" +
				"1;4;all;Oak St;Salem;OR;97301;LINESTRING(-123 45,-123 46)\n9;1;odd;Elm St;Salem;OR;97301;LINESTRING(-123 45,-123 46)\nx;9;odd;Elm St;Salem;OR;97301;LINESTRING(-123 45,-123 46)\n1;9;odd;Elm St;Salem;OR;97301;POINT(1 2)\n",
			points: "2 100|Main St|Salem||OR|97301|US 44.90000 -123.00000 anchor\n2 104|Main St|Salem||OR|97301|US 44.90200 -123.00000 anchor\n2 108|Main St|Salem||OR|97301|US 44.90400 -123.00000 anchor\n" +
				"3 1|Oak St|Salem||OR|97301|US 45.00000 -123.00000 anchor\n3 3|Oak St|Salem||OR|97301|US 46.00000 -123.00000 anchor\n3 2|Oak St|Salem||OR|97301|US 45.00000 -123.00000 anchor\n3 4|Oak St|Salem||OR|97301|US 46.00000 -123.00000 anchor\n" +
				"4 9|Elm St|Salem||OR|97301|US 45.00000 -123.00000 anchor\n4 1|Elm St|Salem||OR|97301|US 46.00000 -123.00000 anchor",
			odd: "5 not a house number: x to 9\n6 no coordinates: POINT(1 2)",
		},
		{
			name: "ADDRFEAT", format: Ranges,
			text:   "WKT,FULLNAME,LFROMHN,LTOHN,RFROMHN,RTOHN,ZIPL,ZIPR,PARITYL,PARITYR\n\"LINESTRING (-123.0 44.9,-123.0 44.901)\",Main St,101,199,100,198,97301,97302,O,E\n\"LINESTRING (-123.0 44.9,-123.0 44.901)\",Oak St,,,2,8,,97302,,E\n",
			points: "2 101|Main St||||97301|US 44.90000 -123.00000 anchor\n2 199|Main St||||97301|US 44.90100 -123.00000 anchor\n2 100|Main St||||97302|US 44.90000 -123.00000 anchor\n2 198|Main St||||97302|US 44.90100 -123.00000 anchor\n3 2|Oak St||||97302|US 44.90000 -123.00000 anchor\n3 8|Oak St||||97302|US 44.90100 -123.00000 anchor",
		},
		{
			name: "a column map", format: CSV, columns: "lat=Y,lon=X,number=NUM,street=NAME+TYPE,city=TOWN", country: "IE",
			text:   "X,Y,NUM,NAME,TYPE,TOWN,note\n-6.26,53.35,7,Abbey,St,Dublin,\"two\nlines\"\n-6.27,53.36,9,Mary,,Dublin,\n",
			points: "2 7|Abbey St|Dublin||||IE 53.35000 -6.26000\n4 9|Mary|Dublin||||IE 53.36000 -6.27000",
		},
		{
			name: "one column for number and street", format: CSV,
			text:   "Adresse\tPLZ\tOrt\tBreitengrad\tLängengrad\nHauptstr. 12a\t10115\tBerlin\t52,53\t13,38\n12 bis Rue X\t75001\tParis\t48,86\t2,34\nAm Markt\t10115\tBerlin\t52,5\t13,4\nVia Roma, 5\t00100\tRoma\t41,9\t12,5\nGasse 7 b\t1\tWien\t48,2\t16,4\n",
			points: "2 12a|Hauptstr.|Berlin|||10115| 52.53000 13.38000\n3 12 bis|Rue X|Paris|||75001| 48.86000 2.34000\n4 |Am Markt|Berlin|||10115| 52.50000 13.40000\n5 5|Via Roma|Roma|||00100| 41.90000 12.50000\n6 7b|Gasse|Wien|||1| 48.20000 16.40000",
			odd:    "4 no number: taken for the street: Am Markt",
		},
		{
			name: "what is odd", format: CSV,
			text: "lon,lat,number,street,city,postcode,country\n0,0,1,A,B,1,\n1,,1,A,B,1,\n600000,7000000,1,A,B,1,\n20,120,1,A,B,1,\n1,1,12 Main St,,B,1,\n1,1,Main St,12,B,1,\n1,1,99999999,A,B,1,\n1,1,5,,Lhota,1,cz\n1,1,,A,B,1,\n1,1,5,,,,\n1,1,5,A,,,\n" +
				"\"1,1,5,A,B,1,\n1,1,6,A,B,1,\n1,1,7\n",
			points: "9 5|Lhota|Lhota|||1|CZ 1.00000 1.00000\n10 |A|B|||1| 1.00000 1.00000\n12 5|A||||| 1.00000 1.00000\n14 6|A|B|||1| 1.00000 1.00000",
			odd: "2 0,0: 0, 0\n3 no coordinates: , 1\n4 coordinates out of range: 7000000, 600000\n5 coordinates swapped: 120, 20\n6 street in the number column: 12 Main St\n7 street in the number column: Main St\n8 not a house number: 99999999\n" +
				"9 no street: the town is taken for it: 5 Lhota\n10 no number: taken for the street: A\n11 no street: 5\n12 neither town nor postcode: 5 A\n13 malformed row: a quote is not closed\n15 no street: 7",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h heard
			if err := readText(t, &h, []byte(c.text), c.columns, c.country); err != nil {
				t.Fatal(err)
			}
			compare(t, "points", h.points, c.points)
			compare(t, "odd", h.odd, c.odd)
			if len(h.what) != 1 || h.what[0].Format != c.format {
				t.Errorf("taken for %+v", h.what)
			}
		})
	}
}

// TestCoats reads the same from files that are packed, and in other encodings.
func TestCoats(t *testing.T) {
	const text = "lon,lat,number,street,city\n2.3,48.9,5,Rue de l’Église,Étaples\n"
	const want = "2 5|Rue de l’Église|Étaples|||| 48.90000 2.30000"
	gz := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, _ = w.Write(b)
		_ = w.Close()
		return out.Bytes()
	}
	archive := func(files ...string) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for _, name := range files {
			f, err := w.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, ".csv") {
				_, _ = f.Write([]byte(text))
			} else {
				_, _ = f.Write([]byte("read me"))
			}
		}
		_ = w.Close()
		return out.Bytes()
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	latin, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"plain":        {[]byte(text), want},
		"a mark first": {append([]byte("\xef\xbb\xbf"), text...), want},
		"CRLF":         {bytes.ReplaceAll([]byte(text), []byte("\n"), []byte("\r\n")), want},
		"gzip":         {gz([]byte(text)), want},
		"gzip twice":   {append(gz([]byte(text[:30])), gz([]byte(text[30:]))...), want},
		"zstd":         {encoder.EncodeAll([]byte(text), nil), want},
		"zip":          {archive("README.md", "a/x.csv", "__MACOSX/a/x.csv", "a/.x.csv"), want},
		"two in a zip": {archive("x.csv", "y.csv"), want + "\n" + want},
		"UTF-16":       {utf16, want},
		"Windows-1252": {latin, want},
		"in gzip":      {gz(utf16), want},
	} {
		t.Run(name, func(t *testing.T) {
			var h heard
			if err := readText(t, &h, c.file, "", ""); err != nil {
				t.Fatal(err)
			}
			compare(t, "points", h.points, c.want)
			if (len(h.odd) == 1) != (name == "Windows-1252") {
				t.Errorf("odd: %q", h.odd)
			}
		})
	}
}

// TestRefused: what cannot be read at all is an error that says why.
func TestRefused(t *testing.T) {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	_, _ = w.Create("README")
	_ = w.Close()
	for text, want := range map[string]string{
		"":                               "it is empty",
		"\n\n":                           "it is empty",
		"a,b,c\n1,2,3\n":                 "no column was found for lat and lon and street",
		"lat,lon,name2\n1,2,3\n":         "no column was found for street",
		"\"lat,lon\n":                    "a quote that is not closed",
		"{}\n{}\n":                       "no GeoJSON with one feature on each line",
		"{\"type\":\"Topology\"}":        "no GeoJSON",
		packed.String():                  "there is no table in the archive",
		"\x1f\x8b\x08\x00broken":         "",
		"\x28\xb5\x2f\xfd broken as zst": "",
	} {
		var h heard
		if err := readText(t, &h, []byte(text), "", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	var h heard
	if err := readText(t, &h, []byte("lat,lon,street\n1,2,3\n"), "number=NUM", ""); err == nil || !strings.Contains(err.Error(), `there is no column "NUM"; there are lat, lon, street`) {
		t.Error(err)
	}
	if err := Read(t.Context(), filepath.Join(t.TempDir(), "none"), h.options("", "")); err == nil || !os.IsNotExist(unwrapped(err)) {
		t.Error(err)
	}
	for _, columns := range []string{"lat", "height=H", "=X"} {
		if _, err := ParseColumns(columns); err == nil {
			t.Errorf("%q is a column map", columns)
		}
	}
}

func unwrapped(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			return err
		}
		err = u.Unwrap()
	}
}

// TestLong: a line that is too long costs itself, and a quote that is never closed costs a line.
func TestLong(t *testing.T) {
	var b strings.Builder
	b.WriteString("lon,lat,number,street,city\n1,1,1,A,B\n1,1,2,\"A,B\n")
	for i := range 100 {
		fmt.Fprintf(&b, "1,1,%d,A,B\n", i+3)
	}
	b.WriteString("1,1,200,A" + strings.Repeat("x", 3<<20) + ",B\n1,1,201,A,B")
	var h heard
	if err := readText(t, &h, []byte(b.String()), "", ""); err != nil {
		t.Fatal(err)
	}
	if len(h.points) != 102 || len(h.odd) != 2 || !strings.HasPrefix(h.odd[0], "3 malformed row: a quote") || !strings.HasPrefix(h.odd[1], "104 malformed row: the line is longer") ||
		!strings.HasPrefix(h.points[101], "105 201|") {
		t.Errorf("%d points, the last %s; %q", len(h.points), h.points[len(h.points)-1], h.odd)
	}
}

// FuzzRead: whatever a file has in it, its rows become points that are on earth, or oddities with their
// lines; and nothing else happens.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n-89.6501,39.7817,12A,Main St,,Springfield,,IL,62701,1,ab\n",
		"lon;lat;numero;rep;nom_voie;code_postal;nom_commune\n3,1;50,2;9999;;Rue;1;L\n",
		"from;to;interpolation;street;city;state;postcode;geometry\n100;108;all;Main St;Salem;OR;97301;SRID=4326;LINESTRING(-123.0 44.9,-123.0 44.902)\n",
		"from|to|interpolation|street|geometry\n1|99|odd|M|SRID=4326;LINESTRING(1 2,3 4,5 6)\n4|1|all|M|LINESTRING(1 2,3 4)\n",
		`{"type":"Feature","properties":{"number":"12","street":"D"},"geometry":{"type":"Point","coordinates":[4.48,51.92]}}` + "\n",
		"wkt,street\nPOINT (1 2),\"a\nb\"\n", "\xff\xfea\x00", "lat,lon,address\n1,2,\"\"\"\n1,2,5 A\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		lines := bytes.Count(b, []byte("\n")) + 1
		o := &Options{
			Said: func(What) error { return nil },
			Point: func(p Point) error {
				n++
				if !(p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180) || p.Street == "" || p.Line < 1 || len(p.Street) > 3*longestName {
					t.Fatalf("%+v", p)
				}
				return nil
			},
			Odd: func(o Oddity) error {
				if o.Kind >= Kinds || o.Kind.String() == "" || o.Line < 1 {
					t.Fatalf("%+v", o)
				}
				return nil
			},
		}
		_ = plain("x", bytes.NewReader(b), func(m *member) error {
			if m.json {
				return readFeatures(t.Context(), m, o)
			}
			return readTable(t.Context(), m, o)
		})
		if n > lines*2*mostCorners {
			t.Fatalf("%d points of %d lines", n, lines)
		}
	})
}
