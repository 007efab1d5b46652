package spec

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/gauge"
	"brood/runner/pace"
	"brood/runner/shard"
	"brood/runner/sink"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// full is a configuration in which nothing is left out.
func full(t *testing.T) *Config {
	t.Helper()
	rate := func(s string) *pace.Rate {
		r, err := pace.ParseRate(s)
		if err != nil {
			t.Fatal(err)
		}
		return &r
	}
	window, err := pace.ParseWindow("08:00-18:00")
	if err != nil {
		t.Fatal(err)
	}
	halt, err := ParseHalt("soon,fail=10%")
	if err != nil {
		t.Fatal(err)
	}
	breaker, err := pace.ParseBreaker("50%/20 of policy for 15m")
	if err != nil {
		t.Fatal(err)
	}
	normalize, err := jobs.ParseNormalize("email", []string{"email"})
	if err != nil {
		t.Fatal(err)
	}
	return &Config{
		Name: "spring", Job: "email", Words: []string{"send", "{email}"}, Args: []string{"run", "email", "--run", "spring", "people.tsv"},
		Plan: jobs.Plan{
			Config: json.RawMessage(`{"from":"ada@example.com"}`), Columns: []jobs.Column{{Name: "smtp_code", JSON: true, Replaces: true}},
			Task: "letter.txt", NeedsRaw: true, NeedsText: true, InHand: 8, Window: 64, Places: "/state/billing/places", Most: &jobs.Most{Records: 100, Why: "no bulk work"}, OwnProgram: true, Suspect: &jobs.Suspect{Classes: []jobs.Class{"policy"}, Column: "email", Domain: true}, Point: jobs.Point{Lat: "lat", Lon: "lon"}, FailedOutput: jobs.FailedToStderr, Ended: []jobs.Ended{{Status: "skipped", Class: jobs.ClassDuplicate, Values: []string{"no"}}},
		},
		Effect: jobs.EffectOnce, Lowered: []Lowering{{From: jobs.EffectOnce, To: jobs.EffectKeyed, At: time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC), By: "ann@home"}}, Key: jobs.KeySpec{Scope: "spring", Columns: []string{"email"}, Normalize: normalize}, OncePer: "spring",
		Dataset: dataset.Spec{
			Paths: []string{"/data/people.tsv"}, Format: dataset.FormatTSV, Delimiter: '\t', NoHeader: true, MaxRecord: 1 << 20, MaxDepth: 1000, Text: true, FixedColumns: true,
			Group: &dataset.Group{Lines: 100, Fit: &jobs.Fit{Bytes: 1 << 20, Times: 1, Plus: 9, Quoted: true}}, GroupBy: &dataset.GroupBy{Key: jobs.KeySpec{Columns: []string{"email"}, Normalize: normalize}, Copy: dataset.Extent{Bytes: 4711, Sum: 99}}, ColSep: " +", Named: true,
			Sources: []dataset.Source{{Values: []dataset.Value{"a", "\xff"}}, {File: 1, Link: dataset.LinkShort}},
			Coats:   []dataset.Coat{{Pack: dataset.PackZip, Member: "people.tsv", Charset: "utf-16le", CR: true, CRLF: true, BOM: true, Sep: true}},
			Places:  "/state/billing/places", Columns: []string{"_job", "email"}, Enveloped: true, Called: "beanstalk://127.0.0.1/mails",
		},
		Query: &Query{URL: "mysql://ann@db/shop", SQL: "SELECT 1", PasswordFile: "/etc/brood/db"},
		Queue: &Queue{
			URL: "postgres://ann@db/shop?table=jobs", PasswordFile: "/etc/brood/db", Columns: map[string]string{"status": "state"}, Words: map[string]string{"new": "0"},
			Lease: time.Minute, Poll: time.Second, Forget: 720 * time.Hour,
		},
		Output: "/data/out.jsonl", OutputFormat: sink.FormatJSONL, Form: &Form{Kind: FormGeoJSON, Path: "/data/out.geojson", Plain: true, Dress: dataset.Dress{Charset: "windows-1252", BOM: true, CRLF: true, Sep: true, Delimiter: ';'}, Point: jobs.Point{Lat: "lat", Lon: "lon"}}, Unordered: true, Joblog: "/data/jobs.log", Results: "/data/printed", RecordLimit: 100, Where: `country = "AT"`, Shard: &Shard{Part: shard.Part{Index: 2, Of: 8}, Base: "spring"}, WorkDir: "/data",
		Slots: 8, PerWorker: 5, Retries: 3, BackoffMin: time.Second, BackoffMax: time.Minute, Timeout: 30 * time.Second, TimeoutPercent: 200, KillAfter: time.Second,
		Limits: Limits{
			Mem: 1 << 30, CPU: time.Second, Procs: 9, Files: 64, Nice: 5, User: "nobody:nogroup", Sandbox: true,
			Write: []string{"/data/out"}, Connect: []uint16{443}, Env: []string{"LANG"}, Secrets: []string{"API_KEY"},
		},
		MaxCrashes: 2, DrainTimeout: Drain{Limit: time.Minute}, Recycle: Recycle{Tasks: 1000, Mem: 1 << 29, Age: time.Hour}, Halt: halt, Breaker: breaker, NoGuard: true,
		Adaptive: true, Headroom: Headroom{Load: 4, MemFree: 1 << 30, Pressure: map[gauge.Resource]float64{gauge.Memory: 10}},
		Pace:    pace.Spec{Rate: rate("50/s"), Burst: 5, By: rate("5/s"), ByValue: map[string]pace.Rate{"example.com": *rate("20/s")}, MaxPerKey: 2, Quota: 2000, WarmUp: time.Minute, Window: window},
		PaceKey: PaceKey{Column: "email", Domain: true}, Metrics: "127.0.0.1:9464", OnUnknown: OnUnknownHold, ResolveWith: "ask", Machines: &Machines{Listen: ":7177", NATS: "nats://a,nats://b", Creds: "/home/ann/brood.creds", NATSUser: "ann", NATSLogin: true, NATSPasswordFile: "/home/ann/nats", Away: true, SSH: []string{"host1", "ann@host2/16"}, SSHFiles: []string{"/home/ann/hosts"}, EachSlots: "4", SSHBinaries: map[string]string{"linux/arm64": "/home/ann/brood"}, Transfer: []string{"{}"}, Return: []string{"{.}.png"}, Cleanup: true, WorkDir: "...", Lease: 15 * time.Second, LostAfter: 10 * time.Minute},
		KeyLifetime: time.Hour,
		Keep:        720 * time.Hour,
	}
}

