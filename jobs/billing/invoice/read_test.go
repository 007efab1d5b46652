package invoice

import (
	"brood/jobs/billing/charge"
	"brood/jobs/jobtest/needs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// textOf reads a PDF back with poppler.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-enc", "UTF-8", "-layout", path, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext: %v\n%s", err, out)
	}
	if fonts, err := exec.CommandContext(t.Context(), "pdffonts", path).CombinedOutput(); err != nil || !strings.Contains(string(fonts), "yes yes") || strings.Contains(string(fonts), "Error") {
		t.Fatalf("pdffonts: %v\n%s", err, fonts)
	}
	return solid(string(out))
}

// solid leaves out white space: poppler finds it by the gaps, and has none between single letters.
func solid(s string) string { return strings.Join(strings.Fields(s), "") }

// TestRead reads with another program all that was drawn: in each language, on many pages, from several sheets of the font, and
// signs that mean something in a PDF.
func TestRead(t *testing.T) {
	needs.Programs(t, "pdftotext")
	var charges []*charge.Charge
	for _, l := range Languages() {
		charges = append(charges, inEachLanguage(l))
	}
	signs, scripts := aCharge(English, 2), aCharge(English, 2)
	signs.Name, signs.Street = `(Back\slash) \( \) )) ((`, `~!@#$%^&*_+={}[]|:;"'<>,.?/`
	scripts.Name = everyScript()
	charges = append(charges, aCharge(German, 150), signs, scripts)
	p := pressOf(t, theSeller(), charges...)
	if len(p.face.sheets) < 2 {
		t.Error("all characters are on one sheet, and the test is for several")
	}
	for _, c := range charges {
		v, err := p.seller.view(c)
		if err != nil {
			t.Fatal(err)
		}
		l, err := p.face.lay(v)
		if err != nil {
			t.Fatal(err)
		}
		docs, err := p.Make(c)
		if err != nil {
			t.Fatal(err)
		}
		const most = 25 << 10
		if len(l.pages) == 1 && len(docs.PDF) > most && c != scripts {
			t.Errorf("%s has %d bytes", c.Language, len(docs.PDF))
		}
		text := textOf(t, docs.PDF)
		for _, page := range l.pages {
			for _, m := range page {
				if !strings.Contains(text, solid(m.text)) {
					t.Errorf("%s: %q was drawn and is not read:\n%s", c.Language, m.text, text)
				}
			}
		}
		if strings.Contains(text, "DE89") || strings.Contains(text, "0001234") {
			t.Error("an account of a customer's is told")
		}
	}
}

// everyScript is a text in all scripts that the embedded font draws and that need no shaping.
func everyScript() string {
	words := []string{"Łódź ŐŰ ÅØÆ ĞİŞ ĲŊŦ Ħŵŷ Việt Nguyễn", "ΕΛΛΆΔΑ ελλάδα ϐϑ", "ПРИВЕТ київ Љубљана Ўзбек", "ՀԱՅԱՍՏԱՆ հայ", "საქართველო", "₺₽₴₹ №™†‡•…‰ ½¾"}
	for r := rune(0x1e00); r < 0x1e90; r++ {
		words = append(words, string(r))
	}
	return strings.Join(words, " ")
}

// TestElsewhere makes the documents in another process, in another zone and language: they are the same bytes.
func TestElsewhere(t *testing.T) {
	const inside = "BROOD_TEST_ELSEWHERE"
	c := inEachLanguage(Polish)
	docs, err := pressOf(t, theSeller(), c, aCharge(German, 1)).Make(c)
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv(inside); dir != "" {
		for name, b := range map[string][]byte{"pdf": docs.PDF, "html": docs.HTML} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestElsewhere$") //nolint:gosec // this test
	cmd.Env = append(os.Environ(), inside+"="+dir, "TZ=Pacific/Auckland", "LC_ALL=tr_TR.UTF-8", "LANG=tr_TR.UTF-8", "GOMAXPROCS=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range map[string][]byte{"pdf": docs.PDF, "html": docs.HTML} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != string(want) {
			t.Errorf("the %s is another there, %v", name, err)
		}
	}
}
