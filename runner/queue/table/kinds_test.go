package table

import (
	"brood/runner/queue"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// kindOf is a column of a type, a value in SQL, and what a job has of it.
type kindOf struct{ typ, value, want string }

var sqliteKinds = []kindOf{
	{"BIGINT", "9223372036854775807", `9223372036854775807`},
	{"REAL", "0.1", `0.1`},
	{"REAL", "1e300", `1e+300`},
	{"BOOLEAN", "1", `true`},
	{"BOOLEAN", "NULL", `null`},
	{"DATETIME", "'2026-11-30 15:27:43'", `"2026-11-30T15:27:43Z"`},
	{"TIMESTAMP", "'soon'", `"soon"`},
	{"DATE", "'2026-11-30'", `"2026-11-30"`},
	{"BLOB", "x'4142'", `"AB"`},
	{"BLOB", "x'ff00'", `"/wA="`},
	{"JSON", `'{"a": [1]}'`, `{"a": [1]}`},
	{"", "'x'", `"x"`},
	{"", "7", `7`},
	{"TEXT", "'007'", `"007"`},
	{"INTEGER", "'many'", `"many"`},
	{"DECIMAL(10,2)", "1.50", `1.5`},
}

var mariaKinds = []kindOf{
	{"BIGINT UNSIGNED", "18446744073709551615", `18446744073709551615`},
	{"INT(5) ZEROFILL", "42", `42`},
	{"DECIMAL(20,4)", "12345678901234.5600", `12345678901234.5600`},
	{"DOUBLE", "0.1", `0.1`},
	{"DOUBLE", "1e300", `1e+300`},
	{"FLOAT", "1.2345679", `1.2345679`},
	{"BOOLEAN", "TRUE", `1`},
	{"BIT(4)", "b'101'", `5`},
	{"YEAR", "2026", `2026`},
	{"DATE", "'2026-11-30'", `"2026-11-30"`},
	{"TIME", "'25:00:01'", `"25:00:01"`},
	{"DATETIME(3)", "'2026-11-30 15:27:43.120'", `"2026-11-30T15:27:43.12"`},
	{"TIMESTAMP NULL", "'2026-11-30 15:27:43'", `"2026-11-30T10:27:43Z"`},
	{"TIMESTAMP(6) NULL", "'2026-11-30 15:27:43.000001'", `"2026-11-30T10:27:43.000001Z"`},
	{"VARBINARY(9)", "x'4142'", `"AB"`},
	{"BLOB", "x'ff00'", `"/wA="`},
	{"JSON", `'{"a": [1]}'`, `{"a": [1]}`},
	{"VARCHAR(9)", "'007'", `"007"`},
	{"ENUM('a','it''s')", "2", `"it's"`},
	{"INT", "NULL", `null`},
	{"TEXT", "'{\"a\": 1}'", `"{\"a\": 1}"`},
}

var postgresKinds = []kindOf{
	{"bigint", "9223372036854775807", `9223372036854775807`},
	{"numeric", "12345678901234567890.1200", `12345678901234567890.1200`},
	{"numeric", "'NaN'", `"NaN"`},
	{"real", "0.1", `0.1`},
	{"float8", "1e300", `1e+300`},
	{"boolean", "true", `true`},
	{"date", "'2026-11-30'", `"2026-11-30"`},
	{"timestamp", "'2026-11-30 15:27:43.12'", `"2026-11-30T15:27:43.12"`},
	{"timestamptz", "'2026-11-30 15:27:43.12'", `"2026-11-30T10:27:43.12Z"`},
	{"timestamptz", "'infinity'", `"infinity"`},
	{"bytea", `'AB'`, `"AB"`},
	{"bytea", `'\xff00'`, `"/wA="`},
	{"jsonb", `'{"a": [1]}'`, `{"a": [1]}`},
	{"json", "E'{\"a\":\\n1}'", `{"a": 1}`},
	{"uuid", "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'", `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`},
	{"int[]", "'{1,2}'", `[1,2]`},
	{"text", "'007'", `"007"`},
	{"char(5)", "'a'", `"a"`},
	{"inet", "'10.0.0.1'", `"10.0.0.1/32"`},
	{"int", "NULL", `null`},
	{"interval", "'90 minutes'", `"01:30:00"`},
}

// testKinds: each type of the database, as a job has it.
func testKinds(t *testing.T, p *place) {
	columns, values := "", ""
	for i, k := range p.kinds {
		columns += fmt.Sprintf(", c%d %s", i, k.typ)
		values += ", " + k.value
	}
	name := p.table(t, "id INTEGER PRIMARY KEY, status VARCHAR(9)"+columns)
	p.do(t, "INSERT INTO "+name+" VALUES (1, 'new'"+values+")")
	got := take(t, open(t, p.spec(t, name, "me")), 1)
	var body map[string]json.RawMessage
	if err := json.Unmarshal(got[0].Body, &body); err != nil {
		t.Fatal(err)
	}
	for i, k := range p.kinds {
		if is := string(body[fmt.Sprint("c", i)]); is != k.want {
			t.Errorf("%s %s: %s, not %s", k.typ, k.value, is, k.want)
		}
	}
}

// testTimes: whatever a column of times is made of, leases and delays go by the database's clock and zone.
func testTimes(t *testing.T, p *place) {
	types := map[string]string{"BIGINT": "%s <= 1", "DOUBLE PRECISION": "%s <= 1"}
	switch {
	case p.loose:
		types["TEXT"], types["DATETIME"] = "datetime(%s) <= datetime('now')", "datetime(%s) <= datetime('now')"
		types["BIGINT"], types["DOUBLE PRECISION"] = "%s <= unixepoch()", "%s <= unixepoch()"
	case strings.HasPrefix(p.url, "mysql"):
		types["DATETIME"], types["TIMESTAMP NULL"], types["DATETIME(6)"] = "%s <= NOW(6)", "%s <= NOW(6)", "%s <= NOW(6)"
		types["BIGINT"], types["DOUBLE PRECISION"] = "%s <= UNIX_TIMESTAMP()", "%s <= UNIX_TIMESTAMP()"
	default:
		types["timestamp"], types["timestamptz"] = "%s <= localtimestamp", "%s <= now()"
		types["BIGINT"], types["DOUBLE PRECISION"] = "%s <= extract(epoch FROM now())", "%s <= extract(epoch FROM now())"
	}
	for typ, past := range types {
		name := p.table(t, "id INTEGER PRIMARY KEY, status VARCHAR(9) DEFAULT 'new', owner VARCHAR(9), lease_until "+typ+", run_at "+typ)
		p.do(t, "INSERT INTO "+name+" (id) VALUES (1), (2)")
		spec := p.spec(t, name, "me")
		spec.Lease = 30 * time.Minute
		c := open(t, spec)
		got := take(t, c, 2)
		if err := tell(t, c, got[0], queue.Answer{Verb: queue.Later, After: 30 * time.Minute}); err != nil {
			t.Fatal(err)
		}
		if more := take(t, c, 2); len(more) != 0 {
			t.Errorf("%s: %s, too soon", typ, ids(more))
		}
		is := p.row(t, "SELECT COUNT(*) FROM "+name+" WHERE "+fmt.Sprintf(past, "lease_until")+" OR "+fmt.Sprintf(past, "run_at"))
		if is != "0" {
			t.Errorf("%s: over already: %s", typ, p.row(t, "SELECT * FROM "+name))
		}
		// An hour earlier both are over, so neither is in a zone of its own.
		hour := map[bool]string{true: "%[1]s = %[1]s - 3600", false: "%[1]s = %[1]s - interval '1' hour"}[strings.Contains("BIGINT DOUBLE PRECISION", typ)]
		if p.loose && !strings.Contains("BIGINT DOUBLE PRECISION", typ) {
			hour = "%[1]s = datetime(%[1]s, '-1 hour')"
		}
		p.do(t, "UPDATE "+name+" SET "+fmt.Sprintf(hour, "lease_until")+", "+fmt.Sprintf(hour, "run_at"))
		if more := take(t, c, 2); ids(more) != "1 2" || more[0].Doubt || !more[1].Doubt {
			t.Errorf("%s: %s; %s", typ, ids(more), p.row(t, "SELECT * FROM "+name))
		}
		// At once is at once, also where there are whole seconds only.
		if err := tell(t, c, got[0], queue.Answer{Verb: queue.Later}); err != nil {
			t.Error(err)
		}
		if more := take(t, c, 2); ids(more) != "1" {
			t.Errorf("%s: at once: %q", typ, ids(more))
		}
	}
}
