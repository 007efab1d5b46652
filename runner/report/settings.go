package report

import (
	"brood/jobs/figures"
	"brood/runner/spec"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// told are members of a run's configuration that are told elsewhere.
var told = []string{"name", "job", "words", "plan", "dataset", "output", "output_format", "form", "effect"}

// engineSettings are what the run was told, of the engine: what is not zero.
func engineSettings(cfg *spec.Config) []figures.Fact {
	return members("", reflect.ValueOf(cfg).Elem(), told)
}

// members are the members of a struct that are kept in the ledger and not zero, as facts.
func members(prefix string, v reflect.Value, without []string) (out []figures.Fact) {
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" || name == "" || slices.Contains(without, name) || !v.Type().Field(i).IsExported() || v.Field(i).IsZero() {
			continue
		}
		out = append(out, setting(prefix+name, v.Field(i))...)
	}
	return out
}

// setting is a value as one fact or several.
func setting(name string, v reflect.Value) []figures.Fact {
	if v.Kind() == reflect.Pointer {
		return setting(name, v.Elem())
	}
	one := func(text string) []figures.Fact { return []figures.Fact{fact(name, text)} }
	switch x := v.Interface().(type) {
	case time.Duration:
		return one(duration(x))
	case fmt.Stringer:
		return one(x.String())
	}
	if v.CanAddr() {
		if x, ok := v.Addr().Interface().(fmt.Stringer); ok {
			return one(x.String())
		}
	}
	if v.Kind() == reflect.Struct {
		if all := members(name+".", v, nil); all != nil {
			return all
		}
	}
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return nil
	}
	return one(plain(b))
}

// fact is a setting whose secrets are taken out.
func fact(name, value string) figures.Fact {
	if secretName().MatchString(name) && value != "true" && value != "false" {
		value = secret
	}
	return figures.Fact{Name: strings.ReplaceAll(name, "_", " "), Value: maskSecrets(value)}
}

// jobSettings are those of the job, which keeps them as JSON.
func jobSettings(config json.RawMessage) (out []figures.Fact) {
	var all map[string]json.RawMessage
	if json.Unmarshal(config, &all) != nil {
		return nil
	}
	return jsonFacts("", all)
}

func jsonFacts(prefix string, all map[string]json.RawMessage) (out []figures.Fact) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v := all[name]
		var inner map[string]json.RawMessage
		if json.Unmarshal(v, &inner) == nil && inner != nil && strings.Count(prefix, ".") < 2 {
			out = append(out, jsonFacts(prefix+name+".", inner)...)
			continue
		}
		switch text := plain(v); text {
		case "", "0", "false", "null", "[]", "{}":
		default:
			out = append(out, fact(prefix+name, text))
		}
	}
	return out
}

// plain is a JSON value as people write it: a text without its quotes, texts of a list with commas between.
func plain(v []byte) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	var list []string
	if json.Unmarshal(v, &list) == nil {
		return strings.Join(list, ", ")
	}
	return string(v)
}