// What the ledger keeps is a promise to later versions: a change of this file must be one
// that they can still read.
func TestStoredConfig(t *testing.T) {
	const golden = "testdata/config.json"
	cfg := full(t)
	complete(t, "", reflect.ValueOf(*cfg))
	got, err := json.MarshalIndent(cfg, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("a configuration is stored as\n%s\nwant what is in %s", got, golden)
	}
	back, err := Decode(want)
	if err != nil {
		t.Fatal(err)
	}
	same(t, back, cfg)
}

// same compares two configurations by what would be stored of them.
func same(t *testing.T, got, want *Config) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g, w) {
		t.Errorf("read back as\n%s\nwant\n%s", g, w)
	}
}

// complete finds members that the test has forgotten: those that are new.
func complete(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Tag.Get("json") == "-" {
			continue
		}
		if v.Field(i).IsZero() {
			t.Errorf("%s%s is not in the test", path, f.Name)
		}
		if _, one := v.Field(i).Interface().(json.Marshaler); f.Type.Kind() == reflect.Struct && !one {
			complete(t, path+f.Name+".", v.Field(i))
		}
	}
}

// Until 2026-12 three members were the numbers of Go constants. Such ledgers are read as
// they were meant.
func TestNumbersOfEarlierVersions(t *testing.T) {
	words, err := os.ReadFile("testdata/config.json")
	if err != nil {
		t.Fatal(err)
	}
	numbers := string(words)
	for word, number := range map[string]string{`"effect": "once"`: `"effect": 2`, `"format": "tsv"`: `"format": 2`, `"output_format": "jsonl"`: `"output_format": 4`} {
		if !strings.Contains(numbers, word) {
			t.Fatalf("the golden file has no %s", word)
		}
		numbers = strings.Replace(numbers, word, number, 1)
	}
	back, err := Decode([]byte(numbers))
	if err != nil {
		t.Fatal(err)
	}
	same(t, back, full(t))
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{``, `[]`, `{"effect":"twice"}`, `{"effect":3}`, `{"effect":-1}`, `{"effect":1.5}`, `{"effect":true}`, `{"dataset":{"format":"xls"}}`, `{"dataset":{"format":99}}`, `{"output_format":"pdf"}`, `{"halt":"later"}`} {
		if cfg, err := Decode([]byte(text)); err == nil {
			t.Errorf("%s: %+v", text, cfg)
		}
	}
}

