package operator

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a hash, as OWASP recommends for argon2id: 19 MiB, two passes.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	threads = 1
	saltLen = 16
	keyLen  = 32
)

// hashing limits how many hashes are computed at once: many simultaneous logins must not use up the memory that
// events need.
var hashing = make(chan struct{}, 2)

var encoding = base64.RawStdEncoding

// hashPassword returns a password's hash in the usual format, with its cost and salt.
func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails, see crypto/rand
	key, err := derive(ctx, password, salt, passes, memory, threads)
	return format(salt, key), err
}

func format(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads,
		encoding.EncodeToString(salt), encoding.EncodeToString(key))
}

// matches reports whether stored is a hash of the password.
func matches(ctx context.Context, stored, password string) (bool, error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, nil
	}
	var m, t uint32
	var p uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil || t == 0 || p == 0 {
		return false, nil
	}
	salt, err := encoding.DecodeString(parts[4])
	if err != nil {
		return false, nil
	}
	want, err := encoding.DecodeString(parts[5])
	if err != nil {
		return false, nil
	}
	key, err := derive(ctx, password, salt, t, m, p)
	return err == nil && subtle.ConstantTimeCompare(key, want) == 1, err
}

// derive waits for its turn. It returns ErrBusy if ctx ends first.
func derive(ctx context.Context, password string, salt []byte, t, m uint32, p uint8) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ErrBusy
	}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(password), salt, t, m, p, keyLen), nil
}

// unmatchable is a hash that no password matches, for unknown emails.
var unmatchable = format(make([]byte, saltLen), make([]byte, keyLen))
