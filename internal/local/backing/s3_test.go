package backing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"dozen/internal/local/localtest"
)

// files is the bucket of these tests.
var files = aws.String("files")

// client returns AWS's own client with a task's variables and credentials.
func (c task) client() *s3.Client {
	return s3.New(s3.Options{
		Region: c.variables["AWS_REGION"], BaseEndpoint: aws.String(c.variables["AWS_ENDPOINT_URL"]), RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Credentials:                aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.credentials, nil }),
	})
}

// requireCode fails unless a call of the client has failed with this code of S3.
func requireCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	var failed smithy.APIError
	if !errors.As(err, &failed) || failed.ErrorCode() != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func put(t *testing.T, client *s3.Client, key, body string) {
	t.Helper()
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: files, Key: &key, Body: strings.NewReader(body)})
	must(t, err)
}

func get(t *testing.T, client *s3.Client, in *s3.GetObjectInput) string {
	t.Helper()
	in.Bucket = files
	out, err := client.GetObject(t.Context(), in)
	if err != nil {
		t.Errorf("GetObject of %s: %v", *in.Key, err)
		return ""
	}
	body, err := io.ReadAll(out.Body)
	must(t, err)
	return string(body)
}

// Prevents: an object comes back with other bytes or other headers than it was stored with.
func TestObjectsComeBackAsTheyWere(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	client, key := c.client(), aws.String("a/b c+d é.gz")
	stored, err := client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: files, Key: key, Body: strings.NewReader("0123456789"), ContentType: aws.String("text/x"),
		ContentEncoding: aws.String("gzip"), CacheControl: aws.String("no-cache"), Metadata: map[string]string{"colour": "blue"},
	})
	must(t, err)
	head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: files, Key: key, ChecksumMode: types.ChecksumModeEnabled})
	must(t, err)
	seen := fmt.Sprint(*head.ContentLength, *head.ContentType, *head.ContentEncoding, *head.CacheControl, head.Metadata, *head.ETag == *stored.ETag)
	if want := `10text/xgzipno-cachemap[colour:blue]true`; strings.ReplaceAll(seen, " ", "") != want || time.Since(*head.LastModified) > time.Minute {
		t.Errorf("HeadObject: %s, want %s; modified %s", seen, want, head.LastModified)
	}
	if *stored.ETag != `"781e5e245d69b566979b86e28d23f2c7"` { // the MD5 of the ten digits
		t.Errorf("the ETag is %s", *stored.ETag)
	}
	if head.ChecksumCRC32 == nil || *head.ChecksumCRC32 != *stored.ChecksumCRC32 {
		t.Errorf("the checksum is %v, stored %v", head.ChecksumCRC32, stored.ChecksumCRC32)
	}
	plain, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: files, Key: key})
	if must(t, err); plain.ChecksumCRC32 != nil {
		t.Error("HeadObject has a checksum that was not asked for")
	}
	beyond := c.request("s3", http.MethodGet, "/files/a/b%20c%2Bd%20%C3%A9.gz", "", "")
	beyond.Header.Set("Range", "bytes=10-")
	response, err := http.DefaultClient.Do(beyond)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != 416 || response.Header.Get("Content-Encoding") != "" || response.Header.Get("X-Amz-Meta-Colour") != "" {
		t.Errorf("an error with the headers of the object: %s %v", response.Status, response.Header)
	}
	for part, want := range map[string]string{"bytes=2-4": "234", "bytes=7-": "789", "bytes=-2": "89"} {
		if got := get(t, client, &s3.GetObjectInput{Key: key, Range: &part}); got != want {
			t.Errorf("Range %s: %q, want %q", part, got, want)
		}
	}
	for code, in := range map[string]*s3.GetObjectInput{
		"InvalidRange":       {Range: aws.String("bytes=10-")},
		"PreconditionFailed": {IfMatch: aws.String(`"other"`)},
		"NotModified":        {IfNoneMatch: stored.ETag},
		"NoSuchKey":          {Key: aws.String("none")},
	} {
		if in.Bucket = files; in.Key == nil {
			in.Key = key
		}
		_, err := client.GetObject(t.Context(), in)
		requireCode(t, "GetObject", err, code)
	}
	_, err = client.CopyObject(t.Context(), &s3.CopyObjectInput{
		Bucket: files, Key: aws.String("copy"), CopySource: aws.String("files/a/b%20c%2Bd%20%C3%A9.gz"),
	})
	must(t, err)
	copied, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: files, Key: aws.String("copy")})
	must(t, err)
	if *copied.ContentType != "text/x" || copied.Metadata["colour"] != "blue" || *copied.ContentLength != 10 {
		t.Errorf("the copy has %s, %v, %d bytes", *copied.ContentType, copied.Metadata, *copied.ContentLength)
	}
}

