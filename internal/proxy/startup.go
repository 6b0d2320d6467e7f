package proxy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Codes that a client sends instead of a protocol version. See "Message Formats" in PostgreSQL's documentation.
const (
	cancelCode = 80877102
	tlsCode    = 80877103
	gssCode    = 80877104
)

// longestStartup is PostgreSQL's own limit, in bytes.
const longestStartup = 10_000

// startup is the first message of a client.
type startup struct {
	code       uint32            // one of the codes above, or the version of the protocol
	parameters map[string]string // of a version: user, database and settings of the session
	raw        []byte            // the whole message
}

// readStartup reads a startup message and not a byte more.
func readStartup(client io.Reader) (startup, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(client, head); err != nil {
		return startup{}, err
	}
	length := binary.BigEndian.Uint32(head)
	if length < 8 || length > longestStartup {
		return startup{}, fmt.Errorf("a startup message of %d bytes: this is not PostgreSQL's protocol", length)
	}
	raw := append(head, make([]byte, length-4)...)
	if _, err := io.ReadFull(client, raw[4:]); err != nil {
		return startup{}, err
	}
	s := startup{code: binary.BigEndian.Uint32(raw[4:]), raw: raw}
	if s.version() != 3 {
		return s, nil
	}
	var err error
	s.parameters, err = parameters(string(raw[8:]))
	return s, err
}

// version returns the major version of the protocol.
func (s startup) version() uint32 { return s.code >> 16 }

// parameters parses pairs of names and values, each with a zero byte after it, and a zero byte after the last pair.
func parameters(text string) (map[string]string, error) {
	found := map[string]string{}
	for {
		name, rest, ok := strings.Cut(text, "\x00")
		if ok && name == "" && rest == "" {
			return found, nil
		}
		value, rest, whole := strings.Cut(rest, "\x00")
		if !ok || !whole || name == "" {
			return nil, errors.New("the startup message has an invalid list of parameters")
		}
		found[name], text = value, rest
	}
}
