package backing

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3bolt"
	bolt "go.etcd.io/bbolt"
)

// openObjects opens the stored objects and makes the missing buckets.
func (a *AWS) openObjects(path string, buckets []string) (closeIt func(), err error) {
	file, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	backend := s3bolt.New(file)
	for _, bucket := range buckets {
		exists, err := backend.BucketExists(bucket)
		if err == nil && !exists {
			err = backend.CreateBucket(bucket)
		}
		if err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("bucket %s: %w", bucket, err)
		}
	}
	a.objects = gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	return func() { _ = file.Close() }, nil
}

// serveObject answers calls of S3, and refuses those that the library would answer wrongly.
func (a *AWS) serveObject(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	encoding := r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case key == "" && bucket != "" && (r.Method == http.MethodPut || r.Method == http.MethodDelete):
		writeError(w, r, forbidden("AccessDenied", "a task may not create or delete buckets: the template does"))
	case strings.HasPrefix(encoding, "STREAMING-") && encoding != "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
		writeError(w, r, &apiError{
			http.StatusNotImplemented, "NotImplemented",
			"the stand-in does not support uploads with " + encoding +
				"; set AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
		})
	default:
		a.objects.ServeHTTP(w, r)
	}
}
