package s3

import (
	"crypto/md5" //nolint:gosec // S3's
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// send sends a request without a signature, and returns the answer.
func send(t *testing.T, s *Store, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if r.Header.Get("Transfer-Encoding") != "" {
		r.ContentLength = -1
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func open(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(dir, []string{"files"})
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// Prevents: the uploads of newer SDKs, in chunks with a checksum at the end, are stored with their chunks, or damaged.
func TestBodiesInChunks(t *testing.T) {
	const unsigned, signed = "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	const crc = "x-amz-checksum-crc32" // of "hello world": DUoRhQ==
	signature := ";chunk-signature=" + strings.Repeat("0", 64)
	for name, row := range map[string]struct {
		hash, body string
		header     []string
		code       string // of the error
	}{
		"unsigned": {unsigned, "5\r\nhello\r\n6\r\n world\r\n0\r\n" + crc + ":DUoRhQ==\r\n\r\n", []string{"X-Amz-Trailer", crc}, ""},
		"signed, with a trailer": {signed + "-TRAILER", "b" + signature + "\r\nhello world\r\n0" + signature + "\r\n" + crc + ":DUoRhQ==\r\n" +
			"x-amz-trailer-signature:00\r\n\r\n", []string{"X-Amz-Trailer", crc}, ""},
		"signed":                        {signed, "b" + signature + "\r\nhello world\r\n0" + signature + "\r\n\r\n", nil, ""},
		"without the last line":         {unsigned, "b\r\nhello world\r\n0\r\n" + crc + ":DUoRhQ==\r\n", []string{"X-Amz-Trailer", crc}, ""},
		"a checksum in the header":      {signed, "b" + signature + "\r\nhello world\r\n0" + signature + "\r\n\r\n", []string{crc, "DUoRhQ=="}, ""},
		"a wrong checksum":              {unsigned, "b\r\nhello world\r\n0\r\n" + crc + ":AAAAAA==\r\n\r\n", []string{"X-Amz-Trailer", crc}, "BadDigest"},
		"an announced checksum missing": {unsigned, "b\r\nhello world\r\n0\r\n\r\n", []string{"X-Amz-Trailer", crc}, "BadDigest"},
		"an unknown checksum":           {unsigned, "", []string{"X-Amz-Trailer", "x-amz-checksum-xxhash128"}, "NotImplemented"},
		"too few bytes":                 {unsigned, "5\r\nhello\r\n0\r\n\r\n", nil, "IncompleteBody"},
		"too many bytes":                {unsigned, "c\r\nhello world!\r\n0\r\n\r\n", nil, "IncompleteBody"},
		"broken off":                    {unsigned, "b\r\nhello", nil, "IncompleteBody"},
		"no chunks":                     {unsigned, "hello world", nil, "IncompleteBody"},
		"a trailer that is none":        {unsigned, "b\r\nhello world\r\n0\r\nno colon\r\n\r\n", nil, "MalformedTrailerError"},
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := open(t)
			header := append([]string{
				"X-Amz-Content-Sha256", row.hash, "X-Amz-Decoded-Content-Length", "11", "Content-Encoding", "aws-chunked,gzip",
			}, row.header...)
			answer := send(t, s, http.MethodPut, "/files/a", row.body, header...)
			if row.code != "" {
				if files, _ := filepath.Glob(filepath.Join(dir, "files", "*")); !strings.Contains(answer.Body.String(), "<Code>"+row.code+"</Code>") || len(files) != 0 {
					t.Errorf("%d %s, files %v", answer.Code, answer.Body, files)
				}
				return
			}
			stored := send(t, s, http.MethodGet, "/files/a", "")
			if answer.Code != 200 || stored.Body.String() != "hello world" || stored.Header().Get("Content-Encoding") != "gzip" {
				t.Errorf("%d %s; stored %q, %v", answer.Code, answer.Body, stored.Body, stored.Header())
			}
		})
	}
}

// Prevents: an upload that is damaged on its way is stored.
func TestBodiesAreWhatTheClientSays(t *testing.T) {
	sum := md5.Sum([]byte("body")) //nolint:gosec // S3's
	for _, row := range []struct {
		status int
		code   string
		header []string
	}{
		{200, "", []string{"Content-Md5", base64.StdEncoding.EncodeToString(sum[:])}},
		{200, "", []string{"X-Amz-Content-Sha256", "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"}},
		{200, "", []string{"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD", "X-Amz-Checksum-Crc32", "26gLsg==", "If-None-Match", "*"}},
		{400, "BadDigest", []string{"Content-Md5", "AAAA"}},
		{400, "XAmzContentSHA256Mismatch", []string{"X-Amz-Content-Sha256", strings.Repeat("0", 64)}},
		{400, "BadDigest", []string{"X-Amz-Checksum-Sha1", "AAAA"}},
		{400, "MetadataTooLarge", []string{"X-Amz-Meta-Long", strings.Repeat("x", longestDescription)}},
		{411, "MissingContentLength", []string{"Transfer-Encoding", "chunked"}},
		{411, "MissingContentLength", []string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}},
		{400, "EntityTooLarge", []string{"X-Amz-Content-Sha256", "STREAMING-X", "X-Amz-Decoded-Content-Length", "5368709121"}},
		{412, "PreconditionFailed", []string{"If-None-Match", "*"}},
		{501, "NotImplemented", []string{"If-None-Match", `"841a2d689ad86bd1611447453c22c6fc"`}},
		{404, "NoSuchKey", []string{"If-Match", "*"}},
	} {
		s, dir := open(t)
		if row.status == http.StatusPreconditionFailed {
			send(t, s, http.MethodPut, "/files/a", "before")
		}
		answer := send(t, s, http.MethodPut, "/files/a", "body", row.header...)
		if answer.Code != row.status || !strings.Contains(answer.Body.String(), row.code) {
			t.Errorf("%v: %d %s, want %d %s", row.header, answer.Code, answer.Body, row.status, row.code)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "files", "new-*")); len(files) != 0 {
			t.Errorf("%v: left %v", row.header, files)
		}
	}
}

// Prevents: a damaged file is served as an object, or makes the whole environment fail without a word of what to do.
func TestADamagedObjectIsNamed(t *testing.T) {
	s, dir := open(t)
	send(t, s, http.MethodPut, "/files/a", strings.Repeat("body", 100))
	files, err := filepath.Glob(filepath.Join(dir, "files", "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "no object", string(whole[:200]), string(whole[:len(whole)-1]), string(whole[1:]), "x" + string(whole)} {
		if err := os.WriteFile(files[0], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, []string{"files"}); err == nil || !strings.Contains(err.Error(), files[0]+" is not an object, or damaged; remove it") {
			t.Errorf("a file with %d of %d bytes: %v", len(content), len(whole), err)
		}
	}
	if _, err := Open(dir, []string{"../files"}); err == nil {
		t.Error("a bucket outside of the directory")
	}
}
