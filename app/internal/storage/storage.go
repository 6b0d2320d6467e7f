// Package storage stores objects by key: in S3, or in a directory. STORAGE_URL alone decides which.
package storage

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"dozen/app/internal/awsapi"
)

// Storage writes and reads whole objects. Put replaces an object of the same key.
type Storage interface {
	Put(ctx context.Context, key string, body []byte) error
	Get(ctx context.Context, key string) ([]byte, error)
}

// Open returns the storage at a valid s3:// or file:// URL.
func Open(u *url.URL, aws *awsapi.Client) Storage {
	if u.Scheme == "s3" {
		return bucket{aws, u.Host, strings.Trim(u.Path, "/")}
	}
	return directory(u.Path)
}

type bucket struct {
	aws          *awsapi.Client
	name, prefix string
}

func (b bucket) Put(ctx context.Context, key string, body []byte) error {
	return b.aws.PutObject(ctx, b.name, path.Join(b.prefix, key), body)
}

func (b bucket) Get(ctx context.Context, key string) ([]byte, error) {
	return b.aws.GetObject(ctx, b.name, path.Join(b.prefix, key))
}

type directory string

// Put writes a file next to the target and renames it, so that a killed process does not leave half an object under
// the key.
func (d directory) Put(_ context.Context, key string, body []byte) error {
	name, err := d.file(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(name+".part", body, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

func (d directory) Get(_ context.Context, key string) ([]byte, error) {
	name, err := d.file(key)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}

func (d directory) file(key string) (string, error) {
	if !filepath.IsLocal(key) {
		return "", fmt.Errorf("storage key %q: points outside the storage directory", key)
	}
	return filepath.Join(string(d), key), nil
}
