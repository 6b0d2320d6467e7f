// Package storage stores objects by key: in S3, or in a directory. STORAGE_URL alone decides which.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"dozen/app/internal/awsapi"
)

// Storage writes and reads whole objects. Put never replaces an object: if there is one with this key, it stays, and
// Put returns nil. So a key must belong to its content.
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
	name, err := inside(b.prefix, key)
	if err != nil {
		return err
	}
	return b.aws.PutObject(ctx, b.name, name, body)
}

func (b bucket) Get(ctx context.Context, key string) ([]byte, error) {
	name, err := inside(b.prefix, key)
	if err != nil {
		return nil, err
	}
	return b.aws.GetObject(ctx, b.name, name)
}

// inside joins a prefix and a key, which may come from the command line.
func inside(prefix, key string) (string, error) {
	if !filepath.IsLocal(key) {
		return "", fmt.Errorf("storage key %q: points outside STORAGE_URL", key)
	}
	return path.Join(prefix, key), nil
}

type directory string

// Put writes a file next to the target and links it, so that a killed process does not leave half an object under the
// key.
func (d directory) Put(_ context.Context, key string, body []byte) error {
	name, err := inside(string(d), key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(name), ".part-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(part.Name()) }()
	if _, err = part.Write(body); err == nil {
		err = part.Sync()
	}
	if err := errors.Join(err, part.Close()); err != nil {
		return err
	}
	if err = os.Link(part.Name(), name); errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

func (d directory) Get(_ context.Context, key string) ([]byte, error) {
	name, err := inside(string(d), key)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}
