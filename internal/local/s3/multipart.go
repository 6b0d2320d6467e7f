package s3

import (
	"cmp"
	"crypto/md5" //nolint:gosec // S3's ETag
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

// smallestPart is the fewest bytes of a part that is not the last one, and mostParts the highest number of a part.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const (
	smallestPart = 5 << 20
	mostParts    = 10_000
)

// uploads are the uploads in parts that are under way.
type uploads struct {
	mu   sync.Mutex
	open map[string]*upload // by id
}

type upload struct {
	bucket *bucket
	key    string
	header http.Header
	parts  map[int]part
}

// part is a part that has arrived, in a file of its own.
type part struct {
	path string
	size int64
	md5  []byte
}

func (c *call) createUpload() error {
	if err := c.refused(); err != nil {
		return err
	}
	id := rand.Text()
	c.uploads.mu.Lock()
	c.uploads.open[id] = &upload{c.bucket, c.key, c.description(), map[int]part{}}
	c.uploads.mu.Unlock()
	return c.writeXML(struct {
		XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string   //nolint:revive // S3's spelling
	}{Bucket: c.bucket.name, Key: c.key, UploadId: id})
}

// upload returns the upload of the call; uploads.mu is held.
func (c *call) upload() (*upload, error) {
	u := c.uploads.open[c.r.URL.Query().Get("uploadId")]
	if u == nil || u.bucket != c.bucket || u.key != c.key {
		return nil, &apiError{http.StatusNotFound, "NoSuchUpload",
			"The upload does not exist; it may have been aborted or completed, or `dozen up` has ended since"}
	}
	return u, nil
}

func (c *call) putPart() error {
	number, err := strconv.Atoi(c.r.URL.Query().Get("partNumber"))
	if err != nil || number < 1 || number > mostParts {
		return badRequest("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	if c.r.Header.Get("X-Amz-Copy-Source") != "" {
		return notImplemented("UploadPartCopy")
	}
	b, err := c.receive(largestBody)
	if err != nil {
		return err
	}
	_ = b.Close()
	c.uploads.mu.Lock()
	defer c.uploads.mu.Unlock()
	u, err := c.upload()
	if err != nil {
		discard(b.File)
		return err
	}
	if before, again := u.parts[number]; again {
		_ = os.Remove(before.path)
	}
	u.parts[number] = part{b.Name(), b.size, b.md5}
	maps.Copy(c.w.Header(), b.checksums)
	c.w.Header().Set("ETag", b.etag())
	return nil
}

// completedParts is the body of CompleteMultipartUpload.
type completedParts struct {
	Part []struct {
		PartNumber int
		ETag       string
	}
}

func (c *call) completeUpload() error {
	maps.DeleteFunc(c.r.Header, func(name string, _ []string) bool { // it would be the object's, not this body's
		return strings.HasPrefix(name, checksum)
	})
	var in completedParts
	if err := c.readXML(&in); err != nil {
		return err
	}
	c.uploads.mu.Lock()
	u, err := c.upload()
	var chosen []part
	if err == nil {
		chosen, err = u.choose(in)
	}
	c.uploads.mu.Unlock()
	if err != nil {
		return err
	}
	file, err := c.bucket.newFile()
	if err != nil {
		return err
	}
	defer discard(file)
	o, err := join(file, chosen)
	if err != nil {
		return err
	}
	o.Key, o.Header = u.key, u.header
	if err := c.bucket.commit(file, o, c.r.Header); err != nil {
		return err
	}
	_ = c.endUpload()
	return c.writeXML(struct {
		XMLName                     xml.Name `xml:"CompleteMultipartUploadResult"`
		Location, Bucket, Key, ETag string
	}{Location: "http://" + c.r.Host + c.r.URL.Path, Bucket: c.bucket.name, Key: c.key, ETag: o.ETag})
}

// choose returns the parts that the object consists of.
func (u *upload) choose(in completedParts) ([]part, error) {
	if len(in.Part) == 0 {
		return nil, badRequest("MalformedXML", "You must specify at least one part")
	}
	var chosen []part
	for i, wanted := range in.Part {
		p, found := u.parts[wanted.PartNumber]
		switch {
		case i+1 < len(in.Part) && wanted.PartNumber >= in.Part[i+1].PartNumber:
			return nil, badRequest("InvalidPartOrder", "The list of parts was not in ascending order")
		case !found || strings.Trim(wanted.ETag, `"`) != hex.EncodeToString(p.md5):
			return nil, badRequest("InvalidPart",
				fmt.Sprintf("Part %d could not be found, or has another entity tag", wanted.PartNumber))
		case i < len(in.Part)-1 && p.size < smallestPart:
			return nil, badRequest("EntityTooSmall", fmt.Sprintf("Part %d has %d bytes: every part but the last must have %d",
				wanted.PartNumber, p.size, smallestPart))
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

// join copies the parts into the file. The ETag is the hash of their hashes, with their number.
func join(file *os.File, parts []part) (object, error) {
	var o object
	all := md5.New() //nolint:gosec // S3's ETag
	for _, p := range parts {
		from, err := os.Open(p.path)
		if err != nil {
			return o, err
		}
		n, err := io.Copy(file, from)
		if err = cmp.Or(err, from.Close()); err != nil {
			return o, err
		}
		o.Size += n
		all.Write(p.md5)
	}
	o.ETag = fmt.Sprintf(`"%x-%d"`, all.Sum(nil), len(parts))
	return o, nil
}

func (c *call) abortUpload() error {
	if err := c.endUpload(); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// endUpload removes an upload and its parts.
func (c *call) endUpload() error {
	c.uploads.mu.Lock()
	defer c.uploads.mu.Unlock()
	u, err := c.upload()
	if err != nil {
		return err
	}
	delete(c.uploads.open, c.r.URL.Query().Get("uploadId"))
	for _, p := range u.parts {
		_ = os.Remove(p.path)
	}
	return nil
}
