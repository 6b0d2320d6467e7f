package config

import "log/slog"

// Secret is a string that redacts itself wherever it is printed, logged or
// marshalled. Reveal gives the value to the one place that needs it.
type Secret string

const redacted = "[redacted]"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer; an unset secret stays visibly unset.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString covers the %#v verb.
func (s Secret) GoString() string { return s.String() }

// MarshalText covers encoding/json and friends.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue covers log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
