package s3

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Store keeps the objects of some buckets in files.
type Store struct {
	buckets map[string]*bucket
	uploads uploads
}

// bucket is a directory of objects.
type bucket struct {
	name, directory string

	mu      sync.Mutex
	objects map[string]object // by key
}

// object is what a file says about its body, in its last line.
type object struct {
	Key      string
	Size     int64
	ETag     string // with its quotes
	Modified time.Time
	Header   http.Header // that GetObject answers: Content-Type, X-Amz-Meta-* and so on
}

// receiving is the pattern of the names of files that are not complete.
const receiving = "new-*"

// Open opens a directory with these buckets, which are made if they are missing.
func Open(directory string, buckets []string) (*Store, error) {
	s := &Store{buckets: map[string]*bucket{}, uploads: uploads{open: map[string]*upload{}}}
	for _, name := range buckets {
		b := &bucket{name: name, directory: filepath.Join(directory, name), objects: map[string]object{}}
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("bucket %q: not a name of a bucket", name)
		}
		if err := errors.Join(os.MkdirAll(b.directory, 0o700), b.load()); err != nil {
			return nil, fmt.Errorf("bucket %s: %w", name, err)
		}
		s.buckets[name] = b
	}
	return s, nil
}

// load reads the objects, and removes what a killed program was receiving.
func (b *bucket) load() error {
	files, err := os.ReadDir(b.directory)
	if err != nil {
		return err
	}
	for _, file := range files {
		path := filepath.Join(b.directory, file.Name())
		if unfinished, _ := filepath.Match(receiving, file.Name()); unfinished {
			err = os.Remove(path)
		} else {
			var o object
			if o, err = readObject(path); err == nil {
				b.objects[o.Key] = o
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// longestDescription is the most bytes of an object's last line. S3 allows 2 KB of metadata and 1 KB of key.
const longestDescription = 32 << 10

func readObject(path string) (o object, err error) {
	file, err := os.Open(path)
	if err != nil {
		return o, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return o, err
	}
	end := make([]byte, min(info.Size(), longestDescription))
	if _, err = file.ReadAt(end, info.Size()-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return o, err
	}
	line := end[bytes.LastIndexByte(end, '\n')+1:]
	if err := json.Unmarshal(line, &o); err != nil || o.Size != info.Size()-int64(len(line))-1 {
		return o, fmt.Errorf("%s is not an object, or damaged; remove it", path)
	}
	return o, nil
}

func (b *bucket) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(b.directory, hex.EncodeToString(sum[:]))
}

// newFile returns a file for a body that is to be received.
func (b *bucket) newFile() (*os.File, error) { return os.CreateTemp(b.directory, receiving) } // 0600

// discard removes a file of newFile. It does nothing if the file has become an object.
func discard(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}

// commit makes a received body the object with this key, if the conditions in the header hold.
func (b *bucket) commit(file *os.File, o object, conditions http.Header) error {
	o.Modified = time.Now().UTC().Truncate(time.Second) // as precise as Last-Modified
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if len(line) >= longestDescription {
		return badRequest("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	if _, err := file.WriteAt(append([]byte("\n"), line...), o.Size); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.check(o.Key, conditions); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), b.path(o.Key)); err != nil {
		return err
	}
	b.objects[o.Key] = o
	return nil
}

// remove removes an object, if there is one and the conditions in the header hold.
func (b *bucket) remove(key string, conditions http.Header) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.check(key, conditions); err != nil {
		return err
	}
	if _, found := b.objects[key]; !found {
		return nil
	}
	delete(b.objects, key)
	return os.Remove(b.path(key))
}

// check reports whether the conditions of a write hold; mu is held.
func (b *bucket) check(key string, conditions http.Header) error {
	before, found := b.objects[key]
	match, noneMatch := conditions.Get("If-Match"), conditions.Get("If-None-Match")
	switch {
	case match != "" && !found:
		return noSuchKey(key)
	case noneMatch != "" && noneMatch != "*":
		return notImplemented("If-None-Match with another value than *")
	case noneMatch != "" && found:
		return preconditionFailed
	case match != "" && match != "*" && strings.Trim(match, `"`) != strings.Trim(before.ETag, `"`):
		return preconditionFailed
	}
	return nil
}

// open returns an object and its file.
func (b *bucket) open(key string) (object, *os.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, found := b.objects[key]
	if !found {
		return o, nil, noSuchKey(key)
	}
	file, err := os.Open(b.path(key))
	return o, file, err
}

func noSuchKey(key string) error {
	return &apiError{http.StatusNotFound, "NoSuchKey", "The specified key does not exist: " + key}
}

var preconditionFailed = &apiError{
	http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
}
