package templatecheck

import (
	"fmt"
	"strings"
)

// at follows keys into nested properties and returns nil if one is missing or its holder is not an object. It returns
// the intrinsic itself if the path runs into one.
func at(properties any, keys ...string) any {
	for _, key := range keys {
		object, ok := properties.(map[string]any)
		if !ok {
			return nil
		}
		inner, has := object[key]
		if !has && intrinsic(object) {
			return object
		}
		properties = inner
	}
	return properties
}

// intrinsic reports whether only AWS knows a value, at deployment.
func intrinsic(value any) bool {
	object, _ := value.(map[string]any)
	for name := range object {
		return len(object) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::"))
	}
	return false
}

// mayEqual reports whether a value is the wanted string, number or bool, or an intrinsic that may turn out to be.
func mayEqual(value, wanted any) bool {
	if intrinsic(value) || intrinsic(wanted) {
		return true
	}
	switch value.(type) {
	case map[string]any, []any:
		return false // Go does not compare them
	}
	return value == wanted
}

// list returns a value as a list: nil is an empty one, and any other value a list of one.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

// number reads a JSON number, or a number in a string. It reports false for any other value.
func number(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case string:
		var n float64
		_, err := fmt.Sscanf(v, "%g", &n)
		return n, err == nil
	}
	return 0, false
}

// target returns the logical id that a Ref or Fn::GetAtt names, and "" for any other value.
func target(value any) string {
	if id, ok := at(value, "Ref").(string); ok {
		return id
	}
	if parts := list(at(value, "Fn::GetAtt")); len(parts) > 0 {
		id, _ := parts[0].(string)
		return id
	}
	return ""
}

// shown returns a value for a message.
func shown(value any) string {
	if value == nil {
		return "not set"
	}
	return fmt.Sprint(value)
}
