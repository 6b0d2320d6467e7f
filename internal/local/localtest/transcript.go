package localtest

import (
	"bytes"
	"sync"
)

// Transcript is a writer whose text can be read while somebody writes. The zero value is empty and ready.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends.
func (t *Transcript) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(data)
}

// String is all that was written so far.
func (t *Transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