// Prevents: two processes that write an object only if there is none both succeed.
func TestConditionalWrites(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	client := c.client()
	write := func(body string, change func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
		in := &s3.PutObjectInput{Bucket: files, Key: aws.String("once"), Body: strings.NewReader(body)}
		change(in)
		return client.PutObject(t.Context(), in)
	}
	results := make(chan error, 20)
	for i := range cap(results) {
		go func() {
			_, err := write(fmt.Sprint(i), func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })
			results <- err
		}()
	}
	written := 0
	for range cap(results) {
		if err := localtest.Receive(t, "a write ends", results); err == nil {
			written++
		} else {
			requireCode(t, "If-None-Match", err, "PreconditionFailed")
		}
	}
	if written != 1 {
		t.Errorf("%d of %d conditional writes succeeded, want 1", written, cap(results))
	}
	now, err := write("replaced", func(*s3.PutObjectInput) {})
	must(t, err)
	_, err = write("x", func(in *s3.PutObjectInput) { in.IfMatch = aws.String(`"0123"`) })
	requireCode(t, "If-Match with another ETag", err, "PreconditionFailed")
	_, err = write("last", func(in *s3.PutObjectInput) { in.IfMatch = now.ETag })
	must(t, err)
	if got := get(t, client, &s3.GetObjectInput{Key: aws.String("once")}); got != "last" {
		t.Errorf("the object is %q", got)
	}
}

// Prevents: a program that lists its objects page by page sees one twice or never.
func TestObjectsAreListedInPages(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	client := c.client()
	var all []string
	for i := range 23 {
		all = append(all, fmt.Sprintf("logs/%02d/a", i), fmt.Sprintf("logs/%02d/b", i))
	}
	all = append(all, "logs/file", "other", "log")
	slices.Sort(all)
	for _, key := range all {
		put(t, client, key, key)
	}
	for _, row := range []struct {
		prefix, delimiter, after string
		keys, prefixes, pages    int
	}{
		{"", "", "", 49, 0, 10}, {"logs/", "", "", 47, 0, 10}, {"logs/", "/", "", 1, 23, 5}, {"", "/", "", 2, 1, 1},
		{"logs/2", "", "", 6, 0, 2}, {"none", "", "", 0, 0, 1}, {"", "", "logs/22/a", 3, 0, 1}, {"logs", "/", "", 0, 1, 1},
	} {
		keys, prefixes, pages := listAll(t, client, row.prefix, row.delimiter, row.after)
		if len(keys) != row.keys || len(prefixes) != row.prefixes || pages != row.pages || !slices.IsSorted(keys) {
			t.Errorf("%+v: %d keys, %d prefixes, %d pages: %v %v", row, len(keys), len(prefixes), pages, keys, prefixes)
		}
	}
	var deleted []types.ObjectIdentifier
	for _, key := range all {
		deleted = append(deleted, types.ObjectIdentifier{Key: &key})
	}
	out, err := client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: files, Delete: &types.Delete{Objects: deleted[1:]}})
	must(t, err)
	if len(out.Deleted) != len(all)-1 || len(out.Errors) != 0 {
		t.Errorf("%d deleted, errors %v", len(out.Deleted), out.Errors)
	}
	if keys, _, _ := listAll(t, client, "", "", ""); len(keys) != 1 || keys[0] != all[0] {
		t.Errorf("left: %v", keys)
	}
	for range 2 { // to delete what is not there is no error
		_, err = client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: files, Key: &all[0]})
		must(t, err)
	}
}

// listAll lists by pages of 5, and requires that they are full but for the last one.
func listAll(t *testing.T, client *s3.Client, prefix, delimiter, after string) (keys, prefixes []string, pages int) {
	t.Helper()
	pager := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{
		Bucket: files, Prefix: &prefix, Delimiter: &delimiter, StartAfter: &after, MaxKeys: aws.Int32(5),
	})
	for pager.HasMorePages() {
		page, err := pager.NextPage(t.Context())
		must(t, err)
		pages++
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
		for _, p := range page.CommonPrefixes {
			prefixes = append(prefixes, *p.Prefix)
		}
		if n := len(page.Contents) + len(page.CommonPrefixes); int(*page.KeyCount) != n || pager.HasMorePages() && n != 5 {
			t.Fatalf("page %d has %d entries, KeyCount %d", pages, n, *page.KeyCount)
		}
	}
	return keys, prefixes, pages
}

