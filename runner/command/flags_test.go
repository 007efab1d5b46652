package command

import (
	"brood/runner/gauge"
	"brood/runner/spec"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
)

// refused checks that an error is one of bad usage, which begins with the flag.
func refused(t *testing.T, flag, value string, err error) {
	t.Helper()
	var ce *cliError
	if !errors.As(err, &ce) || ce.code != exitUsage || !strings.HasPrefix(err.Error(), "--"+flag) {
		t.Errorf("--%s %q: %v", flag, value, err)
	}
}

func TestParseSlots(t *testing.T) {
	cpus := runtime.NumCPU()
	for s, want := range map[string]int{
		"": cpus, "1": 1, "4": 4, "10000": 10000, "+0": cpus, "+3": cpus + 3, "-1": max(1, cpus-1), "-100000": 1,
		"100%": cpus, "0.001%": 1, "150%": int(math.Round(1.5 * float64(cpus))),
	} {
		if got, err := parseSlots(s); got != want || err != nil {
			t.Errorf("-j %q is %d, want %d: %v", s, got, want, err)
		}
	}
	for _, bad := range []string{"0", "x", "1.5", "0%", "-5%", "%", "NaN%", "Inf%", "100001%", "10001", "+10000", "+9223372036854775807", "99999999999999999999", " 4", "+", "4 "} {
		if n, err := parseSlots(bad); err == nil {
			t.Errorf("-j %q is %d", bad, n)
		} else {
			refused(t, "jobs", bad, err)
		}
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "30": 30 * time.Second, "0": 0, "0.5": 500 * time.Millisecond, "1.5m": 90 * time.Second, "2h45m": 165 * time.Minute, "100ms": 100 * time.Millisecond, "1e3": 1000 * time.Second,
	} {
		if got, err := parseTime("timeout", s); got != want || err != nil {
			t.Errorf("%q is %s, want %s: %v", s, got, want, err)
		}
	}
	for _, bad := range []string{"", "-1", "-1s", "x", "1d", "NaN", "Inf", "1e9", "1e300", "10000000h"} {
		if d, err := parseTime("timeout", bad); err == nil {
			t.Errorf("%q is %s", bad, d)
		} else {
			refused(t, "timeout", bad, err)
		}
	}
}

func TestParseBackoff(t *testing.T) {
	for s, want := range map[string][2]time.Duration{
		"1s..5m": {time.Second, 5 * time.Minute}, "2": {2 * time.Second, 2 * time.Second}, "0..0": {0, 0}, "1..60": {time.Second, time.Minute},
	} {
		if from, to, err := parseBackoff(s); from != want[0] || to != want[1] || err != nil {
			t.Errorf("%q is %s..%s: %v", s, from, to, err)
		}
	}
	for _, bad := range []string{"", "..", "1s..", "..1s", "5m..1s", "1s..5m..6m", "-1..1"} {
		if from, to, err := parseBackoff(bad); err == nil {
			t.Errorf("%q is %s..%s", bad, from, to)
		} else {
			refused(t, "backoff", bad, err)
		}
	}
}

func TestParseSizes(t *testing.T) {
	for s, want := range map[string]int{"1": 1, "64KiB": 64 << 10, "16 MiB": 16 << 20, "1.5k": 1500, "2147483647": math.MaxInt32} {
		if got, err := parseMaxRecord(s); got != want || err != nil {
			t.Errorf("%q is %d, want %d: %v", s, got, want, err)
		}
	}
	for _, bad := range []string{"", "0", "-1", "x", "1XB", "2147483648", "5GiB", "0.1"} {
		if n, err := parseMaxRecord(bad); err == nil {
			t.Errorf("%q is %d", bad, n)
		} else {
			refused(t, "max-record", bad, err)
		}
	}
	for s, want := range map[string]int64{"0": 0, "2GiB": 2 << 30, "1PiB": 1 << 50} {
		if got, err := parseMemory("limit-mem", s); got != want || err != nil {
			t.Errorf("%q is %d, want %d: %v", s, got, want, err)
		}
	}
	for _, bad := range []string{"", "-1", "2PiB", "lots"} {
		if n, err := parseMemory("limit-mem", bad); err == nil {
			t.Errorf("%q is %d", bad, n)
		} else {
			refused(t, "limit-mem", bad, err)
		}
	}
}

