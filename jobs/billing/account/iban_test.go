package account

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// examples are those of the registry and of central banks.
var examples = strings.Fields(`AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201
	AZ21NABZ00000000137010001944 BA391290079401028494 BE68539007547034 BG80BNBG96611020345678 BH67BMAG00001299123456
	BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00 CH9300762011623852957 CR05015202001026284066
	CY17002001280000001200527600 CZ6508000000192000145399 CZ9455000000001011038930 DE89370400440532013000 DK5000400440116243
	DO28BAGR00000001212453611324 EE382200221020145685 EG380019000500000000263180002 ES9121000418450200051332
	FI2112345600000785 FO6264600001631634 FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917
	GI75NWBK000000007099453 GL8964710001000206 GR1601101250000000012300695 GT82TRAJ01020000001210029690 HR1210010051863000160
	HU42117730161111101800000000 IE29AIBK93115212345678 IL620108000000099999999 IQ98NBIQ850123456789012
	IS140159260076545510730339 IT60X0542811101000000123456 JO94CBJO0010000000000131000302 KW81CBKU0000000000001234560101
	KZ86125KZT5004100100 LB62099900000001001901229114 LC55HEMM000100010012001200023015 LI21088100002324013AA LT121000011101001000
	LU280019400644750000 LV80BANK0000435195001 MC5811222000010123456789030 MD24AG000225100013104168 ME25505000012345678951
	MK07250120000058984 MR1300020001010000123456753 MT84MALT011000012345MTLCAST001S MU17BOMM0101101030300200000MUR
	NL91ABNA0417164300 NO9386011117947 PK36SCBL0000001123456702 PL61109010140000071219812874 PS92PALS000000000400123456702
	PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000 RS35260005601001611379 SA0380000000608010167519
	SC18SSCB11010000000000001497USD SE4550000000058398257466 SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100
	ST68000100010051845310112 SV62CENR00000000000000700025 TL380080012345678910157 TN5910006035183598478831 TR330006100519786457841326
	UA213223130000026007233566001 VA59001123000012345678 VG96VPVG0000012345678901 XK051212012345678906`)

func TestIBAN(t *testing.T) {
	for _, text := range examples {
		n, err := ParseIBAN(text)
		if err != nil || string(n) != text {
			t.Errorf("%s: %q, %v", text, n, err)
			continue
		}
		if again, err := ParseIBAN(n.Printed()); err != nil || again != n {
			t.Errorf("%s as %q: %q, %v", text, n.Printed(), again, err)
		}
		if _, err := ParseIBAN(strings.ToLower(text)); err != nil {
			t.Errorf("%s in small letters: %v", text, err)
		}
	}
	for _, c := range []struct{ text, why string }{
		{"", "is no IBAN"},
		{"DE", "is no IBAN"},
		{"DE89-3704-0044-0532-0130-00", "is no IBAN"},
		{"DE893704004405320130", "has 22 characters"},
		{"DE8937040044053201300X", "letters where"},
		{"DE88370400440532013000", "check digits"},
		{"US64370400440532013000", "no country US"},
		{"ЕE382200221020145685", "is no IBAN"},
	} {
		if _, err := ParseIBAN(c.text); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%q: %v, want %q", c.text, err, c.why)
		}
	}
}

// TestNational makes the check digits of the IBAN right, so that only the country's own can refuse.
func TestNational(t *testing.T) {
	refused := map[string]bool{}
	for _, text := range examples {
		for i := 4; i < len(text); i++ {
			if !digit(text[i]) {
				continue
			}
			bban := text[4:i] + string('0'+(text[i]-'0'+1)%10) + text[i+1:]
			if _, err := ParseIBAN(text[:2] + checkDigits(text[:2], bban) + bban); err != nil {
				if !strings.Contains(err.Error(), "by the rule of") {
					t.Errorf("%s with %s: %v", text, bban, err)
				}
				refused[text[:2]] = true
			}
		}
	}
	for country := range strings.FieldsSeq("BA BE CZ EE ES FI FR HR HU IT MC ME MK NO PL PT RS SI SK SM") {
		if !refused[country] {
			t.Errorf("the own check digits of %s refuse nothing", country)
		}
		delete(refused, country)
	}
	if len(refused) > 0 {
		t.Errorf("countries without a rule refuse: %v", refused)
	}
}

