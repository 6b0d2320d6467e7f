package s3

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keptHeaders are what an object keeps of the request that has stored it, next to its metadata.
var keptHeaders = []string{
	"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires",
}

// Beginnings of the names of headers.
const (
	metadata = "X-Amz-Meta-"
	checksum = "X-Amz-Checksum-"
)

// refusedHeaders are the beginnings of headers that ask for something that is not played.
var refusedHeaders = []string{
	"X-Amz-Copy-Source-", "X-Amz-Grant-", "X-Amz-Object-Lock-", "X-Amz-Server-Side-Encryption-Customer-", "X-Amz-Tagging",
}

// description returns the headers that a new object keeps.
func (c *call) description() http.Header {
	kept := http.Header{"Content-Type": {"binary/octet-stream"}}
	for name, values := range c.r.Header {
		if slices.Contains(keptHeaders, name) || strings.HasPrefix(name, metadata) {
			kept.Set(name, strings.Join(values, ","))
		}
	}
	encodings := slices.DeleteFunc(strings.Split(kept.Get("Content-Encoding"), ","), func(encoding string) bool {
		return strings.TrimSpace(encoding) == "aws-chunked" // it is the upload's, not the object's
	})
	if kept.Del("Content-Encoding"); strings.Join(encodings, "") != "" {
		kept.Set("Content-Encoding", strings.Join(encodings, ","))
	}
	return kept
}

// refused returns the error for a header that asks for what the bucket does not allow or the stand-in does not do.
func (c *call) refused() error {
	if acl := c.r.Header.Get("X-Amz-Acl"); acl != "" && acl != "bucket-owner-full-control" {
		return badRequest("AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	for name := range c.r.Header {
		is := func(start string) bool { return strings.HasPrefix(name, start) }
		if slices.ContainsFunc(refusedHeaders, is) {
			return notImplemented(name)
		}
	}
	return nil
}

func (c *call) put() error {
	if err := c.refused(); err != nil {
		return err
	}
	if c.r.Header.Get("X-Amz-Copy-Source") != "" {
		return c.copyObject()
	}
	b, err := c.receive(largestBody)
	if err != nil {
		return err
	}
	defer discard(b.File)
	o := object{Key: c.key, Size: b.size, ETag: b.etag(), Header: c.description()}
	maps.Copy(o.Header, b.checksums)
	if err := c.bucket.commit(b.File, o, c.r.Header); err != nil {
		return err
	}
	maps.Copy(c.w.Header(), b.checksums)
	c.w.Header().Set("ETag", o.ETag)
	return nil
}

// copyObject copies an object, with its metadata or with that of the request.
func (c *call) copyObject() error {
	source, err := url.PathUnescape(strings.TrimPrefix(c.r.Header.Get("X-Amz-Copy-Source"), "/"))
	name, key, found := strings.Cut(source, "/")
	if err != nil || !found || c.buckets[name] == nil {
		return badRequest("InvalidArgument", "x-amz-copy-source is not the name of an object: "+source)
	}
	o, from, err := c.buckets[name].open(key)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	file, err := c.bucket.newFile()
	if err != nil {
		return err
	}
	defer discard(file)
	if _, err := io.CopyN(file, from, o.Size); err != nil {
		return err
	}
	o.Key = c.key
	if c.r.Header.Get("X-Amz-Metadata-Directive") == "REPLACE" {
		o.Header = c.description()
	}
	if err := c.bucket.commit(file, o, c.r.Header); err != nil {
		return err
	}
	return c.writeXML(struct {
		XMLName            xml.Name `xml:"CopyObjectResult"`
		ETag, LastModified string
	}{ETag: o.ETag, LastModified: time.Now().UTC().Format(timeForm)})
}

// get answers GetObject and HeadObject. The library of HTTP knows ranges and conditions.
func (c *call) get() error {
	o, file, err := c.bucket.open(c.key)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	w := &content{ResponseWriter: c.w, object: o, checksum: c.r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED"}
	for name, values := range o.Header {
		switch {
		case strings.HasPrefix(name, metadata):
			w.Header()[strings.ToLower(name)] = values // as S3 has it: Python's client takes the case for the name's
		case !strings.HasPrefix(name, checksum):
			w.Header()[name] = values
		}
	}
	for name, values := range c.r.URL.Query() {
		header, is := strings.CutPrefix(name, "response-")
		if header = http.CanonicalHeaderKey(header); is && slices.Contains(keptHeaders, header) {
			w.Header()[header] = values
		}
	}
	w.Header().Set("ETag", o.ETag)
	http.ServeContent(w, c.r, "", o.Modified, io.NewSectionReader(file, 0, o.Size))
	return nil
}

// content is the answer to GetObject. It adds what belongs to a whole body, and has S3's words for errors.
type content struct {
	http.ResponseWriter
	object   object
	checksum bool // whether the client wants it
	failed   bool
}

func (w *content) WriteHeader(status int) {
	var err error
	switch status {
	case http.StatusOK:
		// ServeContent leaves it out if the body has a Content-Encoding.
		w.Header().Set("Content-Length", strconv.FormatInt(w.object.Size, 10))
		for name, values := range w.object.Header {
			if w.checksum && strings.HasPrefix(name, checksum) {
				w.Header()[name] = values
			}
		}
	case http.StatusPreconditionFailed:
		err = preconditionFailed
	case http.StatusRequestedRangeNotSatisfiable:
		err = &apiError{status, "InvalidRange", "The requested range is not satisfiable"}
	}
	if w.failed = err != nil; w.failed {
		clear(w.Header())
		writeError(w.ResponseWriter, err)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *content) Write(data []byte) (int, error) {
	if w.failed {
		return len(data), nil
	}
	return w.ResponseWriter.Write(data)
}

func (c *call) delete() error {
	if err := c.bucket.remove(c.key, c.r.Header); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// deleteMany answers DeleteObjects, of at most 1000 objects.
func (c *call) deleteMany() error {
	var in struct {
		Quiet  bool
		Object []struct{ Key, VersionId, ETag string } //nolint:revive // S3's spelling
	}
	if err := c.readXML(&in); err != nil {
		return err
	}
	if len(in.Object) == 0 || len(in.Object) > 1000 {
		return badRequest("MalformedXML", "The request has to name 1 to 1000 objects")
	}
	type item struct {
		Key, Code, Message string `xml:",omitempty"`
	}
	var out struct {
		XMLName xml.Name `xml:"DeleteResult"`
		Deleted []item
		Error   []item
	}
	for _, o := range in.Object {
		conditions := http.Header{}
		if o.ETag != "" {
			conditions.Set("If-Match", o.ETag)
		}
		err := c.bucket.remove(o.Key, conditions)
		var failed *apiError
		if o.VersionId != "" {
			err = notImplemented("VersionId")
		}
		switch {
		case errors.As(err, &failed):
			out.Error = append(out.Error, item{o.Key, failed.code, failed.message})
		case err != nil:
			return err
		case !in.Quiet:
			out.Deleted = append(out.Deleted, item{Key: o.Key})
		}
	}
	return c.writeXML(out)
}

// readXML reads the XML in the body.
func (c *call) readXML(into any) error {
	b, err := c.receive(8 << 20) // a thousand keys, or ten thousand parts
	if err != nil {
		return err
	}
	defer discard(b.File)
	if err := xml.NewDecoder(io.NewSectionReader(b.File, 0, b.size)).Decode(into); err != nil {
		return badRequest("MalformedXML", "The XML you provided was not well-formed")
	}
	return nil
}
