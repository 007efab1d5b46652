package charge

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// decodeSlowly is Decode by package encoding/json alone.
func decodeSlowly(line []byte) (*Charge, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	c := new(Charge)
	return c, dec.Decode(c)
}

// texts are what stands in members: plain, empty, to be escaped, and not UTF-8.
var someTexts = rapid.OneOf(
	rapid.SampledFrom([]string{"", "", "", "R-1", "Ä & Ö <b>", `a"b`, `\`, "a\nb", "\u2028", "\ufffd", "\xff", "a\x7fb", "\U0001f423", "{}", `","`}),
	rapid.String())

// someCharge is any charge, with every member of the struct set by chance.
func someCharge(t *rapid.T) *Charge {
	c := new(Charge)
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch f.Kind() {
		case reflect.String:
			f.SetString(someTexts.Draw(t, name))
		case reflect.Int:
			f.SetInt(int64(rapid.IntRange(-3, 12).Draw(t, name)))
		case reflect.Slice:
			n := rapid.IntRange(0, 3).Draw(t, name)
			if n == 0 {
				continue
			}
			f.Set(reflect.MakeSlice(f.Type(), n, n))
			for k := range n {
				for m := range f.Index(k).NumField() {
					f.Index(k).Field(m).SetString(someTexts.Draw(t, name))
				}
			}
		case reflect.Map:
			m := rapid.MapOfN(rapid.StringN(0, 5, -1), someTexts, 0, 4).Draw(t, name)
			if len(m) > 0 {
				f.Set(reflect.ValueOf(m))
			}
		default:
			t.Fatalf("a member of kind %s, which the test does not know", f.Kind())
		}
	}
	return c
}

// TestEncode: what is written by hand is what package encoding/json writes, and reading it is what that package reads.
func TestEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := someCharge(t)
		want, err := canonical(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Encode()
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s, not %s", got, want)
		}
		sameDecoded(t, got)
	})
}

// TestReadsOwn: the quick way is taken by the lines that plans have.
func TestReadsOwn(t *testing.T) {
	c := &Charge{InvoiceID: "R-1", Attempt: 1, Kind: KindCharge, CustomerID: "C-1", Amount: "1.00", Currency: "EUR", Name: "Jürgen", Number: "1"}
	for range 4 {
		line, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got := read(line); !reflect.DeepEqual(got, c) {
			t.Errorf("%s is %+v", line, got)
		}
		switch {
		case c.Taxes == nil:
			c.Taxes = []Tax{{"19", "1.00", "0.19"}, {"7", "1.00", "0.07"}}
		case c.Lines == nil:
			c.Lines = []Line{{Description: "a"}, {}, {Gross: "1", Net: "2"}}
		default:
			c.Metadata = map[string]string{"b": "", "a": "1"}
		}
	}
}

// sameDecoded compares both ways of reading a line. What the quick one takes is canonical.
func sameDecoded(t interface {
	Helper()
	Fatalf(string, ...any)
}, line []byte,
) {
	t.Helper()
	want, wrong := decodeSlowly(line)
	got, err := Decode(line)
	if (err != nil) != (wrong != nil) || err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("%q is %+v, %v, and was %+v, %v", line, got, err, want, wrong)
	}
	quick := read(line)
	if quick == nil {
		return
	}
	if wrong != nil {
		t.Fatalf("%q was taken: %v", line, wrong)
	}
	if again, err := canonical(quick); err != nil || !bytes.Equal(again, line) {
		t.Fatalf("%q was taken, and is not canonical: %s, %v", line, again, err)
	}
}

// FuzzDecode reads lines from anywhere by both ways.
func FuzzDecode(f *testing.F) {
	for _, line := range []string{
		`{"invoice_id":"R-1","attempt":1,"kind":"charge","customer_id":"c","amount":"12.34","currency":"EUR"}`,
		`{"invoice_id":"R-1","attempt":1,"kind":"charge","customer_id":"c","amount":"12.34","currency":"EUR","name":"Ä","taxes":[{"rate":"19","base":"10.37","tax":"1.97"}],"lines":[{"description":"a"},{}],"metadata":{"a":"1","b":"&"},"number":"1"}`,
		`{"invoice_id":"R-1","attempt":01,"kind":"charge","customer_id":"c","amount":"12.34","currency":"EUR","name":null}`,
		`{"invoice_id":"R-1","attempt":-0,"kind":"charge","customer_id":"c","amount":"12.34","currency":"EUR"} `,
		`{"invoice_id":"R-1","attempt":1,"kind":"charge","customer_id":"c","amount":"12.34","currency":"EUR","name":"","taxes":[],"metadata":{}}`,
		`{"invoice_id":"R-1","attempt":1,"kind":"charge","customer_id":"c","amount":"12.34","currency":"EUR","metadata":{"b":"1","a":"2"}}`,
		`{"invoice_id":"","attempt":0,"kind":"","customer_id":"","amount":"","currency":"","metadata":{"":"","":""}}`,
	} {
		f.Add([]byte(line))
		f.Add([]byte(strings.ReplaceAll(line, "R-1", `R\u002d1`)))
	}
	f.Fuzz(func(t *testing.T, line []byte) { sameDecoded(t, line) })
}

func BenchmarkDecode(b *testing.B) {
	c := &Charge{
		InvoiceID: "K-12345", Attempt: 1, Kind: KindCharge, CustomerID: "C-12345", Amount: "50.00", Currency: "EUR", Description: "Hosting in November",
		PeriodStart: "2026-11-01", PeriodEnd: "2026-11-30", PaymentCustomer: "cus_12345", PaymentMethod: "pm_12345",
	}
	line, err := c.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		got, err := Decode(line)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := got.Fingerprint(); err != nil {
			b.Fatal(err)
		}
	}
}
