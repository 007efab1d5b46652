package charge

import (
	"bytes"
	"testing"
)

// TestCanonical reads a line and writes it again as the same bytes.
func TestCanonical(t *testing.T) {
	line := []byte(`{"invoice_id":"R-1","attempt":1,"kind":"charge","customer_id":"c<1>","amount":"12.34","currency":"EUR","taxes":[{"rate":"19","base":"10.37","tax":"1.97"}],"metadata":{"a":"1","b":"&"}}`)
	c, err := Decode(line)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Encode()
	if err != nil || !bytes.Equal(again, line) {
		t.Fatalf("%s, %v", again, err)
	}
	if _, err := Decode([]byte(`{"invoice_id":"R-1","wrong":1}`)); err == nil {
		t.Error("a member that is not known was taken")
	}
}

// TestFingerprint tells a change of anything but the number.
func TestFingerprint(t *testing.T) {
	c := Charge{InvoiceID: "R-1", Attempt: 1, Kind: KindCharge, Amount: "1.00", Currency: "EUR"}
	before, err := c.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	c.Number = "2026-000001"
	if same, _ := c.Fingerprint(); same != before {
		t.Error("the number of the invoice changes the fingerprint")
	}
	c.Amount = "1.01"
	if other, _ := c.Fingerprint(); other == before {
		t.Error("another amount has the same fingerprint")
	}
}

// TestCounted: one of something is not called many.
func TestCounted(t *testing.T) {
	for n, want := range map[int]string{0: "0 charges", 1: "1 charge", 2: "2 charges"} {
		if got := Counted(n, "charge", "charges"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