// Another configuration of the job replaces the one there was, and nothing else, not even
// members that this version does not know.
// TestWithoutArgs: only they go.
func TestWithoutArgs(t *testing.T) {
	got, err := WithoutArgs([]byte(`{"args":["run"],"name":"x","of_the_future":1}`))
	if err != nil || string(got) != `{"name":"x","of_the_future":1}` {
		t.Errorf("%s %v", got, err)
	}
	if _, err := WithoutArgs([]byte(`[]`)); err == nil {
		t.Error("a list was taken for a configuration")
	}
}

func TestWithJobConfig(t *testing.T) {
	got, err := WithJobConfig([]byte(`{"name":"x","of_the_future":1,"plan":{"config":{"a":1},"columns":null,"new":2}}`), []byte(`{"a":2}`))
	if want := `{"name":"x","of_the_future":1,"plan":{"columns":null,"config":{"a":2},"new":2}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if _, err := WithJobConfig([]byte(`{"plan":3}`), nil); err == nil {
		t.Error("a plan that is none")
	}
}

func TestHalt(t *testing.T) {
	for _, c := range []struct {
		text          string
		success, fail uint64
		reached       bool
	}{
		{"never", 9, 9, false},
		{"soon,fail=1", 9, 0, false},
		{"soon,fail=1", 0, 1, true},
		{"now,success=3", 2, 9, false},
		{"now,success=3", 3, 0, true},
		{"now,done=4", 2, 1, false},
		{"now,done=4", 2, 2, true},
		{"soon,fail=10%", 0, 2, false}, // fewer than three do not count
		{"soon,fail=10%", 27, 3, true},
		{"soon,fail=10%", 28, 3, false},
	} {
		h, err := ParseHalt(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Reached(c.success, c.fail); got != c.reached {
			t.Errorf("%s at %d and %d: %v", c.text, c.success, c.fail, got)
		}
		if h.String() != c.text {
			t.Errorf("%s is shown as %s", c.text, h)
		}
	}
	for _, text := range []string{"soon", "later,fail=1", "soon,fail", "soon,fail=0", "soon,fail=-1", "soon,fail=0%", "soon,fail=101%", "soon,done=10%", "soon,crash=1", "soon,fail=x"} {
		if h, err := ParseHalt(text); err == nil {
			t.Errorf("%s: %+v", text, h)
		}
	}
}

func TestPaceKey(t *testing.T) {
	for text, want := range map[string]PaceKey{"name": {Column: "name"}, "domain(email)": {Column: "email", Domain: true}, "domain(email": {Column: "domain(email"}} {
		got := ParsePaceKey(text)
		if got != want || got.String() != text {
			t.Errorf("%s: %+v, shown as %s", text, got, got)
		}
	}
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"name", "email"}}
	if err := ParsePaceKey("domain(email)").Check(shape); err != nil {
		t.Error(err)
	}
	if ParsePaceKey("mail").Check(shape) == nil {
		t.Error("there is no such column")
	}
	if err := (PaceKey{}).Check(shape); err != nil {
		t.Error(err)
	}
}

func TestOnUnknown(t *testing.T) {
	for _, word := range []string{"hold", "retry", "skip"} {
		if o, err := ParseOnUnknown(word); err != nil || string(o) != word {
			t.Errorf("%s: %s, %v", word, o, err)
		}
	}
	if _, err := ParseOnUnknown("forget"); err == nil {
		t.Error("there is no such word")
	}
}
