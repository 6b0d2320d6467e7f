package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxImage is the maximum size of the image in bytes, gzipped as in a registry.
const maxImage = 8_000_000

// engine runs the docker-compatible command line in CONTAINER_ENGINE.
func engine(t *testing.T, args ...string) string {
	t.Helper()
	words := strings.Fields(os.Getenv("CONTAINER_ENGINE"))
	if len(words) == 0 {
		fmt.Fprintln(os.Stderr, "NOTE: the image was not tested, because CONTAINER_ENGINE is not set to a docker-compatible command")
		t.Skip("CONTAINER_ENGINE is not set")
	}
	cmd := exec.Command(words[0], append(words[1:], args...)...)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", os.Getenv("CONTAINER_ENGINE"), strings.Join(args, " "), err, problem.String())
	}
	return string(out)
}

// The image is deployed, so it must be small, run as an unprivileged user, contain nothing but the program, and be
// the same for the same commit.
func TestImage(t *testing.T) {
	for _, arch := range []string{"arm64", "amd64"} {
		t.Run(arch, func(t *testing.T) {
			first := buildImage(t, arch, "first")
			checkConfig(t, first.tag)
			if first.gzipped > maxImage {
				t.Errorf("the image has %d bytes gzipped, want at most %d", first.gzipped, maxImage)
			}
			t.Logf("%d bytes gzipped", first.gzipped)
			want := []string{"dozen-app", "etc/ssl/certs/ca-certificates.crt"}
			if !slices.Equal(first.files, want) {
				t.Errorf("the image holds %v, want %v", first.files, want)
			}
			if again := buildImage(t, arch, "second"); again.binary != first.binary {
				t.Errorf("two clean builds give different binaries: %s and %s", first.binary, again.binary)
			}
			if arch == "amd64" {
				out := engine(t, "run", "--rm", "--read-only", "--cap-drop=ALL", "--memory=64m", first.tag, "dozen-app", "help")
				if !strings.Contains(out, "usage: dozen-app COMMAND") {
					t.Errorf("the container prints %q", out)
				}
			}
		})
	}
}

type image struct {
	tag     string
	gzipped int
	files   []string
	binary  string // its SHA-256
}

func buildImage(t *testing.T, arch, name string) image {
	t.Helper()
	tag := "localhost/dozen-app-test:" + arch + "-" + name
	engine(t, "build", "--no-cache", "--platform", "linux/"+arch,
		"--build-arg", "TARGETARCH="+arch, "--build-arg", "VERSION=test", "-t", tag, ".")
	t.Cleanup(func() { engine(t, "rmi", "-f", tag) })
	archive := filepath.Join(t.TempDir(), "image.tar")
	engine(t, "save", "-o", archive, tag)
	content, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = writer.Write(content)
	_ = writer.Close()
	result := image{tag: tag, gzipped: packed.Len()}
	walk(t, bytes.NewReader(content), func(name string, body []byte) {
		if strings.HasSuffix(name, ".tar") { // a layer
			walk(t, bytes.NewReader(body), func(name string, body []byte) {
				result.files = append(result.files, name)
				if name == "dozen-app" {
					result.binary = fmt.Sprintf("%x", sha256.Sum256(body))
				}
			})
		}
	})
	slices.Sort(result.files)
	return result
}

// walk visits the regular files of a tar archive.
func walk(t *testing.T, from io.Reader, visit func(name string, body []byte)) {
	t.Helper()
	for archive := tar.NewReader(from); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg {
			body, err := io.ReadAll(archive)
			if err != nil {
				t.Fatal(err)
			}
			visit(strings.TrimPrefix(header.Name, "./"), body)
		}
	}
}

func checkConfig(t *testing.T, tag string) {
	t.Helper()
	var found []struct {
		Config struct {
			User       string
			Env        []string
			Cmd        []string
			Entrypoint []string
			Volumes    map[string]any
		}
	}
	if err := json.Unmarshal([]byte(engine(t, "inspect", tag)), &found); err != nil || len(found) != 1 {
		t.Fatalf("inspect: %v", err)
	}
	config := found[0].Config
	_, volume := config.Volumes["/tmp"]
	if config.User != "65532:65532" || len(config.Entrypoint) != 0 || !volume ||
		!slices.Equal(config.Cmd, []string{"dozen-app", "web"}) || !slices.Contains(config.Env, "PATH=/") {
		t.Errorf("the image's configuration is %+v", config)
	}
}
