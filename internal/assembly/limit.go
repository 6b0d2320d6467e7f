package assembly

import "errors"

// A template can ask for any amount of work in a few lines: outputs that point at each other in a circle, or each twice at the
// one before. Both end here, as an error about the one value that asks for it.
const (
	deepest  = 200     // nested values, and steps from output to output
	mostWork = 1 << 20 // values that one reader of a resource resolves, with those met on the way; 16 bytes of text count as one
)

var (
	errTooDeep = errors.New("nested more than 200 deep, or a circle of references")
	errTooMuch = errors.New("resolves to more than a million values: outputs or conditions multiply each other")
)

// deeper counts one step down and one value.
func (r resolver) deeper() (resolver, error) {
	if r.depth++; r.depth > deepest {
		return r, errTooDeep
	}
	return r, r.spend(1)
}

// write accounts for a text of some length that is about to be made.
func (r resolver) write(length int) error { return r.spend(length / 16) }

func (r resolver) spend(work int) error {
	*r.work -= work
	if *r.work < 0 {
		return errTooMuch
	}
	return nil
}

// limited says that an error is about a limit: where in the nesting it was met tells nothing, so no place is added to it.
func limited(err error) bool { return errors.Is(err, errTooDeep) || errors.Is(err, errTooMuch) }
