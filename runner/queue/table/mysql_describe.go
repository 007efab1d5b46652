package table

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (d *mysql) describe(ctx context.Context, conn *sql.Conn, name string) (*shape, error) {
	s := &shape{name: name}
	var version, host, port, here string
	var database sql.NullString
	if err := conn.QueryRowContext(ctx, "SELECT VERSION(), @@hostname, @@port, DATABASE(), LOWER(@@version_comment)").Scan(&version, &host, &port, &database, &here); err != nil {
		return nil, err
	}
	s.server, s.trouble = mysqlVersion(version)
	schema := database.String
	if before, after, cut := strings.Cut(name, "."); cut {
		schema, s.name = before, after
	}
	if schema == "" {
		return nil, errors.New("which database? Write mysql://HOST/DATABASE?table=NAME")
	}
	s.full = d.quote(schema) + "." + d.quote(s.name)
	s.place = "mysql://" + host + ":" + port + "/" + schema + "?table=" + s.name
	var what string
	var engine sql.NullString
	err := conn.QueryRowContext(ctx, "SELECT TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", schema, s.name).Scan(&what, &engine)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, noTable(ctx, conn, name, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME LIMIT 10", schema)
	case err != nil:
		return nil, err
	case what != "BASE TABLE":
		return nil, fmt.Errorf("%s is a %s; jobs need a table", name, strings.ToLower(what))
	}
	if s.engine = engine.String; s.engine != "InnoDB" && s.trouble == nil {
		s.trouble = fmt.Errorf("table %s is in %s, which cannot lock single rows: ALTER TABLE %s ENGINE = InnoDB", name, s.engine, s.full)
	}
	if err := d.columns(ctx, conn, s, schema, strings.Contains(s.server, "MariaDB")); err != nil {
		return nil, err
	}
	return s, d.keys(ctx, conn, s, schema)
}

// mysqlVersion is the server's name, and what it is too old for: SKIP LOCKED came with MySQL 8.0.1 and MariaDB 10.6
// (https://mariadb.com/kb/en/select/#skip-locked, https://dev.mysql.com/doc/refman/8.0/en/innodb-locking-reads.html).
func mysqlVersion(version string) (server string, trouble error) {
	name, least := "MySQL", []int{8, 0, 1}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		name, least = "MariaDB", []int{10, 6, 0}
		version = strings.TrimPrefix(version, "5.5.5-") // as it says to clients that know no version 10
	}
	var has []int
	for _, digits := range regexp.MustCompile(`^(\d+)\.(\d+)\.(\d+)`).FindStringSubmatch(version) {
		if n, err := strconv.Atoi(digits); err == nil {
			has = append(has, n)
		}
	}
	server = name + " " + version
	if slices.Compare(has, least) < 0 {
		trouble = fmt.Errorf("%s cannot skip rows that another has locked; %s %d.%d.%d is the first that can", server, name, least[0], least[1], least[2])
	}
	return server, trouble
}

func (d *mysql) columns(ctx context.Context, conn *sql.Conn, s *shape, schema string, maria bool) error {
	documents := ""
	if maria { // MariaDB's JSON is text with a condition
		err := each(ctx, conn, func(scan func(...any) error) error {
			var clause string
			err := scan(&clause)
			documents += strings.ToLower(clause) + "\n"
			return err
		}, "SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? AND TABLE_NAME = ?", schema, s.name)
		if err != nil {
			return err
		}
	}
	return each(ctx, conn, func(scan func(...any) error) error {
		c := &column{}
		var base, null, extra string
		var fallback, charset sql.NullString
		var room, digits sql.NullInt64
		if err := scan(&c.name, &base, &c.typ, &null, &fallback, &extra, &room, &digits, &charset); err != nil {
			return err
		}
		extra = strings.ToLower(extra)
		d.typeOf(c, strings.ToLower(base))
		c.null, c.fine = null == "YES", digits.Int64 > 0
		c.rigid = strings.Contains(extra, "generated") && !strings.Contains(extra, "default_generated")
		c.wanted = !c.null && !fallback.Valid && !c.rigid && !strings.Contains(extra, "auto_increment")
		if charset.String == "utf8" { // as older servers call it
			charset.String = "utf8mb3"
		}
		c.last = lastOf(charset.String)
		if room.Valid && c.enum == nil {
			c.room = int(min(max(room.Int64, 0), 1<<30))
		}
		if strings.Contains(documents, "json_valid("+strings.ToLower(d.quote(c.name))+")") {
			c.kind = ofJSON
		}
		if strings.Contains(extra, "on update") && c.kind != ofText {
			s.notes = append(s.notes, fmt.Sprintf("column %s changes whenever a row does, so a job's body differs at each delivery", c.name))
		}
		s.columns = append(s.columns, c)
		return nil
	}, "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, CHARACTER_MAXIMUM_LENGTH, DATETIME_PRECISION, CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION", schema, s.name)
}

func (d *mysql) typeOf(c *column, base string) {
	switch base {
	case "tinyint", "smallint", "mediumint", "int", "bigint", "year":
		c.kind, c.whole = ofNumber, true
	case "decimal", "double", "bit":
		c.kind = ofNumber
	case "float":
		c.kind = ofSingle
	case "timestamp":
		c.kind, c.stamp, c.zone = ofEpoch, true, true
	case "datetime":
		c.kind, c.stamp = ofMoment, true
	case "date", "time":
		c.kind = ofMoment
	case "json":
		c.kind = ofJSON
	case "tinytext", "text", "mediumtext", "longtext":
		c.bytes = true
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "point", "linestring", "polygon":
		c.kind, c.bytes = ofBytes, true
	case "char":
		c.fixed = true
	case "enum":
		c.enum = enumWords(c.typ)
	}
}

// enumWords are those of enum('a','it”s').
func enumWords(typ string) []string {
	out := []string{}
	inside, word := false, strings.Builder{}
	for i := 0; i < len(typ); i++ {
		switch ch := typ[i]; {
		case ch != '\'' && inside:
			word.WriteByte(ch)
		case ch != '\'':
		case inside && i+1 < len(typ) && typ[i+1] == '\'':
			word.WriteByte(ch)
			i++
		case inside:
			out = append(out, word.String())
			word.Reset()
			inside = false
		default:
			inside = true
		}
	}
	return out
}

func (d *mysql) keys(ctx context.Context, conn *sql.Conn, s *shape, schema string) error {
	return each(ctx, conn, func(scan func(...any) error) error {
		var name string
		var part sql.NullString
		var many bool
		var prefix sql.NullInt64
		if err := scan(&name, &part, &many, &prefix); err != nil {
			return err
		}
		if n := len(s.indexes); n == 0 || s.indexes[n-1].name != name {
			s.indexes = append(s.indexes, index{name: name, unique: !many, primary: name == "PRIMARY"})
		}
		i := &s.indexes[len(s.indexes)-1]
		i.columns = append(i.columns, part.String) // empty: an expression
		if prefix.Valid {
			i.where = "the first characters of " + part.String
		}
		return nil
	}, "SELECT INDEX_NAME, COLUMN_NAME, NON_UNIQUE, SUB_PART FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY INDEX_NAME, SEQ_IN_INDEX", schema, s.name)
}