// Prevents: an upload in parts is stored in another order, or half of it counts as an object.
func TestUploadsInParts(t *testing.T) {
	dir := directory(t)
	_, c := startAWS(t, awsSettings(dir))
	client, key := c.client(), aws.String("large")
	begin := func() *string {
		out, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
			Bucket: files, Key: key, ContentType: aws.String("video/x"),
		})
		must(t, err)
		return out.UploadId
	}
	send := func(id *string, number int32, body []byte) (types.CompletedPart, error) {
		out, err := client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: files, Key: key, UploadId: id, PartNumber: &number, Body: bytes.NewReader(body),
		})
		if err != nil {
			return types.CompletedPart{}, err
		}
		return types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}, nil
	}
	end := func(id *string, parts ...types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
		return client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
			Bucket: files, Key: key, UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
	}
	first, id := bytes.Repeat([]byte("1"), 5<<20), begin()
	_, err := send(id, 2, []byte("wrong"))
	must(t, err)
	second, err := send(id, 2, []byte("22")) // a part may be sent again
	must(t, err)
	one, err := send(id, 1, first)
	must(t, err)
	other := second
	other.ETag = one.ETag
	_, err = end(id, one, other)
	requireCode(t, "a part with another ETag", err, "InvalidPart")
	_, err = end(id, second, one)
	requireCode(t, "parts in another order", err, "InvalidPartOrder")
	third, err := send(id, 3, []byte("3"))
	must(t, err)
	_, err = end(id, one, second, third)
	requireCode(t, "a small part in the middle", err, "EntityTooSmall")
	done, err := end(id, one, second)
	must(t, err)
	if !strings.HasSuffix(*done.ETag, `-2"`) {
		t.Errorf("the ETag is %s", *done.ETag)
	}
	if got := get(t, client, &s3.GetObjectInput{Key: key}); got != string(first)+"22" {
		t.Errorf("the object has %d bytes and ends in %q", len(got), got[max(0, len(got)-5):])
	}
	_, err = send(id, 4, nil)
	requireCode(t, "a part after the end", err, "NoSuchUpload")
	aborted := begin()
	c.expect(c.request("s3", http.MethodDelete, "/files/another?uploadId="+*aborted, "", ""), 404, "NoSuchUpload")
	c.expect(c.request("s3", http.MethodDelete, "/logs/large?uploadId="+*aborted, "", ""), 404, "NoSuchUpload")
	_, err = send(aborted, 1, first)
	must(t, err)
	_, err = client.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: files, Key: key, UploadId: aborted})
	must(t, err)
	_, err = end(aborted, one)
	requireCode(t, "an aborted upload", err, "NoSuchUpload")
	if left, _ := filepath.Glob(filepath.Join(dir, "aws", "objects", "files", "*")); len(left) != 1 {
		t.Errorf("files are left: %v", left)
	}
}

// Prevents: an app whose client checks what it stores fails here, or a damaged upload is stored.
func TestEveryChecksum(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	client := c.client()
	for _, algorithm := range []types.ChecksumAlgorithm{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		key := aws.String("sum-" + string(algorithm))
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: files, Key: key, Body: strings.NewReader("body"), ChecksumAlgorithm: algorithm,
		})
		must(t, err)
		if got := get(t, client, &s3.GetObjectInput{Key: key, ChecksumMode: types.ChecksumModeEnabled}); got != "body" {
			t.Errorf("%s: %q", algorithm, got)
		}
	}
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: files, Key: aws.String("damaged"), Body: strings.NewReader("body"), ChecksumCRC32: aws.String("AAAAAA=="),
	})
	requireCode(t, "a wrong checksum", err, "BadDigest")
	_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: files, Key: aws.String("damaged")})
	requireCode(t, "the object with the wrong checksum", err, "NotFound")
}

