package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
)

func (d *postgres) describe(ctx context.Context, conn *sql.Conn, name string) (*shape, error) {
	s := &shape{name: name}
	var version, database, port, charset string
	var number int
	if err := conn.QueryRowContext(ctx, "SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_database(), current_setting('port'), current_setting('server_encoding')").Scan(&version, &number, &database, &port, &charset); err != nil {
		return nil, err
	}
	s.server = "PostgreSQL " + version
	if number < 90500 { // https://www.postgresql.org/docs/release/9.5.0/
		s.trouble = fmt.Errorf("%s cannot skip rows that another has locked; PostgreSQL 9.5 is the first that can", s.server)
	}
	quoted := d.quote(name)
	if before, after, cut := strings.Cut(name, "."); cut {
		quoted = d.quote(before) + "." + d.quote(after)
	}
	var oid int64
	var schema, what string
	err := conn.QueryRowContext(ctx, "SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)", quoted).Scan(&oid, &schema, &s.name, &what)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, noTable(ctx, conn, name, "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' ORDER BY 1 LIMIT 10")
	case err != nil:
		return nil, err
	case what != "r" && what != "p":
		return nil, fmt.Errorf("%s is no table that rows can be locked in; jobs need a table", name)
	}
	s.full = d.quote(schema) + "." + d.quote(s.name)
	s.place = fmt.Sprintf("postgres://%s:%s/%s?table=%s.%s#%d", d.machine(), port, database, schema, s.name, oid)
	if err := d.columns(ctx, conn, s, oid); err != nil {
		return nil, err
	}
	for _, c := range s.columns {
		c.last = lastOf(charset)
	}
	return s, d.keys(ctx, conn, s, oid)
}

// machine is the host that is spoken with, and "" if it is this one.
func (d *postgres) machine() string {
	host := d.cfg.Host
	if ip := net.ParseIP(host); strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	return host
}

func (d *postgres) columns(ctx context.Context, conn *sql.Conn, s *shape, oid int64) error {
	// A domain is what it is made of. What newer versions have (identity, generated) is asked for by name, as JSON.
	return each(ctx, conn, func(scan func(...any) error) error {
		c := &column{}
		var base, category, what, made, self string
		var must, fallback bool
		var mod int
		var words sql.NullString
		if err := scan(&c.name, &c.typ, &base, &category, &what, &must, &fallback, &mod, &made, &self, &words); err != nil {
			return err
		}
		d.typeOf(c, base, category, what)
		c.null, c.fine, c.rigid = !must, true, made != "" || self == "a"
		c.wanted = must && !fallback && self == ""
		if (base == "varchar" || base == "bpchar") && mod > 4 { // https://www.postgresql.org/docs/current/catalog-pg-attribute.html
			c.room = mod - 4
		}
		if words.Valid {
			c.enum = strings.Split(words.String, "\x1f")
		}
		s.columns = append(s.columns, c)
		return nil
	}, `SELECT a.attname::text, format_type(a.atttypid, -1), b.typname::text, b.typcategory::text, b.typtype::text, a.attnotnull, a.atthasdef,
		CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,
		COALESCE(to_jsonb(a)->>'attgenerated', ''), COALESCE(to_jsonb(a)->>'attidentity', ''),
		(SELECT string_agg(e.enumlabel, E'\x1f' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid)
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
		WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, oid)
}

func (d *postgres) typeOf(c *column, base, category, what string) {
	switch base {
	case "int2", "int4", "int8":
		c.kind, c.whole = ofNumber, true
	case "float4", "float8", "numeric", "oid":
		c.kind = ofNumber
	case "bool":
		c.kind = ofBool
	case "timestamptz":
		c.kind, c.stamp, c.zone = ofInstant, true, true
	case "timestamp":
		c.kind, c.stamp = ofMoment, true
	case "bytea":
		c.kind = ofBytes
	case "json", "jsonb":
		c.kind = ofJSON
	case "bpchar":
		c.fixed = true
	default:
		if category == "A" || what == "c" { // arrays and rows
			c.kind, c.nested = ofJSON, true
		}
	}
}

func (d *postgres) keys(ctx context.Context, conn *sql.Conn, s *shape, oid int64) error {
	return each(ctx, conn, func(scan func(...any) error) error {
		var name, where, parts string
		var unique, primary bool
		if err := scan(&name, &unique, &primary, &where, &parts); err != nil {
			return err
		}
		s.indexes = append(s.indexes, index{name: name, unique: unique, primary: primary, where: where, columns: strings.Split(parts, "\x1f")})
		return nil
	}, `SELECT c.relname::text, i.indisunique, i.indisprimary, COALESCE(pg_get_expr(i.indpred, i.indrelid), ''),
		(SELECT string_agg(COALESCE(a.attname, ''), E'\x1f' ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(att, n)
			LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att AND k.att > 0
			WHERE k.n <= COALESCE((to_jsonb(i)->>'indnkeyatts')::int, 99))
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::bigint::oid AND i.indisvalid ORDER BY c.relname`, oid)
}
