package gazetteer

import (
	"archive/zip"
	"brood/jobs/geocode/geo"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const german = "DE\t01067\tDresden\tSachsen\tSN\t\t00\tDresden, Stadt\t14612\t51.0575\t13.7170\t4\n" +
	"DE\t10115\tBerlin\tBerlin\tBE\t\t00\tBerlin, Stadt\t11000\t52.5323\t13.3846\t4\n" +
	"DE\t10115\tBerlin\tBerlin\tBE\t\t00\tBerlin, Stadt\t11000\t52.5323\t13.3846\t4\n" +
	"DE\t99084\tErfurt\tThüringen\tTH\t\t00\tErfurt, Stadt\t16051\t50.9787\t11.0328\t4\n"

const british = "GB\tSW1A 1AA\tLondon\tEngland\tENG\tGreater London\t\tWestminster\t\t51.5010\t-0.1416\t6\r\n"

const french = "FR\t01400\tNeuville-les-Dames\tAuvergne-Rhône-Alpes\t84\tAin\t01\t\t\t46.1631\t5.0053\t5\n" +
	"FR\t01400\tChâtillon-sur-Chalaronne\tAuvergne-Rhône-Alpes\t84\tAin\t01\t\t\t46.1197\t4.9573\t5\n"

func put(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t *testing.T, files map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "XX.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestImport imports postal codes of three countries, and finds them, and what was there stays.
func TestImport(t *testing.T) {
	dir := t.TempDir()
	done, err := ImportPostcodes(dir, put(t, "DE.txt", "\ufeff"+german), zipped(t, map[string]string{"GB.txt": british, "readme.txt": "no\tcodes"}), put(t, "FR.txt", french))
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 3 || done[0] != (Imported{"DE", 3, 1}) || done[1] != (Imported{"FR", 2, 0}) || done[2] != (Imported{"GB", 1, 0}) {
		t.Errorf("imported %+v", done)
	}
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for _, c := range []struct{ city, state, code, country, want string }{
		{"Berlin", "", "10115", "DE", "Berlin, 10115, Germany"},
		{"Berlin", "", "D-10115", "Germany", "Berlin, 10115, Germany"},
		{"", "", "01067", "DE", "Dresden, Sachsen 01067, Germany"},
		{"Dresden", "Sachsen", "01067", "DE", "Dresden, Sachsen 01067, Germany"},
		{"", "", "sw1a1aa", "UK", "London, England SW1A1AA, United Kingdom"},
		{"Châtillon sur Chalaronne", "", "01400", "FR", "Châtillon-sur-Chalaronne, Auvergne-Rhône-Alpes 01400, France"},
		{"Neuville les Dames", "", "F-01400", "FR", "Neuville-les-Dames, Auvergne-Rhône-Alpes 01400, France"},
		{"Savannah", "GA", "31401", "", "Savannah, Georgia 31401, United States"},
		{"Berlin", "", "10115", "", "Berlin, 10115, Germany"},
	} {
		q := geo.Query{Address: geo.Address{City: c.city, State: c.state, Postcode: c.code, Country: c.country}}
		found, err := x.Find(context.Background(), &q)
		if err != nil || len(found) == 0 {
			t.Errorf("%+v: %v, %v", c, found, err)
			continue
		}
		f := found[0]
		if f.Formatted != c.want || f.Confidence < 0.6 || f.Precision != geo.PrecisionPostcode {
			t.Errorf("%+v is %q, %.2f %v, want %q", c, f.Formatted, f.Confidence, f.Precision, c.want)
		}
	}
	if f, err := x.Find(context.Background(), &geo.Query{Address: geo.Address{City: "München", Postcode: "10115", Country: "DE"}}); err != nil || len(f) < 2 || f[0].Confidence >= 0.5 {
		t.Errorf("Munich with a postal code of Berlin is %+v, %v", f, err)
	}
}

// TestImportAgain replaces the codes of a country.
func TestImportAgain(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{german, strings.ReplaceAll(german, "01067", "01068")} {
		if _, err := ImportPostcodes(dir, put(t, "DE.txt", text)); err != nil {
			t.Fatal(err)
		}
	}
	m, err := open(sideName(dir, "DE"), codesOf)
	if err != nil {
		t.Fatal(err)
	}
	defer m.unmap()
	old, now := codeOrder("DE", "01067"), codeOrder("DE", "01068")
	if len(m.codedIn(nil, old[:])) != 0 || len(m.codedIn(nil, now[:])) != 1 {
		t.Error("the old codes are there, or the new ones are not")
	}
}

// TestImportRefuses says the file and the line of what it cannot read, and changes nothing.
func TestImportRefuses(t *testing.T) {
	for name, c := range map[string]struct{ path, want string }{
		"columns":   {put(t, "DE.txt", german+"DE\t1\n"), "DE.txt:5: 2 fields"},
		"latitude":  {put(t, "DE.txt", strings.Replace(german, "51.0575", "95", 1)), `DE.txt:1: "95" is no latitude`},
		"nan":       {put(t, "DE.txt", strings.Replace(german, "13.3846", "NaN", 1)), `DE.txt:2: "NaN" is no longitude`},
		"country":   {put(t, "DE.txt", strings.Replace(german, "DE\t99", "../\t99", 1)), `DE.txt:4: "../" is no code of a country`},
		"us":        {put(t, "US.txt", strings.ReplaceAll(german, "DE\t", "US\t")), "US.txt:1: the postal codes of the United States are built in"},
		"code":      {put(t, "DE.txt", strings.Replace(german, "01067", "--", 1)), `DE.txt:1: "--" is no postal code`},
		"empty":     {put(t, "DE.txt", ""), "DE.txt is empty"},
		"missing":   {filepath.Join(t.TempDir(), "none.txt"), "none.txt: no such file"},
		"no zip":    {put(t, "DE.zip", german), "DE.zip: zip: not a valid zip file"},
		"empty zip": {zipped(t, map[string]string{"readme.txt": "x"}), "holds no file of postal codes"},
		"in a zip":  {zipped(t, map[string]string{"DE.txt": "x\n"}), "XX.zip/DE.txt:1: 1 fields"},
		"long":      {put(t, "DE.txt", german+strings.Repeat("x", 1<<17)), "DE.txt:5: bufio.Scanner: token too long"},
	} {
		dir := t.TempDir()
		if _, err := ImportPostcodes(dir, put(t, "GB.txt", british), c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want one with %q", name, err, c.want)
		}
		if left := indexes(t, dir); len(left) != 0 {
			t.Errorf("%s: it left %q", name, left)
		}
	}
}

// TestDamagedImport is an error that says what to do: nobody can make it again but the user.
func TestDamagedImport(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(sideName(dir, "DE"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "import them again") {
		t.Errorf("the error is %v", err)
	}
}

func FuzzPostal(f *testing.F) {
	f.Add(german)
	f.Add(british + french)
	f.Fuzz(func(t *testing.T, text string) {
		countries := map[string]*postal{}
		if err := readPostalLines("x", strings.NewReader(text), countries); err != nil {
			return
		}
		for _, p := range countries {
			rows := len(p.rows)
			if doubled := p.sort(); len(p.rows)+doubled != rows {
				t.Errorf("of %d rows %d are left, and %d were doubled", rows, len(p.rows), doubled)
			}
			for _, row := range p.rows {
				if at := pointAt(row[codeKey:]); !at.Valid() {
					t.Errorf("a point is %v", at)
				}
			}
		}
	})
}