// Prevents: a browser cannot use the address that an app hands out, or can use it for something else.
func TestPresignedAddresses(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	client, key := c.client(), aws.String("a b")
	presign := s3.NewPresignClient(client)
	write, err := presign.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: files, Key: key})
	must(t, err)
	request, err := http.NewRequest(http.MethodPut, write.URL, strings.NewReader("from a browser"))
	must(t, err)
	c.expect(request, 200, "")
	read, err := presign.PresignGetObject(t.Context(), &s3.GetObjectInput{
		Bucket: files, Key: key, ResponseContentDisposition: aws.String("attachment"),
	})
	must(t, err)
	response, err := http.Get(read.URL)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if string(body) != "from a browser" || err != nil || response.Header.Get("Content-Disposition") != "attachment" {
		t.Errorf("%d %q %v", response.StatusCode, body, response.Header)
	}
	for _, address := range []string{strings.Replace(read.URL, "a%20b", "other", 1), read.URL + "&x=1"} {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		must(t, err)
		c.expect(request, 403, "SignatureDoesNotMatch")
	}
}

// Prevents: a call that is not played is answered as another one, and the app works here and fails on AWS.
func TestOtherCallsOfS3AreRefused(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	client, key := c.client(), aws.String("a")
	put(t, client, *key, "kept")
	_, acl := client.GetObjectAcl(t.Context(), &s3.GetObjectAclInput{Bucket: files, Key: key})
	_, versions := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: files})
	_, tagging := client.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: files, Key: key, Tagging: &types.Tagging{TagSet: []types.Tag{}}})
	_, version := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: files, Key: key, VersionId: aws.String("1")})
	_, tagged := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: files, Key: key, Tagging: aws.String("a=b")})
	_, policy := client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: files, Policy: aws.String("{}")})
	for name, err := range map[string]error{
		"GetObjectAcl": acl, "ListObjectVersions": versions, "PutObjectTagging": tagging, "DeleteObject of a version": version,
		"PutObject with tags": tagged, "PutBucketPolicy": policy,
	} {
		requireCode(t, name, err, "NotImplemented")
	}
	_, public := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: files, Key: key, ACL: types.ObjectCannedACLPublicRead})
	requireCode(t, "a public object", public, "AccessControlListNotSupported")
	_, all := client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	requireCode(t, "ListBuckets", all, "AccessDenied")
	_, deleted := client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: files})
	requireCode(t, "DeleteBucket", deleted, "AccessDenied")
	if got := get(t, client, &s3.GetObjectInput{Key: key}); got != "kept" {
		t.Errorf("the object is %q", got)
	}
}

// Prevents: a key such as ../../x writes a file of the developer.
func TestKeysStayInTheirDirectory(t *testing.T) {
	dir := directory(t)
	a, c := startAWS(t, awsSettings(dir))
	client := c.client()
	keys := []string{
		"../../../escaped", "..", ".", "/", "//a", "a/../b", "a//b", "a/", "\\..\\x", "C:\\x", "~/x", "new-1", "a\nb", "ü/日本/🙂",
		"%2e%2e%2f", "?versionId=1", "#", strings.Repeat("k", 1024), "lock",
	}
	for _, key := range keys {
		put(t, client, key, "body of "+key)
	}
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: files, Key: aws.String(strings.Repeat("k", 1025))})
	requireCode(t, "a key of 1025 bytes", err, "KeyTooLongError")
	must(t, os.WriteFile(filepath.Join(dir, "aws", "objects", "files", "new-123"), []byte("killed while it was received"), 0o600))
	a.Stop()
	_, c = startAWS(t, awsSettings(dir))
	client = c.client()
	for _, key := range keys {
		if got := get(t, client, &s3.GetObjectInput{Key: &key}); got != "body of "+key {
			t.Errorf("%q: %q", key, got)
		}
	}
	name, found := regexp.MustCompile(`^[0-9a-f]{64}$`), 0
	must(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		inside := filepath.Dir(path) == filepath.Join(dir, "aws", "objects", "files")
		if info, err := entry.Info(); inside && (err != nil || !name.MatchString(entry.Name()) || info.Mode().Perm() != 0o600) {
			t.Errorf("a file %s", path)
		}
		if inside {
			found++
		} else if filepath.Dir(path) != filepath.Join(dir, "aws") {
			t.Errorf("a file %s", path)
		}
		return nil
	}))
	if found != len(keys) {
		t.Errorf("%d files of %d objects", found, len(keys))
	}
}

// Prevents: the client of the languages that the documentation shows does not work with the stand-in.
func TestPythonsClient(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import boto3").Run() != nil {
		t.Skip("this machine has no Python with boto3")
	}
	_, c := startAWS(t, awsSettings(directory(t)))
	cmd := exec.CommandContext(localtest.Bounded(t), python, "testdata/client.py")
	cmd.WaitDelay = time.Second
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_DEFAULT_REGION=" + c.variables["AWS_REGION"]}
	for name, value := range c.variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "done\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
