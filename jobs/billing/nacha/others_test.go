package nacha

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestNodeNacha reads a file by npm's @midlandsbank/node-nacha and finds the same in it.
func TestNodeNacha(t *testing.T) {
	const tools = "../../../bin/tools/bank"
	needs.Programs(t, "node")
	needs.Files(t, tools+"/node_modules/@midlandsbank/node-nacha")
	file, w := write(t, File{}, company("PPD"), some(50))
	cmd := exec.Command("node", "-e", `
		const ach = require('@midlandsbank/node-nacha')
		const text = require('fs').readFileSync(0).toString()
		console.log(JSON.stringify(ach.from({format: 'ach', source: text}).data))`)
	cmd.Dir, cmd.Stdin, cmd.Stderr = tools, bytes.NewReader(file), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		File struct {
			Footer struct {
				BatchCount, BlockCount, EntryAndAddendaCount, EntryHash, TotalDebit, TotalCredit int64
			}
		}
		Batches []struct {
			Description string
			Footer      struct{ EntryHash, TotalDebit, TotalCredit int64 }
			Entries     []struct {
				TransactionCode      string
				DfiAccount           string
				Amount               int64
				IdentificationNumber string
			}
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	foot := got.File.Footer
	if foot.BatchCount != int64(len(w.Batches)) || foot.EntryAndAddendaCount != 50 || foot.EntryHash != w.Hash || foot.TotalDebit != w.Debit || foot.TotalCredit != w.Credit {
		t.Errorf("%+v is not %+v", foot, w)
	}
	want, n := readBack(t, file), 0
	for i, b := range got.Batches {
		if b.Footer.TotalDebit != w.Batches[i].Debit || b.Footer.TotalCredit != w.Batches[i].Credit || len(b.Entries) != w.Batches[i].Count {
			t.Errorf("%+v is not %+v", b.Footer, w.Batches[i])
		}
		for j, e := range b.Entries {
			n++
			mine := want[i].entries[j]
			if fmt.Sprint(e.Amount) != mine.cents.String() || e.DfiAccount != mine.account || e.IdentificationNumber != mine.id || e.TransactionCode != mine.code {
				t.Errorf("%+v is not %+v", e, mine)
			}
		}
	}
	if n != 50 {
		t.Errorf("it reads %d entries\n%s", n, out)
	}
}
