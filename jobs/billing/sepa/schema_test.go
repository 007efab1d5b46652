package sepa

import (
	"brood/jobs/billing/charge"
	"brood/jobs/jobtest/needs"
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSchemas holds every version against ISO's schema of it, by libxml2. The schemas are those within Debian's HBCI library.
func TestSchemas(t *testing.T) {
	needs.Programs(t, "xmllint")
	for _, version := range []Version{Debit08, Debit02, Transfer09, Transfer03} {
		schema := filepath.Join("../../../bin/tools/bank", string(version)+".xsd")
		needs.Files(t, schema)
		f, make := File{Kind: charge.KindCharge}, debit
		if version[:8] == "pain.001" {
			f.Kind, make = charge.KindPayout, payout
		}
		charges := some(300, make)
		for i, c := range charges {
			switch i % 3 {
			case 1:
				c.Street = ""
			case 2:
				if i%6 != 5 && i%6 != 3 {
					c.City = ""
				}
			}
		}
		s := seller(version)
		for _, bic := range []string{"COBADEFF", ""} {
			s.SEPA.BIC = bic
			file, _ := write(t, f, s, charges)
			if out, err := validate(t, schema, file); err != nil {
				t.Errorf("%s: %v\n%s", version, err, out)
			}
		}
		// The judge sees an element in the wrong place.
		file, _ := write(t, f, s, charges[:1])
		wrong := bytes.Replace(file, []byte("<NbOfTxs>1</NbOfTxs>"), nil, 1)
		if _, err := validate(t, schema, wrong); err == nil {
			t.Errorf("%s: a file without its number of payments passed", version)
		}
	}
}

func validate(t *testing.T, schema string, file []byte) ([]byte, error) {
	t.Helper()
	cmd := exec.Command("xmllint", "--noout", "--nonet", "--schema", schema, "-")
	cmd.Stdin = bytes.NewReader(file)
	return cmd.CombinedOutput()
}