func TestParseDelimiter(t *testing.T) {
	for s, want := range map[string]byte{"": 0, ";": ';', "|": '|', `\t`: '\t', "tab": '\t', "\t": '\t', ",": ',', " ": ' '} {
		if got, err := parseDelimiter(s); got != want || err != nil {
			t.Errorf("%q is %q, want %q: %v", s, got, want, err)
		}
	}
	for _, bad := range []string{"ab", `"`, "\n", "\r", "é", `\n`, ",,"} {
		if c, err := parseDelimiter(bad); err == nil {
			t.Errorf("%q is %q", bad, c)
		} else {
			refused(t, "delimiter", bad, err)
		}
	}
}

func TestParseRates(t *testing.T) {
	if r, err := parseRate("rate", "0"); r != nil || err != nil {
		t.Errorf("no limit is %v, %v", r, err)
	}
	if r, err := parseRate("rate", "5/s"); err != nil || r.String() != "5/s" {
		t.Errorf("%v, %v", r, err)
	}
	_, err := parseRate("rate", "5/fortnight")
	refused(t, "rate", "5/fortnight", err)
}

// TestRateBy: the first part names the column and its rate, the others are values
// with rates of their own, in which an = may stand.
func TestRateBy(t *testing.T) {
	for s, want := range map[string]string{
		"city=5/s": "5/s map[]",
		"domain(email)=5/s,gmail.com=20/s,a=b=1/m": "5/s map[a=b:1/m gmail.com:20/s]",
		"0":                        "<nil> map[]",
		"city=0":                   "<nil> map[]",
		"city":                     "names no column and rate",
		"city=fast":                "--rate-by: ",
		"city=5/s,gmail.com":       "names no column and rate",
		"city=5/s,gmail.com=0":     "an exception needs a rate",
		"city=0,gmail.com=5/s":     "an exception needs a rate",
		"city=5/s,gmail.com=5/s,,": "names no column and rate",
		"=":                        "--rate-by: ",
	} {
		var cfg spec.Config
		err := tuneRateBy(s, &cfg)
		got := fmt.Sprint(cfg.Pace.By, " ", cfg.Pace.ByValue)
		if err != nil {
			refused(t, "rate-by", s, err)
			got = err.Error()
		}
		if err == nil && got != want || !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestParseLoad(t *testing.T) {
	cpus := float64(runtime.NumCPU())
	for s, want := range map[string]float64{"0": 0, "4": 4, "0.5": 0.5, "100%": cpus, "50%": cpus / 2} {
		if got, err := parseLoad(s); got != want || err != nil {
			t.Errorf("%q is %v, want %v: %v", s, got, want, err)
		}
	}
	for _, bad := range []string{"", "-1", "x", "%", "NaN", "Inf", "-1%", "1e400"} {
		if n, err := parseLoad(bad); err == nil {
			t.Errorf("%q is %v", bad, n)
		} else {
			refused(t, "load", bad, err)
		}
	}
}

func TestParsePressure(t *testing.T) {
	for s, want := range map[string]map[gauge.Resource]float64{
		"0": nil, "cpu=80": {gauge.CPU: 80}, "cpu=80%,memory=0.5,io=100": {gauge.CPU: 80, gauge.Memory: 0.5, gauge.IO: 100},
	} {
		if got, err := parsePressure(s); !maps.Equal(got, want) || err != nil {
			t.Errorf("%q is %v, want %v: %v", s, got, want, err)
		}
	}
	for _, bad := range []string{"", "cpu", "cpu=", "cpu=0", "cpu=101", "cpu=-1", "cpu=NaN", "disk=5", "cpu=5,", "CPU=5", "cpu=5;io=5"} {
		if m, err := parsePressure(bad); err == nil {
			t.Errorf("%q is %v", bad, m)
		} else {
			refused(t, "pressure", bad, err)
		}
	}
}

func TestCutLast(t *testing.T) {
	for s, want := range map[string][2]string{"a=b": {"a", "b"}, "a=b=c": {"a=b", "c"}, "=": {"", ""}} {
		if before, after, ok := cutLast(s, "="); before != want[0] || after != want[1] || !ok {
			t.Errorf("%q: %q, %q, %v", s, before, after, ok)
		}
	}
	if before, after, ok := cutLast("a", "="); before != "a" || after != "" || ok {
		t.Errorf("%q, %q, %v", before, after, ok)
	}
}
