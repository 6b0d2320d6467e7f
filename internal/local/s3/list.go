package s3

import (
	"cmp"
	"encoding/base64"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// timeForm is the form of times in S3's XML.
const timeForm = "2006-01-02T15:04:05.000Z"

// mostKeys is the most entries of one page.
const mostKeys = 1000

// listing is a page of keys: the answer of ListObjectsV2 and of ListObjects, which has a marker instead of tokens.
type listing struct {
	XMLName                                  xml.Name `xml:"ListBucketResult"`
	Name, Prefix, Delimiter                  string
	Marker, NextMarker                       string
	StartAfter                               string `xml:",omitempty"`
	ContinuationToken, NextContinuationToken string `xml:",omitempty"`
	MaxKeys, KeyCount                        int
	IsTruncated                              bool
	Contents                                 []entry
	CommonPrefixes                           []struct{ Prefix string }
}

type entry struct {
	Key, LastModified, ETag string
	Size                    int64
	StorageClass            string
}

// list answers ListObjectsV2 and ListObjects.
func (c *call) list() error {
	query := c.r.URL.Query()
	most, err := strconv.Atoi(cmp.Or(query.Get("max-keys"), strconv.Itoa(mostKeys)))
	token, badToken := base64.URLEncoding.DecodeString(query.Get("continuation-token"))
	if err != nil || badToken != nil || most < 0 {
		return badRequest("InvalidArgument", "max-keys must be a number from 0, and continuation-token from the page before")
	}
	page := &listing{
		Name: c.bucket.name, Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter"),
		Marker: query.Get("marker"), StartAfter: query.Get("start-after"),
		ContinuationToken: query.Get("continuation-token"), MaxKeys: min(most, mostKeys),
	}
	page.NextMarker = c.bucket.fill(page, cmp.Or(string(token), page.StartAfter, page.Marker))
	page.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(page.NextMarker))
	page.KeyCount = len(page.Contents) + len(page.CommonPrefixes)
	return c.writeXML(page)
}

// fill adds what comes after a key or a common prefix. It returns the last entry of a page that is not the last page.
func (b *bucket) fill(page *listing, after string) (last string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var keys []string
	for key := range b.objects {
		if strings.HasPrefix(key, page.Prefix) && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		common := commonPrefix(key, page.Prefix, page.Delimiter)
		if common != "" && (common == last || common == after) {
			continue
		}
		if len(page.Contents)+len(page.CommonPrefixes) == page.MaxKeys {
			page.IsTruncated = page.MaxKeys > 0
			break
		}
		if last = common; common != "" {
			page.CommonPrefixes = append(page.CommonPrefixes, struct{ Prefix string }{common})
			continue
		}
		o := b.objects[key]
		last = key
		page.Contents = append(page.Contents, entry{key, o.Modified.Format(timeForm), o.ETag, o.Size, "STANDARD"})
	}
	if !page.IsTruncated {
		return ""
	}
	return last
}

// commonPrefix returns a key up to the first delimiter after the prefix, or "" if there is none.
func commonPrefix(key, prefix, delimiter string) string {
	if delimiter == "" {
		return ""
	}
	before, _, found := strings.Cut(key[len(prefix):], delimiter)
	if !found {
		return ""
	}
	return prefix + before + delimiter
}
