package localtest

import (
	"bytes"
	"sync"
)

// Transcript is a writer whose content can be read while something still writes to it. The zero value is ready to use.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends data.
func (t *Transcript) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(data)
}

// String returns everything written so far.
func (t *Transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
