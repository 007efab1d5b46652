package queue

import (
	"strings"
	"testing"
)

// TestURL: a URL is read, and shown without its password; what is shown can be read again.
func TestURL(t *testing.T) {
	for text, want := range map[string]struct {
		shown, user, password, host, path, table string
		scheme                                   Scheme
	}{
		"beanstalk://127.0.0.1:11300/mails":           {shown: "beanstalk://127.0.0.1:11300/mails", host: "127.0.0.1:11300", path: "mails", scheme: Beanstalk},
		"beanstalkd://h/a%20b":                        {shown: "beanstalk://h/a%20b", host: "h", path: "a b", scheme: Beanstalk},
		"postgresql://me:s%40cret@db/shop?table=jobs": {shown: "postgres://me:***@db/shop?table=jobs", user: "me", password: "s@cret", host: "db", path: "shop", table: "jobs", scheme: Postgres},
		"mysql://db/shop?table=jobs&password=secret":  {shown: "mysql://:***@db/shop?table=jobs", password: "secret", host: "db", path: "shop", table: "jobs", scheme: MySQL},
		"redis://:s@h:6379/0?stream=s":                {shown: "redis://:***@h:6379/0?stream=s", password: "s", host: "h:6379", path: "0", scheme: Redis},
		"rediss://h/?stream=s":                        {shown: "redis://h/?stream=s&tls=true", host: "h", scheme: Redis},
		"mysql://me:***@db/shop":                      {shown: "mysql://me@db/shop", user: "me", host: "db", path: "shop", scheme: MySQL},
		"sqlite:jobs.db?table=t":                      {shown: "sqlite:jobs.db?table=t", path: "jobs.db", table: "t", scheme: SQLite},
		"sqlite:/var/lib/a%20b.db?table=t":            {shown: "sqlite:/var/lib/a%20b.db?table=t", path: "/var/lib/a b.db", table: "t", scheme: SQLite},
		"sqlite:///var/lib/jobs.db?table=t":           {shown: "sqlite:/var/lib/jobs.db?table=t", path: "/var/lib/jobs.db", table: "t", scheme: SQLite},
		"gearman://127.0.0.1/resize":                  {shown: "gearman://127.0.0.1/resize", host: "127.0.0.1", path: "resize", scheme: Gearman},
	} {
		u, err := ParseURL(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if u.String() != want.shown || u.User != want.user || u.Password != want.password || u.Host != want.host || u.Path != want.path || u.Query.Get("table") != want.table || u.Scheme != want.scheme {
			t.Errorf("%s: %+v, shown as %s", text, u, u)
		}
		if again, err := ParseURL(u.String()); err != nil || again.Path != u.Path || again.User != u.User || again.Password != "" {
			t.Errorf("%s, read as it is shown: %+v %v", text, again, err)
		}
	}
	for _, text := range []string{"amqp://h/q", "mysql://me:secret@h:port/x", "postgres://me:secret@h/%zz", "beanstalk://h/t#x", "mysql://me:secret@h/x?%zz"} {
		if u, err := ParseURL(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v %v", text, u, err)
		}
	}
}

// TestIsURL tells queues from files.
func TestIsURL(t *testing.T) {
	for arg, want := range map[string]bool{
		"beanstalk://h/t": true, "sqlite:jobs.db?table=t": true, "MySQL://h/d": true, "data.csv": false, "mysql:dump.sql": false, "http://h/x": false, "-": false, "c:\\x": false,
	} {
		if IsURL(arg) != want {
			t.Errorf("%s: %v", arg, !want)
		}
	}
}
