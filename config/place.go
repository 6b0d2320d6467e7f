package config

import (
	"reflect"
	"regexp"
	"strconv"
)

// placed completes a problem with the place in environments.go where the field's value stands: the tier's function, or the
// environment's own. A value of zero may be written nowhere, so only the file is named.
func (p problem) placed(e Environment) string {
	if e.overridden[p.field] != "" {
		return p.text // which names the variable
	}
	const file = "config/environments.go"
	value, ok := valueAt(e, p.field)
	if !ok || reflect.ValueOf(value).IsZero() {
		return p.text + " (" + file + ")"
	}
	for _, in := range []function{
		tierOf(e), {"Development", Development()}, {"Staging", Staging()}, {"Production", Production()},
	} {
		written, ok := valueAt(in.result, p.field)
		if ok && in.result.Name == e.Name && reflect.DeepEqual(written, value) {
			return p.text + " (" + in.name + " in " + file + ")"
		}
	}
	return p.text + " (" + file + ")"
}

// function is one of environments.go.
type function struct {
	name   string
	result Environment
}

// tierOf returns the tier that an environment has most fields of.
func tierOf(e Environment) function {
	alike := func(tier Environment) (n int) {
		a, b := reflect.ValueOf(e), reflect.ValueOf(tier)
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() && reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
				n++
			}
		}
		return n
	}
	small, large := cheap(e.Name), durable(e.Name)
	if alike(small) >= alike(large) {
		return function{"cheap", small}
	}
	return function{"durable", large}
}

var fieldSteps = regexp.MustCompile(`^\.?([A-Z][A-Za-z0-9]*)|^\["([^"]*)"\]|^\[([0-9]+)\]`)

// valueAt returns the value of a field as messages name it, such as Workers["worker"].Max.
func valueAt(e Environment, field string) (value any, ok bool) {
	v := reflect.ValueOf(e)
	for field != "" {
		step := fieldSteps.FindStringSubmatch(field)
		if step == nil {
			return nil, false
		}
		field = field[len(step[0]):]
		switch {
		case step[1] != "" && v.Kind() == reflect.Struct:
			v = v.FieldByName(step[1])
		case step[3] != "" && v.Kind() == reflect.Slice:
			if i, err := strconv.Atoi(step[3]); err == nil && i < v.Len() {
				v = v.Index(i)
			} else {
				return nil, false
			}
		case step[1] == "" && step[3] == "" && v.Kind() == reflect.Map:
			v = v.MapIndex(reflect.ValueOf(step[2]))
		default:
			return nil, false
		}
		if !v.IsValid() {
			return nil, false
		}
	}
	return v.Interface(), true
}
