package s3

import (
	"bufio"
	"crypto/md5"  //nolint:gosec // S3's ETag
	"crypto/sha1" //nolint:gosec // a checksum of S3
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"io/fs"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"os"
	"strconv"
	"strings"
)

// largestBody is the most bytes of one upload, as on S3.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const largestBody = 5 << 30

// checksums are the algorithms that a client may choose, by the header of their value.
var checksums = map[string]func() hash.Hash{
	"X-Amz-Checksum-Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"X-Amz-Checksum-Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"X-Amz-Checksum-Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"X-Amz-Checksum-Sha1":      sha1.New,
	"X-Amz-Checksum-Sha256":    sha256.New,
}

// body is a body that has arrived as the client has sent it.
type body struct {
	*os.File
	size      int64
	md5       []byte
	checksums http.Header // that the client has sent and that are right
}

func (b *body) etag() string { return `"` + hex.EncodeToString(b.md5) + `"` }

// receive writes the body to a new file of the bucket, which the caller discards, and checks everything that the client
// says about it.
func (c *call) receive(most int64) (*body, error) {
	size, err := c.declaredSize(most)
	if err != nil {
		return nil, err
	}
	sums, err := c.chosenChecksums()
	if err != nil {
		return nil, err
	}
	from, trailer := io.Reader(c.r.Body), func() (textproto.MIMEHeader, error) { return nil, nil }
	if c.chunked() {
		buffered := bufio.NewReader(c.r.Body)
		from = httputil.NewChunkedReader(buffered) // with S3's chunk signatures as extensions
		trailer = textproto.NewReader(bufio.NewReader(io.LimitReader(buffered, 16<<10))).ReadMIMEHeader
	}
	file, err := c.bucket.newFile()
	if err != nil {
		return nil, err
	}
	b := &body{File: file, checksums: http.Header{}}
	if err := c.copyAndCheck(b, from, size, sums, trailer); err != nil {
		discard(file)
		return nil, err
	}
	return b, nil
}

// chunked reports whether the body is in the chunks of S3 (aws-chunked), which have nothing to do with those of HTTP.
func (c *call) chunked() bool {
	return strings.HasPrefix(c.r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-")
}

// declaredSize returns how long the body is according to the client.
func (c *call) declaredSize(most int64) (int64, error) {
	size := c.r.ContentLength
	if text := c.r.Header.Get("X-Amz-Decoded-Content-Length"); c.chunked() {
		var err error
		if size, err = strconv.ParseInt(text, 10, 64); err != nil {
			size = -1
		}
	}
	switch {
	case size < 0:
		return 0, &apiError{http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length header"}
	case size > most:
		return 0, badRequest("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	return size, nil
}

// chosenChecksums returns the checksums that the client sends, in a header or after the body.
func (c *call) chosenChecksums() (map[string]hash.Hash, error) {
	names := []string{c.r.Header.Get("X-Amz-Trailer")}
	for name := range c.r.Header {
		names = append(names, name)
	}
	sums := map[string]hash.Hash{}
	for _, name := range names {
		name = http.CanonicalHeaderKey(strings.TrimSpace(name))
		kind, is := strings.CutPrefix(name, checksum)
		if !is || kind == "Algorithm" || kind == "Type" || kind == "Mode" {
			continue
		}
		if checksums[name] == nil {
			return nil, notImplemented(name)
		}
		sums[name] = checksums[name]()
	}
	return sums, nil
}

// copyAndCheck copies the body into the file.
func (c *call) copyAndCheck(
	b *body, from io.Reader, size int64, sums map[string]hash.Hash, trailer func() (textproto.MIMEHeader, error),
) error {
	md5sum, sha := md5.New(), sha256.New() //nolint:gosec // S3's ETag
	into := []io.Writer{b.File, md5sum, sha}
	for _, sum := range sums {
		into = append(into, sum)
	}
	var err error
	var here *fs.PathError // such as a full disk
	b.size, err = io.Copy(io.MultiWriter(into...), io.LimitReader(from, size+1))
	if errors.As(err, &here) {
		return err
	}
	if b.size != size || err != nil {
		return badRequest("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length header")
	}
	after, err := trailer()
	if err != nil && !errors.Is(err, io.EOF) {
		return badRequest("MalformedTrailerError", "The request contained trailing data that was not well-formed")
	}
	b.md5 = md5sum.Sum(nil)
	header := c.r.Header
	if want := header.Get("X-Amz-Content-Sha256"); len(want) == 64 && want != hex.EncodeToString(sha.Sum(nil)) {
		return badRequest("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' does not match what was computed")
	}
	if want := header.Get("Content-Md5"); want != "" && want != base64.StdEncoding.EncodeToString(b.md5) {
		return badRequest("BadDigest", "The Content-MD5 you specified did not match what we received")
	}
	for name, sum := range sums {
		value := base64.StdEncoding.EncodeToString(sum.Sum(nil))
		if want := header.Get(name) + after.Get(name); want != value {
			return badRequest("BadDigest", "The "+name+" you specified did not match the calculated checksum")
		}
		b.checksums.Set(name, value)
	}
	return nil
}
