package assembly

import (
	"fmt"
	"math"
	"strconv"
)

// asText writes a plain value as CloudFormation does where it wants a text.
func asText(value any) (string, error) {
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
	return "", fmt.Errorf("wants a text, not %s", kind(value))
}

// integer is a whole number, or the one that a text holds. Beyond 2^53 a JSON number is no longer exact, and none.
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

// kind describes a value in a message: short ones as they are.
func kind(value any) string {
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
