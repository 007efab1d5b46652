package stripe

import (
	"encoding/json"
	"reflect"
	"testing"
)

// intents are answers as Stripe gives them, and some that are otherwise.
var intents = []string{
	`{"id":"pi_1","object":"payment_intent","amount":5000,"currency":"eur","status":"succeeded","created":1764000000,"livemode":false,"latest_charge":"ch_1",
	  "metadata":{"invoice_id":"R-1","brood_key":"ab"},"last_payment_error":null,"next_action":null,"payment_method_types":["card"],"amount_details":{"tip":{}},"x":-1.5e+3}`,
	`{"id":"ch_1","object":"charge","captured":true,"refunded":false,"disputed":true,"payment_intent":"pi_1","failure_code":null,"outcome":null,"description":"Größe"}`,
	`{"id":"pi_1","object":"payment_intent","latest_charge":{"id":"ch_1","object":"charge"}}`,
	`{"id":"pi_1","object":"payment_intent","ID":"pi_2"}`,
	`{"id":"pi_1","id":"pi_2","object":"payment_intent"}`,
	`{"id":"pi_1","object":"payment_intent","metadata":{"a":"1","a":"2"}}`,
	`{"id":"pi_1","object":"payment_intent","amount":1.0}`,
	`{"id":"pi_1","object":"payment_intent","\u0061mount":10}`,
	`{"id":"pi_1","object":"payment_intent","captured":null,"livemode":null,"metadata":null}`,
	`{"id":"pi_1","object":"payment_intent","x":[1,{"y":"\n"}]}`,
	`{"id":"pi_1","object":"payment_intent","x":01}`,
	`{"id":"pi_1","object":"payment_intent",}`,
	`{"id":"pi_1","object":"payment_intent"} x`,
	` {}`,
	`[]`,
	`{"id":"in_1","object":"invoice","total":5,"payments":{"data":[]}}`,
}

// sameRead compares both ways of reading an object.
func sameRead(t *testing.T, body []byte) bool {
	t.Helper()
	var quick, slow object
	if !quickly(body, &quick) {
		return false
	}
	if err := json.Unmarshal(body, &slow); err != nil {
		t.Fatalf("%q was taken: %v", body, err)
	}
	if !reflect.DeepEqual(quick, slow) {
		t.Fatalf("%q is %+v, not %+v", body, quick, slow)
	}
	return true
}

// TestQuickly: the usual answers are read the quick way, the others are not, and both ways read the same.
func TestQuickly(t *testing.T) {
	for i, body := range intents {
		if got, usual := sameRead(t, []byte(body)), i < 2 || body == ` {}`; got != usual {
			t.Errorf("%s: quick %v", body, got)
		}
	}
}

func FuzzQuickly(f *testing.F) {
	for _, body := range intents {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { sameRead(t, body) })
}

func BenchmarkReadObject(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readObject([]byte(intents[0])); err != nil {
			b.Fatal(err)
		}
	}
}
