package operator

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
)

// Cost of a hash, as OWASP advises for argon2id: 19 MiB, two passes.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	threads = 1
	saltLen = 16
	keyLen  = 32
)

// hashing bounds how many hashes are made at once: a crowd at the login form
// must not use up the memory that events need.
var hashing = make(chan struct{}, 2)

var coded = base64.RawStdEncoding

// hash returns the password's hash in the usual form, cost and salt included.
func hash(password string) string {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails, see crypto/rand
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads,
		coded.EncodeToString(salt), coded.EncodeToString(derive(password, salt, passes, memory, threads)))
}

// matches says whether the password is the one that was hashed.
func matches(stored, password string) bool {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var m, t uint32
	var p uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil || t == 0 || p == 0 {
		return false
	}
	salt, err := coded.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := coded.DecodeString(parts[5])
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare(derive(password, salt, t, m, p), want) == 1
}

func derive(password string, salt []byte, t, m uint32, p uint8) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(password), salt, t, m, p, keyLen)
}

// nobody is a hash that no password matches, for emails that do not exist.
var nobody = sync.OnceValue(func() string { return hash(rand.Text()) })
