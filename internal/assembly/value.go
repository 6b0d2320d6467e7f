package assembly

import (
	"fmt"
	"math"
	"strconv"
)

// asString writes a plain value as CloudFormation does where it wants a string.
func asString(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case int:
		return strconv.Itoa(v), nil
	}
	return "", fmt.Errorf("want a string, got %s", describe(value))
}

// integer returns a whole number, or the whole number in a string, and reports whether the value is either of them. A
// JSON number beyond 2^53 is not exact, so it is not accepted.
func integer(value any) (int, bool) {
	switch v := value.(type) {
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, false
		}
		return int(v), true
	case int:
		return v, true
	case string:
		number, err := strconv.Atoi(v)
		return number, err == nil
	}
	return 0, false
}

// describe describes a value for a message: a short one as it is.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case noValue:
		return "AWS::NoValue"
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "an object"
	case string:
		return fmt.Sprintf("%.80q", v)
	}
	return fmt.Sprint(value)
}