func checkDigits(country, bban string) string {
	n := 98 - mod97(bban+country+"00")
	return string([]byte{byte('0' + n/10), byte('0' + n%10)})
}

// TestSlips refuses each digit written wrong and each two neighbours exchanged.
func TestSlips(t *testing.T) {
	for _, text := range examples {
		for i := 2; i < len(text); i++ {
			if !digit(text[i]) {
				continue
			}
			for d := byte('0'); d <= '9'; d++ {
				if wrong := text[:i] + string(d) + text[i+1:]; d != text[i] {
					if _, err := ParseIBAN(wrong); err == nil {
						t.Errorf("%s was taken for %s", wrong, text)
					}
				}
			}
			if i+1 < len(text) && digit(text[i+1]) && text[i] != text[i+1] {
				wrong := text[:i] + string(text[i+1]) + string(text[i]) + text[i+2:]
				if _, err := ParseIBAN(wrong); err == nil {
					t.Errorf("%s was taken for %s", wrong, text)
				}
			}
		}
	}
}

// TestAnyIBAN makes accounts of countries without a rule of their own.
func TestAnyIBAN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		country := rapid.SampledFrom(strings.Fields("AT BG CH CY DE DK GB GR IE IS LT LU LV MT NL RO SE TR UA VA")).Draw(t, "country")
		form, _ := bban(country)
		b := ""
		for form != "" {
			var n int
			var kind byte
			n, kind, form = run(form)
			set := map[byte]string{'n': "[0-9]", 'a': "[A-Z]", 'c': "[0-9A-Z]"}[kind]
			b += rapid.StringMatching(set+"{"+itoa(n)+"}").Draw(t, "field")
		}
		text := country + checkDigits(country, b) + b
		n, err := ParseIBAN(text)
		if err != nil || string(n) != text {
			t.Fatalf("%s: %v", text, err)
		}
		at := rapid.IntRange(2, len(text)-1).Draw(t, "at")
		if !digit(text[at]) {
			return
		}
		wrong := text[:at] + string('0'+(text[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10) + text[at+1:]
		if _, err := ParseIBAN(wrong); err == nil {
			t.Fatalf("%s was taken for %s", wrong, text)
		}
		if m := n.Mask(); strings.Contains(m, text[4:len(text)-4]) || !strings.HasPrefix(m, text[:4]) {
			t.Fatalf("%s is shown as %s", text, m)
		}
	})
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"DE89 3704 0044 0532 0130 00", "DE89…3000"},
		{"", "…"},
		{"DE8937040044", "…"},
		{"a\x1b[31mred herring of an account", "…"},
	} {
		if got := Mask(c.in); got != c.want {
			t.Errorf("%q: %q", c.in, got)
		}
	}
	for _, c := range []struct{ in, want string }{{"123456789", "…6789"}, {"12345", "…45"}, {"1234", "…"}, {"", "…"}} {
		if got := MaskNumber(c.in); got != c.want {
			t.Errorf("%q: %q", c.in, got)
		}
	}
}

// FuzzIBAN holds that what passes is capitals and digits of the registry's length, reads back as itself, and that an
// error shows no whole number.
func FuzzIBAN(f *testing.F) {
	for _, text := range examples {
		f.Add(text)
	}
	f.Add("DE 89 3704")
	f.Add("NO93\u00a08601 1117947")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseIBAN(text)
		if err != nil {
			if s := upper(text); len(s) >= 14 && strings.Contains(err.Error(), s) {
				t.Fatalf("%q is in %q", s, err)
			}
			return
		}
		if again, err := ParseIBAN(n.Printed()); err != nil || again != n || mod97(string(n[4:]+n[:4])) != 1 {
			t.Fatalf("%q: %q, %v", text, n, err)
		}
	})
}
