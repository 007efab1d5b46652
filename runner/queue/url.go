package queue

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// URL is where a queue is: SCHEME://[USER[:PASSWORD]@]HOST[:PORT]/NAME[?…], or sqlite:FILE?table=NAME.
type URL struct {
	Scheme Scheme
	Host   string // with its port, if one was named
	User   string
	// Password is in the URL for as long as this process lives, and nowhere else: see String.
	Password string
	Path     string // tube, function, database, or file; without the slash before it, and unescaped
	Query    url.Values
}

// Scheme is the kind of a queue.
type Scheme string

// The schemes.
const (
	Beanstalk Scheme = "beanstalk"
	Gearman   Scheme = "gearman"
	Redis     Scheme = "redis"
	MySQL     Scheme = "mysql" // and MariaDB
	Postgres  Scheme = "postgres"
	SQLite    Scheme = "sqlite"
)

// IsTable reports whether its jobs are the rows of a table: there is a database behind it.
func (s Scheme) IsTable() bool { return s == MySQL || s == Postgres || s == SQLite }

// schemes are the words for them, with others that people use.
var schemes = map[string]Scheme{
	"beanstalk": Beanstalk, "beanstalkd": Beanstalk, "gearman": Gearman, "redis": Redis, "rediss": Redis, "mysql": MySQL, "mariadb": MySQL,
	"postgres": Postgres, "postgresql": Postgres, "sqlite": SQLite, "sqlite3": SQLite,
}

// IsURL reports whether an argument names a queue, and not a file: one that is there is a file, whatever its name.
func IsURL(arg string) bool {
	scheme, rest, found := strings.Cut(arg, ":")
	kind, known := schemes[strings.ToLower(scheme)]
	return found && known && (kind == SQLite || strings.HasPrefix(rest, "//"))
}

// ParseURL reads the URL of a queue.
func ParseURL(text string) (*URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		var bad *url.Error
		if errors.As(err, &bad) {
			err = bad.Err // without the text, which may have a password
		}
		return nil, fmt.Errorf("%s: %w", redact(text), err)
	}
	kind, known := schemes[strings.ToLower(u.Scheme)]
	if !known {
		return nil, fmt.Errorf("%s: %q is no kind of queue; it is beanstalk, gearman, redis, mysql, postgres or sqlite", redact(text), u.Scheme)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%s: what follows the ? cannot be read: %w", redact(text), err)
	}
	out := &URL{Scheme: kind, Host: u.Host, Path: strings.TrimPrefix(u.Path, "/"), Query: q}
	if kind == SQLite {
		out.Path = u.Path
		if u.Opaque != "" {
			if out.Path, err = url.PathUnescape(u.Opaque); err != nil {
				return nil, fmt.Errorf("%s: %w", text, err)
			}
		}
		out.Path = u.Host + out.Path // sqlite://FILE
		out.Host = ""
	}
	if u.User != nil {
		out.User = u.User.Username()
		out.Password, _ = u.User.Password()
	}
	for _, name := range []string{"password", "passwd", "pwd", "auth"} { // as clients of databases have it
		if v := q.Get(name); v != "" {
			out.Password = v
		}
		q.Del(name)
	}
	if out.Password == masked { // a URL as it was shown
		out.Password = ""
	}
	if strings.EqualFold(u.Scheme, "rediss") && q.Get("tls") == "" { // whose scheme says it
		q.Set("tls", "true")
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("%s: what follows the # means nothing here", redact(text))
	}
	return out, nil
}

// String is the URL without its password: what is stored and shown.
func (u *URL) String() string {
	if u.Scheme == SQLite {
		s := "sqlite:" + (&url.URL{Path: u.Path}).EscapedPath()
		if len(u.Query) > 0 {
			s += "?" + u.Query.Encode()
		}
		return s
	}
	out := url.URL{Scheme: string(u.Scheme), Host: u.Host, Path: "/" + u.Path, RawQuery: u.Query.Encode()}
	who := ""
	if u.User != "" {
		who = url.User(u.User).String()
	}
	if u.Password != "" {
		who += ":" + masked
	}
	if who == "" {
		return out.String()
	}
	return strings.Replace(out.String(), "://", "://"+who+"@", 1)
}

// masked stands where a password was.
const masked = "***"

// redact takes what may be a password out of a URL that cannot be read.
func redact(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return text
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		return scheme + "://" + masked + "@" + rest[at+1:]
	}
	return text
}
